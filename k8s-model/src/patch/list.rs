//! The order of merged lists.
//!
//! What a patch names stands in the patch's order, what only the object has in the object's; where both lists meet, the object's
//! order decides between two elements that it has, and else the patch's element goes first.

use serde_json::Value;

use super::PatchError;
use super::error::kind_name;
use super::schema::ListStrategy;
use crate::path::Path;

/// What tells an element apart: a member of a mapping, or the scalar itself.
pub(super) fn identity(element: &Value, strategy: ListStrategy) -> Option<&Value> {
    match strategy {
        ListStrategy::Map(key) => element.get(key),
        _ => Some(element),
    }
}

/// Where the element with the same identity stands in a list.
pub(super) fn position(list: &[Value], element: &Value, strategy: ListStrategy) -> Option<usize> {
    let wanted = identity(element, strategy)?;
    list.iter().position(|other| identity(other, strategy) == Some(wanted))
}

/// Checks that the elements are all mappings with the key, or all scalars.
pub(super) fn check(list: &[Value], strategy: ListStrategy, path: &Path<'_>) -> Result<(), PatchError> {
    for (index, element) in list.iter().enumerate() {
        let path = path.index(index);
        match (strategy, element) {
            (ListStrategy::Map(key), Value::Object(entries)) if entries.contains_key(key) => {}
            (ListStrategy::Map(key), Value::Object(_)) => {
                let reason = format!("the element has no `{key}`, by which the list is merged");
                return Err(PatchError::new(path, reason));
            }
            (ListStrategy::Map(_), other) => return Err(PatchError::not_a_map(path, other)),
            (_, Value::Object(_) | Value::Array(_)) => {
                return Err(PatchError::new(path, format!("text is wanted, not {}", kind_name(element))));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts merged elements into their order: `first` names the patch's elements, `before` is the list of the object.
pub(super) fn order(
    merged: Vec<Value>,
    first: &[Value],
    before: &[Value],
    strategy: ListStrategy,
) -> Vec<Value> {
    let (mut patched, mut kept): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|element| position(first, element, strategy).is_some());
    patched.sort_by_key(|element| position(first, element, strategy));
    kept.sort_by_key(|element| position(before, element, strategy));
    let mut ordered = Vec::with_capacity(patched.len() + kept.len());
    let mut patched = patched.into_iter().peekable();
    for element in kept {
        let own = position(before, &element, strategy);
        while let Some(next) = patched.peek() {
            let other = position(before, next, strategy);
            if matches!((own, other), (Some(own), Some(other)) if own < other) {
                break;
            }
            ordered.extend(patched.next());
        }
        ordered.push(element);
    }
    ordered.extend(patched);
    ordered
}

/// The values, each once, at its first place.
pub(super) fn unique(list: Vec<Value>) -> Vec<Value> {
    let mut seen: Vec<Value> = Vec::with_capacity(list.len());
    for value in list {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

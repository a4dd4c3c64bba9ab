//! The words of strategic merge patches that are no fields.

use serde_json::{Map, Value};

/// `replace`, `delete` or `merge`, in a mapping or an element of a list.
pub(super) const PATCH: &str = "$patch";
/// The members that a mapping keeps.
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
/// The values that a list of scalars loses: `$deleteFromPrimitiveList/finalizers`.
pub(super) const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
/// The order of a list: `$setElementOrder/containers`.
pub(super) const SET_ORDER: &str = "$setElementOrder/";

fn is_directive(key: &str) -> bool {
    key == PATCH || key == RETAIN_KEYS || key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER)
}

/// Whether a mapping is told to go.
pub(super) fn is_deletion(value: &Value) -> bool {
    value.get(PATCH).is_some_and(|directive| directive == "delete")
}

/// What a patch adds where nothing was: without directives and nulls; `None` for what is told to go.
pub(super) fn plain(value: Value) -> Option<Value> {
    match value {
        Value::Object(_) if is_deletion(&value) => None,
        Value::Object(entries) => {
            let entries = entries
                .into_iter()
                .filter(|(key, value)| !is_directive(key) && !value.is_null())
                .filter_map(|(key, value)| Some((key, plain(value)?)))
                .collect();
            Some(Value::Object(entries))
        }
        Value::Array(elements) => {
            // An element that says only how its list is meant is none.
            let elements = elements.into_iter().filter(
                |element| !matches!(element, Value::Object(e) if e.len() == 1 && e.contains_key(PATCH)),
            );
            Some(Value::Array(elements.filter_map(plain).collect()))
        }
        other => Some(other),
    }
}

/// A list that replaces another one as it stands: the directives of its elements mean nothing there.
pub(super) fn without_directives(value: Value) -> Value {
    match value {
        Value::Object(entries) => Value::Object(
            entries
                .into_iter()
                .filter(|(key, _)| !is_directive(key))
                .map(|(key, value)| (key, without_directives(value)))
                .collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(without_directives).collect()),
        other => other,
    }
}

/// The directive that deletes an element of a merged list.
pub(super) fn deletion(key: &str, value: &Value) -> Value {
    let mut entries = Map::new();
    entries.insert(key.to_owned(), value.clone());
    entries.insert(PATCH.to_owned(), "delete".into());
    Value::Object(entries)
}

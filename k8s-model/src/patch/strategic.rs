//! Strategic merge patch: trees that are merged as the types say, with directives.

use serde_json::{Map, Value};

use super::directive::{DELETE_FROM, PATCH, RETAIN_KEYS, SET_ORDER, plain, without_directives};
use super::list::{check, identity, order, position, unique};
use super::schema::{ListStrategy, Schema};
use super::{PatchError, directive};
use crate::path::Path;

/// What a merge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A patch changes an object: its directives are carried out.
    Apply,
    /// Two patches become one: their directives stay.
    Combine,
}

/// Applies a strategic merge patch to an object.
///
/// The directives are `$patch: replace` and `delete` in mappings and elements of lists, `$retainKeys`,
/// `$deleteFromPrimitiveList/…` and `$setElementOrder/…`; null deletes. None of them is left in the result, also where the patch
/// adds something new, as since 1.27.
///
/// # Errors
///
/// On a kind of which nothing is known, a patch that is no mapping, a directive that there is not (`$patch: merge`), an element
/// without its list's merge key, `$retainKeys` and `$setElementOrder/…` that do not name what the patch has, and lists of both
/// mappings and scalars.
pub fn strategic_patch(object: &Value, patch: &Value, schema: Schema) -> Result<Value, PatchError> {
    if !schema.is_known() {
        let reason = "nothing is known of the kind's lists, which a strategic merge patch needs";
        return Err(PatchError::new("", reason));
    }
    let Value::Object(changes) = patch else { return Err(PatchError::not_a_map("", patch)) };
    let mut merged = match object {
        Value::Object(entries) => entries.clone(),
        Value::Null => Map::new(),
        other => return Err(PatchError::not_a_map("", other)),
    };
    Merge { purpose: Purpose::Apply }.map(&mut merged, changes.clone(), schema, None)?;
    Ok(Value::Object(merged))
}

/// A merge under way.
pub(super) struct Merge {
    pub(super) purpose: Purpose,
}

/// The path of a member of what is at a path, or of the object itself.
fn child<'p>(path: Option<&'p Path<'p>>, name: &'p str) -> Path<'p> {
    path.map_or_else(|| Path::new(name), |path| path.child(name))
}

fn shown(path: Option<&Path<'_>>) -> String {
    path.map(ToString::to_string).unwrap_or_default()
}

impl Merge {
    fn is_apply(&self) -> bool {
        self.purpose == Purpose::Apply
    }

    /// Merges a patch of a mapping into it.
    pub(super) fn map(
        &self,
        target: &mut Map<String, Value>,
        mut patch: Map<String, Value>,
        schema: Schema,
        path: Option<&Path<'_>>,
    ) -> Result<(), PatchError> {
        if let Some(directive) = patch.remove(PATCH) {
            *target = match directive.as_str() {
                Some("replace") => match without_directives(Value::Object(patch)) {
                    Value::Object(entries) => entries,
                    _ => Map::new(),
                },
                Some("delete") => Map::new(),
                _ => {
                    let reason = format!("`$patch: {directive}` is neither `replace` nor `delete`");
                    return Err(PatchError::new(shown(path), reason));
                }
            };
            return Ok(());
        }
        self.retain_keys(target, &mut patch, path)?;
        let orders: Vec<String> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
        for key in orders {
            self.set_order(target, &mut patch, &key, schema, path)?;
        }
        let deletions: Vec<String> =
            patch.keys().filter(|key| key.starts_with(DELETE_FROM)).cloned().collect();
        for key in deletions {
            self.delete_values(target, &mut patch, key, path)?;
        }
        for (key, value) in patch {
            self.member(target, key, value, schema, path)?;
        }
        Ok(())
    }

    fn member(
        &self,
        target: &mut Map<String, Value>,
        key: String,
        value: Value,
        schema: Schema,
        path: Option<&Path<'_>>,
    ) -> Result<(), PatchError> {
        if value.is_null() {
            target.remove(&key);
            if !self.is_apply() {
                target.insert(key, value);
            }
            return Ok(());
        }
        let field = schema.field(&key);
        let here = child(path, &key);
        match (target.get_mut(&key), value) {
            (Some(Value::Object(entries)), Value::Object(changes)) if field.replaced => *entries = changes,
            (Some(Value::Object(entries)), Value::Object(changes)) => {
                self.map(entries, changes, field.schema, Some(&here))?;
            }
            (Some(Value::Array(_)), Value::Array(elements)) if field.list == ListStrategy::Replace => {
                let elements = Value::Array(elements);
                let elements = if self.is_apply() { without_directives(elements) } else { elements };
                target.insert(key, elements);
            }
            (Some(Value::Array(elements)), Value::Array(changes)) => {
                let before = std::mem::take(elements);
                *elements = self.list(before, changes, field.list, field.schema, &here)?;
            }
            (_, value) if self.is_apply() => {
                // What goes away by a directive was not there anyway.
                if let Some(value) = plain(value) {
                    target.insert(key, value);
                }
            }
            (_, value) => {
                target.insert(key, value);
            }
        }
        Ok(())
    }

    /// Merges a list into one that is merged by identity.
    fn list(
        &self,
        before: Vec<Value>,
        patch: Vec<Value>,
        strategy: ListStrategy,
        schema: Schema,
        path: &Path<'_>,
    ) -> Result<Vec<Value>, PatchError> {
        if patch.is_empty() {
            return Ok(before);
        }
        let ListStrategy::Map(key) = strategy else {
            check(&before, strategy, path)?;
            check(&patch, strategy, path)?;
            let merged = unique(before.iter().chain(&patch).cloned().collect());
            return Ok(order(merged, &patch, &before, strategy));
        };
        let mut merged = before.clone();
        let mut changes = Vec::with_capacity(patch.len());
        let mut replace = false;
        for (index, element) in patch.into_iter().enumerate() {
            let here = path.index(index);
            match element.get(PATCH).map(Value::as_str) {
                None => changes.push(element),
                Some(Some("replace")) => replace = true,
                Some(Some("delete")) => {
                    let Some(gone) = element.get(key) else {
                        let reason = format!("the element has no `{key}`, by which the list is merged");
                        return Err(PatchError::new(here, reason));
                    };
                    merged.retain(|other| other.get(key) != Some(gone));
                }
                Some(_) => {
                    let reason = "`$patch` of an element is neither `replace` nor `delete`";
                    return Err(PatchError::new(here, reason));
                }
            }
        }
        if replace {
            return Ok(changes.into_iter().filter_map(plain).collect());
        }
        check(&changes, strategy, path)?;
        for (index, element) in changes.iter().enumerate() {
            let found = position(&merged, element, strategy).and_then(|at| merged.get_mut(at));
            match (found, element) {
                (Some(Value::Object(target)), Value::Object(entries)) => {
                    self.map(target, entries.clone(), schema, Some(&path.index(index)))?;
                }
                _ if self.is_apply() => merged.extend(plain(element.clone())),
                _ => merged.push(element.clone()),
            }
        }
        check(&merged, strategy, path)?;
        Ok(order(merged, &changes, &before, strategy))
    }

    /// `$retainKeys`: the members that are not named go away.
    fn retain_keys(
        &self,
        target: &mut Map<String, Value>,
        patch: &mut Map<String, Value>,
        path: Option<&Path<'_>>,
    ) -> Result<(), PatchError> {
        let Some(directive) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
        let Value::Array(names) = &directive else {
            return Err(PatchError::not_a_list(child(path, RETAIN_KEYS), &directive));
        };
        if !self.is_apply() {
            if target.get(RETAIN_KEYS).is_some_and(|other| *other != directive) {
                let reason = "the patches that are combined keep different members";
                return Err(PatchError::new(child(path, RETAIN_KEYS), reason));
            }
            target.insert(RETAIN_KEYS.to_owned(), directive);
            return Ok(());
        }
        let named = |key: &str| names.iter().any(|name| name == key);
        for (key, value) in &*patch {
            let is_directive = key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
            if !value.is_null() && !is_directive && !named(key) {
                let reason = format!("`{key}` is in the patch, so it must be named here");
                return Err(PatchError::new(child(path, RETAIN_KEYS), reason));
            }
        }
        target.retain(|key, _| named(key));
        Ok(())
    }

    /// `$deleteFromPrimitiveList/…`: the values that are named go away.
    fn delete_values(
        &self,
        target: &mut Map<String, Value>,
        patch: &mut Map<String, Value>,
        key: String,
        path: Option<&Path<'_>>,
    ) -> Result<(), PatchError> {
        let Some(directive) = patch.remove(&key) else { return Ok(()) };
        if !self.is_apply() {
            target.insert(key, directive);
            return Ok(());
        }
        let Value::Array(gone) = &directive else {
            return Err(PatchError::not_a_list(child(path, &key), &directive));
        };
        let name = key.strip_prefix(DELETE_FROM).unwrap_or_default();
        if let Some(Value::Array(values)) = target.get_mut(name) {
            values.retain(|value| !gone.contains(value));
        }
        Ok(())
    }

    /// `$setElementOrder/…`: merges the list too, and puts it into that order.
    fn set_order(
        &self,
        target: &mut Map<String, Value>,
        patch: &mut Map<String, Value>,
        key: &str,
        schema: Schema,
        path: Option<&Path<'_>>,
    ) -> Result<(), PatchError> {
        let Some(directive) = patch.remove(key) else { return Ok(()) };
        let here = child(path, key);
        let Value::Array(wanted) = &directive else {
            return Err(PatchError::not_a_list(here, &directive));
        };
        let name = key.strip_prefix(SET_ORDER).unwrap_or_default();
        let field = schema.field(name);
        let list = |value: Option<&Value>| match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(elements)) => Ok(Some(elements.clone())),
            Some(other) => Err(PatchError::not_a_list(child(path, name), other)),
        };
        let before = list(target.get(name))?;
        let changes = list(patch.get(name))?;
        check(wanted, field.list, &here)?;
        check_order(changes.as_deref().unwrap_or_default(), wanted, field.list, &here)?;
        if !self.is_apply() {
            if target.get(key).is_some_and(|other| *other != directive) {
                return Err(PatchError::new(here, "the patches that are combined have different orders"));
            }
            target.insert(key.to_owned(), directive.clone());
        }
        if before.is_none() && changes.is_none() {
            return Ok(());
        }
        patch.remove(name);
        let old = before.clone().unwrap_or_default();
        let merged = match (before, changes) {
            (Some(before), Some(changes)) => {
                self.list(before, changes, field.list, field.schema, &child(path, name))?
            }
            (Some(list), None) => list,
            (None, Some(list)) if self.is_apply() => list.into_iter().filter_map(plain).collect(),
            (None, list) => list.unwrap_or_default(),
        };
        let (gone, merged): (Vec<Value>, Vec<Value>) = merged.into_iter().partition(directive::is_deletion);
        let mut ordered = order(merged, wanted, &old, field.list);
        ordered.extend(gone);
        target.insert(name.to_owned(), Value::Array(ordered));
        Ok(())
    }
}

/// Checks that the elements of a patch stand in the order that it asks for.
fn check_order(
    patch: &[Value],
    wanted: &[Value],
    strategy: ListStrategy,
    path: &Path<'_>,
) -> Result<(), PatchError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut rest = wanted.iter();
    for element in patch.iter().filter(|element| element.get(PATCH).is_none()) {
        let own = identity(element, strategy);
        if !rest.any(|other| identity(other, strategy) == own) {
            let shown = own.map(Value::to_string).unwrap_or_default();
            let reason = format!("the order does not name {shown}, which the patch has, at its place");
            return Err(PatchError::new(path, reason));
        }
    }
    Ok(())
}

//! The strategic merge patch between two versions of an object.

use serde_json::{Map, Value};

use super::PatchError;
use super::directive::{DELETE_FROM, RETAIN_KEYS, SET_ORDER, deletion};
use super::list::{check, identity, position};
use super::schema::{Field, ListStrategy, Schema};
use crate::path::Path;

/// The strategic merge patch that makes one version of an object from another; empty where they are equal.
///
/// ```
/// use k8s_model::patch::{Schema, strategic_diff, strategic_patch};
/// use serde_json::json;
///
/// let schema = Schema::of("v1", "Pod");
/// let from = json!({"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}});
/// let to = json!({"spec": {"containers": [{"name": "a", "image": "z"}]}});
/// let patch = strategic_diff(&from, &to, schema)?;
/// assert_eq!(patch["spec"]["containers"][1], json!({"name": "b", "$patch": "delete"}));
/// assert_eq!(strategic_patch(&from, &patch, schema)?, to);
/// # Ok::<(), k8s_model::patch::PatchError>(())
/// ```
///
/// # Errors
///
/// On versions that are no mappings, and on lists whose elements lack the key that the list is merged by.
pub fn strategic_diff(from: &Value, to: &Value, schema: Schema) -> Result<Value, PatchError> {
    let (from, to) = (entries(from)?, entries(to)?);
    Diff { additions: true, deletions: true }.map(from, to, schema, false, None).map(Value::Object)
}

pub(super) fn entries(value: &Value) -> Result<&Map<String, Value>, PatchError> {
    value.as_object().ok_or_else(|| PatchError::not_a_map("", value))
}

/// What a diff says.
pub(super) struct Diff {
    /// What is new or changed.
    pub(super) additions: bool,
    /// What is gone.
    pub(super) deletions: bool,
}

/// The changes of a list.
#[derive(Default)]
struct ListChanges {
    elements: Vec<Value>,
    /// Scalars that are gone.
    gone: Vec<Value>,
    order: Vec<Value>,
}

impl Diff {
    pub(super) fn map(
        &self,
        from: &Map<String, Value>,
        to: &Map<String, Value>,
        schema: Schema,
        retains_keys: bool,
        path: Option<&Path<'_>>,
    ) -> Result<Map<String, Value>, PatchError> {
        let mut patch = Map::new();
        for (key, wanted) in to {
            let here = path.map_or_else(|| Path::new(key), |path| path.child(key));
            match (from.get(key), wanted) {
                (Some(Value::Object(before)), Value::Object(after)) => {
                    let field = schema.field(key);
                    if field.replaced {
                        if self.additions && before != after {
                            patch.insert(key.clone(), wanted.clone());
                        }
                        continue;
                    }
                    let changes = self.map(before, after, field.schema, field.retains_keys, Some(&here))?;
                    if !changes.is_empty() {
                        patch.insert(key.clone(), Value::Object(changes));
                    }
                }
                (Some(Value::Array(before)), Value::Array(after)) => {
                    self.list_member(&mut patch, key, before, after, schema.field(key), &here)?;
                }
                (Some(before), after) if before == after => {}
                _ if self.additions => {
                    patch.insert(key.clone(), wanted.clone());
                }
                _ => {}
            }
        }
        if self.deletions {
            for key in from.keys().filter(|key| !to.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        if retains_keys {
            let mut kept: Vec<&String> =
                to.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
            kept.sort();
            let shrank = from.iter().any(|(key, value)| !value.is_null() && !to.contains_key(key));
            if !kept.is_empty() && (!patch.is_empty() || shrank) {
                patch.insert(RETAIN_KEYS.to_owned(), kept.into_iter().cloned().collect());
            }
        }
        Ok(patch)
    }

    fn list_member(
        &self,
        patch: &mut Map<String, Value>,
        key: &str,
        before: &[Value],
        after: &[Value],
        field: Field,
        path: &Path<'_>,
    ) -> Result<(), PatchError> {
        let changes = match field.list {
            ListStrategy::Replace => {
                if self.additions && before != after {
                    patch.insert(key.to_owned(), Value::Array(after.to_vec()));
                }
                return Ok(());
            }
            _ if before.is_empty() => {
                let elements = if self.additions { after.to_vec() } else { Vec::new() };
                ListChanges { elements, ..ListChanges::default() }
            }
            ListStrategy::Set => self.scalars(before, after, path)?,
            ListStrategy::Map(name) => self.elements(before, after, name, field, path)?,
        };
        let parts = [
            (key.to_owned(), changes.elements),
            (format!("{DELETE_FROM}{key}"), changes.gone),
            (format!("{SET_ORDER}{key}"), changes.order),
        ];
        for (name, list) in parts {
            if !list.is_empty() {
                patch.insert(name, Value::Array(list));
            }
        }
        Ok(())
    }

    fn scalars(&self, before: &[Value], after: &[Value], path: &Path<'_>) -> Result<ListChanges, PatchError> {
        check(before, ListStrategy::Set, path)?;
        check(after, ListStrategy::Set, path)?;
        let mut changes = ListChanges::default();
        if self.additions {
            changes.elements = after.iter().filter(|value| !before.contains(value)).cloned().collect();
        }
        if self.deletions {
            let gone = before.iter().filter(|value| !after.contains(value)).cloned().collect();
            changes.gone = super::list::unique(gone);
        }
        if (self.deletions && !changes.gone.is_empty()) || (self.additions && before != after) {
            changes.order = after.to_vec();
        }
        Ok(changes)
    }

    fn elements(
        &self,
        before: &[Value],
        after: &[Value],
        key: &'static str,
        field: Field,
        path: &Path<'_>,
    ) -> Result<ListChanges, PatchError> {
        let strategy = ListStrategy::Map(key);
        check(before, strategy, path)?;
        check(after, strategy, path)?;
        let mut changes = ListChanges::default();
        for (index, element) in after.iter().enumerate() {
            let known = position(before, element, strategy).and_then(|at| before.get(at));
            match (known, element) {
                (Some(Value::Object(old)), Value::Object(new)) => {
                    let here = path.index(index);
                    let mut change = self.map(old, new, field.schema, field.retains_keys, Some(&here))?;
                    if let (false, Some(identity)) = (change.is_empty(), identity(element, strategy)) {
                        change.insert(key.to_owned(), identity.clone());
                        changes.elements.push(Value::Object(change));
                    }
                }
                _ if self.additions => changes.elements.push(element.clone()),
                _ => {}
            }
        }
        if self.deletions {
            let gone = before.iter().filter(|element| position(after, element, strategy).is_none());
            let mut gone: Vec<&Value> = gone.filter_map(|element| identity(element, strategy)).collect();
            gone.sort_by_key(|identity| identity.to_string());
            gone.dedup();
            changes.elements.extend(gone.into_iter().map(|identity| deletion(key, identity)));
        }
        let same_order = before.len() == after.len()
            && before.iter().zip(after).all(|(a, b)| identity(a, strategy) == identity(b, strategy));
        let changed = !changes.elements.is_empty();
        if (self.additions && (changed || !same_order)) || (self.deletions && changed) {
            let names = after.iter().filter_map(|element| identity(element, strategy));
            changes.order = names
                .map(|identity| Value::Object(Map::from_iter([(key.to_owned(), identity.clone())])))
                .collect();
        }
        Ok(changes)
    }
}

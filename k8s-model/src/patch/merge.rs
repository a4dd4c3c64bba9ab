//! JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

/// Applies a merge patch: null deletes, a mapping is merged, anything else replaces.
#[must_use]
pub fn merge_patch(object: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut merged = match object {
        Value::Object(entries) => entries.clone(),
        _ => Map::new(),
    };
    for (key, change) in changes {
        if change.is_null() {
            merged.remove(key);
        } else {
            let before = merged.get(key).unwrap_or(&Value::Null);
            let after = merge_patch(before, change);
            merged.insert(key.clone(), after);
        }
    }
    Value::Object(merged)
}

/// The merge patch that makes one object from another; empty where they are equal.
///
/// A null inside the wanted object cannot be said in a merge patch, except inside a list: it is left out.
#[must_use]
pub fn merge_diff(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, wanted) in to {
        match from.get(key) {
            Some(before) if before == wanted => {}
            Some(before @ Value::Object(_)) if wanted.is_object() => {
                patch.insert(key.clone(), merge_diff(before, wanted));
            }
            _ => {
                patch.insert(key.clone(), wanted.clone());
            }
        }
    }
    Value::Object(patch)
}

//! What `kubectl apply` makes of three versions of an object: the last one that was applied, the new one, and the live one.

use std::fmt;

use serde_json::{Map, Value};

use super::merge::{merge_diff, merge_patch};
use super::schema::Schema;
use super::strategic::{Merge, Purpose, strategic_patch};
use super::strategic_diff::{Diff, entries};
use super::{PatchError, PatchType};

/// The annotation that keeps what was last applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The annotation that says why an object was changed: `kubectl rollout history` shows it.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// What became of an object, in kubectl's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There was none.
    Created,
    /// It was changed.
    Configured,
    /// There was nothing to change.
    Unchanged,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
        })
    }
}

/// What applying an object came to: shown as `deployment.apps/web configured`.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object as it is now.
    pub object: Value,
    /// What would be sent to a server; `None` where nothing is to be changed, or all is new.
    pub patch: Option<(PatchType, Value)>,
    /// What became of it.
    pub outcome: Outcome,
    /// What a person should know.
    pub warnings: Vec<String>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", qualified(&self.object), self.outcome)
    }
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// `deployment.apps/web`: the kind in lower case, its group, and the name.
fn qualified(object: &Value) -> String {
    let kind = text(object, "kind").to_lowercase();
    let name = object.get("metadata").map_or("", |metadata| text(metadata, "name"));
    match text(object, "apiVersion").rsplit_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

/// Applies an object over the live one, as `kubectl apply` does on the client's side.
///
/// What the last applied version had and the new one has not is deleted; what the new one has is set; the rest stays.
///
/// ```
/// use k8s_model::patch::apply;
/// use serde_json::json;
///
/// let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": "1"}});
/// let first = apply(None, &object)?;
/// assert_eq!(first.to_string(), "configmap/c created");
/// assert_eq!(apply(Some(&first.object), &object)?.to_string(), "configmap/c unchanged");
/// # Ok::<(), k8s_model::patch::PatchError>(())
/// ```
///
/// # Errors
///
/// On objects that are no mappings, a last applied version that is not JSON, another `apiVersion`, `kind` or name than the live
/// object's, and on lists whose elements lack the key that they are merged by.
pub fn apply(live: Option<&Value>, object: &Value) -> Result<Applied, PatchError> {
    let wanted = annotated(object)?;
    let Some(live) = live else {
        return Ok(Applied { object: wanted, patch: None, outcome: Outcome::Created, warnings: Vec::new() });
    };
    same_object(live, object)?;
    let mut warnings = Vec::new();
    let last = match annotation(live, LAST_APPLIED) {
        Some(text) => serde_json::from_str(text).map_err(|error| {
            let path = format!("metadata.annotations[{LAST_APPLIED}]");
            PatchError::new(path, format!("it is not JSON: {error}"))
        })?,
        None => {
            warnings.push(format!(
                "resource {} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should \
                 only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The \
                 missing annotation will be patched automatically.",
                qualified(live)
            ));
            Value::Object(Map::new())
        }
    };
    let schema = Schema::of_object(object);
    let (patch_type, patch) = three_way(&last, &wanted, live, schema)?;
    if patch.as_object().is_some_and(Map::is_empty) {
        return Ok(Applied { object: live.clone(), patch: None, outcome: Outcome::Unchanged, warnings });
    }
    let object = match patch_type {
        PatchType::Strategic => strategic_patch(live, &patch, schema)?,
        _ => merge_patch(live, &patch),
    };
    Ok(Applied { object, patch: Some((patch_type, patch)), outcome: Outcome::Configured, warnings })
}

fn same_object(live: &Value, object: &Value) -> Result<(), PatchError> {
    for path in ["apiVersion", "kind", "metadata.name"] {
        let find = |object: &Value| path.split('.').try_fold(object.clone(), |v, name| v.get(name).cloned());
        let (old, new) = (find(live), find(object));
        if old != new {
            let shown = |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |v| v.to_string());
            let reason = format!("it is {} of the live object, and not {}", shown(old), shown(new));
            return Err(PatchError::new(path, reason));
        }
    }
    Ok(())
}

/// The patch that brings the live object to what is wanted (`CreateThreeWayMergePatch`): a strategic merge patch for a kind that
/// is known, else a merge patch. It is empty when nothing is to be changed.
///
/// # Errors
///
/// On versions that are no mappings, and on lists whose elements lack the key that they are merged by.
pub fn three_way(
    last: &Value,
    wanted: &Value,
    live: &Value,
    schema: Schema,
) -> Result<(PatchType, Value), PatchError> {
    if !schema.is_known() {
        let mut changes = merge_diff(live, wanted);
        keep(&mut changes, false);
        let mut deletions = merge_diff(last, wanted);
        keep(&mut deletions, true);
        return Ok((PatchType::Merge, combined(deletions, changes)));
    }
    let (last, wanted, live) = (entries(last)?, entries(wanted)?, entries(live)?);
    let changes = Diff { additions: true, deletions: false }.map(live, wanted, schema, false, None)?;
    let mut patch = Diff { additions: false, deletions: true }.map(last, wanted, schema, false, None)?;
    Merge { purpose: Purpose::Combine }.map(&mut patch, changes, schema, None)?;
    Ok((PatchType::Strategic, Value::Object(patch)))
}

/// Keeps only the nulls of a merge patch, or all but them.
fn keep(patch: &mut Value, nulls: bool) {
    let Value::Object(entries) = patch else { return };
    entries.retain(|_, value| {
        if let Value::Object(inner) = value {
            let was_empty = inner.is_empty();
            keep(value, nulls);
            let is_empty = value.as_object().is_some_and(Map::is_empty);
            return !is_empty || (was_empty && !nulls);
        }
        value.is_null() == nulls
    });
}

/// Two merge patches as one, whose nulls stay.
fn combined(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            for (key, value) in second {
                let value = match first.remove(&key) {
                    Some(before) => combined(before, value),
                    None => value,
                };
                first.insert(key, value);
            }
            Value::Object(first)
        }
        (_, second) => second,
    }
}

fn annotation<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    object.get("metadata")?.get("annotations")?.get(name)?.as_str()
}

/// The map of annotations, made where there is none.
fn annotations(object: &mut Value) -> Result<&mut Map<String, Value>, PatchError> {
    let mut place = object;
    for (name, path) in [("metadata", "metadata"), ("annotations", "metadata.annotations")] {
        let Value::Object(entries) = place else { return Err(PatchError::not_a_map(path, place)) };
        let slot = entries.entry(name).or_insert_with(|| Value::Object(Map::new()));
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        place = slot;
    }
    match place {
        Value::Object(entries) => Ok(entries),
        other => Err(PatchError::not_a_map("metadata.annotations", other)),
    }
}

/// The object with itself in its annotation, as `kubectl` writes it: one line of JSON with sorted keys.
fn annotated(object: &Value) -> Result<Value, PatchError> {
    let mut object = object.clone();
    annotations(&mut object)?.remove(LAST_APPLIED);
    // Go's encoder keeps what could end a script element out of its texts.
    let text = object.to_string().replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
    annotations(&mut object)?.insert(LAST_APPLIED.to_owned(), format!("{text}\n").into());
    Ok(object)
}

/// Why an object was last changed: `kubectl rollout history` shows it.
#[must_use]
pub fn change_cause(object: &Value) -> Option<&str> {
    annotation(object, CHANGE_CAUSE)
}

/// Says why an object is changed, as `kubectl --record` did with its own command line; an empty text takes the reason away.
///
/// # Errors
///
/// On an object that is no mapping, or whose metadata or annotations are none.
pub fn set_change_cause(object: &mut Value, cause: &str) -> Result<(), PatchError> {
    let annotations = annotations(object)?;
    if cause.is_empty() {
        annotations.remove(CHANGE_CAUSE);
    } else {
        annotations.insert(CHANGE_CAUSE.to_owned(), cause.into());
    }
    Ok(())
}

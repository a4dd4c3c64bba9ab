//! JSON Patch (RFC 6902) with JSON Pointer (RFC 6901), as the API server's library takes it.
//!
//! Where that library and the RFC differ the server's way is taken: `test` of an absent member passes against null, `copy` and
//! `replace` of an absent member of a mapping succeed, a missing `value` is null, indices may be negative or have leading zeros.

use serde_json::{Map, Value};

use super::PatchError;

/// The most operations that a patch may have (`maxJSONPatchOperations` of the API server).
const MAX_OPERATIONS: usize = 10_000;

/// The most nodes that `copy` operations may make together.
const MAX_COPIED: usize = 1_000_000;

/// Applies the operations of a JSON patch in their order, all or none.
///
/// # Errors
///
/// On a patch that is no list, an operation that there is not (`foo`), a path that is not text or leads nowhere (`/a/b` where there
/// is no `a`), an index beyond its list, a `test` that fails, and more than 10 000 operations.
pub fn json_patch(object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Value::Array(operations) = patch else {
        return Err(PatchError::not_a_list("", patch));
    };
    if operations.len() > MAX_OPERATIONS {
        let reason = format!("the patch has {} operations, at most {MAX_OPERATIONS}", operations.len());
        return Err(PatchError::new("", reason));
    }
    let mut patched = object.clone();
    let mut copied = 0;
    for (index, operation) in operations.iter().enumerate() {
        apply(&mut patched, operation, &mut copied)
            .map_err(|reason| PatchError::new(format_args!("operations[{index}]"), reason))?;
    }
    Ok(patched)
}

fn apply(document: &mut Value, operation: &Value, copied: &mut usize) -> Result<(), String> {
    let Value::Object(operation) = operation else {
        return Err("an operation is a mapping".to_owned());
    };
    let text = |name: &str| match operation.get(name) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("`{name}` is no text")),
        None => Err(format!("`{name}` is missing")),
    };
    let value = || operation.get("value").cloned().unwrap_or_default();
    let path = Pointer::parse(text("path")?)?;
    match text("op")? {
        "add" => add(document, &path, value()),
        "remove" => remove(document, &path).map(drop),
        "replace" => replace(document, &path, value()),
        "test" => test(document, &path, &value()),
        "move" => {
            let from = Pointer::parse(text("from")?)?;
            let moved = remove(document, &from)?;
            add(document, &path, moved)
        }
        "copy" => {
            let from = Pointer::parse(text("from")?)?;
            let found = find(document, &from)?.cloned().unwrap_or_default();
            *copied += nodes(&found);
            if *copied > MAX_COPIED {
                return Err(format!("the copies have more than {MAX_COPIED} values together"));
            }
            add(document, &path, found)
        }
        other => Err(format!("there is no operation `{other}`")),
    }
}

fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(nodes).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(nodes).sum::<usize>(),
        _ => 1,
    }
}

/// A path in a document.
struct Pointer {
    text: String,
    steps: Vec<String>,
}

impl Pointer {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { text: String::new(), steps: Vec::new() });
        }
        if !text.starts_with('/') {
            return Err(format!("the path `{text}` does not begin with `/`"));
        }
        let steps = text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
        Ok(Self { text: text.to_owned(), steps })
    }

    fn nothing_there(&self) -> String {
        format!("there is nothing at `{}`", self.text)
    }
}

/// The index that a step names in a list; `end` is one past the last that it may be.
fn index(step: &str, len: usize, end: usize) -> Option<usize> {
    let number: i64 = step.parse().ok()?;
    let index = if number < 0 { i64::try_from(len).ok()? + number } else { number };
    usize::try_from(index).ok().filter(|index| *index < end)
}

fn child<'v>(value: &'v mut Value, step: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(entries) => entries.get_mut(step),
        Value::Array(elements) => {
            let len = elements.len();
            index(step, len, len).and_then(|index| elements.get_mut(index))
        }
        _ => None,
    }
}

/// What the last step of a path is in.
fn parent<'v, 'p>(document: &'v mut Value, path: &'p Pointer) -> Result<(&'v mut Value, &'p str), String> {
    let (last, before) = path.steps.split_last().ok_or_else(|| path.nothing_there())?;
    let parent = before.iter().try_fold(document, |value, step| child(value, step));
    Ok((parent.ok_or_else(|| path.nothing_there())?, last))
}

/// What a path names; `None` for an absent member of a mapping.
fn find<'v>(document: &'v mut Value, path: &Pointer) -> Result<Option<&'v Value>, String> {
    if path.steps.is_empty() {
        return Ok(Some(document));
    }
    let (parent, last) = parent(document, path)?;
    let is_map = parent.is_object();
    match child(parent, last) {
        Some(found) => Ok(Some(found)),
        None if is_map => Ok(None),
        None => Err(path.nothing_there()),
    }
}

fn add(document: &mut Value, path: &Pointer, value: Value) -> Result<(), String> {
    if path.steps.is_empty() {
        *document = value;
        return Ok(());
    }
    match parent(document, path)? {
        (Value::Object(entries), last) => {
            entries.insert(last.to_owned(), value);
        }
        (Value::Array(elements), "-") => elements.push(value),
        (Value::Array(elements), last) => {
            let len = elements.len();
            let index = index(last, len + 1, len + 1)
                .ok_or_else(|| format!("`{last}` is no place in a list of {len}, at `{}`", path.text))?;
            elements.insert(index, value);
        }
        _ => return Err(path.nothing_there()),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &Pointer) -> Result<Value, String> {
    let removed = match parent(document, path)? {
        (Value::Object(entries), last) => entries.remove(last),
        (Value::Array(elements), last) => {
            let len = elements.len();
            index(last, len, len).map(|index| elements.remove(index))
        }
        _ => None,
    };
    removed.ok_or_else(|| path.nothing_there())
}

fn replace(document: &mut Value, path: &Pointer, value: Value) -> Result<(), String> {
    if path.steps.is_empty() {
        *document = value;
        return Ok(());
    }
    match parent(document, path)? {
        (Value::Object(entries), last) => {
            entries.insert(last.to_owned(), value);
        }
        (list, last) => *child(list, last).ok_or_else(|| path.nothing_there())? = value,
    }
    Ok(())
}

fn test(document: &mut Value, path: &Pointer, wanted: &Value) -> Result<(), String> {
    let found = find(document, path)?.unwrap_or(&Value::Null);
    if found == wanted {
        Ok(())
    } else {
        Err(format!("the test of `{}` failed: it is {found}, not {wanted}", path.text))
    }
}

/// The JSON patch that makes one document from another: members one by one, lists as a whole where they differ.
#[must_use]
pub fn json_diff(from: &Value, to: &Value) -> Value {
    let mut operations = Vec::new();
    differences(from, to, &mut String::new(), &mut operations);
    Value::Array(operations)
}

fn operation(op: &str, path: &str, value: Option<&Value>) -> Value {
    let mut entries = Map::new();
    entries.insert("op".to_owned(), op.into());
    entries.insert("path".to_owned(), path.into());
    if let Some(value) = value {
        entries.insert("value".to_owned(), value.clone());
    }
    Value::Object(entries)
}

fn differences(from: &Value, to: &Value, path: &mut String, operations: &mut Vec<Value>) {
    let (Value::Object(before), Value::Object(after)) = (from, to) else {
        if from != to {
            operations.push(operation("replace", path, Some(to)));
        }
        return;
    };
    let len = path.len();
    for (key, value) in before {
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        match after.get(key) {
            Some(wanted) => differences(value, wanted, path, operations),
            None => operations.push(operation("remove", path, None)),
        }
        path.truncate(len);
    }
    for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        operations.push(operation("add", path, Some(value)));
        path.truncate(len);
    }
}

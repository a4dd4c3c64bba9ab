//! Manifests as untyped JSON, for patches: what nobody knows survives.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::cli::meaning::Objects;
use crate::input;

/// The documents of a file; the objects of lists one by one.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Value>> {
    let (name, bytes) = input::read(file)?;
    let text = String::from_utf8(bytes).with_context(|| format!("`{name}` is not UTF-8"))?;
    let documents = k8s_model::tree::documents(&text).with_context(|| format!("cannot read `{name}`"))?;
    Ok(documents.into_iter().flat_map(unfold).collect())
}

/// The one document of a file.
pub(super) fn read_one(file: &Path) -> anyhow::Result<Value> {
    let mut documents = read(file)?.into_iter();
    match (documents.next(), documents.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => anyhow::bail!("`{}` has no object", file.display()),
        _ => anyhow::bail!("`{}` has several objects, and one is wanted", file.display()),
    }
}

fn unfold(mut document: Value) -> Vec<Value> {
    let is_list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
    match document.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => items,
        Some(items) => {
            document["items"] = items;
            vec![document]
        }
        None => vec![document],
    }
}

/// JSON as text, with sorted keys, as kubectl writes what it does not know.
pub(super) fn write(value: &Value, output: Objects) -> anyhow::Result<String> {
    Ok(match output {
        Objects::Yaml => serde_yaml::to_string(value)?,
        Objects::Json => serde_json::to_string_pretty(value)? + "\n",
    })
}

/// The name of an object as `kubectl -o name` writes it.
pub(super) fn resource_name(value: &Value) -> String {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let kind = text("/kind").to_ascii_lowercase();
    match text("/apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", text("/metadata/name")),
        None => format!("{kind}/{}", text("/metadata/name")),
    }
}

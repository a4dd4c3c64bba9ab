//! Paths, and the files that they name.

use serde_json::Value;

use super::KustomizeError;
use crate::decode::{Mode, decode_str};
use crate::kustomization::Kustomization;
use crate::object::Object;

/// A path without `.`, and without `..` but at its beginning.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

/// A path that is relative to a directory.
pub(super) fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') || directory.is_empty() {
        normal(path)
    } else {
        normal(&format!("{directory}/{path}"))
    }
}

/// A file as text.
pub(super) fn text(path: &str, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<String, KustomizeError> {
    let bytes = read(path).ok_or_else(|| KustomizeError::new(path, "there is no such file"))?;
    String::from_utf8(bytes).map_err(|_| KustomizeError::new(path, "this is not UTF-8"))
}

/// The documents of a text.
pub(super) fn documents(path: &str, text: &str) -> Result<Vec<Value>, KustomizeError> {
    crate::tree::documents(text).map_err(|error| KustomizeError::new(path, error.to_string()))
}

/// The kustomization of a directory, and whether it is a component; `None` where there is none.
pub(super) fn kustomization(
    directory: &str,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Option<(Kustomization, bool)>, KustomizeError> {
    const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let found = NAMES.iter().map(|name| join(directory, name)).find(|path| read(path).is_some());
    let Some(path) = found else { return Ok(None) };
    let mut all = documents(&path, &text(&path, read)?)?;
    let mut value = match all.len() {
        1 => all.remove(0),
        _ => return Err(KustomizeError::new(&path, "one document is wanted")),
    };
    let component = value["kind"] == "Component";
    if !value.is_object() {
        return Err(KustomizeError::new(&path, "a mapping is wanted"));
    }
    value["apiVersion"] = "kustomize.config.k8s.io/v1beta1".into();
    value["kind"] = "Kustomization".into();
    let decoded = decode_str(&value.to_string(), &path, Mode::Strict);
    if let Some(problem) = decoded.problems.iter().find(|problem| !problem.path().is_empty()) {
        return Err(KustomizeError::new(&path, format!("{}: {}", problem.path(), problem.message())));
    }
    match decoded.documents.into_iter().next().map(|document| document.object) {
        Some(Object::Kustomization(kustomization)) => Ok(Some((*kustomization, component))),
        _ => Err(KustomizeError::new(&path, "this is no kustomization")),
    }
}

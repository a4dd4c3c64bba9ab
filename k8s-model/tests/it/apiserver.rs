//! Verdicts of a real API server (kube-apiserver 1.20.2): what it fills in, and what it refuses.
//!
//! Where Kubernetes 1.36 has another rule than 1.20, the case stands in `apiserver-exceptions.json` with the release and the reason;
//! an exception that agrees again fails the test.

use std::collections::BTreeMap;

use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::encode::to_json;
use k8s_model::object::Object;
use k8s_model::validate::validate;
use serde_json::Value;

use crate::vectors;

/// What is different from the server's answer; `None` when nothing is.
fn difference(case: &Value) -> Option<String> {
    let text = case["input"].to_string();
    let status = case["status"].as_u64().unwrap();
    let strict = decode_str(&text, "", Mode::Strict);
    if status == 400 {
        return (!strict.has_errors()).then(|| "400, but it decodes".to_owned());
    }
    let lenient = decode_str(&text, "", Mode::Lenient);
    let Some(document) = lenient.documents.into_iter().next() else {
        return Some(format!("it does not decode: {:?}", strict.problems));
    };
    let mut object = document.object;
    default(&mut object);
    let mut errors: Vec<String> = validate(&object)
        .iter()
        .map(|e| format!("{} {} {}", e.error_type.reason(), e.field, shown(&e.detail_line())))
        .collect();
    let mut wanted: Vec<String> = case["causes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cause| {
            let part = |name: &str| cause[name].as_str().unwrap_or_default();
            format!("{} {} {}", part("reason"), part("field"), shown(part("message")))
        })
        .collect();
    errors.sort();
    wanted.sort();
    if errors != wanted {
        return Some(format!(
            "  ours:   {}\n  theirs: {}",
            errors.join("\n          "),
            wanted.join("\n          ")
        ));
    }
    (status == 201).then(|| defaults(&object, &case["object"])).flatten()
}

/// A message without a dump of Go memory.
fn shown(message: &str) -> String {
    let dump = message.contains("v1.OwnerReference{")
        || message.contains("core.")
        || message.contains(": {")
        || message.contains(": [{");
    if dump {
        message.rsplit("}: ").next().unwrap().rsplit("}]: ").next().unwrap().to_owned()
    } else {
        message.to_owned()
    }
}

fn defaults(object: &Object, wanted: &Value) -> Option<String> {
    let mut found: Value = serde_json::from_str(&to_json(object)).unwrap();
    let mut wanted = wanted.clone();
    for value in [&mut found, &mut wanted] {
        let object = value.as_object_mut().unwrap();
        // The registry's strategy fills in the status, the request the namespace.
        object.remove("status");
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for name in ["namespace", "name", "generateName", "uid", "resourceVersion"] {
                metadata.remove(name);
            }
        }
    }
    (found != wanted).then(|| format!("  ours:   {found}\n  theirs: {wanted}"))
}

#[test]
fn verdicts_and_defaults_are_the_servers() {
    let exceptions: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../vectors/apiserver-exceptions.json")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-create.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        match (difference(&case), exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}:\n{difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// An object as the server would show it: read leniently, with its defaults, without what the server sets itself.
pub(crate) fn normal(object: &Value) -> Option<Value> {
    let mut decoded = decode_str(&object.to_string(), "", Mode::Lenient);
    if decoded.has_errors() || decoded.documents.is_empty() {
        return None;
    }
    let mut object = decoded.documents.remove(0).object;
    default(&mut object);
    let mut value: Value = serde_json::from_str(&to_json(&object)).unwrap();
    value.as_object_mut().unwrap().remove("status");
    Some(value)
}

/// Why a server refuses an object that was changed.
pub(crate) fn refusal(old: &Value, new: &Value) -> Option<String> {
    for name in ["name", "namespace", "resourceVersion", "uid"] {
        let (before, after) = (&old["metadata"][name], &new["metadata"][name]);
        if before != after && !(before.is_null() && name != "name" && after.is_null()) {
            return Some(format!("metadata.{name}"));
        }
    }
    let strict = decode_str(&new.to_string(), "", Mode::Strict);
    if strict.has_errors() {
        return Some(strict.problems[0].to_string());
    }
    let mut document = strict.documents.into_iter().next()?;
    default(&mut document.object);
    validate(&document.object).first().map(ToString::to_string)
}

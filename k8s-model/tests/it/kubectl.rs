//! What kubectl 1.32.5 prints, where it decides alone: JSONPath, custom columns, descriptions.

use std::collections::BTreeMap;

use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::print::{CustomColumns, JsonPath, describe};

use crate::vectors;

/// Templates with what kubectl makes of them. Go has no order for maps, so words are compared in any order where one is looked through.
#[test]
fn templates_are_kubectls() {
    let mut cases = vectors::lines(include_str!("../vectors/kubectl-jsonpath.jsonl"));
    let object = cases.next().unwrap()["object"].clone();
    let exceptions: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../vectors/kubectl-jsonpath-exceptions.json")).unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let path = case["path"].as_str().unwrap();
        let sorted = |text: &str| {
            let mut words: Vec<&str> = text.split(' ').collect();
            if path.contains("..") || path.contains(".*") {
                words.sort_unstable();
            }
            words.join(" ")
        };
        let found = path
            .parse::<JsonPath>()
            .map_err(|error| error.to_string())
            .and_then(|template| template.render(&object).map_err(|error| error.to_string()));
        let is_same = match (&found, case["out"].as_str()) {
            (Ok(found), Some(wanted)) => sorted(found) == sorted(wanted),
            (Err(message), None) => {
                let theirs = case["err"].as_str().unwrap();
                !message.starts_with("array index") || theirs.contains(&format!(": {message}. "))
            }
            _ => false,
        };
        match (is_same, exceptions.get(path)) {
            (false, None) => wrong.push(format!("{path}\n  ours:   {found:?}\n  theirs: {case}")),
            (true, Some(_)) => wrong.push(format!("{path} agrees: it is no exception")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Custom columns of the same pod.
#[test]
fn columns_are_kubectls() {
    let object = vectors::lines(include_str!("../vectors/kubectl-jsonpath.jsonl")).next().unwrap();
    for case in vectors::lines(include_str!("../vectors/kubectl-columns.jsonl")) {
        let text = case["columns"].as_str().unwrap();
        let columns = text.parse::<CustomColumns>();
        match (&columns, case["out"].as_str()) {
            (Ok(columns), Some(wanted)) => {
                assert_eq!(columns.table(std::slice::from_ref(&object["object"]), false), wanted, "{text}");
            }
            // kubectl stops at an object that has no such element; the others of the table are shown here, and it as not there.
            (Ok(columns), None) => {
                assert!(case["err"].as_str().unwrap().contains("out of bounds"), "{text}");
                assert!(columns.table(std::slice::from_ref(&object["object"]), true).contains("<none>"));
            }
            (Err(_), None) => {}
            (Err(error), Some(_)) => panic!("{text}: {error}"),
        }
    }
}

/// Descriptions of objects that stand among others; the answers come from a server that only hands these objects out.
#[test]
fn descriptions_are_kubectls() {
    let mut cases = vectors::lines(include_str!("../vectors/kubectl-describe.jsonl"));
    let world = cases.next().unwrap();
    let objects: Vec<Object> = world["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| decode_str(&object.to_string(), "", Mode::Lenient).documents.remove(0).object)
        .collect();
    let all: Vec<&Object> = objects.iter().collect();
    let now = "2026-11-25T17:42:10Z".parse().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let (kind, name) = (case["kind"].as_str().unwrap(), case["name"].as_str().unwrap());
        let object = objects
            .iter()
            .find(|object| object.kind().eq_ignore_ascii_case(kind) && object.name() == name)
            .unwrap();
        let found = describe(object, &all, now).unwrap();
        let wanted = case["out"].as_str().unwrap();
        let lines: Vec<String> = found
            .lines()
            .zip(wanted.lines())
            .filter(|(found, wanted)| found != wanted)
            .map(|(found, wanted)| format!("  ours:   {found:?}\n  theirs: {wanted:?}"))
            .collect();
        if !lines.is_empty() || found.trim_end() != wanted.trim_end() {
            let (ours, theirs) = (found.lines().count(), wanted.lines().count());
            wrong.push(format!("{kind} {name}, {ours} and {theirs} lines:\n{}", lines.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

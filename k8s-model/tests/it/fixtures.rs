//! An object of each kind with every field set: nothing of it is lost, and it is written as it stands.

use k8s_model::decode::{Mode, decode_str};
use k8s_model::encode::{to_json, to_yaml};
use k8s_model::registry::KINDS;
use k8s_model::schema::{Shape, StructInfo};
use serde_json::Value;

use crate::vectors;

/// One line for each kind, in the order of [`KINDS`].
const FIXTURES: &str = include_str!("../vectors/all-fields.jsonl");

#[test]
fn every_kind_has_an_object_with_every_field() {
    let fixtures: Vec<Value> = vectors::lines(FIXTURES).collect();
    assert_eq!(fixtures.len(), KINDS.len());
    for (known, fixture) in KINDS.iter().zip(&fixtures) {
        assert_eq!(
            (&fixture["apiVersion"], &fixture["kind"]),
            (&known.api_version.into(), &known.kind.into())
        );
        let mut unset = Vec::new();
        fields(known.kind, known.fields.unwrap(), fixture, &mut unset);
        assert!(unset.is_empty(), "{unset:?}");
    }
}

fn fields(path: &str, info: &'static StructInfo, value: &Value, unset: &mut Vec<String>) {
    for field in info.fields {
        let path = format!("{path}.{}", field.name);
        match value.get(field.name) {
            Some(value) => check(&path, &(field.shape)(), value, unset),
            None => unset.push(path),
        }
    }
}

/// Every field of every struct in it is set, to something that is not empty.
fn check(path: &str, shape: &Shape, value: &Value, unset: &mut Vec<String>) {
    match (shape, value) {
        (Shape::Struct(info), Value::Object(_)) => fields(path, info, value, unset),
        (Shape::List(element), Value::Array(list)) if !list.is_empty() => {
            check(&format!("{path}[0]"), &element(), &list[0], unset);
        }
        (Shape::Map(element), Value::Object(map)) if !map.is_empty() => {
            let (key, value) = map.iter().next().unwrap();
            check(&format!("{path}[{key}]"), &element(), value, unset);
        }
        (Shape::Struct(_) | Shape::List(_) | Shape::Map(_), _) => unset.push(path.to_owned()),
        (Shape::String | Shape::Enum(_), Value::String(text)) if !text.is_empty() => {}
        (Shape::String | Shape::Enum(_), _) => unset.push(path.to_owned()),
        (_, value) => {
            let empty = [Value::Null, Value::Bool(false), Value::from(0), Value::from("")];
            if empty.contains(value) {
                unset.push(path.to_owned());
            }
        }
    }
}

#[test]
fn what_is_read_is_written_letter_for_letter() {
    for line in FIXTURES.lines() {
        let decoded = decode_str(line, "", Mode::Strict);
        assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
        let object = &decoded.documents[0].object;
        assert_eq!(to_json(object), line);
        let again = decode_str(&to_yaml(object), "", Mode::Strict);
        assert_eq!(&again.documents[0].object, object);
    }
}

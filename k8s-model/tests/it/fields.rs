//! No field of Kubernetes 1.36 is missing, and none is invented.

use std::collections::BTreeSet;

use k8s_model::core::{ConfigMap, Pod, Secret};
use k8s_model::schema::{Shape, StructInfo};
use serde_json::Value;

/// `fields-core-1.36.json` is the part of the API's Go type definitions that is modelled: for each struct its JSON names in Go's
/// order, embedded structs written out, with the Go type and whether it is always written; for each string type its values.
#[test]
fn every_field_of_1_36_is_there_in_order() {
    let table: Value = serde_json::from_str(include_str!("../vectors/fields-core-1.36.json")).unwrap();
    let mut seen = BTreeSet::new();
    let mut todo = vec![Pod::INFO, ConfigMap::INFO, Secret::INFO];
    while let Some(info) = todo.pop() {
        if seen.insert(info.name) {
            check(info, &table, &mut todo);
        }
    }
    let listed: BTreeSet<&str> = table["structs"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(seen, listed);
    assert_eq!(listed.len(), 132);
}

fn check(info: &'static StructInfo, table: &Value, todo: &mut Vec<&'static StructInfo>) {
    let wanted: Vec<String> = table["structs"][info.name]
        .as_array()
        .unwrap_or_else(|| panic!("{} is no struct of the API", info.name))
        .iter()
        .map(|field| {
            let always = field["always"].as_bool().unwrap();
            format!("{} {} {always}", field["name"].as_str().unwrap(), field["type"].as_str().unwrap())
        })
        .collect();
    let found: Vec<String> = info
        .fields
        .iter()
        .map(|field| format!("{} {} {}", field.name, name(&(field.shape)(), table, todo), field.always))
        .collect();
    assert_eq!(found, wanted, "{}", info.name);
}

/// The shape in the words of the table.
fn name(shape: &Shape, table: &Value, todo: &mut Vec<&'static StructInfo>) -> String {
    match shape {
        Shape::String => "string".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Int32 => "int32".to_owned(),
        Shape::Int64 => "int64".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::Quantity => "quantity".to_owned(),
        Shape::IntOrString => "intOrString".to_owned(),
        Shape::Time => "time".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Enum(values) => {
            let values: Vec<&str> = {
                let mut values = values.to_vec();
                values.sort_unstable();
                values
            };
            assert!(table["enums"].as_array().unwrap().contains(&serde_json::json!(values)), "{values:?}");
            "enum".to_owned()
        }
        Shape::Struct(info) => {
            todo.push(info);
            info.name.to_owned()
        }
        Shape::List(element) => format!("[]{}", name(&element(), table, todo)),
        Shape::Map(value) => format!("map {}", name(&value(), table, todo)),
        other => panic!("{other:?}"),
    }
}

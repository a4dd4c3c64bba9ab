//! No field of Kubernetes 1.36 is missing, and none is invented.

use std::collections::BTreeSet;

use k8s_model::registry::{self, KINDS};
use k8s_model::schema::{FieldInfo, Shape, StructInfo};
use serde_json::Value;

/// Kinds of clients, that are no part of the API's Go type definitions.
const FILES: &[&str] = &["v1 Config", "kustomize.config.k8s.io/v1beta1 Kustomization"];

/// `fields-1.36.json` is the part of the API's Go type definitions that is modelled: the struct of each kind, and for each struct its
/// JSON names in Go's order, embedded structs written out, with the Go type, whether it is always written, and how it is patched.
fn table() -> Value {
    serde_json::from_str(include_str!("../vectors/fields-1.36.json")).unwrap()
}

#[test]
fn every_field_of_1_36_is_there_in_order() {
    let table = table();
    let mut seen = BTreeSet::new();
    let mut todo = Vec::new();
    for (name, root) in table["kinds"].as_object().unwrap() {
        let (version, kind) = name.split_once(' ').unwrap();
        let known = registry::kind(version, kind).unwrap_or_else(|| panic!("{name} is not modelled"));
        todo.push((known.fields.unwrap(), root.as_str().unwrap().to_owned()));
    }
    while let Some((info, name)) = todo.pop() {
        if seen.insert(name.clone()) {
            check(info, &name, &table, &mut todo);
        }
    }
    let listed: BTreeSet<String> = table["structs"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(seen, listed);
    let fields: usize =
        table["structs"].as_object().unwrap().values().map(|s| s.as_array().unwrap().len()).sum();
    assert_eq!((listed.len(), fields), (346, 1461));
}

#[test]
fn every_kind_is_in_the_table_or_a_file() {
    let table = table();
    for known in KINDS {
        let name = format!("{} {}", known.api_version, known.kind);
        let listed = table["kinds"].get(&name).is_some();
        assert_ne!(listed, FILES.contains(&&*name), "{name}");
    }
}

type Todo = Vec<(&'static StructInfo, String)>;

fn check(info: &'static StructInfo, name: &str, table: &Value, todo: &mut Todo) {
    assert_eq!(name.rsplit('.').next(), Some(info.name));
    let wanted: Vec<String> = table["structs"][name]
        .as_array()
        .unwrap_or_else(|| panic!("{name} is no struct of the API"))
        .iter()
        .map(|field| {
            let text = |name: &str| field[name].as_str().unwrap_or_default();
            let always = field["always"].as_bool().unwrap_or_default();
            format!("{} {} {always} [{}] {}", text("name"), text("type"), text("patch"), text("key"))
        })
        .collect();
    let wanted_types = table["structs"][name].as_array().unwrap();
    let found: Vec<String> = info
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| {
            let wanted = wanted_types.get(index).and_then(|field| field["type"].as_str()).unwrap_or_default();
            let shape = shape(&(field.shape)(), wanted, todo);
            format!("{} {shape} {} {}", field.name, field.always, patch(field))
        })
        .collect();
    assert_eq!(found, wanted, "{name}");
}

/// How the field is patched, in the words of the table.
fn patch(field: &FieldInfo) -> String {
    let words = [
        (field.patch.merge, "merge"),
        (field.patch.replace, "replace"),
        (field.patch.retain_keys, "retainKeys"),
    ];
    let words: Vec<&str> = words.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    format!("[{}] {}", words.join(","), field.patch.key.unwrap_or_default())
}

/// The shape in the words of the table; a struct is taken for the one that the table has there, when the names agree.
fn shape(shape: &Shape, wanted: &str, todo: &mut Todo) -> String {
    match shape {
        Shape::String => "string".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Int32 => "int32".to_owned(),
        Shape::Int64 => "int64".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::Quantity => "quantity".to_owned(),
        Shape::IntOrString => "intOrString".to_owned(),
        Shape::Time => "time".to_owned(),
        Shape::MicroTime => "microTime".to_owned(),
        Shape::Any => "any".to_owned(),
        Shape::Enum(values) => {
            let mut values = values.to_vec();
            values.sort_unstable();
            format!("enum {}", values.join("|"))
        }
        Shape::Struct(info) if wanted.rsplit('.').next() == Some(info.name) => {
            todo.push((info, wanted.to_owned()));
            wanted.to_owned()
        }
        Shape::Struct(info) => info.name.to_owned(),
        Shape::List(element) => {
            format!("[]{}", self::shape(&element(), wanted.strip_prefix("[]").unwrap_or_default(), todo))
        }
        Shape::Map(value) => {
            format!("map {}", self::shape(&value(), wanted.strip_prefix("map ").unwrap_or_default(), todo))
        }
        other => panic!("{other:?}"),
    }
}

//! JSONPath templates and custom columns over objects: the first line is the template, the rest the object. Nothing panics, and what is
//! printed is no more than the value can hold many times over.
#![no_main]

use k8s_model::print::{CustomColumns, JsonPath};
use k8s_model::tree::documents;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let (template, object) = text.split_once('\n').unwrap_or((text, ""));
    let objects = documents(object).unwrap_or_default();
    let object = objects.first().unwrap_or(&Value::Null);
    if let Ok(path) = template.parse::<JsonPath>() {
        let once = path.render(object);
        assert_eq!(once, path.render(object));
        let _ = path.values(object);
    }
    if let Ok(columns) = template.parse::<CustomColumns>() {
        let table = columns.table(&objects, false);
        assert_eq!(columns.table(&objects, true).lines().count().min(1), objects.len().min(1), "{table}");
    }
});

//! JSON paths and patches: nothing panics, and a difference makes one object from another.
#![no_main]

use k8s_model::patch::{
    Schema, json_diff, json_patch, merge_diff, merge_patch, strategic_diff, strategic_patch,
};
use k8s_model::print::{CustomColumns, JsonPath};
use k8s_model::tree::documents;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let all = documents(text).unwrap_or_default();
    let first = all.first().unwrap_or(&Value::Null);
    if let Ok(path) = text.parse::<JsonPath>() {
        let _ = path.render(&serde_json::json!({"items": [{"a": 1}, {"a": "b", "c": [1, 2]}], "kind": "List"}));
    }
    let _ = text.parse::<CustomColumns>();
    if let Some(second) = all.get(1) {
        let _ = json_patch(first, second);
        let _ = merge_patch(first, second);
        let _ = strategic_patch(first, second, Schema::of_object(first));
        let _ = strategic_diff(first, second, Schema::of_object(first));
        assert_eq!(json_patch(first, &json_diff(first, second)).as_ref(), Ok(second));
        // A merge patch cannot set null.
        if first.is_object() && second.is_object() && !second.to_string().contains("null") {
            assert_eq!(&merge_patch(first, &merge_diff(first, second)), second);
        }
    }
});

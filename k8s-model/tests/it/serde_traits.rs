//! serde's traits.

use k8s_model::core::{Pod, Service};
use k8s_model::encode::to_json;
use k8s_model::object::Object;

use crate::vectors;

#[test]
fn objects_pass_through_any_format_of_serde() {
    for value in vectors::lines(include_str!("../vectors/all-fields.jsonl")) {
        let object: Object = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), to_json(&object));
        assert_eq!(serde_json::to_value(&object).unwrap(), value);
    }
}

#[test]
fn they_are_strict() {
    let text = r#"{"apiVersion":"v1","kind":"Pod","spec":{"x":1,"hostPID":2}}"#;
    assert_eq!(
        serde_json::from_str::<Pod>(text).unwrap_err().to_string(),
        "spec.hostPID: `true` or `false` is wanted, not a number; spec.x: unknown field"
    );
    let text = r#"{"apiVersion":"v1","kind":"Pod"}"#;
    assert_eq!(serde_json::from_str::<Service>(text).unwrap_err().to_string(), "a `Pod` is another kind");
    let pod: Pod = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&pod).unwrap(), to_json(&pod));
}

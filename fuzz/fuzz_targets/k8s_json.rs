//! JSON text: what serde_json reads is read as the same, and the rest is refused.
#![no_main]

use k8s_model::tree::{Limits, Tree};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let ours = Tree::json(text, &Limits::default());
    let theirs = serde_json::from_str::<Value>(text);
    match (ours, theirs) {
        (Ok(tree), Ok(value)) => assert!(same(&tree.root().to_json(), &value), "{text}"),
        (Err(_), Err(_)) => {}
        // Depth, numbers beyond a float, and half surrogates (which Go replaces) are taken by one only.
        (Err(error), Ok(_)) => assert!(error.message().contains("nested deeper"), "{error}: {text}"),
        (Ok(_), Err(error)) => {
            let message = error.to_string();
            let known = ["recursion limit", "number out of range", "surrogate", "hex escape"];
            assert!(known.iter().any(|known| message.contains(known)), "{message}: {text}");
        }
    }
});

/// The last of equal keys wins in both; numbers are compared by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        // A number that serde_json holds as a float and we as text.
        (Value::String(_), Value::Number(_)) => true,
        _ => left == right,
    }
}

//! The positioned tree: YAML as Kubernetes' own library reads it, JSON, limits.

use k8s_model::tree::{Limits, Tree};
use serde_json::Value;

use crate::vectors;

/// Where this crate reads a text otherwise than `sigs.k8s.io/yaml` 1.3.0, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "b: &b {x: 1, y2: 2}\nc:\n  x: 3\n  <<: *b\n",
        "a mapping's own keys win over merged ones wherever they stand (yaml.org/type/merge.html); goyaml v2 lets the later win",
    ),
    ("a: 1\n\t\nb: 2\n", BLANK),
    ("\t\na: 1\n", BLANK),
    ("\t# c\na: 1\n", BLANK),
    ("a:\n\t# c\n  b: 1\n", BLANK),
];

const BLANK: &str = "white space before a comment or an end of line indents nothing (YAML 1.2 section 6.6)";

/// Each line of `yaml-go.jsonl` is a text and what `sigs.k8s.io/yaml` 1.3.0 (Debian bookworm) makes of it.
#[test]
fn yaml_is_read_as_kubernetes_reads_it() {
    let mut wrong = Vec::new();
    for case in vectors::lines(include_str!("../vectors/yaml-go.jsonl")) {
        let text = case["in"].as_str().unwrap();
        let wanted = case.get("out").cloned();
        let text_only = text.strip_prefix('\u{feff}').unwrap_or(text);
        let found = Tree::yaml(text_only, &Limits::default());
        let agrees = match (&found, &wanted) {
            (Ok(tree), Some(wanted)) => same(&tree.root().to_json(), wanted),
            (Err(_), None) => true,
            _ => false,
        };
        let exception = EXCEPTIONS.iter().find(|(input, _)| *input == text);
        match (agrees, exception) {
            (true, Some(_)) => wrong.push(format!("{text:?} agrees now: it is no exception")),
            (false, None) => wrong.push(format!(
                "{text:?}: {:?}, Go has {wanted:?}",
                found.map(|tree| tree.root().to_json()).map_err(|error| error.to_string())
            )),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Numbers are compared by value: 1e+21 and 1000000000000000000000 are the same number.
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
        _ => left == right,
    }
}

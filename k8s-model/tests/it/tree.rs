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

#[test]
fn json_is_read_by_rfc_8259() {
    let good = [
        r#"{"a":[1,-0,1.5e3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{}}"#,
        r#" [ ] "#,
        "\"\"",
        "18446744073709551615",
        "1e400",
    ];
    for text in good {
        let tree = Tree::json(text, &Limits::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        if text != "1e400" {
            assert!(same(&tree.root().to_json(), &serde_json::from_str(text).unwrap()), "{text}");
        }
    }
    let bad = [
        ("", "1:1: the text ends where a value is wanted"),
        ("{", "1:2: the text ends where a key or `}` is wanted"),
        ("[1,]", "1:4: unexpected `]` where a value is wanted"),
        ("{\"a\":1,}", "1:8: unexpected `}` where a key in double quotes is wanted"),
        ("{a: 1}", "1:2: unexpected `a` where a key in double quotes is wanted"),
        ("[01]", "1:2: `01` is no number of JSON"),
        ("[1.]", "1:2: `1.` is no number of JSON"),
        ("[-]", "1:2: `-` is no number of JSON"),
        ("\"a\tb\"", "1:3: a string has the control character 0x09 in it"),
        ("\"\\x\"", "1:2: an unknown escape in a string"),
        ("\"\\u12g4\"", "1:2: `\\u` without four hexadecimal digits"),
        ("\"a", "1:3: the text ends inside a string"),
        ("[1] 2", "1:5: unexpected `2` where the end of the text is wanted"),
        ("nul", "1:1: unexpected `n` where a value is wanted"),
        ("[\"\u{e9}\" 1]", "1:6: unexpected `1` where `,` or `]` is wanted"),
    ];
    for (text, wanted) in bad {
        assert_eq!(Tree::json(text, &Limits::default()).unwrap_err().to_string(), wanted, "{text}");
    }
}

/// The abuse of dependencies.md section 2.1 of the project's notes: each is refused, or read, in little time and memory.
#[test]
fn hostile_documents_meet_limits() {
    let bomb = {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", vec![before; 9].join(","));
        }
        text
    };
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 50_000].join(","));
    let cases = [
        (bomb, "the document has more than 1000000 nodes"),
        (long, "aliases repeat more than 1048576 bytes"),
        ("{a: ".repeat(60_000), "nested deeper than 100 levels"),
        ("[".repeat(100_000), "nested deeper than 100 levels"),
        ("- ".repeat(50_000), "nested deeper than 100 levels"),
        (
            (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
            "nested deeper than 100 levels",
        ),
        (format!("a: {}", "x".repeat(5 << 20)), "the document is longer than 4194304 bytes"),
        ("a: &a [*a]\n".to_owned(), "an alias stands inside what it names"),
    ];
    for (text, wanted) in cases {
        let error = Tree::yaml(&text, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error} is not {wanted}");
    }
    let keys: String = (0..200_000).map(|number| format!("k{number}: {number}\n")).collect();
    assert_eq!(Tree::yaml(&keys, &Limits::default()).unwrap().root().entries().count(), 200_000);
    let json = "[".repeat(100_000);
    assert!(Tree::json(&json, &Limits::default()).unwrap_err().to_string().contains("nested deeper"));
}

#[test]
fn merge_keys_keep_positions_and_take_lists() {
    let text = "base: &b {x: 1, l: [1, 2]}\nmore: &m {x: 9, k: {z: 3}}\nown:\n  <<: [*b, *m]\n  w: {v: 1}\nafter: 1\n";
    let tree = Tree::yaml(text, &Limits::default()).unwrap();
    let own = tree.root().member("own").unwrap();
    assert_eq!(own.to_json(), serde_json::json!({"w": {"v": 1}, "x": 1, "l": [1, 2], "k": {"z": 3}}));
    assert_eq!(own.member("k").unwrap().member("z").unwrap().position().to_string(), "2:24");
    assert_eq!(tree.root().member("after").and_then(|node| node.as_i64()), Some(1));
}

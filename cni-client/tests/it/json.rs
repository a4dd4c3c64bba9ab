//! JSON that is kept as it was written.

use cni_client::json::{Json, Object};
use proptest::prelude::*;

#[test]
fn numbers_and_order_survive() {
    let text = r#"{"z":9007199254740993,"a":1e400,"m":-0.0,"s":"\u00e4\/"}"#;
    let object: Object = text.parse().unwrap();
    assert_eq!(object.to_string(), text);
    assert_eq!(serde_json::to_string(&object).unwrap(), text);
    assert_eq!(serde_json::from_str::<Object>(text).unwrap(), object);
}

#[test]
fn members_are_set_in_place() {
    let mut object: Object = r#"{"a":1,"b":2}"#.parse().unwrap();
    object.insert("a", Json::string("x\"y"));
    object.insert("c", "[ 1 ]".parse().unwrap());
    assert_eq!(object.remove("b").unwrap().as_str(), "2");
    assert_eq!(object.to_string(), r#"{"a":"x\"y","c":[ 1 ]}"#);
    assert_eq!((object.len(), object.is_empty(), object.get("b")), (2, false, None));
    assert_eq!(object.get("a").unwrap().decode::<String>().unwrap(), "x\"y");
}

#[test]
fn errors_have_a_place() {
    for (text, message) in [
        ("", "1:1: EOF while parsing a value"),
        ("{\"a\":1,\n \"a\":2}", "2:6: a: this member is written twice"),
        ("{\"ä\": 1, \"ä\": 2}", "1:15: ä: this member is written twice"),
        ("{\"a.b\":1,\"a.b\":2}", "1:16: [\"a.b\"]: this member is written twice"),
        ("[1]", "1:1: expected an object, found an array"),
        ("{a:1}", "1:2: key must be a string"),
        ("{\"a\":1} x", "1:9: trailing characters"),
        ("{\n\"a\" 1}", "2:5: expected `:`"),
        ("{\"\\ud800\":1}", "1:1: unexpected end of hex escape"),
    ] {
        assert_eq!(text.parse::<Object>().unwrap_err().to_string(), message, "{text}");
    }
    assert_eq!("1 2".parse::<Json>().unwrap_err().to_string(), "1:3: trailing characters");
}

#[test]
fn depth_costs_no_stack() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(deep.parse::<Object>().unwrap().to_string(), deep);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r#"[\[\]{}",:0-9a.e\\ \n-]{0,40}|.*"#) {
        match text.parse::<Object>() {
            Ok(object) => prop_assert_eq!(&object.to_string().parse::<Object>().unwrap(), &object),
            Err(error) => prop_assert!(error.line() >= 1 && error.column() >= 1),
        }
    }

    #[test]
    fn members_come_back(members in proptest::collection::vec((".*", any::<i64>()), 0..8)) {
        let mut object = Object::new();
        for (name, value) in &members {
            object.insert(name.as_str(), Json::new(value).unwrap());
        }
        prop_assert_eq!(object.to_string().parse::<Object>().unwrap(), object);
    }
}

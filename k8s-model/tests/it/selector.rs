//! Selectors, against the lists of a real API server (kube-apiserver 1.20.2) and cases of their own.

use std::collections::BTreeMap;

use k8s_model::core::{Taint, TaintEffect, Toleration, TolerationOperator};
use k8s_model::meta::{LabelSelector, LabelSelectorOperator, LabelSelectorRequirement};
use k8s_model::selector::{
    FieldSelector, Index, Labels, Operator, Requirement, Selector, TaintChange, json_fields, tolerates,
    untolerated,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::vectors;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Whether a namespace is made by the server itself, and not by the vectors.
fn is_built_in(object: &Value) -> bool {
    let name = object["metadata"]["name"].as_str().unwrap();
    object["kind"] == "Namespace" && (name == "default" || name.starts_with("kube-"))
}

/// The objects that a case's selectors mean; an error as its text.
fn select(case: &Value, objects: &[Value]) -> Result<Vec<String>, String> {
    let text = |name: &str| case[name].as_str().unwrap_or_default();
    let selector: Selector = text("labelSelector").parse().map_err(|e| format!("{e}"))?;
    let matcher = selector.compile();
    let fields: FieldSelector = text("fieldSelector").parse().map_err(|e| format!("{e}"))?;
    let kind = text("resource");
    fields.check(kind).map_err(|e| format!("{e}"))?;
    let mut index = Index::default();
    let mut found = Vec::new();
    for object in objects.iter().filter(|object| object["kind"] == kind) {
        let metadata = &object["metadata"];
        let (namespace, name) = (metadata["namespace"].as_str(), metadata["name"].as_str().unwrap());
        if case["namespace"].is_string() && case["namespace"].as_str() != namespace {
            continue;
        }
        let shown = match (case["namespace"].as_str(), namespace) {
            (None, Some(namespace)) => format!("{namespace}/{name}"),
            _ => name.to_owned(),
        };
        let labels: Labels = serde_json::from_value(metadata["labels"].clone()).unwrap_or_default();
        index.insert(shown.clone(), labels.clone());
        assert_eq!(matcher.matches(&labels), selector.matches(&labels), "{kind} {shown}");
        if matcher.matches(&labels) && fields.matches(&json_fields(object)) {
            found.push(shown);
        }
    }
    let indexed = index.select(&selector);
    assert!(found.iter().all(|name| indexed.contains(&name)), "{found:?} {indexed:?}");
    Ok(found)
}

#[test]
fn lists_are_the_servers() {
    let objects: Vec<Value> =
        serde_json::from_str(include_str!("../vectors/apiserver-selectors-objects.json")).unwrap();
    let mut objects: Vec<Value> = objects.into_iter().map(|entry| entry["object"].clone()).collect();
    objects.retain(|object| !is_built_in(object));
    for name in ["default", "kube-node-lease", "kube-public", "kube-system", "sel", "sel2"] {
        let metadata = serde_json::json!({"name": name});
        let status = serde_json::json!({"phase": "Active"});
        objects.push(serde_json::json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": status
        }));
    }
    let exceptions: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../vectors/apiserver-selectors-exceptions.json")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-selectors.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        let mut wanted: Vec<String> = serde_json::from_value(case["matches"].clone()).unwrap();
        wanted.sort();
        let difference = match (case["status"].as_u64().unwrap(), select(&case, &objects)) {
            (200, Ok(mut found)) => {
                found.sort();
                (found != wanted).then(|| format!("{found:?} and not {wanted:?}"))
            }
            (400, Err(error)) => {
                // Since 1.22 messages of malformed labels and values have the form of field errors.
                let theirs = case["message"].as_str().unwrap();
                let reworded =
                    error.contains("Invalid value") || error.ends_with("in, notin, =, ==, !=, gt, lt");
                let colon = theirs.replace("found '' expected", "found '', expected");
                (!reworded && error != colon && !colon.ends_with(&error))
                    .then(|| format!("{error:?} and not {theirs:?}"))
            }
            (status, ours) => Some(format!("{status}, and here {ours:?}")),
        };
        match (difference, exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}: {difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn texts_that_are_no_selector() {
    let cases = [
        ("app in", 6, "unable to parse requirement: found '', expected: '('"),
        ("app in (web", 11, "unable to parse requirement: found '', expected: ',' or ')'"),
        ("(web)", 0, "found '(', expected: !, identifier, or 'end of string'"),
        ("app=web,", 8, "found '', expected: identifier after ','"),
        ("app=web=x", 7, "found '=', expected: ',' or 'end of string'"),
        ("app===web", 5, "unable to parse requirement: found '=', expected: identifier"),
        ("a b=c", 2, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        (
            "num>abc",
            4,
            "unable to parse requirement: values[0]: Invalid value: \"abc\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        ("!", 1, "unable to parse requirement: found '', expected: identifier"),
        ("!a=b", 2, "found '=', expected: ',' or 'end of string'"),
    ];
    for (text, position, message) in cases {
        let error = text.parse::<Selector>().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.position()), (message, position), "{text}");
    }
}

#[test]
fn texts_that_are_no_field_selector() {
    let cases = [
        ("metadata.name", 0, "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("a=b=c", 3, "invalid field selector: unescaped character in value: ="),
        (r"a=\n", 2, r"invalid field selector: invalid escape sequence: \n"),
        (r"a=b\", 3, r"invalid field selector: invalid escape sequence: \"),
    ];
    for (text, position, message) in cases {
        let error = text.parse::<FieldSelector>().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.position()), (message, position), "{text}");
    }
}

#[test]
fn structured_selectors() {
    let labels = labels(&[("app", "web"), ("env", "qa")]);
    let expression = |operator, values: &[&str]| LabelSelector {
        match_labels: labels.clone(),
        match_expressions: vec![LabelSelectorRequirement {
            key: "env".to_owned(),
            operator,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }],
    };
    let cases = [
        (expression(LabelSelectorOperator::In, &["qa", "dev"]), Ok(true)),
        (expression(LabelSelectorOperator::NotIn, &["qa", "dev"]), Ok(false)),
        (expression(LabelSelectorOperator::Exists, &[]), Ok(true)),
        (expression(LabelSelectorOperator::DoesNotExist, &[]), Ok(false)),
        (
            expression(LabelSelectorOperator::Other("in".to_owned()), &["qa"]),
            Err("\"in\" is not a valid label selector operator"),
        ),
        (
            expression(LabelSelectorOperator::In, &[]),
            Err(
                "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
            ),
        ),
    ];
    for (selector, wanted) in cases {
        let found = Selector::from_structured(Some(&selector)).map(|selector| selector.matches(&labels));
        assert_eq!(found.map_err(|error| error.to_string()), wanted.map_err(str::to_owned), "{selector:?}");
    }
    let nothing = Selector::from_structured(None).unwrap();
    assert!(nothing.is_nothing() && !nothing.matches(&labels) && !nothing.compile().matches(&labels));
    let everything = Selector::from_structured(Some(&LabelSelector::default())).unwrap();
    assert!(everything.is_everything() && everything.matches(&labels));
}

#[test]
fn taints() {
    let good = [
        ("k=v:NoExecute", "k=v:NoExecute"),
        ("example.com/k:NoSchedule", "example.com/k:NoSchedule"),
        ("k=:PreferNoSchedule", "k:PreferNoSchedule"),
    ];
    for (text, shown) in good {
        assert_eq!(text.parse::<Taint>().unwrap().to_string(), shown);
    }
    let bad = [
        ("k=v", "invalid taint spec: k=v"),
        ("k=v=w:NoExecute", "invalid taint spec: k=v=w:NoExecute"),
        ("k:v:NoExecute", "invalid taint spec: k:v:NoExecute"),
        (
            "k=v:Never",
            "invalid taint effect: Never, unsupported taint effect; known are NoExecute, NoSchedule, PreferNoSchedule",
        ),
    ];
    for (text, message) in bad {
        assert_eq!(text.parse::<Taint>().unwrap_err().to_string(), message);
    }
    assert!("-k:NoExecute".parse::<Taint>().is_err());
    let effect = Some(TaintEffect::NoExecute);
    assert_eq!("k:NoExecute-".parse(), Ok(TaintChange::Remove { key: "k".to_owned(), effect }));
    assert_eq!("k-".parse(), Ok(TaintChange::Remove { key: "k".to_owned(), effect: None }));
    assert!("k=v:NoExecute-".parse::<TaintChange>().is_err());
}

#[test]
fn tolerations_bear_taints() {
    let taint: Taint = "k=5:NoExecute".parse().unwrap();
    let toleration = |key: &str, operator, value: &str, effect| Toleration {
        key: key.to_owned(),
        operator,
        value: value.to_owned(),
        effect,
        ..Toleration::default()
    };
    use TaintEffect::{NoExecute, NoSchedule, Unset as Any};
    use TolerationOperator::{Equal, Exists, Gt, Lt, Unset};
    let cases = [
        (toleration("k", Equal, "5", NoExecute), true),
        (toleration("k", Unset, "5", Any), true),
        (toleration("k", Equal, "6", NoExecute), false),
        (toleration("k", Equal, "5", NoSchedule), false),
        (toleration("k", Exists, "", Any), true),
        (toleration("", Exists, "", Any), true),
        (toleration("l", Exists, "", Any), false),
        (toleration("k", Lt, "6", Any), true),
        (toleration("k", Gt, "6", Any), false),
        (toleration("k", Gt, "x", Any), false),
    ];
    for (toleration, wanted) in cases {
        assert_eq!(tolerates(std::slice::from_ref(&toleration), &taint), wanted, "{toleration}");
    }
    let other: Taint = "l:PreferNoSchedule".parse().unwrap();
    let (taints, effects) = ([other, taint], [NoSchedule, NoExecute]);
    assert_eq!(untolerated(&taints, &[], &effects).map(|taint| taint.key.as_str()), Some("k"));
    assert_eq!(untolerated(&taints, &[toleration("k", Exists, "", Any)], &effects), None);
    assert_eq!(toleration("", Exists, "", Any).to_string(), "op=Exists");
    let mut limited = toleration("k", Exists, "", NoExecute);
    limited.toleration_seconds = Some(300);
    assert_eq!(limited.to_string(), "k:NoExecute op=Exists for 300s");
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let key = "[a-z]([a-z.-]{0,3}[a-z])?";
    let value = "([a-zA-Z0-9]([a-z_.-]{0,3}[a-z0-9])?)?";
    let operators = prop_oneof![
        Just(Operator::Equals),
        Just(Operator::DoubleEquals),
        Just(Operator::NotEquals),
        Just(Operator::In),
        Just(Operator::NotIn),
        Just(Operator::Exists),
        Just(Operator::DoesNotExist),
        Just(Operator::GreaterThan),
        Just(Operator::LessThan),
    ];
    (key, operators, prop::collection::vec(value, 1..4), any::<i64>()).prop_map(
        |(key, operator, values, number)| {
            let number = number.unsigned_abs().min(i64::MAX as u64).to_string();
            let values: Vec<&str> = match operator {
                Operator::In | Operator::NotIn => values.iter().map(String::as_str).collect(),
                Operator::Exists | Operator::DoesNotExist => Vec::new(),
                Operator::GreaterThan | Operator::LessThan => vec![&number],
                _ => vec![&values[0]],
            };
            Requirement::new(key, operator, values).unwrap()
        },
    )
}

fn some_labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map("[a-c]", "[0-9a-c]?", 0..4)
}

proptest! {
    #[test]
    fn printing_a_selector_and_reading_it(requirements in prop::collection::vec(requirement(), 0..4)) {
        let selector = Selector::new(requirements);
        prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
    }

    #[test]
    fn printing_a_field_selector_and_reading_it(value in r"[a-z\\,=]{0,6}", negated: bool) {
        let escaped: String = value
            .chars()
            .flat_map(|c| matches!(c, '\\' | ',' | '=').then_some('\\').into_iter().chain([c]))
            .collect();
        let text = format!("metadata.name{}={escaped}", if negated { "!" } else { "" });
        let selector: FieldSelector = text.parse().unwrap();
        prop_assert_eq!(&selector.terms()[0].value, &value);
        prop_assert_eq!(selector.to_string(), text);
    }

    #[test]
    fn reading_never_panics(text in ".{0,30}") {
        let _ = text.parse::<Selector>();
        let _ = text.parse::<FieldSelector>();
        let _ = text.parse::<TaintChange>();
    }

    #[test]
    fn matcher_and_index_agree_with_the_selector(
        requirements in prop::collection::vec(requirement(), 0..3),
        objects in prop::collection::vec(some_labels(), 0..8),
    ) {
        let selector = Selector::new(requirements);
        let matcher = selector.compile();
        let mut index = Index::default();
        for (number, labels) in objects.iter().enumerate() {
            prop_assert_eq!(matcher.matches(labels), selector.matches(labels));
            // An object that was there before leaves no trace.
            index.insert(number, objects[0].clone());
            index.insert(number, labels.clone());
        }
        let wanted: Vec<usize> =
            (0..objects.len()).filter(|number| selector.matches(&objects[*number])).collect();
        prop_assert_eq!(index.select(&selector).into_iter().copied().collect::<Vec<_>>(), wanted);
    }
}

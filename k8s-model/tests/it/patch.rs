//! Patches, against the answers of a real API server (kube-apiserver 1.20.2) and what kubectl 1.32 sends.

use std::collections::BTreeMap;

use k8s_model::patch::{
    ListStrategy, Outcome, PatchType, Schema, apply, change_cause, json_diff, json_patch, merge_diff,
    merge_patch, patch, set_change_cause, strategic_diff, strategic_patch, three_way,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::apiserver::normal;
use crate::vectors;

fn exceptions() -> BTreeMap<String, Value> {
    serde_json::from_str(include_str!("../vectors/apiserver-patch-exceptions.json")).unwrap()
}

/// What is different from the server's answer; `None` when nothing is.
fn difference(case: &Value) -> Option<String> {
    let status = case["status"].as_u64().unwrap();
    let kind: PatchType = case["patchType"].as_str().unwrap().parse().unwrap();
    let object = &case["object"];
    let change = match &case["patch"] {
        // A body that is a text stands for itself.
        Value::String(text) => match serde_json::from_str(text) {
            Ok(change) => change,
            Err(_) => return (status < 400).then(|| "it is no JSON, but was taken".to_owned()),
        },
        change => change.clone(),
    };
    match (patch(object, &change, kind, Schema::of_object(object)), status) {
        (Ok(patched), 200) => {
            let (found, wanted) = (normal(&patched), normal(&case["result"]));
            (found != wanted).then(|| format!("  ours:   {found:?}\n  theirs: {wanted:?}"))
        }
        (Err(error), 200) => Some(format!("{error}, but it was taken")),
        (Err(_), _) => None,
        // What the patch makes is refused by what comes after it: decoding, validation, the request's name and version.
        (Ok(patched), _) => crate::apiserver::refusal(object, &patched)
            .is_none()
            .then(|| format!("{status} {}, but nothing is refused in {patched}", case["message"])),
    }
}

#[test]
fn results_are_the_servers() {
    let exceptions = exceptions();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-patch.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        match (difference(&case), exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}:\n{difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// An apply case: what kubectl sent, and what it said.
fn apply_difference(case: &Value) -> Option<String> {
    let live = &case["liveBeforeSecond"];
    let mut second = case["second"].clone();
    // kubectl fills in the namespace of its context.
    second["metadata"]["namespace"] = live["metadata"]["namespace"].clone();
    let applied = match apply(Some(live), &second) {
        Ok(applied) => applied,
        Err(error) => return Some(error.to_string()),
    };
    let sent: Vec<&Value> =
        case["requests"].as_array().unwrap().iter().map(|request| &request["body"]).collect();
    let ours: Vec<&Value> = applied.patch.iter().map(|(_, patch)| patch).collect();
    if sent != ours {
        let shown = |list: &[&Value]| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        return Some(format!("  ours:   {}\n  theirs: {}", shown(&ours), shown(&sent)));
    }
    if case["exitCode"] != 0 {
        return crate::apiserver::refusal(live, &applied.object)
            .is_none()
            .then(|| "the server refused it".to_owned());
    }
    if case["stdout"] != applied.to_string() {
        return Some(format!("it says {applied}, and kubectl {}", case["stdout"]));
    }
    if case["stderr"].as_str().unwrap().contains("missing the kubectl") == applied.warnings.is_empty() {
        return Some(format!("warnings are {:?}", applied.warnings));
    }
    let (found, wanted) = (normal(&applied.object), normal(&case["result"]));
    (found != wanted).then(|| format!("  ours:   {found:?}\n  theirs: {wanted:?}"))
}

#[test]
fn applying_is_kubectls() {
    let exceptions = exceptions();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in vectors::lines(include_str!("../vectors/apiserver-apply.jsonl")) {
        count += 1;
        let id = case["id"].as_str().unwrap();
        match (apply_difference(&case), exceptions.get(id)) {
            (Some(difference), None) => wrong.push(format!("{id}:\n{difference}")),
            (None, Some(_)) => wrong.push(format!("{id} agrees: it is no exception")),
            (Some(_), Some(exception)) => {
                assert!(exception["release"].is_string() && exception["reason"].is_string(), "{id}");
            }
            (None, None) => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// RFC 6902 appendix A and RFC 6901 §5: object, patch, and the result or the error.
#[test]
fn json_patches() {
    let cases = [
        (
            json!({"foo": "bar"}),
            json!([{"op": "add", "path": "/baz", "value": "qux"}]),
            Ok(json!({"foo": "bar", "baz": "qux"})),
        ),
        (
            json!({"foo": ["bar", "baz"]}),
            json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
            Ok(json!({"foo": ["bar", "qux", "baz"]})),
        ),
        (
            json!({"foo": ["bar"]}),
            json!([{"op": "add", "path": "/foo/-", "value": ["abc"]}]),
            Ok(json!({"foo": ["bar", ["abc"]]})),
        ),
        (
            json!({"foo": ["bar", "qux", "baz"]}),
            json!([{"op": "remove", "path": "/foo/1"}]),
            Ok(json!({"foo": ["bar", "baz"]})),
        ),
        (
            json!({"a/b": 1, "m~n": 2}),
            json!([{"op": "replace", "path": "/a~1b", "value": 3}, {"op": "remove", "path": "/m~0n"}]),
            Ok(json!({"a/b": 3})),
        ),
        (json!({"a": 1}), json!([{"op": "move", "from": "/a", "path": "/b"}]), Ok(json!({"b": 1}))),
        (json!({"a": 1}), json!([{"op": "copy", "from": "/a", "path": "/b"}]), Ok(json!({"a": 1, "b": 1}))),
        (json!({"a": 1}), json!([{"op": "replace", "path": "", "value": 2}]), Ok(json!(2))),
        (
            json!({"a": 1}),
            json!([{"op": "test", "path": "/a", "value": 2}]),
            Err("operations[0]: the test of `/a` failed: it is 1, not 2"),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "add", "path": "/b/c", "value": 2}]),
            Err("operations[0]: there is nothing at `/b/c`"),
        ),
        (
            json!({"a": [1]}),
            json!([{"op": "add", "path": "/a/9", "value": 2}]),
            Err("operations[0]: `9` is no place in a list of 1, at `/a/9`"),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "remove", "path": "/b"}]),
            Err("operations[0]: there is nothing at `/b`"),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "remove", "path": "a"}]),
            Err("operations[0]: the path `a` does not begin with `/`"),
        ),
        (
            json!({"a": 1}),
            json!([{"op": "spam", "path": "/a"}]),
            Err("operations[0]: there is no operation `spam`"),
        ),
        (json!({"a": 1}), json!([{"op": "add"}]), Err("operations[0]: `path` is missing")),
        (json!({"a": 1}), json!({"op": "add"}), Err("a list is wanted, not a mapping")),
    ];
    for (object, change, wanted) in cases {
        let found = json_patch(&object, &change).map_err(|error| error.to_string());
        assert_eq!(found, wanted.map_err(str::to_owned), "{change}");
    }
}

/// RFC 7396 appendix A.
#[test]
fn merge_patches() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ];
    for (object, change, wanted) in cases {
        assert_eq!(merge_patch(&object, &change), wanted, "{change}");
    }
}

/// Each directive once, good and bad.
#[test]
fn directives() {
    let pod = json!({
        "metadata": {"labels": {"a": "1"}, "finalizers": ["x/1", "x/2"]},
        "spec": {
            "containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "tolerations": [{"key": "k"}],
        }
    });
    let schema = Schema::of("v1", "Pod");
    let good = [
        (
            json!({"metadata": {"labels": {"$patch": "replace", "b": "2"}}}),
            "/metadata/labels",
            json!({"b": "2"}),
        ),
        (json!({"metadata": {"labels": {"$patch": "delete"}}}), "/metadata/labels", json!({})),
        (
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x/1"]}}),
            "/metadata/finalizers",
            json!(["x/2"]),
        ),
        (
            json!({"metadata": {"finalizers": ["x/3", "x/2"]}}),
            "/metadata/finalizers",
            json!(["x/3", "x/1", "x/2"]),
        ),
        (
            json!({"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}),
            "/spec/containers",
            json!([{"name": "b", "image": "b"}]),
        ),
        (
            json!({"spec": {"containers": [{"$patch": "replace"}, {"name": "c"}]}}),
            "/spec/containers",
            json!([{"name": "c"}]),
        ),
        (
            json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}),
            "/spec/containers",
            json!([{"name": "b", "image": "b"}, {"name": "a", "image": "a"}]),
        ),
        (
            json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}}),
            "/spec/volumes",
            json!([{"name": "v", "configMap": {"name": "c"}}]),
        ),
        // kubectl 1.32 leaves no directive of what is new, but in the elements of a list, where the server's decoder drops it.
        (
            json!({"spec": {"initContainers": [{"name": "i", "env": [{"name": "A", "$patch": "delete"}, {"name": "B", "value": null}]}]}}),
            "/spec/initContainers",
            json!([{"name": "i", "env": [{"name": "B"}]}]),
        ),
    ];
    for (change, place, wanted) in good {
        let patched = strategic_patch(&pod, &change, schema).unwrap();
        assert_eq!(patched.pointer(place), Some(&wanted), "{change}");
    }
    let bad = [
        (
            json!({"metadata": {"labels": {"$patch": "merge"}}}),
            "metadata.labels: `$patch: \"merge\"` is neither `replace` nor `delete`",
        ),
        (
            json!({"spec": {"containers": [{"image": "x"}]}}),
            "spec.containers[0]: the element has no `name`, by which the list is merged",
        ),
        (
            json!({"spec": {"containers": [{"$patch": "delete"}]}}),
            "spec.containers[0]: the element has no `name`, by which the list is merged",
        ),
        (
            json!({"spec": {"containers": [{"name": "a", "$patch": "merge"}]}}),
            "spec.containers[0]: `$patch` of an element is neither `replace` nor `delete`",
        ),
        (json!({"spec": {"containers": ["a"]}}), "spec.containers[0]: a mapping is wanted, not text"),
        (json!({"metadata": {"finalizers": [{}]}}), "metadata.finalizers[0]: text is wanted, not a mapping"),
        (
            json!({"metadata": {"$setElementOrder/finalizers": ["x/2"], "finalizers": ["x/3"]}}),
            "metadata.$setElementOrder/finalizers: the order does not name \"x/3\", which the patch has, at its place",
        ),
        (
            json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name"], "nfs": {}}]}}),
            "spec.volumes[0].$retainKeys: `nfs` is in the patch, so it must be named here",
        ),
        (json!([1]), "a mapping is wanted, not a list"),
    ];
    for (change, message) in bad {
        assert_eq!(strategic_patch(&pod, &change, schema).unwrap_err().to_string(), message);
    }
    let unknown = strategic_patch(&pod, &json!({}), Schema::of("example.com/v1", "Thing")).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "nothing is known of the kind's lists, which a strategic merge patch needs"
    );
}

#[test]
fn merge_keys() {
    let spec = Schema::of("v1", "Pod").member("spec");
    let cases = [
        ("containers", ListStrategy::Map("name")),
        ("hostAliases", ListStrategy::Map("ip")),
        ("topologySpreadConstraints", ListStrategy::Map("topologyKey")),
        ("tolerations", ListStrategy::Replace),
        ("nothing", ListStrategy::Replace),
    ];
    for (field, wanted) in cases {
        assert_eq!(spec.list_strategy(field), wanted, "{field}");
    }
    let container = spec.member("containers");
    assert_eq!(container.list_strategy("ports"), ListStrategy::Map("containerPort"));
    assert_eq!(container.list_strategy("args"), ListStrategy::Replace);
    let metadata = Schema::of("v1", "Pod").member("metadata");
    assert_eq!(metadata.list_strategy("finalizers"), ListStrategy::Set);
}

#[test]
fn applying_a_kind_that_is_not_known() {
    let object = |data: Value| json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": data});
    let first = apply(None, &object(json!({"a": 1, "b": [1]}))).unwrap();
    assert_eq!(
        (first.to_string().as_str(), first.outcome),
        ("thing.example.com/t created", Outcome::Created)
    );
    let mut live = first.object;
    live["spec"]["c"] = json!("live");
    let second = apply(Some(&live), &object(json!({"b": [2]}))).unwrap();
    assert_eq!(second.to_string(), "thing.example.com/t configured");
    assert_eq!(second.object["spec"], json!({"b": [2], "c": "live"}));
    let (kind, sent) = second.patch.unwrap();
    assert_eq!((kind, &sent["spec"]), (PatchType::Merge, &json!({"a": null, "b": [2]})));
    let third = apply(Some(&second.object), &object(json!({"b": [2]}))).unwrap();
    assert_eq!((third.outcome, third.patch), (Outcome::Unchanged, None));
    let mut other = object(json!({}));
    other["metadata"]["name"] = json!("u");
    let error = apply(Some(&live), &other).unwrap_err().to_string();
    assert_eq!(error, "metadata.name: it is \"t\" of the live object, and not \"u\"");
}

#[test]
fn causes_of_changes() {
    let mut object = json!({"metadata": {"name": "d"}});
    assert_eq!(change_cause(&object), None);
    set_change_cause(&mut object, "kubectl set image deploy/d c=n:2 --record=true").unwrap();
    assert_eq!(change_cause(&object), Some("kubectl set image deploy/d c=n:2 --record=true"));
    set_change_cause(&mut object, "").unwrap();
    assert_eq!(object["metadata"]["annotations"], json!({}));
    assert_eq!(
        set_change_cause(&mut json!([]), "x").unwrap_err().to_string(),
        "metadata: a mapping is wanted, not a list"
    );
}

/// JSON without nulls, which merge patches cannot make.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..4).prop_map(Value::from),
        "[a-c~/]{0,2}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[a-d~/]{1,2}", inner, 0..3)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// A list of mappings whose names differ.
fn named(parts: impl Strategy<Value = Map<String, Value>>) -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-e]", parts), 0..4).prop_map(|elements| {
        let mut seen = Vec::new();
        let elements = elements.into_iter().filter(|(name, _)| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        let with_name = |(name, mut part): (String, Map<String, Value>)| {
            part.insert("name".to_owned(), name.into());
            Value::Object(part)
        };
        elements.map(with_name).collect()
    })
}

fn members(
    list: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((prop::sample::select(list), value), 0..3)
        .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A pod as far as the lists matter that are merged.
fn pod() -> impl Strategy<Value = Value> {
    let text = || "[a-c]".prop_map(Value::from);
    let env = named(members(&["value"], text()));
    let container = (members(&["image", "workingDir"], text()), env, prop::collection::vec(text(), 0..3));
    let container = container.prop_map(|(mut container, env, args)| {
        container.insert("env".to_owned(), env);
        container.insert("args".to_owned(), Value::Array(args));
        container
    });
    let volume = members(&["emptyDir", "configMap"], Just(json!({"name": "c"})));
    let finalizers = prop::collection::btree_set("[a-d]", 0..4)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_shuffle();
    let labels = prop::collection::btree_map("[a-c]", "[0-2]", 0..3);
    (named(container), named(volume), finalizers, labels).prop_map(|(containers, volumes, finalizers, labels)| {
        json!({"metadata": {"labels": labels, "finalizers": finalizers}, "spec": {"containers": containers, "volumes": volumes}})
    })
}

proptest! {
    #[test]
    fn a_json_patch_makes_what_it_was_made_from(from in tree(), to in tree()) {
        prop_assert_eq!(json_patch(&from, &json_diff(&from, &to)), Ok(to));
    }

    #[test]
    fn a_merge_patch_makes_what_it_was_made_from(from in tree(), to in tree()) {
        prop_assert_eq!(merge_patch(&from, &merge_diff(&from, &to)), to);
    }

    #[test]
    fn a_strategic_patch_makes_what_it_was_made_from(from in pod(), to in pod()) {
        let schema = Schema::of("v1", "Pod");
        let change = strategic_diff(&from, &to, schema).unwrap();
        prop_assert_eq!(strategic_patch(&from, &change, schema), Ok(to.clone()), "{}", change);
        prop_assert_eq!(strategic_diff(&to, &to, schema), Ok(json!({})));
    }

    #[test]
    fn applying_again_changes_nothing(last in pod(), live in pod(), wanted in pod()) {
        let schema = Schema::of("v1", "Pod");
        let (_, change) = three_way(&last, &wanted, &live, schema).unwrap();
        let applied = strategic_patch(&live, &change, schema).unwrap();
        // The order of values that only the live object has may be told again, as kubectl does; it changes nothing.
        let (_, again) = three_way(&wanted, &wanted, &applied, schema).unwrap();
        prop_assert_eq!(strategic_patch(&applied, &again, schema), Ok(applied), "after {}", change);
    }

    #[test]
    fn patches_never_panic(object in pod(), change in tree()) {
        let schema = Schema::of("v1", "Pod");
        let _ = strategic_patch(&object, &change, schema);
        let _ = json_patch(&object, &change);
        let _ = merge_patch(&object, &change);
    }
}

//! Which nodes a pod means, and what fits on one: the pieces that the scheduler is made of.

use super::*;

/// `TestNodeSelectorMatch` and `TestPodMatchesNodeSelectorAndAffinityTerms` of
/// `k8s.io/component-helpers/scheduling/corev1/nodeaffinity`.
#[test]
fn nodes_by_selector_and_affinity() {
    let required = |terms: &str| {
        format!(
            "affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{terms}]}}}}}}"
        )
    };
    let in_bar = "{matchExpressions: [{key: foo, operator: In, values: [bar, value2]}]}";
    let cases: &[(&str, String, &str, bool)] = &[
        ("no selector", String::new(), "", true),
        ("missing labels", "nodeSelector: {foo: bar}".into(), "", false),
        ("same labels", "nodeSelector: {foo: bar}".into(), "foo: bar", true),
        ("a superset", "nodeSelector: {foo: bar}".into(), "foo: bar, baz: blah", true),
        ("a subset", "nodeSelector: {foo: bar, baz: blah}".into(), "foo: bar", false),
        ("In", required(in_bar), "foo: bar", true),
        (
            "In, another value",
            required("{matchExpressions: [{key: foo, operator: In, values: [v1]}]}"),
            "foo: bar",
            false,
        ),
        (
            "Gt",
            required("{matchExpressions: [{key: kernel-version, operator: Gt, values: ['0204']}]}"),
            "kernel-version: '0206'",
            true,
        ),
        ("Lt", required("{matchExpressions: [{key: v, operator: Lt, values: ['3']}]}"), "v: '3'", false),
        (
            "NotIn",
            required("{matchExpressions: [{key: mem-type, operator: NotIn, values: [DDR, DDR2]}]}"),
            "mem-type: DDR3",
            true,
        ),
        (
            "Exists",
            required("{matchExpressions: [{key: GPU, operator: Exists}]}"),
            "GPU: NVIDIA-GRID-K1",
            true,
        ),
        (
            "DoesNotExist",
            required("{matchExpressions: [{key: GPU, operator: DoesNotExist}]}"),
            "GPU: x",
            false,
        ),
        ("no terms", required(""), "foo: bar", false),
        ("a term without conditions", required("{matchExpressions: []}"), "foo: bar", false),
        (
            "one of two terms",
            required(&format!("{{matchExpressions: [{{key: x, operator: Exists}}]}}, {in_bar}")),
            "foo: bar",
            true,
        ),
        (
            "all conditions of a term",
            required("{matchExpressions: [{key: foo, operator: Exists}, {key: x, operator: Exists}]}"),
            "foo: bar",
            false,
        ),
        (
            "both the selector and the affinity",
            format!("nodeSelector: {{foo: bar}}, {}", required(in_bar)),
            "foo: value2",
            false,
        ),
        (
            "an invalid value",
            required(
                "{matchExpressions: [{key: foo, operator: NotIn, values: ['invalid value: ___@#$%^']}]}",
            ),
            "foo: bar",
            false,
        ),
        (
            "the name",
            required("{matchFields: [{key: metadata.name, operator: In, values: [node-1]}]}"),
            "",
            true,
        ),
        (
            "another name",
            required("{matchFields: [{key: metadata.name, operator: NotIn, values: [node-1]}]}"),
            "",
            false,
        ),
        (
            "two names in a field",
            required("{matchFields: [{key: metadata.name, operator: In, values: [node-1, b]}]}"),
            "",
            false,
        ),
        (
            "the name or a label",
            required(&format!(
                "{{matchFields: [{{key: metadata.name, operator: In, values: [b]}}]}}, {in_bar}"
            )),
            "foo: bar",
            true,
        ),
    ];
    for (what, spec, labels, expected) in cases {
        let pod = pod("web", spec);
        let selection = NodeSelection::of(&pod.spec);
        assert_eq!(selection.matches(&node("node-1", labels, "")), *expected, "{what}");
        assert_eq!(selection.is_everything(), spec.is_empty(), "{what}");
    }
    assert!(!NodeSelection::new(&NodeSelector::default()).matches(&Node::default()));
}

/// `TestPreferredSchedulingTermsScore`, same place.
#[test]
fn nodes_by_preference() {
    let term = |weight: i32, key: &str| {
        format!("{{weight: {weight}, preference: {{matchExpressions: [{{key: {key}, operator: Exists}}]}}}}")
    };
    let of = |terms: &[String]| {
        let spec = format!(
            "affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: [{}]}}}}",
            terms.join(", ")
        );
        NodePreferences::of(&pod("web", &spec).spec)
    };
    let preferences =
        of(&[term(4, "key"), term(5, "key"), term(9, "other"), "{weight: 7, preference: {}}".into()]);
    assert_eq!(preferences.weight(&node("node-1", "key: value", "")), 9);
    assert_eq!(preferences.weight(&node("node-1", "", "")), 0);
    assert!(of(&[]).is_empty() && of(&[term(0, "key")]).is_empty());
}

/// `TestEnoughRequests` (`noderesources/fit_test.go`): ten thousandths of a processor and so on are there, some of it is taken.
#[test]
fn what_fits() {
    let all = Amounts::of(
        &node(
            "node-1",
            "",
            "status: {allocatable: {cpu: 10m, memory: 20, pods: 32, ephemeral-storage: 20, example.com/aaa: 5, hugepages-2Mi: 5, storage: 9}}",
        )
        .status
        .allocatable,
    );
    let asks = |containers: &[&str]| {
        let containers: Vec<String> = containers
            .iter()
            .enumerate()
            .map(|(index, requests)| format!("{{name: c{index}, resources: {{requests: {{{requests}}}}}}}"))
            .collect();
        format!("[{}]", containers.join(", "))
    };
    let main = |requests: &str| format!("containers: {}", asks(&[requests]));
    let init =
        |main: &str, init: &[&str]| format!("containers: {}, initContainers: {}", asks(&[main]), asks(init));
    let used = |cpu: &str, memory: &str| format!("cpu: {cpu}m, memory: {memory}");
    let cases: &[(&str, String, String, &[&str])] = &[
        ("no resources requested always fits", String::new(), used("10", "20"), &[]),
        (
            "too many resources fails",
            main("cpu: 1m, memory: 1"),
            used("10", "20"),
            &["Insufficient cpu", "Insufficient memory"],
        ),
        (
            "too many resources fails due to init container cpu",
            init("cpu: 1m, memory: 1", &["cpu: 3m, memory: 1"]),
            used("8", "19"),
            &["Insufficient cpu"],
        ),
        (
            "too many resources fails due to highest init container cpu",
            init("cpu: 1m, memory: 1", &["cpu: 3m, memory: 1", "cpu: 2m, memory: 1"]),
            used("8", "19"),
            &["Insufficient cpu"],
        ),
        (
            "init container fits because it's the max, not sum",
            init("cpu: 1m, memory: 1", &["cpu: 1m, memory: 1", "cpu: 1m, memory: 1"]),
            used("9", "19"),
            &[],
        ),
        ("both resources fit", main("cpu: 1m, memory: 1"), used("5", "5"), &[]),
        ("one resource memory fits", main("cpu: 2m, memory: 1"), used("9", "5"), &["Insufficient cpu"]),
        ("equal edge case", main("cpu: 5m, memory: 1"), used("5", "19"), &[]),
        ("extended resource fits", main("example.com/aaa: 1"), used("0", "0"), &[]),
        (
            "extended resource capacity enforced",
            main("example.com/aaa: 10"),
            used("0", "0"),
            &["Insufficient example.com/aaa"],
        ),
        (
            "unknown extended resource",
            main("example.com/bbb: 1"),
            used("0", "0"),
            &["Insufficient example.com/bbb"],
        ),
        ("hugepages", main("hugepages-2Mi: 6"), used("0", "0"), &["Insufficient hugepages-2Mi"]),
        (
            "resources + pod overhead",
            format!("{}, overhead: {{cpu: 3m, memory: 13}}", main("cpu: 1m, memory: 1")),
            used("5", "5"),
            &[],
        ),
        (
            "requests + overhead does not fit for memory",
            format!("{}, overhead: {{cpu: 1m, memory: 15}}", main("cpu: 1m, memory: 1")),
            used("5", "5"),
            &["Insufficient memory"],
        ),
        (
            "sidecars run beside the main container",
            format!(
                "{}, initContainers: [{{name: s, restartPolicy: Always, resources: {{requests: {{cpu: 2m}}}}}}]",
                main("cpu: 4m")
            ),
            used("5", "0"),
            &["Insufficient cpu"],
        ),
        (
            "what the pod as a whole asks for",
            format!("{}, resources: {{requests: {{cpu: 6m}}}}", main("cpu: 1m")),
            used("5", "0"),
            &["Insufficient cpu"],
        ),
        (
            "ephemeral storage",
            main("ephemeral-storage: 25"),
            used("0", "0"),
            &["Insufficient ephemeral-storage"],
        ),
        ("what nobody counts", main("storage: 25"), used("0", "0"), &[]),
    ];
    for (what, spec, used, expected) in cases {
        let wanted = Amounts::of_pod(&pod("web", spec).spec);
        let used = Amounts::of_pod(&pod("other", &main(used)).spec);
        assert_eq!(all.missing(&wanted, &used), *expected, "{what}");
        assert_eq!(all.has_room_for(&wanted, &used), expected.is_empty(), "{what}");
    }
    let full = Amounts { pods: 32, ..Amounts::default() };
    assert_eq!(all.missing(&Amounts { pods: 1, ..Amounts::default() }, &full), ["Too many pods"]);
    let mut sum = full.clone();
    sum.add(&Amounts {
        pods: 1,
        cpu: i64::MAX,
        others: [("a/b".to_owned(), 2)].into(),
        ..Amounts::default()
    });
    sum.subtract(&Amounts {
        pods: 33,
        cpu: i64::MAX,
        others: [("a/b".to_owned(), 2)].into(),
        ..Amounts::default()
    });
    assert_eq!((sum.pods, sum.cpu, sum.others.get("a/b")), (0, 0, Some(&0)));
}

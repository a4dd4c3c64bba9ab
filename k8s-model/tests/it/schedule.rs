//! Where pods go: tables of situations of kube-scheduler's own tests, with exact words.

mod nodes;

use k8s_model::core::{Node, NodeSelector, Pod, PodPhase};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::schedule::{Amounts, Cluster, NodePreferences, NodeSelection, queue};
use k8s_model::selector::Labels;
use proptest::prelude::*;

fn object(text: &str) -> Object {
    let mut decoded = decode_str(text, "test.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{text}: {:?}", decoded.problems);
    decoded.documents.remove(0).object
}

fn pod(name: &str, spec: &str) -> Pod {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: default, labels: {{app: {name}}}}}\nspec: {{{spec}}}\n"
    );
    let Object::Pod(pod) = object(&text) else { panic!("{text}") };
    *pod
}

fn node(name: &str, labels: &str, rest: &str) -> Node {
    let text =
        format!("apiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n{rest}\n");
    let Object::Node(node) = object(&text) else { panic!("{text}") };
    *node
}

const ROOM: &str = "status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}}";

fn cluster(nodes: &[Node], pods: &[Pod]) -> Cluster {
    let mut cluster = Cluster::default();
    nodes.iter().for_each(|node| cluster.set_node(node.clone()));
    pods.iter().for_each(|pod| cluster.add(pod));
    cluster
}

/// A pod on a node.
fn on(node: &str, name: &str, spec: &str) -> Pod {
    pod(
        name,
        &if spec.is_empty() { format!("nodeName: {node}") } else { format!("nodeName: {node}, {spec}") },
    )
}

fn affinity(kind: &str, rule: &str) -> String {
    format!("affinity: {{{kind}: {{requiredDuringSchedulingIgnoredDuringExecution: [{rule}]}}}}")
}

const BY_ZONE: &str = "labelSelector: {matchLabels: {app: db}}, topologyKey: zone";

/// What it is about, nodes, pods on them, the spec of the pod that comes, and what becomes of it.
type Situation = (&'static str, Vec<Node>, Vec<Pod>, String, &'static str);

/// Each filter says why, in the words of 1.36 (the constants `ErrReason…` of the plugins).
#[test]
fn words_when_nothing_fits() {
    let plain = |name: &str| node(name, "zone: z1", ROOM);
    let cases: &[Situation] = &[
        ("no nodes", vec![], vec![], String::new(), "no nodes available to schedule pods"),
        (
            "gates",
            vec![plain("a")],
            vec![],
            "schedulingGates: [{name: example.com/wait}]".into(),
            "Scheduling is blocked due to non-empty scheduling gates",
        ),
        (
            "several reasons, sorted as texts",
            vec![
                node("a", "", "status: {allocatable: {cpu: '1', memory: 1Gi, pods: '10'}}"),
                node("b", "", &format!("spec: {{taints: [{{key: k, value: v, effect: NoSchedule}}]}}\n{ROOM}")),
                node("c", "", &format!("spec: {{taints: [{{key: l, effect: NoExecute}}]}}\n{ROOM}")),
            ],
            vec![],
            "containers: [{name: c, resources: {requests: {cpu: '2'}}}]".into(),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s).",
        ),
        (
            "two reasons of one node",
            vec![plain("a")],
            vec![],
            "containers: [{name: c, resources: {requests: {cpu: '5', memory: 9Gi, example.com/gpu: 1}}}]".into(),
            "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Insufficient memory.",
        ),
        (
            "no status",
            vec![node("a", "", "")],
            vec![],
            String::new(),
            "0/1 nodes are available: 1 Too many pods.",
        ),
        (
            "unschedulable",
            vec![node("a", "", &format!("spec: {{unschedulable: true}}\n{ROOM}"))],
            vec![],
            String::new(),
            "0/1 nodes are available: 1 node(s) were unschedulable.",
        ),
        (
            "the name",
            vec![plain("a"), plain("b")],
            vec![],
            "nodeName: c".into(),
            "0/2 nodes are available: 2 node(s) didn't match the requested node name.",
        ),
        (
            "the selector",
            vec![plain("a")],
            vec![],
            "nodeSelector: {disk: ssd}".into(),
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
        ),
        (
            "affinity to a node that is full, as a daemon's",
            vec![node("a", "", "status: {allocatable: {pods: '0'}}"), plain("b")],
            vec![],
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: \
             [{key: metadata.name, operator: In, values: [a]}]}]}}}"
                .into(),
            "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
        ),
        (
            "affinity to two names at once",
            vec![plain("a"), plain("b")],
            vec![],
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: \
             [{key: metadata.name, operator: In, values: [a]}, {key: metadata.name, operator: In, values: [b]}]}]}}}"
                .into(),
            "0/2 nodes are available: pod affinity terms conflict.",
        ),
        (
            "ports",
            vec![plain("a")],
            vec![on("a", "other", "containers: [{name: c, ports: [{containerPort: 80, hostPort: 80, hostIP: 127.0.0.1}]}]")],
            "containers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}]".into(),
            "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
        ),
        (
            "nobody near",
            vec![plain("a")],
            vec![on("a", "web-0", "")],
            affinity("podAffinity", &format!("{{{BY_ZONE}}}")),
            "0/1 nodes are available: 1 node(s) didn't match pod affinity rules.",
        ),
        (
            "somebody near",
            vec![plain("a"), plain("b"), node("c", "zone: z2", "")],
            vec![on("a", "db", "")],
            affinity("podAntiAffinity", &format!("{{{BY_ZONE}}}")),
            "0/3 nodes are available: 1 Too many pods, 2 node(s) didn't match pod anti-affinity rules.",
        ),
        (
            "somebody who wants nobody near",
            vec![plain("a")],
            vec![on(
                "a",
                "db",
                &affinity("podAntiAffinity", "{labelSelector: {matchLabels: {app: web}}, topologyKey: zone}"),
            )],
            String::new(),
            "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
        ),
        (
            "spread",
            vec![plain("a"), node("b", "zone: z2", "status: {allocatable: {pods: '0'}}"), node("c", "", ROOM)],
            vec![on("a", "web", "").named("web-0")],
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {matchLabels: {app: web}}}]"
                .into(),
            "0/3 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints, \
             1 node(s) didn't match pod topology spread constraints (missing required label).",
        ),
    ];
    for (what, nodes, pods, spec, expected) in cases {
        let error = cluster(nodes, pods).place(&pod("web", spec)).unwrap_err();
        assert_eq!(error.to_string(), *expected, "{what}");
        assert_eq!(error.reason(), if *what == "gates" { "SchedulingGated" } else { "Unschedulable" });
    }
}

/// What the filters let through, and what the scores prefer.
#[test]
fn where_pods_go() {
    let two = |first: &str, second: &str| vec![node("a", first, ROOM), node("b", second, ROOM)];
    let busy = "containers: [{name: c, resources: {requests: {cpu: '1', memory: 1Gi}}}]";
    let soft = |kind: &str, weight: i32, term: &str| {
        format!(
            "affinity: {{{kind}: {{preferredDuringSchedulingIgnoredDuringExecution: [{{weight: {weight}, {term}}}]}}}}"
        )
    };
    let images = "status: {allocatable: {cpu: '4', memory: 8Gi, pods: '110'}, images: [{names: ['nginx:latest'], sizeBytes: 524288000}]}";
    let cases: &[Situation] = &[
        ("the first of equal ones", two("", ""), vec![], String::new(), "a"),
        ("least allocated", two("", ""), vec![on("a", "x", busy)], busy.into(), "b"),
        (
            "containers without requests count a little",
            two("", ""),
            vec![on("a", "x", "containers: [{name: c}]")],
            "containers: [{name: c}]".into(),
            "b",
        ),
        (
            "balance: the pod evens out what is taken",
            two("", ""),
            vec![
                on("a", "x", "containers: [{name: c, resources: {requests: {cpu: '1', memory: 4Gi}}}]"),
                on("b", "other", "containers: [{name: c, resources: {requests: {cpu: '2', memory: 2Gi}}}]"),
            ],
            "containers: [{name: c, resources: {requests: {cpu: '1', memory: 512Mi}}}]".into(),
            "a",
        ),
        (
            "an image that is there",
            vec![node("a", "", ROOM), node("b", "", images)],
            vec![],
            "containers: [{name: c, image: nginx}]".into(),
            "b",
        ),
        (
            "a preference for nodes",
            two("", "disk: ssd"),
            vec![on("b", "x", busy)],
            soft("nodeAffinity", 1, "preference: {matchExpressions: [{key: disk, operator: Exists}]}"),
            "b",
        ),
        (
            "a taint that would rather not",
            vec![node("a", "", &format!("spec: {{taints: [{{key: k, effect: PreferNoSchedule}}]}}\n{ROOM}")), node("b", "", ROOM)],
            vec![on("b", "x", busy)],
            String::new(),
            "b",
        ),
        (
            "a taint that is borne",
            vec![node("a", "", &format!("spec: {{taints: [{{key: k, effect: NoSchedule}}]}}\n{ROOM}"))],
            vec![],
            "tolerations: [{key: k, operator: Exists}]".into(),
            "a",
        ),
        (
            "an unschedulable node that is borne",
            vec![node("a", "", &format!("spec: {{unschedulable: true}}\n{ROOM}"))],
            vec![],
            "tolerations: [{operator: Exists}]".into(),
            "a",
        ),
        (
            "near what must be near",
            two("zone: z1", "zone: z2"),
            vec![on("b", "db", busy)],
            affinity("podAffinity", &format!("{{{BY_ZONE}}}")),
            "b",
        ),
        (
            "the first of those that want each other near",
            two("zone: z1", "zone: z2"),
            vec![],
            affinity("podAffinity", "{labelSelector: {matchLabels: {app: web}}, topologyKey: zone}"),
            "a",
        ),
        (
            "the values of its own labels are a part of the selector",
            two("zone: z1", "zone: z2"),
            vec![on("a", "db", "")],
            affinity("podAntiAffinity", "{labelSelector: {}, matchLabelKeys: [app], topologyKey: zone}"),
            "a",
        ),
        (
            "namespaces: only its own unless it says so",
            two("zone: z1", "zone: z2"),
            vec![on("a", "db", "").within("other")],
            affinity("podAntiAffinity", &format!("{{{BY_ZONE}}}")),
            "a",
        ),
        (
            "namespaces by label",
            two("zone: z1", "zone: z2"),
            vec![on("a", "db", "").within("other")],
            affinity(
                "podAntiAffinity",
                &format!("{{{BY_ZONE}, namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: other}}}}}}"),
            ),
            "b",
        ),
        (
            "rather near",
            two("zone: z1", "zone: z2"),
            vec![on("b", "db", busy)],
            soft("podAffinity", 10, &format!("podAffinityTerm: {{{BY_ZONE}}}")),
            "b",
        ),
        (
            "rather far",
            two("zone: z1", "zone: z2"),
            vec![on("a", "db", "")],
            soft("podAntiAffinity", 10, &format!("podAffinityTerm: {{{BY_ZONE}}}")),
            "b",
        ),
        (
            "one that is there would rather have it near",
            two("zone: z1", "zone: z2"),
            vec![on(
                "b",
                "db",
                &soft("podAffinity", 10, "podAffinityTerm: {labelSelector: {matchLabels: {app: web}}, topologyKey: zone}"),
            )],
            String::new(),
            "b",
        ),
        (
            "spread where it must be",
            two("zone: z1", "zone: z2"),
            vec![on("a", "web", "").named("web-0"), on("b", "x", busy)],
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {matchLabels: {app: web}}}]"
                .into(),
            "b",
        ),
        (
            "spread where it had better be",
            two("zone: z1", "zone: z2"),
            vec![on("a", "web", "").named("web-0"), on("b", "x", busy)],
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, \
             labelSelector: {matchLabels: {app: web}}}]"
                .into(),
            "b",
        ),
        (
            "too few parts count as an empty one",
            vec![node("a", "zone: z1", ROOM), node("b", "zone: z2", ROOM)],
            vec![on("a", "web", "").named("web-0"), on("b", "x", busy)],
            "topologySpreadConstraints: [{maxSkew: 1, minDomains: 3, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, \
             labelSelector: {matchLabels: {app: web}}}]"
                .into(),
            "b",
        ),
        (
            "pods that have ended take nothing",
            two("", ""),
            vec![on("a", "x", busy).ended(), on("b", "other", busy)],
            busy.into(),
            "a",
        ),
    ];
    for (what, nodes, pods, spec, expected) in cases {
        let placed = cluster(nodes, pods).place(&pod("web", spec)).map(str::to_owned);
        assert_eq!(placed.as_deref(), Ok(*expected), "{what}");
    }
}

/// The same pod, but for one thing.
trait Changed {
    fn named(self, name: &str) -> Self;
    fn within(self, namespace: &str) -> Self;
    fn ended(self) -> Self;
}

impl Changed for Pod {
    fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.metadata.name);
        self
    }

    fn within(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.metadata.namespace);
        self
    }

    fn ended(mut self) -> Self {
        self.status.phase = PodPhase::Succeeded;
        self
    }
}

/// What others say of nodes, and what happens when nodes and pods go.
#[test]
fn nodes_and_pods_come_and_go() {
    let mut cluster = cluster(&[node("a", "", ROOM), node("b", "", ROOM)], &[]);
    let big = |name: &str| pod(name, "containers: [{name: c, resources: {requests: {cpu: '3'}}}]");
    let only_b = |node: &Node| {
        let other = node.metadata.name != "b";
        if other { vec!["node(s) didn't match PersistentVolume's node affinity".to_owned()] } else { vec![] }
    };
    assert_eq!(cluster.place_where(&big("one"), only_b).unwrap(), "b");
    let error = cluster.place_where(&big("two"), only_b).unwrap_err();
    assert_eq!(
        error.to_string(),
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match PersistentVolume's node affinity."
    );
    assert_eq!(error.reasons().map(|(_, count)| count).sum::<usize>(), 2);
    assert_eq!(cluster.place(&big("two")).unwrap(), "a");
    assert!(cluster.place(&big("three")).is_err());
    assert!(cluster.remove("default", "one") && !cluster.remove("default", "one"));
    assert_eq!(cluster.place(&big("three")).unwrap(), "b");
    // The same pod again stands where it was, once.
    assert_eq!(cluster.place(&big("three")).unwrap(), "b");
    cluster.remove_node("a");
    cluster.remove_node("a");
    assert_eq!(cluster.nodes().count(), 1);
    assert!(cluster.place(&big("four")).is_err());
    let larger = "status: {allocatable: {cpu: '8', memory: 8Gi, pods: '110'}}";
    cluster.set_node(node("b", "", larger));
    assert_eq!(cluster.place(&big("four")).unwrap(), "b");
    assert!(cluster.place(&big("five")).is_err());
    cluster.set_node(node("c", "", larger));
    assert_eq!(cluster.place(&big("five")).unwrap(), "c");
    cluster.set_namespace("default", Labels::new());
    // Coming and going for long forgets nothing that matters.
    for _ in 0..3000 {
        assert_eq!(cluster.place(&big("five")).unwrap(), "c");
        cluster.remove("default", "five");
    }
    assert_eq!(cluster.place(&big("five")).unwrap(), "c");
}

/// `PrioritySort`.
#[test]
fn the_queue() {
    let of = |name: &str, priority: i32, time: &str| {
        let mut pod = pod(name, &format!("priority: {priority}"));
        pod.metadata.creation_timestamp = Some(time.parse().unwrap());
        pod
    };
    let pods = [
        of("late", 0, "2026-01-02T00:00:00Z"),
        of("early", 0, "2026-01-01T00:00:00Z"),
        of("urgent", 5, "2026-01-03T00:00:00Z"),
    ];
    let names: Vec<_> = queue(&pods).into_iter().map(|pod| pod.metadata.name.as_str()).collect();
    assert_eq!(names, ["urgent", "early", "late"]);
}

/// Kinds of pods, of which some look at others.
fn kinds() -> Vec<String> {
    let near = affinity("podAffinity", "{labelSelector: {matchLabels: {app: web}}, topologyKey: zone}");
    let far = affinity(
        "podAntiAffinity",
        "{labelSelector: {matchLabels: {app: db}}, topologyKey: kubernetes.io/hostname}",
    );
    let spread = |action: &str, key: &str| {
        format!(
            "topologySpreadConstraints: [{{maxSkew: 1, topologyKey: {key}, whenUnsatisfiable: {action}, labelSelector: {{matchLabels: {{app: web}}}}}}]"
        )
    };
    let asks = "containers: [{name: c, resources: {requests: {cpu: 700m, memory: 1Gi}}}]";
    vec![
        asks.to_owned(),
        "containers: [{name: c, ports: [{containerPort: 80, hostPort: 80}]}]".to_owned(),
        format!("{asks}, {near}"),
        format!("{asks}, {far}"),
        format!("{asks}, {}", spread("DoNotSchedule", "zone")),
        spread("ScheduleAnyway", "zone"),
        spread("ScheduleAnyway", "kubernetes.io/hostname"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What is remembered from one pod to the next changes nothing, and what must hold holds.
    #[test]
    fn remembering_changes_nothing(steps in prop::collection::vec((0..7_usize, 0..3_usize, any::<bool>()), 1..30)) {
        let nodes: Vec<Node> = (0..6)
            .map(|number| node(&format!("n{number}"), &format!("zone: z{}, kubernetes.io/hostname: n{number}", number % 3), ROOM))
            .collect();
        let specs = kinds();
        let mut remembering = cluster(&nodes, &[]);
        let mut placed: Vec<Pod> = Vec::new();
        for (number, (kind, app, stays)) in steps.into_iter().enumerate() {
            let app = ["web", "db", "cache"][app];
            let next = pod(app, &specs[kind]).named(&format!("{app}-{number}"));
            let anew = cluster(&nodes, &placed).place(&next).map(str::to_owned);
            let at_once = remembering.place(&next).map(str::to_owned);
            prop_assert_eq!(&anew, &at_once);
            let Ok(name) = at_once else { continue };
            if stays {
                let mut there = next;
                there.spec.node_name = name;
                placed.push(there);
            } else {
                remembering.remove("default", &next.metadata.name);
            }
        }
        for node in &nodes {
            let here = placed.iter().filter(|pod| pod.spec.node_name == node.metadata.name);
            let mut used = Amounts::default();
            here.clone().for_each(|pod| used.add(&Amounts::of_pod(&pod.spec)));
            let all = Amounts::of(&node.status.allocatable);
            prop_assert!(used.cpu <= all.cpu && used.memory <= all.memory && used.pods <= all.pods);
            let ports = here.clone().flat_map(|pod| &pod.spec.containers).flat_map(|container| &container.ports);
            prop_assert!(ports.count() <= 1);
        }
    }
}

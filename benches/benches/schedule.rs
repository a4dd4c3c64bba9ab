//! Placement: 1 000 to 10 000 pods on 500 to 5 000 nodes, with `schedule::Cluster`.
//!
//! ```sh
//! cargo bench -p podkit-benches --bench schedule
//! ```
//!
//! Three loads: pods of one kind; pods of 100 kinds in turn; pods that are spread over zones and keep away from others of theirs. Beside each
//! stands the time that looking at each node for each pod takes, as far as it can be told from a tenth of the pods: a cluster that is
//! made anew before each pod remembers nothing.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at the first thing that goes wrong"
)]

use std::time::{Duration, Instant};

use k8s_model::core::{Node, Pod};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::object::Object;
use k8s_model::schedule::Cluster;

const ROUNDS: usize = 3;

fn main() {
    for (what, kinds, spec) in [
        ("one kind", 1, ""),
        ("100 kinds in turn", 100, ""),
        (
            "spread over zones, apart on nodes",
            1,
            "topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web-0}}}], \
             affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 100, podAffinityTerm: {labelSelector: {matchLabels: \
             {app: web-0}}, topologyKey: kubernetes.io/hostname}}]}}",
        ),
    ] {
        let mut first = None;
        for (pods, nodes) in [(1_000, 500), (2_000, 1_000), (5_000, 2_500), (10_000, 5_000)] {
            let (nodes, pods) = (all_nodes(nodes), all_pods(pods, kinds, spec));
            let time = median((0..ROUNDS).map(|_| place(&nodes, &pods)).collect())
                / u32::try_from(pods.len()).unwrap();
            let cold = cold(&nodes, &pods);
            let first = *first.get_or_insert(time);
            println!(
                "{what}: {} pods on {} nodes: {time:?} a pod, {:.2} of that with the fewest; a pod for which every node is looked at takes {:.0} times as long",
                pods.len(),
                nodes.len(),
                ratio(time, first),
                ratio(cold, time),
            );
        }
    }
}

fn object(text: &str) -> Object {
    let mut decoded = decode_str(text, "bench.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded.documents.remove(0).object
}

fn all_nodes(count: usize) -> Vec<Node> {
    let text = "apiVersion: v1\nkind: Node\nmetadata: {name: node}\nstatus: {allocatable: {cpu: '16', memory: 64Gi, pods: '110'}}\n";
    let Object::Node(node) = object(text) else { return Vec::new() };
    (0..count)
        .map(|number| {
            let mut node = (*node).clone();
            node.metadata.name = format!("node-{number}");
            let labels = &mut node.metadata.labels;
            labels.insert("zone".to_owned(), format!("zone-{}", number % 3));
            labels.insert("kubernetes.io/hostname".to_owned(), node.metadata.name.clone());
            node
        })
        .collect()
}

fn all_pods(count: usize, kinds: usize, spec: &str) -> Vec<Pod> {
    let pods: Vec<Pod> = (0..kinds)
        .map(|kind| {
            let text = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: default, labels: {{app: web-{kind}}}}}\nspec: {{containers: [{{name: web, \
                 image: web, resources: {{requests: {{cpu: {}m, memory: 256Mi}}}}}}], {spec}}}\n",
                100 + kind
            );
            match object(&text) {
                Object::Pod(pod) => *pod,
                _ => Pod::default(),
            }
        })
        .collect();
    (0..count)
        .map(|number| {
            let mut pod = pods[number % kinds].clone();
            pod.metadata.name = format!("web-{number}");
            pod
        })
        .collect()
}

fn cluster(nodes: &[Node]) -> Cluster {
    let mut cluster = Cluster::default();
    nodes.iter().for_each(|node| cluster.set_node(node.clone()));
    cluster
}

fn place(nodes: &[Node], pods: &[Pod]) -> Duration {
    let mut cluster = cluster(nodes);
    let start = Instant::now();
    for pod in pods {
        cluster.place(pod).unwrap();
    }
    start.elapsed()
}

/// The time of one pod where nothing is known of its kind.
fn cold(nodes: &[Node], pods: &[Pod]) -> Duration {
    let mut times = Vec::new();
    for pod in pods.iter().take(9) {
        let mut cluster = cluster(nodes);
        let start = Instant::now();
        cluster.place(pod).unwrap();
        times.push(start.elapsed());
    }
    median(times)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

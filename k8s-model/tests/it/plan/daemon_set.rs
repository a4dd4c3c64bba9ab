//! Daemon sets: `pkg/controller/daemon/*_test.go`.

use k8s_model::apps::DaemonSet;
use k8s_model::core::Node;
use k8s_model::object::Object;
use k8s_model::plan::daemon_set::{Fit, fit};
use k8s_model::plan::store::{Key, Store};

use super::{at, names, object, pod, run_pod, settle, started};

const SET: &str = "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: log, namespace: default}
spec:
  selector: {matchLabels: {app: log}}
  updateStrategy: STRATEGY
  template: {metadata: {labels: {app: log}}, spec: {containers: [{name: log, image: log:1}]}}
";
const NODES: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
---
apiVersion: v1
kind: Node
metadata: {name: n2}
---
apiVersion: v1
kind: Node
metadata: {name: n3, labels: {disk: ssd}}
";

fn cluster(strategy: &str) -> Store {
    let mut store = started(&format!("{NODES}---{}", SET.replace("STRATEGY", strategy)));
    ready_all(&mut store, 1);
    store
}

/// Puts pods where they are bound to, and makes them ready.
fn ready_all(store: &mut Store, seconds: u64) {
    for name in names(store, "Pod") {
        let mut found = pod(store, &name);
        if found.spec.node_name.is_empty() {
            let affinity = found.spec.affinity.as_ref().unwrap().node_affinity.as_ref().unwrap();
            let required = affinity.required_during_scheduling_ignored_during_execution.as_ref().unwrap();
            found.spec.node_name = required.node_selector_terms[0].match_fields[0].values[0].clone();
            store.update(found.into()).unwrap();
        }
        if !k8s_model::plan::is_ready(&pod(store, &name)) {
            run_pod(store, &name, true, at(seconds));
        }
    }
    settle(store, at(seconds));
}

fn the_set(store: &Store) -> DaemonSet {
    let key = Key {
        kind: "DaemonSet".into(),
        api_version: "apps/v1".into(),
        namespace: "default".into(),
        name: "log".into(),
    };
    DaemonSet::try_from(store.get(&key).unwrap().clone()).unwrap()
}

fn change_image(store: &mut Store) {
    let mut set = the_set(store);
    set.spec.template.spec.containers[0].image = "log:2".into();
    store.update(set.into()).unwrap();
}

/// How many pods of the old and of the new image are alive.
fn images(store: &Store) -> (usize, usize) {
    let alive = store.objects().filter_map(|object| match object {
        Object::Pod(pod) if k8s_model::plan::is_active(pod) => Some(pod.spec.containers[0].image.clone()),
        _ => None,
    });
    let images: Vec<String> = alive.collect();
    let count = |wanted: &str| images.iter().filter(|image| *image == wanted).count();
    (count("log:1"), count("log:2"))
}

#[test]
fn each_node_has_one() {
    let store = cluster("{}");
    let status = the_set(&store).status;
    assert_eq!(
        (status.desired_number_scheduled, status.current_number_scheduled, status.number_available),
        (3, 3, 3)
    );
}

/// `TestNodeShouldRunDaemonPod`.
#[test]
fn which_nodes_suit() {
    let cases = [
        ("", "{}", Fit::Runs),
        ("nodeSelector: {disk: ssd}", "{}", Fit::Not),
        ("nodeName: other", "{}", Fit::Not),
        ("", "{taints: [{key: a, effect: NoSchedule}]}", Fit::Stays),
        ("", "{taints: [{key: a, effect: NoExecute}]}", Fit::Not),
        ("", "{taints: [{key: node.kubernetes.io/unreachable, effect: NoExecute}]}", Fit::Runs),
        ("tolerations: [{operator: Exists}]", "{taints: [{key: a, effect: NoExecute}]}", Fit::Runs),
        ("", "{taints: [{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}]}", Fit::Stays),
        (
            "hostNetwork: true",
            "{taints: [{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}]}",
            Fit::Runs,
        ),
    ];
    for (spec, node, expected) in cases {
        let comma = if spec.is_empty() { "" } else { ", " };
        let text =
            SET.replace("STRATEGY", "{}").replace("image: log:1}]", &format!("image: log:1}}]{comma}{spec}"));
        let set: DaemonSet = object(&text);
        let node: Node =
            object(&format!("{{apiVersion: v1, kind: Node, metadata: {{name: n1}}, spec: {node}}}"));
        assert_eq!(fit(&set, &node), expected, "{spec} {:?}", node.spec.taints);
    }
}

#[test]
fn an_update_leaves_as_many_as_it_must() {
    let mut store = cluster("{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}");
    change_image(&mut store);
    settle(&mut store, at(10));
    // Pods on a node take their time to go.
    assert_eq!(images(&store), (2, 0));
    for (step, expected) in [(1, (2, 1)), (2, (1, 1)), (3, (1, 2)), (4, (0, 2)), (5, (0, 3))] {
        let gone: Vec<String> = names(&store, "Pod")
            .into_iter()
            .filter(|name| !k8s_model::plan::is_active(&pod(&store, name)))
            .collect();
        for name in &gone {
            super::delete(&mut store, "Pod", "v1", name, None, at(10 + step));
        }
        if gone.is_empty() {
            ready_all(&mut store, 10 + step);
        } else {
            settle(&mut store, at(10 + step));
        }
        assert_eq!(images(&store), expected, "step {step}");
    }
}

#[test]
fn a_surge_makes_the_new_one_first() {
    let mut store = cluster("{type: RollingUpdate, rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}");
    change_image(&mut store);
    settle(&mut store, at(10));
    assert_eq!(images(&store), (3, 1));
    ready_all(&mut store, 11);
    assert_eq!(images(&store), (2, 2));
    ready_all(&mut store, 12);
    ready_all(&mut store, 13);
    assert_eq!(images(&store), (0, 3));
}

#[test]
fn on_delete_waits() {
    let mut store = cluster("{type: OnDelete}");
    change_image(&mut store);
    settle(&mut store, at(10));
    assert_eq!(images(&store), (3, 0));
    let name = names(&store, "Pod").remove(0);
    super::delete(&mut store, "Pod", "v1", &name, None, at(11));
    settle(&mut store, at(11));
    assert_eq!(images(&store), (2, 1));
}

#[test]
fn ended_pods_are_made_anew() {
    let mut store = cluster("{}");
    let name = names(&store, "Pod").remove(0);
    super::end_pod(&mut store, &name, 1, at(10));
    settle(&mut store, at(10));
    assert!(!names(&store, "Pod").contains(&name));
    assert_eq!(names(&store, "Pod").len(), 3);
}

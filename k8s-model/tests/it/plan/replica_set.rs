//! Replica sets: `pkg/controller/replicaset/replica_set_test.go` and `pkg/controller/controller_utils_test.go`.

use k8s_model::apps::ReplicaSet;
use k8s_model::core::Pod;
use k8s_model::object::Object;
use k8s_model::plan::replica_set::{self, BURST, Observed};
use k8s_model::plan::{Action, Plan};

use super::{at, done, object, reports};

const SET: &str = "
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web, namespace: default, uid: set, generation: 1}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx:1}]}}
";

fn set(replicas: i32) -> ReplicaSet {
    object(&SET.replace("REPLICAS", &replicas.to_string()))
}

/// A running pod, given what is special about it: `a: {metadata…}` as flow YAML of its members.
fn pod(name: &str, special: &str) -> Pod {
    let mut pod: Pod = object(&format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: default, uid: {name}}}, {special}}}"
    ));
    pod.metadata.labels.insert("app".into(), "web".into());
    pod.metadata.owner_references =
        vec![k8s_model::plan::controller_reference("apps/v1", "ReplicaSet", &set(0).metadata)];
    pod
}

fn plan(set: &ReplicaSet, pods: &[Pod]) -> Plan<k8s_model::apps::ReplicaSetStatus> {
    let pods: Vec<&Pod> = pods.iter().collect();
    replica_set::plan(set, &Observed { pods: &pods, related: &pods, failure: None }, at(0))
}

fn deleted(actions: &[Action]) -> Vec<String> {
    done(actions).into_iter().filter_map(|line| line.strip_prefix("delete pod/").map(str::to_owned)).collect()
}

#[test]
fn pods_are_made_in_bursts_with_names_that_are_not_taken() {
    let plan = plan(&set(501), &[]);
    let created: std::collections::BTreeSet<String> = plan
        .actions
        .iter()
        .filter_map(|a| if let Action::Create(o) = a { Some(o.name().to_owned()) } else { None })
        .collect();
    assert_eq!(created.len(), BURST);
    assert!(created.iter().all(|name| name.starts_with("web-") && name.len() == 9));
    // 1, 2, 4, …, 256 creations (that is 511), then the rest in one batch.
    let batches: Vec<usize> = plan.batches().map(<[Action]>::len).collect();
    assert_eq!(batches, [1, 2, 4, 8, 16, 32, 64, 128, 245, 501]);
    let Action::Create(Object::Pod(pod)) = &plan.actions[0] else { panic!() };
    assert_eq!(pod.metadata.generate_name, "web-");
    assert_eq!(pod.metadata.owner_references[0].uid, "set");
    assert!(reports(&plan.actions)[0].starts_with("SuccessfulCreate: Created pod: web-"));
}

#[test]
fn the_same_observation_gives_the_same_names() {
    assert_eq!(plan(&set(3), &[]), plan(&set(3), &[]));
}

/// `TestSortingActivePodsWithRanks`: of each pair the first goes first.
#[test]
fn what_goes_first() {
    let running = "spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-11-25T10:00:00Z'}]}";
    let cases = [
        (
            "not placed",
            "spec: {}, status: {phase: Running}",
            "spec: {nodeName: n1}, status: {phase: Pending}",
        ),
        (
            "pending",
            "spec: {nodeName: n1}, status: {phase: Pending}",
            "spec: {nodeName: n1}, status: {phase: Unknown}",
        ),
        (
            "unknown",
            "spec: {nodeName: n1}, status: {phase: Unknown}",
            "spec: {nodeName: n1}, status: {phase: Running}",
        ),
        ("not ready", "spec: {nodeName: n1}, status: {phase: Running}", running),
        (
            "ready for a shorter time",
            "spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-11-25T11:59:00Z'}]}",
            running,
        ),
        (
            "ready without a time",
            "spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: null}]}",
            running,
        ),
        (
            "restarted more often",
            "spec: {nodeName: n1}, status: {phase: Running, containerStatuses: [{name: a, ready: true, restartCount: 2, image: a, imageID: a}]}",
            "spec: {nodeName: n1}, status: {phase: Running, containerStatuses: [{name: a, ready: true, restartCount: 1, image: a, imageID: a}]}",
        ),
    ];
    for (what, first, second) in cases {
        for pods in [[pod("a", first), pod("b", second)], [pod("b", second), pod("a", first)]] {
            assert_eq!(deleted(&plan(&set(1), &pods).actions), ["a"], "{what}");
        }
    }
}

#[test]
fn cheap_pods_and_those_with_neighbours_go_first() {
    let on = |node: &str| format!("spec: {{nodeName: {node}}}, status: {{phase: Running}}");
    let mut pods = [pod("a", &on("n1")), pod("b", &on("n2")), pod("c", &on("n2"))];
    let first = deleted(&plan(&set(2), &pods).actions);
    assert!(first == ["b"] || first == ["c"], "{first:?}");
    // The cost counts before that.
    pods[0].metadata.annotations.insert(k8s_model::plan::POD_DELETION_COST.into(), "-1".into());
    assert_eq!(deleted(&plan(&set(2), &pods).actions), ["a"]);
    // `GetDeletionCostFromPodAnnotations`: a number with a zero in front is none.
    pods[0].metadata.annotations.insert(k8s_model::plan::POD_DELETION_COST.into(), "-01".into());
    assert_ne!(deleted(&plan(&set(2), &pods).actions), ["a"]);
}

/// `TestControllerBurstReplicas` and the status of `TestSyncReplicaSetDoesNothing`.
#[test]
fn what_is_as_it_should_be_is_left_alone() {
    let pods = [
        pod("a", "spec: {nodeName: n1}, status: {phase: Running}"),
        pod("b", "spec: {nodeName: n1}, status: {phase: Running}"),
    ];
    let first = plan(&set(2), &pods);
    assert_eq!(done(&first.actions), ["status replicaset.apps/web"]);
    let settled = ReplicaSet { status: first.status, ..set(2) };
    assert_eq!(plan(&settled, &pods).actions, []);
}

/// `TestDoNotPatchPodWithOtherControlRef`, `TestPatchPodFails` and their neighbours.
#[test]
fn adoption_and_release() {
    let running = "spec: {nodeName: n1}, status: {phase: Running}";
    let mut orphan = pod("orphan", running);
    orphan.metadata.owner_references.clear();
    let mut others = pod("others", running);
    others.metadata.owner_references[0].uid = "somebody".into();
    let mut stray = pod("stray", running);
    stray.metadata.labels.insert("app".into(), "db".into());
    let mut leaving = orphan.clone();
    leaving.metadata.name = "leaving".into();
    leaving.metadata.deletion_timestamp = Some("2026-11-25T12:00:00Z".parse().unwrap());
    let pods = [orphan, others, stray, leaving];

    let first = plan(&set(1), &pods);
    assert_eq!(done(&first.actions), ["update pod/orphan", "update pod/stray", "status replicaset.apps/web"]);
    let Action::Update(Object::Pod(adopted)) = &first.actions[0] else { panic!() };
    assert_eq!(adopted.metadata.owner_references[0].uid, "set");
    let Action::Update(Object::Pod(released)) = &first.actions[1] else { panic!() };
    assert_eq!(released.metadata.owner_references, []);

    // One that is being deleted adopts and releases nothing, and makes nothing.
    let mut going = set(5);
    going.metadata.deletion_timestamp = Some("2026-11-25T12:00:00Z".parse().unwrap());
    assert_eq!(done(&plan(&going, &pods).actions), ["status replicaset.apps/web"]);
}

/// `TestGetCondition`, `TestFailedToMakePods`: why it failed stands in the status until it no longer does.
#[test]
fn failures_are_conditions() {
    let failing = Observed { failure: Some("quota exceeded"), ..Observed::default() };
    let failed = replica_set::plan(&set(1), &failing, at(0));
    let condition = &failed.status.conditions[0];
    assert_eq!(
        (condition.type_.as_str(), condition.reason.as_str(), condition.message.as_str()),
        ("ReplicaFailure", "FailedCreate", "quota exceeded"),
    );
    let set = ReplicaSet { status: failed.status, ..set(1) };
    assert_eq!(replica_set::plan(&set, &Observed::default(), at(1)).status.conditions, []);
}

/// `TestAvailableReplicas`: a pod is available when it has been ready for long enough, and the set looks again then.
#[test]
fn availability_takes_time() {
    let mut set = set(1);
    set.spec.min_ready_seconds = 10;
    let ready = "spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: 'True', lastTransitionTime: '2026-11-25T12:00:00Z'}]}";
    let pods = [pod("a", ready)];
    let pods: Vec<&Pod> = pods.iter().collect();
    let observed = Observed { pods: &pods, ..Observed::default() };
    let early = replica_set::plan(&set, &observed, at(9));
    assert_eq!((early.status.ready_replicas, early.status.available_replicas), (1, 0));
    assert_eq!(early.requeue_at, Some(at(10).now));
    let late = replica_set::plan(&set, &observed, at(10));
    assert_eq!((late.status.available_replicas, late.requeue_at), (1, None));
}

#[test]
fn replication_controllers_are_the_same() {
    let text = "
apiVersion: v1
kind: ReplicationController
metadata: {name: web, namespace: default, uid: rc}
spec: {replicas: 2, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx:1}]}}}
";
    let plan = replica_set::plan_replication_controller(&object(text), &Observed::default(), at(0));
    let Action::Create(Object::Pod(pod)) = &plan.actions[0] else { panic!() };
    let owner = &pod.metadata.owner_references[0];
    assert_eq!((owner.api_version.as_str(), owner.kind.as_str()), ("v1", "ReplicationController"));
    assert_eq!(plan.status.observed_generation, 0);
}

//! Controllers as pure functions: upstream's situations as tables, whole courses on a store, and what always holds.

mod cron_job;
mod daemon_set;
mod deployment;
mod endpoints;
mod garbage;
mod job;
mod properties;
mod replica_set;
mod sim;
mod stateful_set;

use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::object::Object;
use k8s_model::plan::store::{Key, Store};
use k8s_model::plan::{Action, At, Report};
use pod_core::Timestamp;

/// The moment at which all tests begin.
const NOON: &str = "2026-11-25T12:00:00Z";

fn noon() -> Timestamp {
    NOON.parse().unwrap()
}

/// So many seconds after the beginning.
fn at(seconds: u64) -> At {
    At::new(noon() + std::time::Duration::from_secs(seconds), 1)
}

/// The objects of a text, with their defaults, as an API server would have them.
pub(crate) fn objects(text: &str) -> Vec<Object> {
    let decoded = decode_str(text, "test.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded
        .documents
        .into_iter()
        .map(|document| {
            let mut object = document.object;
            default(&mut object);
            object
        })
        .collect()
}

/// One object of a text, with its defaults.
fn object<T: TryFrom<Object, Error = Object>>(text: &str) -> T {
    T::try_from(objects(text).remove(0)).unwrap()
}

/// What the actions do, a line for each: `create pod/web-1`; reports are left out.
fn done(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Create(object) => Some(format!("create {}", object.resource_name())),
            Action::Update(object) => Some(format!("update {}", object.resource_name())),
            Action::UpdateStatus(object) => Some(format!("status {}", object.resource_name())),
            Action::Delete { object, .. } => {
                Some(format!("delete {}/{}", object.kind.to_lowercase(), object.name))
            }
            _ => None,
        })
        .collect()
}

/// The reports, `Reason: message`.
fn reports(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .filter_map(|action| match action {
            Action::Report(Report { reason, message, .. }) => Some(format!("{reason}: {message}")),
            _ => None,
        })
        .collect()
}

/// Plans and does until nothing changes any more; a plan that never ends is a mistake.
fn settle(store: &mut Store, at: At) {
    for _ in 0..1000 {
        let mut changed = false;
        for planned in store.world().plan(at) {
            // What was written in the same round is planned again in the next one.
            for action in planned.actions.iter().filter(|action| action.is_change()) {
                if store.apply(action, at).is_err() {
                    break;
                }
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
    panic!("no fixed point");
}

fn pod_key(name: &str) -> Key {
    Key { kind: "Pod".into(), api_version: "v1".into(), namespace: "default".into(), name: name.into() }
}

/// A store with the objects of a text, settled.
fn started(text: &str) -> Store {
    let mut store = Store::default();
    for object in objects(text) {
        store.create(object, at(0)).unwrap();
    }
    settle(&mut store, at(0));
    store
}

fn pod(store: &Store, name: &str) -> k8s_model::core::Pod {
    k8s_model::core::Pod::try_from(store.get(&pod_key(name)).unwrap().clone()).unwrap()
}

/// Ends a pod, with the exit code of its container.
fn end_pod(store: &mut Store, name: &str, code: i32, at: At) {
    use k8s_model::core::{ContainerState, ContainerStateTerminated, ContainerStatus, PodPhase};
    let mut pod = pod(store, name);
    pod.status.phase = if code == 0 { PodPhase::Succeeded } else { PodPhase::Failed };
    pod.status.conditions = vec![ready_condition(false, at.now)];
    let end =
        ContainerStateTerminated { exit_code: code, finished_at: Some(at.now.into()), ..Default::default() };
    pod.status.container_statuses = vec![ContainerStatus {
        name: pod.spec.containers[0].name.clone(),
        state: ContainerState { terminated: Some(Box::new(end)), ..Default::default() },
        ..Default::default()
    }];
    store.update_status(&pod.into()).unwrap();
}

/// Deletes an object at once.
fn delete(store: &mut Store, kind: &str, api_version: &str, name: &str, how: Option<&str>, at: At) {
    let object = k8s_model::core::ObjectReference {
        kind: kind.into(),
        api_version: api_version.into(),
        namespace: if kind == "Namespace" { String::new() } else { "default".into() },
        name: name.into(),
        ..Default::default()
    };
    let options = k8s_model::meta::DeleteOptions {
        grace_period_seconds: Some(0),
        propagation_policy: how.map(Into::into),
        ..Default::default()
    };
    store.delete(&object, &options, at).unwrap();
}

/// Writes the status of a pod as a node would: running, and ready or not since a moment.
fn run_pod(store: &mut Store, name: &str, ready: bool, at: At) {
    let key =
        Key { kind: "Pod".into(), api_version: "v1".into(), namespace: "default".into(), name: name.into() };
    let Some(Object::Pod(pod)) = store.get(&key).cloned() else { panic!("no pod {name}") };
    let mut pod = *pod;
    pod.status.phase = k8s_model::core::PodPhase::Running;
    pod.status.conditions = vec![ready_condition(ready, at.now)];
    store.update_status(&pod.into()).unwrap();
}

fn ready_condition(ready: bool, since: Timestamp) -> k8s_model::core::PodCondition {
    use k8s_model::core::{ConditionStatus, PodCondition, PodConditionType};
    PodCondition {
        type_: PodConditionType::Ready,
        status: if ready { ConditionStatus::True } else { ConditionStatus::False },
        last_transition_time: Some(since.into()),
        ..PodCondition::default()
    }
}

/// The names of the objects of a kind.
fn names(store: &Store, kind: &str) -> Vec<String> {
    store.objects().filter(|object| object.kind() == kind).map(|object| object.name().to_owned()).collect()
}

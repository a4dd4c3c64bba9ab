//! The way back: what an engine sees of a pod, as the status and the events of the Kubernetes object.

use std::fmt;
use std::net::IpAddr;

use pod_core::Timestamp;
use pod_core::lifecycle::{
    AppState, AppStatus, Condition, ConditionKind, ConditionStatus as Holds, ExitStatus, Notice,
    PodPhase as Phase, PodStatus as Seen,
};
use pod_core::pod::AppKind;

use crate::core::{
    ConditionStatus, ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, Event, EventSource, HostIp, ObjectReference, Pod, PodCondition, PodConditionType, PodIp,
    PodPhase, PodStatus,
};
use crate::meta::ObjectMeta;
use crate::plan::Report;
use crate::resources::qos_class;
use crate::time::Time;

/// The exit code of a container that ended unseen (kubelet, `ContainerStatusUnknown`).
const UNSEEN: i32 = 137;

/// The status of a pod, from what an engine sees of it (kubelet, `generateAPIPodStatus`).
///
/// `node` has the addresses of the node, the preferred one first. What others than the kubelet write (the nominated node, conditions that
/// are not its own) is taken over from the status that the pod has.
#[must_use]
pub fn status(pod: &Pod, seen: &Seen, node: &[IpAddr]) -> PodStatus {
    let before = &pod.status;
    let ips = |ips: &[IpAddr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (host_ips, pod_ips) =
        (ips(node), ips(if pod.spec.host_network { node } else { seen.pod_ips.as_slice() }));
    let mut conditions: Vec<PodCondition> = seen.conditions.iter().map(|own| condition(pod, own)).collect();
    let foreign = before.conditions.iter().filter(|old| !conditions.iter().any(|new| new.type_ == old.type_));
    conditions.extend(foreign.cloned().collect::<Vec<_>>());
    let apps = |main: bool| {
        let those = seen.apps.iter().filter(move |app| (app.kind == AppKind::Main) == main);
        those.map(|app| container(pod, app)).collect::<Vec<_>>()
    };
    let mut containers = apps(true);
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    PodStatus {
        observed_generation: pod.metadata.generation,
        phase: match seen.phase {
            Phase::Pending => PodPhase::Pending,
            Phase::Running => PodPhase::Running,
            Phase::Succeeded => PodPhase::Succeeded,
            Phase::Failed => PodPhase::Failed,
        },
        conditions,
        message: seen.message.clone(),
        reason: seen.reason.clone(),
        nominated_node_name: before.nominated_node_name.clone(),
        host_ip: host_ips.first().cloned().unwrap_or_default(),
        host_ips: host_ips.into_iter().map(|ip| HostIp { ip }).collect(),
        pod_ip: pod_ips.first().cloned().unwrap_or_default(),
        pod_ips: pod_ips.into_iter().map(|ip| PodIp { ip }).collect(),
        start_time: Some(seen.start_time.into()),
        init_container_statuses: apps(false),
        container_statuses: containers,
        qos_class: qos_class(&pod.spec),
        ..PodStatus::default()
    }
}

/// The status of a pod that cannot be started yet, such as one whose image cannot be pulled: each of its containers waits, and so says the
/// reason of the one that is in the way.
///
/// `container` is the one that is in the way; without it all are.
#[must_use]
pub fn waiting_status(
    pod: &Pod,
    reason: &str,
    message: &str,
    container: Option<&str>,
    now: Timestamp,
) -> PodStatus {
    let inits = !pod.spec.init_containers.is_empty();
    let usual = if inits { "PodInitializing" } else { "ContainerCreating" };
    let waits = |spec: &crate::core::Container| {
        let blocked = container.is_none_or(|name| name == spec.name);
        let (reason, message) = if blocked { (reason, message) } else { (usual, "") };
        let waiting = ContainerStateWaiting { reason: reason.to_owned(), message: message.to_owned() };
        ContainerStatus {
            name: spec.name.clone(),
            state: ContainerState { waiting: Some(Box::new(waiting)), ..ContainerState::default() },
            image: spec.image.clone(),
            started: Some(false),
            ..ContainerStatus::default()
        }
    };
    let mut conditions = pod.status.conditions.clone();
    let names = |containers: &[crate::core::Container]| {
        containers.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    let unready = format!("containers with unready status: [{}]", names(&pod.spec.containers));
    let initialized = if inits {
        let message = format!("containers with incomplete status: [{}]", names(&pod.spec.init_containers));
        (ConditionStatus::False, "ContainersNotInitialized", message)
    } else {
        (ConditionStatus::True, "", String::new())
    };
    for (type_, (status, reason, message)) in [
        (PodConditionType::PodReadyToStartContainers, (ConditionStatus::False, "", String::new())),
        (PodConditionType::Initialized, initialized),
        (PodConditionType::Ready, (ConditionStatus::False, "ContainersNotReady", unready.clone())),
        (PodConditionType::ContainersReady, (ConditionStatus::False, "ContainersNotReady", unready)),
        (PodConditionType::PodScheduled, (ConditionStatus::True, "", String::new())),
    ] {
        let same = conditions.iter().find(|old| old.type_ == type_ && old.status == status);
        let since = same.and_then(|old| old.last_transition_time).unwrap_or_else(|| now.into());
        conditions.retain(|old| old.type_ != type_);
        conditions.push(PodCondition {
            type_,
            observed_generation: pod.metadata.generation,
            status,
            last_transition_time: Some(since),
            reason: reason.to_owned(),
            message,
            ..PodCondition::default()
        });
    }
    PodStatus {
        observed_generation: pod.metadata.generation,
        phase: PodPhase::Pending,
        conditions,
        start_time: pod.status.start_time.or_else(|| Some(now.into())),
        init_container_statuses: pod.spec.init_containers.iter().map(waits).collect(),
        container_statuses: pod.spec.containers.iter().map(waits).collect(),
        qos_class: qos_class(&pod.spec),
        ..PodStatus::default()
    }
}

fn condition(pod: &Pod, seen: &Condition) -> PodCondition {
    PodCondition {
        type_: match &seen.kind {
            ConditionKind::PodReadyToStartContainers => PodConditionType::PodReadyToStartContainers,
            ConditionKind::Initialized => PodConditionType::Initialized,
            ConditionKind::Ready => PodConditionType::Ready,
            ConditionKind::ContainersReady => PodConditionType::ContainersReady,
            ConditionKind::PodScheduled => PodConditionType::PodScheduled,
            ConditionKind::Gate(gate) => gate.as_str().into(),
            other => format!("{other:?}").as_str().into(),
        },
        observed_generation: pod.metadata.generation,
        status: match seen.status {
            Holds::True => ConditionStatus::True,
            Holds::False => ConditionStatus::False,
            Holds::Unknown => ConditionStatus::Unknown,
        },
        last_transition_time: Some(seen.last_transition.into()),
        reason: seen.reason.clone(),
        message: seen.message.clone(),
        ..PodCondition::default()
    }
}

fn container(pod: &Pod, app: &AppStatus) -> ContainerStatus {
    let ran = app.restart_count > 0 || !matches!(app.state, AppState::Waiting { .. });
    let id = || format!("podkit://{}/{}", pod.metadata.uid, app.name);
    ContainerStatus {
        name: app.name.to_string(),
        state: state(&app.state),
        last_state: app.last_termination.as_ref().map(state).unwrap_or_default(),
        ready: app.ready,
        restart_count: i32::try_from(app.restart_count).unwrap_or(i32::MAX),
        image: app.image.clone(),
        image_id: app.image_id.clone(),
        container_id: if ran { id() } else { String::new() },
        started: Some(app.started),
        ..ContainerStatus::default()
    }
}

fn state(state: &AppState) -> ContainerState {
    let mut shown = ContainerState::default();
    match state {
        AppState::Waiting { reason, message } => {
            let waiting = ContainerStateWaiting { reason: reason.clone(), message: message.clone() };
            shown.waiting = Some(Box::new(waiting));
        }
        AppState::Running { started_at } => {
            shown.running = Some(Box::new(ContainerStateRunning { started_at: Some((*started_at).into()) }));
        }
        AppState::Terminated { exit, reason, message, started_at, finished_at } => {
            shown.terminated = Some(Box::new(ContainerStateTerminated {
                exit_code: exit.map_or(UNSEEN, ExitStatus::code),
                signal: match exit {
                    Some(ExitStatus::Signal(signal)) => *signal,
                    _ => 0,
                },
                reason: reason.clone(),
                message: message.clone(),
                started_at: started_at.map(Time::from),
                finished_at: Some((*finished_at).into()),
                ..ContainerStateTerminated::default()
            }));
        }
    }
    shown
}

/// The events of a pod, from what an engine told of it, in order of their first sight. Equal ones are one event with a count, as client-go's
/// correlator makes them.
///
/// `node` is the name of the node that tells.
#[must_use]
pub fn events<'n>(pod: &Pod, notices: impl IntoIterator<Item = &'n Notice>, node: &str) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for notice in notices {
        let (at, kind) = (Time::from(notice.at), notice.severity.to_string());
        let field_path = notice.app.as_ref().map_or_else(String::new, |app| field_path(pod, app));
        let same = events.iter_mut().find(|event| {
            event.reason == notice.reason
                && event.message == notice.message
                && event.type_ == kind
                && event.involved_object.field_path == field_path
        });
        if let Some(event) = same {
            event.count = event.count.saturating_add(1);
            event.last_timestamp = Some(at);
            continue;
        }
        let (seconds, nanos) = notice.at.unix();
        let stamp = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        events.push(Event {
            metadata: ObjectMeta {
                name: format!("{}.{stamp:x}", pod.metadata.name),
                namespace: pod.metadata.namespace.clone(),
                creation_timestamp: Some(at),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                kind: "Pod".to_owned(),
                namespace: pod.metadata.namespace.clone(),
                name: pod.metadata.name.clone(),
                uid: pod.metadata.uid.clone(),
                api_version: "v1".to_owned(),
                field_path,
                ..ObjectReference::default()
            },
            reason: notice.reason.clone(),
            message: notice.message.clone(),
            source: EventSource { component: "kubelet".to_owned(), host: node.to_owned() },
            first_timestamp: Some(at),
            last_timestamp: Some(at),
            count: 1,
            type_: kind,
            ..Event::default()
        });
    }
    events
}

/// The event that a controller's report is. `again` is the one of before that says the same, if there is one.
#[must_use]
pub fn report(report: &Report, again: Option<&Event>, now: Timestamp) -> Event {
    let at = Time::from(now);
    if let Some(before) = again {
        let count = before.count.saturating_add(1);
        return Event { count, last_timestamp: Some(at), ..before.clone() };
    }
    let namespace = match report.object.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    };
    let component = match report.object.kind.as_str() {
        "ReplicationController" => "replication-controller".to_owned(),
        kind => format!("{}-controller", kind.to_lowercase()),
    };
    let (seconds, nanos) = now.unix();
    let stamp = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    // Several are told at one moment, and their names must not be one.
    let text = report.message.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    Event {
        metadata: ObjectMeta {
            name: format!("{}.{stamp:x}{text:08x}", report.object.name),
            namespace: namespace.to_owned(),
            ..ObjectMeta::default()
        },
        involved_object: report.object.clone(),
        reason: report.reason.to_owned(),
        message: report.message.clone(),
        source: EventSource { component, ..EventSource::default() },
        first_timestamp: Some(at),
        last_timestamp: Some(at),
        count: 1,
        type_: if report.warning { "Warning" } else { "Normal" }.to_owned(),
        ..Event::default()
    }
}

/// Whether an event says what a report says.
#[must_use]
pub fn is_same(report: &Report, event: &Event) -> bool {
    event.involved_object.uid == report.object.uid
        && event.reason == report.reason
        && event.message == report.message
}

/// Where a container stands (client-go, `GenerateContainerRef`).
fn field_path(pod: &Pod, app: &dyn fmt::Display) -> String {
    let name = app.to_string();
    let init = pod.spec.init_containers.iter().any(|container| container.name == name);
    format!("spec.{}{{{name}}}", if init { "initContainers" } else { "containers" })
}

//! Pods and their templates.

use std::collections::BTreeMap;

use super::table::{Column, Options, Release, Row, labels, or_none};
use super::{age, since};
use crate::core::{
    ConditionStatus, Container, ContainerRestartPolicy, ContainerStatus, Pod, PodConditionType, PodPhase,
};
use crate::object::Object;
use crate::time::Time;

pub(super) fn row(object: &Object, options: &Options) -> Option<Row> {
    match object {
        Object::Pod(pod) => Some(pod_row(pod, options)),
        Object::PodTemplate(object) => {
            let (names, images) = containers(&object.template.spec.containers);
            Some(Row::new([
                (Column::always("Name"), object.metadata.name.clone()),
                (Column::always("Containers"), names),
                (Column::always("Images"), images),
                (Column::always("Pod Labels"), labels(&object.template.metadata.labels)),
            ]))
        }
        _ => None,
    }
}

/// The names of containers and their images.
pub(super) fn containers(containers: &[Container]) -> (String, String) {
    let join = |text: fn(&Container) -> &str| containers.iter().map(text).collect::<Vec<_>>().join(",");
    (join(|container| &container.name), join(|container| &container.image))
}

fn pod_row(pod: &Pod, options: &Options) -> Row {
    let seen = Seen::of(pod, options.release);
    let first_ip = pod.status.pod_ips.first().map_or(&*pod.status.pod_ip, |ip| &*ip.ip);
    let gates = &pod.spec.readiness_gates;
    let passed = gates
        .iter()
        .filter(|gate| {
            let condition = pod.status.conditions.iter().find(|c| c.type_ == gate.condition_type);
            condition.is_some_and(|condition| condition.status == ConditionStatus::True)
        })
        .count();
    let gates = if gates.is_empty() { or_none("") } else { format!("{passed}/{}", gates.len()) };
    Row::new([
        (Column::always("Name"), pod.metadata.name.clone()),
        (Column::always("Ready"), format!("{}/{}", seen.ready, seen.total)),
        (Column::always("Status"), seen.reason.clone()),
        (Column::always("Restarts"), seen.restarts(options)),
        (Column::always("Age"), since(pod.metadata.creation_timestamp, options.now)),
        (Column::wide("IP"), or_none(first_ip)),
        (Column::wide("Node"), or_none(&pod.spec.node_name)),
        (Column::wide("Nominated Node"), or_none(&pod.status.nominated_node_name)),
        (Column::wide("Readiness Gates"), gates),
    ])
}

/// What the status of a pod comes to (`printPod`).
pub(super) struct Seen {
    pub(super) reason: String,
    ready: usize,
    total: usize,
    restarts: i64,
    last_restart: Option<Time>,
}

fn last_end(status: &ContainerStatus) -> Option<Time> {
    status.last_state.terminated.as_ref().and_then(|terminated| terminated.finished_at)
}

impl Seen {
    pub(super) fn of(pod: &Pod, release: Release) -> Self {
        let sidecars: BTreeMap<&str, bool> = pod
            .spec
            .init_containers
            .iter()
            .map(|container| {
                let always = container.restart_policy == Some(ContainerRestartPolicy::Always);
                (container.name.as_str(), always && release >= Release::V1_36)
            })
            .collect();
        let status = &pod.status;
        let mut seen = Self {
            reason: if status.reason.is_empty() { status.phase.as_str() } else { &status.reason }.to_owned(),
            ready: 0,
            total: pod.spec.containers.len() + sidecars.values().filter(|always| **always).count(),
            restarts: 0,
            last_restart: None,
        };
        let gated = status.conditions.iter().any(|condition| {
            condition.type_ == PodConditionType::PodScheduled && condition.reason == "SchedulingGated"
        });
        if gated && release >= Release::V1_36 {
            "SchedulingGated".clone_into(&mut seen.reason);
        }
        let initializing = seen.init(pod, &sidecars);
        let initialized = release >= Release::V1_36
            && status.conditions.iter().any(|condition| {
                condition.type_ == PodConditionType::Initialized && condition.status == ConditionStatus::True
            });
        if !initializing || initialized {
            seen.main(pod, &sidecars);
        }
        let over = matches!(status.phase, PodPhase::Succeeded | PodPhase::Failed);
        if pod.metadata.deletion_timestamp.is_some() {
            if status.reason == "NodeLost" {
                "Unknown".clone_into(&mut seen.reason);
            } else if !over || release < Release::V1_36 {
                "Terminating".clone_into(&mut seen.reason);
            }
        }
        seen
    }

    fn count(&mut self, status: &ContainerStatus) {
        self.restarts += i64::from(status.restart_count);
        self.last_restart = self.last_restart.max(last_end(status));
    }

    /// Looks at the init containers; whether one of them is not done.
    fn init(&mut self, pod: &Pod, sidecars: &BTreeMap<&str, bool>) -> bool {
        for (index, status) in pod.status.init_container_statuses.iter().enumerate() {
            self.count(status);
            let sidecar = sidecars.get(status.name.as_str()) == Some(&true);
            let state = &status.state;
            self.reason = match (&state.terminated, &state.waiting) {
                (Some(end), _) if end.exit_code == 0 => continue,
                _ if sidecar && status.started == Some(true) => {
                    self.ready += usize::from(status.ready);
                    continue;
                }
                (Some(end), _) if !end.reason.is_empty() => format!("Init:{}", end.reason),
                (Some(end), _) if end.signal != 0 => format!("Init:Signal:{}", end.signal),
                (Some(end), _) => format!("Init:ExitCode:{}", end.exit_code),
                (None, Some(waiting))
                    if !waiting.reason.is_empty() && waiting.reason != "PodInitializing" =>
                {
                    format!("Init:{}", waiting.reason)
                }
                _ => format!("Init:{index}/{}", pod.spec.init_containers.len()),
            };
            return true;
        }
        false
    }

    /// Looks at the main containers, the first of which decides.
    fn main(&mut self, pod: &Pod, sidecars: &BTreeMap<&str, bool>) {
        (self.restarts, self.last_restart) = (0, None);
        for status in &pod.status.init_container_statuses {
            if sidecars.get(status.name.as_str()) == Some(&true) {
                self.count(status);
            }
        }
        let mut running = false;
        for status in pod.status.container_statuses.iter().rev() {
            self.count(status);
            let state = &status.state;
            match (&state.waiting, &state.terminated) {
                (Some(waiting), _) if !waiting.reason.is_empty() => self.reason.clone_from(&waiting.reason),
                (_, Some(end)) if !end.reason.is_empty() => self.reason.clone_from(&end.reason),
                (_, Some(end)) if end.signal != 0 => self.reason = format!("Signal:{}", end.signal),
                (_, Some(end)) => self.reason = format!("ExitCode:{}", end.exit_code),
                _ if status.ready && state.running.is_some() => {
                    running = true;
                    self.ready += 1;
                }
                _ => {}
            }
        }
        if self.reason == "Completed" && running {
            let ready = pod.status.conditions.iter().any(|condition| {
                condition.type_ == PodConditionType::Ready && condition.status == ConditionStatus::True
            });
            self.reason = if ready { "Running" } else { "NotReady" }.to_owned();
        }
    }

    /// How often containers were restarted, and how long ago the last time was.
    fn restarts(&self, options: &Options) -> String {
        match self.last_restart {
            Some(last) if self.restarts != 0 && options.release >= Release::V1_36 => {
                let ago = age::human_duration(age::seconds(last.timestamp(), options.now));
                format!("{} ({ago} ago)", self.restarts)
            }
            _ => self.restarts.to_string(),
        }
    }
}

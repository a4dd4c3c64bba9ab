//! The life of a pod on a node, and what its status says of it.

use std::time::Duration;

use pod_core::Timestamp;

use crate::core::{
    ConditionStatus, Container, ContainerState, ContainerStateRunning, ContainerStateTerminated,
    ContainerStateWaiting, ContainerStatus, HostIp, Pod, PodCondition, PodConditionType, PodIp, PodPhase,
    PodStatus, RestartPolicy,
};
use crate::time::Time;

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// Its containers are being made.
    Creating,
    /// Its image cannot be pulled.
    NoImage,
    /// Its containers run; ready or not.
    Running { ready: bool },
    /// Its containers wait to be started again.
    BackOff,
    /// Its containers ended for good, with an exit code.
    Over(i32),
}

/// A pod that is on a node.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) key: crate::plan::store::Key,
    pub(super) node: String,
    pub(super) life: Life,
    /// Counts what happened, so that a step that was planned before does not count any more.
    pub(super) turn: u32,
    pub(super) restarts: i32,
    pub(super) stopping: bool,
    pub(super) began: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) last_end: Option<(i32, Timestamp)>,
    pub(super) address: String,
}

impl Run {
    /// How long containers wait before they are started again: at once the first time, then 10 s, doubling to 5 min.
    pub(super) fn back_off(&self) -> Duration {
        match u32::try_from(self.restarts).unwrap_or(0) {
            0 => Duration::ZERO,
            restarts => Duration::from_secs((10 * 2_u64.pow((restarts - 1).min(10))).min(300)),
        }
    }

    /// Writes what the node says of the pod.
    pub(super) fn describe(&self, pod: &mut Pod, now: Timestamp) {
        let ready = matches!(self.life, Life::Running { ready: true });
        let containers: Vec<Container> = pod.spec.containers.clone();
        let statuses = containers.iter().map(|container| self.container(container, ready)).collect();
        let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
        let status: &mut PodStatus = &mut pod.status;
        status.container_statuses = statuses;
        status.phase = match self.life {
            Life::Creating | Life::NoImage => PodPhase::Pending,
            Life::Running { .. } | Life::BackOff => PodPhase::Running,
            Life::Over(0) => PodPhase::Succeeded,
            Life::Over(_) => PodPhase::Failed,
        };
        status.start_time = Some(Time::from(self.began));
        status.host_ip.clone_from(&self.node);
        status.host_ips = vec![HostIp { ip: self.node.clone() }];
        if !matches!(self.life, Life::Creating | Life::NoImage) {
            status.pod_ip.clone_from(&self.address);
            status.pod_ips = vec![PodIp { ip: self.address.clone() }];
        }
        let (reason, message) = match self.life {
            _ if ready => ("", String::new()),
            Life::Over(0) => ("PodCompleted", String::new()),
            Life::Over(_) => ("PodFailed", String::new()),
            _ => ("ContainersNotReady", format!("containers with unready status: [{}]", names.join(" "))),
        };
        let (is, time) =
            (if ready { ConditionStatus::True } else { ConditionStatus::False }, Time::from(now));
        set(status, PodConditionType::PodScheduled, ConditionStatus::True, "", "", time);
        set(status, PodConditionType::Initialized, ConditionStatus::True, "", "", time);
        set(status, PodConditionType::ContainersReady, is.clone(), reason, &message, time);
        set(status, PodConditionType::Ready, is, reason, &message, time);
    }

    fn container(&self, container: &Container, ready: bool) -> ContainerStatus {
        let mut state = ContainerState::default();
        let waiting = |reason: &str| {
            Some(Box::new(ContainerStateWaiting { reason: reason.to_owned(), message: String::new() }))
        };
        match self.life {
            Life::Creating => state.waiting = waiting("ContainerCreating"),
            Life::NoImage => state.waiting = waiting("ImagePullBackOff"),
            Life::BackOff => state.waiting = waiting("CrashLoopBackOff"),
            Life::Running { .. } => {
                let started_at = self.started.map(Time::from);
                state.running = Some(Box::new(ContainerStateRunning { started_at }));
            }
            Life::Over(_) => state.terminated = self.end(),
        }
        let mut last_state = ContainerState::default();
        if !matches!(self.life, Life::Over(_)) {
            last_state.terminated = self.end();
        }
        ContainerStatus {
            name: container.name.clone(),
            image: container.image.clone(),
            started: Some(matches!(self.life, Life::Running { .. })),
            restart_count: self.restarts,
            ready,
            state,
            last_state,
            ..ContainerStatus::default()
        }
    }

    fn end(&self) -> Option<Box<ContainerStateTerminated>> {
        let (exit_code, end) = self.last_end?;
        Some(Box::new(ContainerStateTerminated {
            exit_code,
            reason: if exit_code == 0 { "Completed" } else { "Error" }.to_owned(),
            started_at: self.started.map(Time::from),
            finished_at: Some(Time::from(end)),
            ..ContainerStateTerminated::default()
        }))
    }
}

/// Whether containers that ended so are started again.
pub(super) fn restarts(policy: &RestartPolicy, code: i32) -> bool {
    match policy {
        RestartPolicy::Never => false,
        RestartPolicy::OnFailure => code != 0,
        _ => true,
    }
}

/// Sets a condition; its time changes only when its status does.
pub(super) fn set(
    status: &mut PodStatus,
    type_: PodConditionType,
    is: ConditionStatus,
    reason: &str,
    message: &str,
    now: Time,
) {
    let mut new = PodCondition {
        type_,
        status: is,
        last_transition_time: Some(now),
        reason: reason.to_owned(),
        message: message.to_owned(),
        ..PodCondition::default()
    };
    match status.conditions.iter_mut().find(|condition| condition.type_ == new.type_) {
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time;
            }
            *old = new;
        }
        None => status.conditions.push(new),
    }
}

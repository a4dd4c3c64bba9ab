//! What is known of a pod: Kubernetes `PodStatus`, for every flavour.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::ExitStatus;
use crate::Timestamp;
use crate::pod::{AppKind, AppName, Fate};

/// What is known of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStatus {
    /// Where it is in its life.
    pub phase: PodPhase,
    /// Why the pod as a whole is so: `DeadlineExceeded`; empty when there is nothing to say.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// When the engine took it up.
    pub start_time: Timestamp,
    /// Its addresses, the preferred one first.
    pub pod_ips: Vec<IpAddr>,
    /// Its conditions, in a fixed order.
    pub conditions: Vec<Condition>,
    /// Its apps, in the order of the [`crate::pod::PodSpec`].
    pub apps: Vec<AppStatus>,
}

/// Where a pod is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PodPhase {
    /// Not everything has started yet.
    Pending,
    /// At least one app runs, starts or will start again.
    Running,
    /// All apps ended with success, and none starts again.
    Succeeded,
    /// All apps ended, at least one in failure, and none starts again.
    Failed,
}

impl fmt::Display for PodPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        })
    }
}

/// Whether something holds for a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What may hold.
    pub kind: ConditionKind,
    /// Whether it does.
    pub status: ConditionStatus,
    /// One word why not (`ContainersNotReady`); empty when it holds.
    pub reason: String,
    /// The same in a sentence.
    pub message: String,
    /// When `status` last changed.
    pub last_transition: Timestamp,
}

/// What may hold for a pod (Kubernetes `PodConditionType`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConditionKind {
    /// Its sandbox has been made.
    PodReadyToStartContainers,
    /// All init apps have ended with success, and all sidecars started.
    Initialized,
    /// Its apps are ready, and its readiness gates are open.
    Ready,
    /// Its apps are ready.
    ContainersReady,
    /// It has a node to run on.
    PodScheduled,
    /// A rule has all its apps killed, and they are not all down yet. Only a pod that has such a rule has this condition.
    AllContainersRestarting,
    /// A readiness gate, by its name, once somebody has said how it stands.
    Gate(String),
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

/// What is known of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppStatus {
    /// Its name.
    pub name: AppName,
    /// When in the pod's life it runs.
    pub kind: AppKind,
    /// What it does now.
    pub state: AppState,
    /// How its last run but the present one ended.
    pub last_termination: Option<AppState>,
    /// Whether it can serve: its readiness probe says so, or it has none and runs; for an init app, whether it ended with success.
    pub ready: bool,
    /// Whether its startup probe has succeeded, or it has none, and its postStart hook is through.
    pub started: bool,
    /// How often it was started again.
    pub restart_count: u32,
    /// The image as the user named it.
    pub image: String,
    /// The image's identifier; empty while it is not there.
    pub image_id: String,
}

/// What an app does (Kubernetes `ContainerState`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AppState {
    /// It waits to be started.
    Waiting {
        /// One word: `PodInitializing`, `ContainerCreating`, `CrashLoopBackOff`, `ImagePullBackOff`, …
        reason: String,
        /// The same in a sentence.
        message: String,
    },
    /// It runs.
    Running {
        /// Since when.
        started_at: Timestamp,
    },
    /// It ended.
    Terminated {
        /// How; `None` when it ended unseen, for which Kubernetes reports exit code 137.
        exit: Option<ExitStatus>,
        /// One word: `Completed`, `Error`, `OOMKilled`, `DeadlineExceeded`, `ContainerStatusUnknown`, …
        reason: String,
        /// Its last words.
        message: String,
        /// When it started; `None` when it never did.
        started_at: Option<Timestamp>,
        /// When it ended.
        finished_at: Timestamp,
    },
}

impl PodStatus {
    /// The exit status of a command that ran the pod: the first exit code other than 0 in the order of the apps, else 0.
    ///
    /// Sidecars do not count: they are stopped when the others are through. What ended unseen counts as 137. A pod that failed as
    /// a whole while all that counts ended with 0 gives 1.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        self.failures().next().map_or_else(|| i32::from(self.phase == PodPhase::Failed), |(_, code)| code)
    }

    /// The exit status of a command that ran a pod of that fate. Where the first failure ends the pod ([`Fate::Shared`]), that one
    /// counts, not what stopping the others came to; else [`PodStatus::exit_code`].
    #[must_use]
    pub fn exit_code_of(&self, fate: Fate) -> i32 {
        match self.failures().min_by_key(|(finished, _)| *finished) {
            Some((_, code)) if fate == Fate::Shared => code,
            _ => self.exit_code(),
        }
    }

    /// When each app that failed came to its end, with its exit code, in the order of the apps.
    fn failures(&self) -> impl Iterator<Item = (Timestamp, i32)> {
        let counted = self.apps.iter().filter(|app| app.kind != AppKind::Sidecar);
        let ends = counted.filter_map(|app| match &app.state {
            AppState::Terminated { exit, finished_at, .. } => {
                Some((*finished_at, exit.map_or(137, ExitStatus::code)))
            }
            AppState::Waiting { .. } | AppState::Running { .. } => None,
        });
        ends.filter(|(_, code)| *code != 0)
    }
}

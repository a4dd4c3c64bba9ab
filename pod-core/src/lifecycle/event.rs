//! What an engine tells the machine.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConditionStatus;
use crate::pod::{AppName, SandboxFacts};

/// Something that happened to a pod.
///
/// `attempt` is the one of the action that is answered; an event of an earlier attempt than the current one is too late, and
/// ignored, as is every answer to something that was not asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The pod's namespaces and network exist.
    SandboxReady {
        /// Its addresses.
        facts: SandboxFacts,
    },
    /// The pod's namespaces or network could not be made.
    SandboxFailed {
        /// What went wrong, for the user.
        message: String,
    },
    /// An app's image is not there, and is being pulled now. Telling so is optional; it becomes a notice.
    ImagePulling {
        /// The app.
        app: AppName,
    },
    /// An app's image is there.
    ImageReady {
        /// The app.
        app: AppName,
        /// The image's identifier in its store.
        image_id: String,
        /// What the pull came to; `None` when the image was there already.
        pull: Option<Pull>,
    },
    /// An app's image could not be had.
    ImageFailed {
        /// The app.
        app: AppName,
        /// Which rule or try failed.
        failure: ImageFailure,
        /// What went wrong, for the user.
        message: String,
    },
    /// An app's first process runs.
    Started {
        /// The app.
        app: AppName,
        /// The start that this is about.
        attempt: u32,
    },
    /// An app could not be started.
    StartFailed {
        /// The app.
        app: AppName,
        /// The start that this is about.
        attempt: u32,
        /// How far it came.
        failure: StartFailure,
        /// What went wrong, for the user.
        message: String,
    },
    /// An app's first process ended.
    Exited {
        /// The app.
        app: AppName,
        /// The start that this is about.
        attempt: u32,
        /// How it ended.
        status: ExitStatus,
        /// Whether the kernel killed something of it for lack of memory.
        oom_killed: bool,
        /// Its last words ([`crate::pod::TerminationMessage`]); empty when it left none.
        message: String,
    },
    /// A hook ended, or could not be run.
    HookDone {
        /// The app.
        app: AppName,
        /// The start that this is about.
        attempt: u32,
        /// Which hook.
        hook: Hook,
        /// How it ended.
        outcome: Outcome,
    },
    /// A probe ended, or could not be run.
    ProbeDone {
        /// The app.
        app: AppName,
        /// The start that this is about.
        attempt: u32,
        /// Which probe.
        probe: ProbeKind,
        /// How it ended.
        outcome: Outcome,
    },
    /// Somebody says how it stands with a readiness gate ([`crate::pod::PodSpec::readiness_gates`]). Until then the pod is not
    /// ready, and has no such condition.
    Gate {
        /// The gate's name.
        gate: String,
        /// How it stands.
        status: ConditionStatus,
    },
    /// Somebody wants the pod to end.
    Stop {
        /// The grace period instead of the pod's own; zero kills at once. A second `Stop` can only shorten the first.
        grace: Option<Duration>,
    },
    /// Nothing but time passed: the machine's deadline came.
    Deadline,
}

impl Event {
    /// The app that it is about; `None` when it is about the pod.
    #[must_use]
    pub const fn app(&self) -> Option<&AppName> {
        match self {
            Self::ImagePulling { app }
            | Self::ImageReady { app, .. }
            | Self::ImageFailed { app, .. }
            | Self::Started { app, .. }
            | Self::StartFailed { app, .. }
            | Self::Exited { app, .. }
            | Self::HookDone { app, .. }
            | Self::ProbeDone { app, .. } => Some(app),
            Self::SandboxReady { .. }
            | Self::SandboxFailed { .. }
            | Self::Gate { .. }
            | Self::Stop { .. }
            | Self::Deadline => None,
        }
    }
}

/// What a pull came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pull {
    /// How long it took.
    pub took: Duration,
    /// How large the image is, in bytes.
    pub size: u64,
}

/// How a process ended (wait(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitStatus {
    /// It exited with this status, 0 to 255.
    Code(u8),
    /// This signal ended it.
    Signal(i32),
}

impl ExitStatus {
    /// The status as a shell and Kubernetes report it: 128 + the number for a signal.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Code(code) => i32::from(code),
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }

    /// Whether it is exit status 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

/// Why an app's image could not be had; each is a waiting reason of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImageFailure {
    /// `ErrImagePull`: the pull failed.
    Pull,
    /// `ErrImageNeverPull`: it is not on the node, and the policy is `Never`.
    NeverPull,
    /// `InvalidImageName`: the name is no image name.
    InvalidName,
}

/// How far a failed start came; each is a waiting reason of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StartFailure {
    /// `CreateContainerConfigError`: what was asked for makes no process.
    Config,
    /// `CreateContainerError`: the root file system, mounts or cgroup could not be made.
    Create,
    /// `RunContainerError`: the program could not be executed.
    Run,
}

/// What runs at an edge of an app's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Hook {
    /// Before it starts (App Container).
    PreStart,
    /// Right after it started.
    PostStart,
    /// Before it is asked to stop.
    PreStop,
    /// After it ended (App Container).
    PostStop,
}

/// What a probe asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProbeKind {
    /// Whether the app has started up.
    Startup,
    /// Whether it must be restarted.
    Liveness,
    /// Whether it can serve.
    Readiness,
}

/// How a hook or a probe ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It succeeded.
    Success,
    /// It failed: what was seen, for the user (`command exited with status 1: …`, `HTTP probe failed with statuscode: 503`).
    Failure(String),
    /// It did not end in the time it had.
    TimedOut,
    /// It could not be run at all (no such program, no process to be had). For a probe this leaves the last result as it was.
    Error(String),
}

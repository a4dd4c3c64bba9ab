//! What the machine asks of an engine.

use std::time::Duration;

use super::{Hook, Notice, PodPhase, ProbeKind};
use crate::pod::{AppName, Handler};

/// Something to do. What has an outcome is answered by an [`super::Event`]; nothing is asked for twice before it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make the pod's namespaces and network; answered by `SandboxReady` or `SandboxFailed`, and a pod that ends meanwhile waits for
    /// that answer.
    MakeSandbox,
    /// See to it that an app's image is there, by its pull policy; answered by `ImageReady` or `ImageFailed`.
    EnsureImage {
        /// The app.
        app: AppName,
    },
    /// An app's image is no longer wanted: end the pull if one runs. No `ImageReady` or `ImageFailed` follows.
    CancelImage {
        /// The app.
        app: AppName,
    },
    /// Start an app from a fresh root file system; answered by `Started` or `StartFailed`, later by `Exited`. A pod that ends
    /// meanwhile waits for the first answer, and then stops what has started.
    Start {
        /// The app.
        app: AppName,
        /// Which try to start it this is, from 0. A try that failed has used its number up.
        attempt: u32,
    },
    /// Run a hook; answered by `HookDone`. Its handler is never `Sleep`: the machine does the waiting itself.
    RunHook {
        /// The app.
        app: AppName,
        /// The start that it belongs to.
        attempt: u32,
        /// Which hook.
        hook: Hook,
        /// What it does.
        handler: Handler,
        /// How long it may take; `None` is as long as it likes.
        timeout: Option<Duration>,
    },
    /// Run a probe; answered by `ProbeDone`.
    RunProbe {
        /// The app.
        app: AppName,
        /// The start that it belongs to.
        attempt: u32,
        /// Which probe.
        probe: ProbeKind,
        /// What it asks.
        handler: Handler,
        /// How long it may take.
        timeout: Duration,
    },
    /// End a hook that still runs; no `HookDone` follows.
    CancelHook {
        /// The app.
        app: AppName,
        /// Which hook.
        hook: Hook,
    },
    /// End a probe that still runs; no `ProbeDone` follows.
    CancelProbe {
        /// The app.
        app: AppName,
        /// Which probe.
        probe: ProbeKind,
    },
    /// Send an app's first process a signal. If it is gone already, `Exited` is on its way and there is nothing to do.
    Signal {
        /// The app.
        app: AppName,
        /// The start that is meant.
        attempt: u32,
        /// Which signal.
        signal: Signal,
    },
    /// Tell the user.
    Notify(Notice),
    /// The pod has come to its end: nothing of it runs, and nothing more will be asked.
    Finish {
        /// `Succeeded` or `Failed`.
        phase: PodPhase,
    },
}

/// How an app is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// The app's stop signal: its own, else its image's, else SIGTERM.
    Stop,
    /// SIGKILL, to everything in the app.
    Kill,
}

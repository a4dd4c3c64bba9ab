//! What the parts of the machine share while they answer an event: the time, the facts of the pod, and where actions go.

use std::collections::VecDeque;
use std::time::Duration;

use super::stop::LEAST_GRACE;
use super::{Action, Notice, Severity};
use crate::Timestamp;
use crate::pod::{AppKind, AppName, Fate, PodSpec};

/// Actions that an engine has not taken yet, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox(VecDeque<Action>);

impl Outbox {
    pub(super) fn push(&mut self, action: Action) {
        self.0.push_back(action);
    }

    pub(super) fn pop(&mut self) -> Option<Action> {
        self.0.pop_front()
    }
}

/// What of a pod its apps go by.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// How the kubelet names a pod in messages: `name_namespace(uid)`.
    pub(super) label: String,
    /// The pod's own grace period.
    pub(super) grace: Duration,
    pub(super) fate: Fate,
    /// Since when, and with which grace period, the pod ends; `None` while it lives.
    pub(super) ending: Option<Ending>,
    /// Whether all apps are killed, to be started again.
    pub(super) restarting: bool,
    /// The reason of an app that waits for its turn.
    pub(super) waiting: &'static str,
}

/// The end of a pod, begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) since: Timestamp,
    pub(super) grace: Duration,
}

impl Ending {
    /// What is left of the grace period, for an app whose stop begins only now.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        let left = self.grace.saturating_sub(now.since(self.since));
        if self.grace.is_zero() { left } else { left.max(LEAST_GRACE) }
    }
}

impl Facts {
    pub(super) fn new(spec: &PodSpec) -> Self {
        let inits = spec.apps.iter().any(|app| app.kind != AppKind::Main);
        Self {
            label: format!("{}_{}({})", spec.name, spec.namespace, spec.uid),
            grace: spec.termination_grace,
            fate: spec.fate,
            ending: None,
            restarting: false,
            waiting: if inits { "PodInitializing" } else { "ContainerCreating" },
        }
    }
}

/// The circumstances of one event.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) now: Timestamp,
    pub(super) facts: &'a Facts,
    pub(super) out: &'a mut Outbox,
}

impl Context<'_> {
    pub(super) fn normal(&mut self, app: Option<&AppName>, reason: &str, message: impl Into<String>) {
        self.notify(Severity::Normal, app, reason, message.into());
    }

    pub(super) fn warn(&mut self, app: Option<&AppName>, reason: &str, message: impl Into<String>) {
        self.notify(Severity::Warning, app, reason, message.into());
    }

    fn notify(&mut self, severity: Severity, app: Option<&AppName>, reason: &str, message: String) {
        let notice = Notice { at: self.now, severity, reason: reason.to_owned(), app: app.cloned(), message };
        self.out.push(Action::Notify(notice));
    }
}

/// A duration as Go prints it, in seconds and above: `10s`, `1m20s`, `5m0s`.
pub(super) fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, left) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match duration.subsec_nanos() {
        0 => String::new(),
        nanos => format!(".{nanos:09}").trim_end_matches('0').to_owned(),
    };
    match (hours, minutes) {
        (0, 0) => format!("{left}{fraction}s"),
        (0, _) => format!("{minutes}m{left}{fraction}s"),
        _ => format!("{hours}h{minutes}m{left}{fraction}s"),
    }
}

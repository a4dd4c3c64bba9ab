//! What a user sees of an app.

use super::{AppState, AppStatus, ExitStatus};
use crate::Timestamp;
use crate::pod::{App, AppKind, AppName};

/// The visible side of an app: what it does, and how its last runs ended.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) name: AppName,
    pub(super) kind: AppKind,
    pub(super) image: String,
    pub(super) image_id: String,
    state: AppState,
    /// How the last run but the one in `state` ended, and the one before that.
    last: Option<AppState>,
    earlier: Option<AppState>,
    /// How often it was started.
    runs: u32,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) exit: Option<ExitStatus>,
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Timestamp,
}

impl Record {
    pub(super) fn new(app: &App, waiting: &str) -> Self {
        Self {
            name: app.name.clone(),
            kind: app.kind,
            image: app.image.clone(),
            image_id: String::new(),
            state: AppState::Waiting { reason: waiting.to_owned(), message: String::new() },
            last: None,
            earlier: None,
            runs: 0,
        }
    }

    pub(super) fn waits(&mut self, reason: &str, message: impl Into<String>) {
        self.change(AppState::Waiting { reason: reason.to_owned(), message: message.into() });
    }

    pub(super) fn runs(&mut self, started_at: Timestamp) {
        self.change(AppState::Running { started_at });
    }

    pub(super) fn ended(&mut self, end: End) {
        let End { exit, reason, message, started_at, finished_at } = end;
        self.change(AppState::Terminated { exit, reason, message, started_at, finished_at });
    }

    fn change(&mut self, state: AppState) {
        let before = std::mem::replace(&mut self.state, state);
        if matches!(before, AppState::Terminated { .. }) {
            self.earlier = self.last.replace(before);
        }
    }

    /// It will not start again: shows how it ended, if it ever ran.
    pub(super) fn rests(&mut self) {
        if matches!(self.state, AppState::Waiting { .. })
            && let Some(last) = self.last.take()
        {
            self.state = last;
            self.last = self.earlier.take();
        }
    }

    /// Counts a start, successful or not.
    pub(super) const fn count_run(&mut self) {
        self.runs = self.runs.saturating_add(1);
    }

    /// Whether it runs, as far as a user can see.
    pub(super) const fn is_running(&self) -> bool {
        matches!(self.state, AppState::Running { .. })
    }

    /// Whether it has never been seen running or ended.
    pub(super) const fn never_ran(&self) -> bool {
        matches!(self.state, AppState::Waiting { .. }) && self.last.is_none()
    }

    /// The sentence beside the reason that it waits for.
    pub(super) fn waiting_message(&self) -> Option<String> {
        match &self.state {
            AppState::Waiting { message, .. } => Some(message.clone()),
            AppState::Running { .. } | AppState::Terminated { .. } => None,
        }
    }

    pub(super) fn status(&self, ready: bool, started: bool) -> AppStatus {
        AppStatus {
            name: self.name.clone(),
            kind: self.kind,
            state: self.state.clone(),
            last_termination: self.last.clone(),
            ready,
            started,
            restart_count: self.runs.saturating_sub(1),
            image: self.image.clone(),
            image_id: self.image_id.clone(),
        }
    }
}

//! The phase of a pod, from the states of its apps (kubelet `getPhase`).

use super::{AppState, AppStatus, PodPhase};
use crate::pod::AppKind;

/// An app as it counts for the phase.
#[derive(Debug)]
pub(super) struct Counted<'a> {
    pub(super) status: &'a AppStatus,
    /// Whether its policy would start it again, now that it has ended.
    pub(super) restarts: bool,
}

/// How many apps are in which state.
#[derive(Debug, Default)]
struct Tally {
    pending_init: u32,
    pending_sidecar: u32,
    failed_init: u32,
    running: u32,
    waiting: u32,
    stopped: u32,
    succeeded: u32,
    restarting: u32,
}

/// Where a pod is in its life. `initialized`: its main apps' turn has come once. `ended`: nothing of it runs or will.
pub(super) fn phase(apps: &[Counted<'_>], initialized: bool, ended: bool) -> PodPhase {
    let mut tally = Tally::default();
    for app in apps {
        match app.status.kind {
            AppKind::Init => tally.init(app),
            AppKind::Sidecar => tally.sidecar(app),
            AppKind::Main => tally.main(app),
        }
    }
    tally.phase(initialized, ended)
}

impl Tally {
    fn init(&mut self, app: &Counted<'_>) {
        match ending(app.status) {
            // What failed and is tried again counts as failed, not as pending.
            Some(success) if !success && !app.restarts => self.failed_init += 1,
            Some(_) => {}
            None => self.pending_init += 1,
        }
    }

    fn sidecar(&mut self, app: &Counted<'_>) {
        match &app.status.state {
            AppState::Running { .. } => {
                self.pending_sidecar += u32::from(!app.status.started);
                self.running += 1;
            }
            // One that has run before does not count while it is away.
            _ if ending(app.status).is_some() => {}
            _ => {
                self.pending_sidecar += 1;
                self.waiting += 1;
            }
        }
    }

    fn main(&mut self, app: &Counted<'_>) {
        match (&app.status.state, ending(app.status)) {
            (AppState::Running { .. }, _) => self.running += 1,
            (_, None) => self.waiting += 1,
            (state, Some(success)) => {
                self.stopped += 1;
                self.succeeded += u32::from(success && matches!(state, AppState::Terminated { .. }));
                self.restarting += u32::from(app.restarts);
            }
        }
    }

    const fn phase(&self, initialized: bool, ended: bool) -> PodPhase {
        if self.failed_init > 0 {
            return PodPhase::Failed;
        }
        if ended {
            // A pod that ended before all of it ran has failed (kubelet `TerminatePod`).
            let complete = self.pending_init == 0 && self.waiting == 0 && self.running == 0;
            let succeeded = complete && self.stopped == self.succeeded;
            return if succeeded { PodPhase::Succeeded } else { PodPhase::Failed };
        }
        if self.pending_init > 0 || (self.pending_sidecar > 0 && !initialized) || self.waiting > 0 {
            PodPhase::Pending
        } else if self.running > 0 || self.restarting > 0 {
            PodPhase::Running
        } else if self.stopped == 0 {
            PodPhase::Pending
        } else if self.stopped == self.succeeded {
            PodPhase::Succeeded
        } else {
            PodPhase::Failed
        }
    }
}

/// How the run that counts ended: the present state, or while it waits to start again the last one.
fn ending(status: &AppStatus) -> Option<bool> {
    match (&status.state, &status.last_termination) {
        (AppState::Terminated { exit, .. }, _)
        | (AppState::Waiting { .. }, Some(AppState::Terminated { exit, .. })) => {
            Some(exit.is_some_and(super::ExitStatus::is_success))
        }
        _ => None,
    }
}

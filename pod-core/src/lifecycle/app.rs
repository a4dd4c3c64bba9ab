//! One app of a pod: where it is in its life, what it is told, and when time alone takes it further.
//!
//! `start` takes it from its turn to running, `run` from there to its end, and `restart` decides what follows.

mod restart;
mod run;
mod start;

use std::time::Duration;

use super::hook::HookRun;
use super::outbox::{Context, Facts};
use super::probe::ProbeRuns;
use super::record::{End, Record};
use super::stop::{LEAST_GRACE, Stop, Target};
use super::{
    Action, AppStatus, Event, ExitStatus, Hook, ImageFailure, Outcome, ProbeKind, Pull, StartFailure,
};
use crate::Timestamp;
use crate::backoff::Backoff;
use crate::pod::{
    App, AppKind, AppName, Fate, Handler, Hooks, PodSpec, Probes, RestartAction, RestartPolicy, RestartRule,
};
use restart::Wait;

/// How long the reason of a failure is shown before that of its back-off: the kubelet shows it until its next look at the pod.
const SHOWN: Duration = Duration::from_secs(1);

/// The exit status of what could not be started (containerd's).
const NOT_STARTED: ExitStatus = ExitStatus::Code(128);

/// One app.
#[derive(Debug, Clone)]
pub(super) struct AppLife {
    record: Record,
    policy: RestartPolicy,
    rules: Vec<RestartRule>,
    hooks: Hooks,
    probes: Probes,
    stage: Stage,
    /// The number of the present try to start, and of the next one.
    attempt: u32,
    next_attempt: u32,
    /// When the present run began.
    started_at: Option<Timestamp>,
    /// When the last run ended, and with which exit code.
    finished_at: Option<Timestamp>,
    last_code: i32,
    /// Whether it has been up once: started, its startup probe passed.
    was_up: bool,
    probe_runs: Option<ProbeRuns>,
    restarts: Backoff,
    pulls: Backoff,
    creations: Backoff,
}

/// Where an app is.
#[derive(Debug, Clone)]
enum Stage {
    /// It starts as soon as it is its turn. `counts` is the end of the run that this restart is counted against.
    Ready { counts: Option<Timestamp> },
    /// It waits for a time.
    Waiting(Wait),
    /// Its image is asked for.
    Image,
    /// Its preStart hook runs.
    PreStart(HookRun),
    /// The engine starts it.
    Starting,
    /// It runs, its postStart hook too.
    PostStart(HookRun),
    /// It runs.
    Running,
    /// It runs, and is being stopped.
    Stopping { stop: Stop, by_probe: bool },
    /// It has ended; its postStop hook runs.
    PostStop { hook: HookRun, success: bool, by_probe: bool },
    /// It has ended and will not start again.
    Ended { success: bool },
    /// It is down, and waits until all others are, to start again with them.
    Down,
}

impl AppLife {
    pub(super) fn new(app: &App, pod: &PodSpec, facts: &Facts, restarts: &Backoff) -> Self {
        Self {
            record: Record::new(app, facts.waiting),
            policy: app.restart_policy.unwrap_or(pod.restart_policy),
            rules: if facts.fate == Fate::Shared { Vec::new() } else { app.restart_rules.clone() },
            hooks: app.hooks.clone(),
            probes: app.probes.clone(),
            stage: Stage::Ready { counts: None },
            attempt: 0,
            next_attempt: 0,
            started_at: None,
            finished_at: None,
            last_code: 0,
            was_up: false,
            probe_runs: None,
            restarts: restarts.clone(),
            pulls: Backoff::kubelet(),
            creations: Backoff::kubelet(),
        }
    }

    pub(super) const fn name(&self) -> &AppName {
        &self.record.name
    }

    pub(super) const fn kind(&self) -> AppKind {
        self.record.kind
    }

    /// Whether it would start now if it were its turn.
    pub(super) const fn wants_start(&self) -> bool {
        matches!(self.stage, Stage::Ready { .. })
    }

    /// Whether it is on its way to run. Only one app of a pod is at a time (kubelet `SyncPod`).
    pub(super) const fn is_starting(&self) -> bool {
        matches!(self.stage, Stage::Image | Stage::PreStart(_) | Stage::Starting | Stage::PostStart(_))
    }

    /// Whether its process runs, or may do so soon without another decision.
    pub(super) const fn is_alive(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::PostStart(_) | Stage::Running | Stage::Stopping { .. })
    }

    /// Whether it has ended for good, and if so, whether with success.
    pub(super) const fn outcome(&self) -> Option<bool> {
        match self.stage {
            Stage::Ended { success } => Some(success),
            _ => None,
        }
    }

    /// Whether it has been up once.
    pub(super) const fn was_up(&self) -> bool {
        self.was_up
    }

    /// Whether it is down, and waits for the others to be.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.stage, Stage::Down)
    }

    /// The rule that fits how its last run ended.
    fn rule(&self) -> Option<RestartAction> {
        self.rules.iter().find(|rule| rule.exit_codes.contains(self.last_code)).map(|rule| rule.action)
    }

    /// Whether rule and policy start it again after a run with that outcome.
    pub(super) fn restarts_after(&self, success: bool) -> bool {
        if self.rule() == Some(RestartAction::Restart) && !(success && self.kind() == AppKind::Init) {
            return true;
        }
        match (self.kind(), self.policy) {
            (AppKind::Sidecar, _) => true,
            (AppKind::Main, RestartPolicy::Always) => true,
            (AppKind::Main, RestartPolicy::OnFailure) => !success,
            // An init app that succeeded is through; `Always` means `OnFailure` for it.
            (AppKind::Init, RestartPolicy::Always | RestartPolicy::OnFailure) => !success,
            (AppKind::Main | AppKind::Init, RestartPolicy::Never) => false,
        }
    }

    /// What a user sees of it.
    pub(super) fn status(&self) -> AppStatus {
        let up = self.record.is_running();
        let probes = self.probe_runs.as_ref();
        let started = up && probes.is_none_or(ProbeRuns::started);
        let ready = match self.kind() {
            AppKind::Init => self.outcome() == Some(true),
            AppKind::Sidecar | AppKind::Main => up && probes.is_none_or(ProbeRuns::ready),
        };
        self.record.status(ready, started)
    }

    /// Takes an event about this app.
    pub(super) fn take(&mut self, event: Event, cx: &mut Context<'_>) {
        match event {
            Event::ImagePulling { .. } => self.image_pulling(cx),
            Event::ImageReady { image_id, pull, .. } => self.image_ready(image_id, pull, cx),
            Event::ImageFailed { failure, message, .. } => self.image_failed(failure, message, cx),
            Event::Started { attempt, .. } => self.started(attempt, cx),
            Event::StartFailed { attempt, failure, message, .. } => {
                self.start_failed(attempt, failure, message, cx);
            }
            Event::Exited { attempt, status, oom_killed, message, .. } => {
                self.exited(attempt, status, oom_killed, message, cx);
            }
            Event::HookDone { attempt, hook, outcome, .. } => self.hook_done(attempt, hook, outcome, cx),
            Event::ProbeDone { attempt, probe, outcome, .. } => self.probe_done(attempt, probe, outcome, cx),
            Event::SandboxReady { .. }
            | Event::SandboxFailed { .. }
            | Event::Gate { .. }
            | Event::Stop { .. }
            | Event::Deadline => {}
        }
    }

    fn hook(&self, hook: Hook, handler: &Handler, limit: Option<Duration>, cx: &mut Context<'_>) -> HookRun {
        HookRun::begin(hook, handler, self.name(), self.attempt, limit, cx)
    }

    /// Lets time pass. `turn` says whether all that end before this app have ended.
    pub(super) fn tick(&mut self, turn: bool, cx: &mut Context<'_>) {
        match &mut self.stage {
            Stage::Waiting(_) => self.wait(cx),
            Stage::PreStart(hook) | Stage::PostStart(hook) | Stage::PostStop { hook, .. } => {
                if let Some(outcome) = hook.ended_by(cx.now) {
                    if outcome == Outcome::TimedOut {
                        hook.cancel(&self.record.name, cx);
                    }
                    self.hook_ended(outcome, cx);
                }
            }
            Stage::Stopping { stop, .. } => {
                stop.tick(Target { app: &self.record.name, attempt: self.attempt }, turn, cx);
            }
            Stage::Ready { .. }
            | Stage::Image
            | Stage::Starting
            | Stage::Running
            | Stage::Ended { .. }
            | Stage::Down => {}
        }
        if let Some(probes) = &mut self.probe_runs {
            probes.tick(&self.record.name, self.attempt, cx);
        }
    }

    /// When time alone changes something.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let stage = match &self.stage {
            Stage::Waiting(wait) => Some(wait.deadline()),
            Stage::PreStart(hook) | Stage::PostStart(hook) | Stage::PostStop { hook, .. } => hook.deadline(),
            Stage::Stopping { stop, .. } => stop.deadline(),
            _ => None,
        };
        stage.into_iter().chain(self.probe_runs.as_ref().and_then(ProbeRuns::deadline)).min()
    }
}

//! Probes of one run of an app (kubelet `prober/worker.go`).
//!
//! The first probe is due when the app has run for the initial delay, and the next ones a period after the start of the one
//! before; one that takes longer than its period is followed at once. The kubelet begins at a random part of the period
//! after its own start; here every run is the same.

use std::time::Duration;

use super::outbox::{Context, go_duration};
use super::{Action, Outcome, ProbeKind};
use crate::Timestamp;
use crate::pod::{AppName, Handler, Probe, Probes};

/// The shortest period: what the API server enforces.
const LEAST_PERIOD: Duration = Duration::from_secs(1);

/// The probes of an app's present run.
#[derive(Debug, Clone)]
pub(super) struct ProbeRuns {
    startup: Option<ProbeRun>,
    liveness: Option<ProbeRun>,
    readiness: Option<ProbeRun>,
}

/// A probe has failed often enough for the app to be killed.
#[derive(Debug)]
pub(super) struct Unhealthy {
    pub(super) kind: ProbeKind,
    /// The grace period that the probe asks for.
    pub(super) grace: Option<Duration>,
}

impl ProbeRuns {
    /// The probes of a run that began at `started`.
    pub(super) fn new(probes: &Probes, started: Timestamp) -> Self {
        let run = |kind, probe: &Option<Probe>| {
            probe.as_ref().map(|probe| ProbeRun::new(kind, probe.clone(), started))
        };
        Self {
            startup: run(ProbeKind::Startup, &probes.startup),
            liveness: run(ProbeKind::Liveness, &probes.liveness),
            readiness: run(ProbeKind::Readiness, &probes.readiness),
        }
    }

    /// Whether the startup probe has succeeded, or there is none.
    pub(super) fn started(&self) -> bool {
        self.startup.as_ref().is_none_or(|probe| probe.result == Some(true))
    }

    /// Whether the readiness probe says yes, or there is none; never before the app has started.
    pub(super) fn ready(&self) -> bool {
        self.started() && self.readiness.as_ref().is_none_or(|probe| probe.result == Some(true))
    }

    /// Asks what is due.
    pub(super) fn tick(&mut self, app: &AppName, attempt: u32, cx: &mut Context<'_>) {
        let started = self.started();
        for probe in self.all().filter(|probe| probe.is_eligible(started)) {
            if probe.due().is_some_and(|at| at <= cx.now) {
                probe.ask(app, attempt, cx);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let started = self.started();
        let all = self.startup.iter().chain(&self.liveness).chain(&self.readiness);
        all.filter(|probe| probe.is_eligible(started)).filter_map(ProbeRun::due).min()
    }

    /// Takes an answer.
    pub(super) fn answered(
        &mut self,
        kind: ProbeKind,
        outcome: Outcome,
        app: &AppName,
        cx: &mut Context<'_>,
    ) -> Option<Unhealthy> {
        let probe = self.all().find(|probe| probe.kind == kind && probe.asked)?;
        probe.answered(outcome, app, cx);
        let failed = probe.result == Some(false) && kind != ProbeKind::Readiness && !probe.held;
        // Nothing more is asked of an app that will be killed for its answer. (A startup probe that succeeded is not asked either: it is
        // the others' turn.)
        probe.held |= failed;
        failed.then_some(Unhealthy { kind, grace: probe.spec.termination_grace })
    }

    /// Ends what would only kill the app: it is being stopped already. Readiness is asked on until it has ended.
    pub(super) fn hold_all_but_readiness(&mut self, app: &AppName, cx: &mut Context<'_>) {
        for probe in self.startup.iter_mut().chain(&mut self.liveness) {
            probe.held = true;
            probe.cancel(app, cx);
        }
    }

    /// The app has ended.
    pub(super) fn cancel(&mut self, app: &AppName, cx: &mut Context<'_>) {
        self.all().for_each(|probe| probe.cancel(app, cx));
    }

    fn all(&mut self) -> impl Iterator<Item = &mut ProbeRun> {
        self.startup.iter_mut().chain(&mut self.liveness).chain(&mut self.readiness)
    }
}

/// One probe of a run.
#[derive(Debug, Clone)]
struct ProbeRun {
    kind: ProbeKind,
    spec: Probe,
    /// When it is due, unless it is being asked.
    next: Timestamp,
    /// When it was last asked.
    since: Timestamp,
    asked: bool,
    /// Nothing is asked any more.
    held: bool,
    /// The last answer, and how often it came in a row.
    last: Option<(bool, u32)>,
    /// What it says, once a threshold was reached.
    result: Option<bool>,
}

impl ProbeRun {
    fn new(kind: ProbeKind, spec: Probe, started: Timestamp) -> Self {
        let next = started + spec.initial_delay;
        Self { kind, spec, next, since: started, asked: false, held: false, last: None, result: None }
    }

    /// The startup probe is asked until the app has started, then the others.
    fn is_eligible(&self, started: bool) -> bool {
        started != (self.kind == ProbeKind::Startup)
    }

    fn due(&self) -> Option<Timestamp> {
        (!self.asked && !self.held).then_some(self.next)
    }

    fn ask(&mut self, app: &AppName, attempt: u32, cx: &mut Context<'_>) {
        self.asked = true;
        self.since = cx.now;
        self.next = cx.now + self.spec.period.max(LEAST_PERIOD);
        let (app, handler) = (app.clone(), self.spec.handler.clone());
        cx.out.push(Action::RunProbe { app, attempt, probe: self.kind, handler, timeout: self.spec.timeout });
    }

    fn answered(&mut self, outcome: Outcome, app: &AppName, cx: &mut Context<'_>) {
        self.asked = false;
        let kind = title(self.kind);
        let success = match outcome {
            Outcome::Success => true,
            Outcome::Failure(text) => {
                cx.warn(Some(app), "Unhealthy", format!("{kind} probe failed: {text}"));
                false
            }
            Outcome::TimedOut => {
                cx.warn(Some(app), "Unhealthy", format!("{kind} probe failed: {}", timed_out(&self.spec)));
                false
            }
            // A probe that could not be run says nothing about the app.
            Outcome::Error(text) => {
                let message = format!("{kind} probe errored and resulted in unknown state: {text}");
                return cx.warn(Some(app), "Unhealthy", message);
            }
        };
        let run = match self.last {
            Some((last, run)) if last == success => run.saturating_add(1),
            _ => 1,
        };
        self.last = Some((success, run));
        let threshold = if success { self.spec.success_threshold } else { self.spec.failure_threshold };
        if run >= threshold {
            self.result = Some(success);
        }
    }

    fn cancel(&mut self, app: &AppName, cx: &mut Context<'_>) {
        if std::mem::take(&mut self.asked) {
            cx.out.push(Action::CancelProbe { app: app.clone(), probe: self.kind });
        }
    }
}

const fn title(kind: ProbeKind) -> &'static str {
    match kind {
        ProbeKind::Startup => "Startup",
        ProbeKind::Liveness => "Liveness",
        ProbeKind::Readiness => "Readiness",
    }
}

fn timed_out(probe: &Probe) -> String {
    let limit = go_duration(probe.timeout);
    match &probe.handler {
        Handler::Exec { command } => {
            format!("command timed out: {:?} timed out after {limit}", command.join(" "))
        }
        _ => format!("timed out after {limit}"),
    }
}

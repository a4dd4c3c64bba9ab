//! One app of a pod, from its turn to start to the end of its run. What follows the end is in `restart`.

mod restart;

use std::time::Duration;

use super::hook::HookRun;
use super::outbox::Context;
use super::probe::{ProbeRuns, Unhealthy};
use super::record::{End, Record};
use super::stop::{LEAST_GRACE, Stop, Target};
use super::{
    Action, AppStatus, Event, ExitStatus, Hook, ImageFailure, Outcome, ProbeKind, Pull, StartFailure,
};
use crate::Timestamp;
use crate::backoff::Backoff;
use crate::pod::{App, AppKind, AppName, Fate, Handler, Hooks, PodSpec, Probes, RestartPolicy};
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
    hooks: Hooks,
    probes: Probes,
    stage: Stage,
    /// The number of the present try to start, and of the next one.
    attempt: u32,
    next_attempt: u32,
    /// When the present run began.
    started_at: Option<Timestamp>,
    /// When the last run ended.
    finished_at: Option<Timestamp>,
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
}

impl AppLife {
    pub(super) fn new(app: &App, pod: &PodSpec, waiting: &str) -> Self {
        Self {
            record: Record::new(app, waiting),
            policy: app.restart_policy.unwrap_or(pod.restart_policy),
            hooks: app.hooks.clone(),
            probes: app.probes.clone(),
            stage: Stage::Ready { counts: None },
            attempt: 0,
            next_attempt: 0,
            started_at: None,
            finished_at: None,
            was_up: false,
            probe_runs: None,
            restarts: Backoff::kubelet(),
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

    /// Whether its policy starts it again after a run with that outcome.
    pub(super) fn restarts_after(&self, success: bool) -> bool {
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

    /// Its turn: begins with its image.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) {
        let Stage::Ready { counts } = self.stage else { return };
        if let Some(end) = counts {
            self.restarts.next(end, cx.now);
        }
        self.stage = Stage::Image;
        cx.out.push(Action::EnsureImage { app: self.name().clone() });
    }

    fn image_pulling(&self, cx: &mut Context<'_>) {
        if matches!(self.stage, Stage::Image) {
            cx.normal(Some(self.name()), "Pulling", format!("Pulling image {:?}", self.record.image));
        }
    }

    fn image_ready(&mut self, image_id: String, pull: Option<Pull>, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Image) {
            return;
        }
        let image = &self.record.image;
        let message = match pull {
            None => {
                format!("Container image {image:?} already present on machine and can be accessed by the pod")
            }
            Some(Pull { took, size }) => {
                let took = Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
                format!(
                    "Successfully pulled image {image:?} in {took:?} ({took:?} including waiting). Image size: {size} bytes."
                )
            }
        };
        cx.normal(Some(&self.record.name), "Pulled", message);
        self.record.image_id = image_id;
        self.attempt = self.next_attempt;
        self.next_attempt = self.next_attempt.saturating_add(1);
        match self.hooks.pre_start.clone() {
            Some(handler) => self.stage = Stage::PreStart(self.hook(Hook::PreStart, &handler, None, cx)),
            None => self.start(cx),
        }
    }

    fn image_failed(&mut self, failure: ImageFailure, message: String, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Image) {
            return;
        }
        let (app, image) = (self.record.name.clone(), &self.record.image);
        let (reason, message) = match failure {
            ImageFailure::Pull => {
                cx.warn(Some(&app), "Failed", format!("Failed to pull image {image:?}: {message}"));
                ("ErrImagePull", message)
            }
            ImageFailure::NeverPull => {
                let message = format!("Container image {image:?} is not present with pull policy of Never");
                cx.warn(Some(&app), "ErrImageNeverPull", message.clone());
                ("ErrImageNeverPull", message)
            }
            ImageFailure::InvalidName => {
                let message = format!("Failed to apply default image tag {image:?}: {message}");
                cx.warn(Some(&app), "InspectFailed", message.clone());
                ("InvalidImageName", message)
            }
        };
        cx.warn(Some(&app), "Failed", format!("Error: {reason}"));
        self.not_created(reason, message, cx);
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.stage = Stage::Starting;
        cx.out.push(Action::Start { app: self.name().clone(), attempt: self.attempt });
    }

    fn started(&mut self, attempt: u32, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Starting) || attempt != self.attempt {
            return;
        }
        cx.normal(Some(self.name()), "Created", "Container created");
        cx.normal(Some(self.name()), "Started", "Container started");
        self.record.count_run();
        self.started_at = Some(cx.now);
        if let Some(ending) = cx.facts.ending {
            let message = format!("Stopping container {}", self.name());
            self.stop(&message, ending.left(cx.now), false, cx);
        } else if let Some(handler) = self.hooks.post_start.clone() {
            self.stage = Stage::PostStart(self.hook(Hook::PostStart, &handler, None, cx));
        } else {
            self.runs(cx);
        }
    }

    /// It runs, and its postStart hook is through: only now does it show, and only now is it probed.
    fn runs(&mut self, cx: &Context<'_>) {
        let started_at = self.started_at.unwrap_or(cx.now);
        self.stage = Stage::Running;
        self.record.runs(started_at);
        let probes = ProbeRuns::new(&self.probes, started_at);
        self.was_up |= probes.started();
        self.probe_runs = Some(probes);
    }

    fn start_failed(&mut self, attempt: u32, failure: StartFailure, message: String, cx: &mut Context<'_>) {
        if !matches!(self.stage, Stage::Starting) || attempt != self.attempt {
            return;
        }
        let app = self.name().clone();
        match failure {
            StartFailure::Config | StartFailure::Create => {
                cx.warn(Some(&app), "Failed", format!("Error: {message}"));
                let config = failure == StartFailure::Config;
                let reason = if config { "CreateContainerConfigError" } else { "CreateContainerError" };
                self.not_created(reason, message, cx);
            }
            StartFailure::Run => {
                cx.normal(Some(&app), "Created", "Container created");
                cx.warn(Some(&app), "Failed", format!("Error: {message}"));
                self.not_run("StartError", "RunContainerError", message, cx);
            }
        }
    }

    /// Takes the engine's answer about a hook.
    fn hook_done(&mut self, attempt: u32, hook: Hook, outcome: Outcome, cx: &mut Context<'_>) {
        if attempt != self.attempt {
            return;
        }
        match &mut self.stage {
            Stage::PreStart(run) | Stage::PostStart(run) | Stage::PostStop { hook: run, .. }
                if run.answers(hook) =>
            {
                self.hook_ended(outcome, cx);
            }
            Stage::Stopping { stop, .. } => {
                stop.answered(hook, outcome, Target { app: &self.record.name, attempt: self.attempt }, cx);
            }
            _ => {}
        }
    }

    /// Goes on after the hook of a stage. As the kubelet does, what a failed hook said is not repeated: it may be a secret.
    fn hook_ended(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
        let success = outcome == Outcome::Success;
        let app = self.name().clone();
        match self.stage {
            Stage::PreStart(_) if success => self.start(cx),
            Stage::PreStart(_) => {
                cx.warn(Some(&app), "FailedPreStartHook", "PreStartHook failed");
                self.not_run("PreStartHookError", "PreStartHookError", "PreStartHook failed".to_owned(), cx);
            }
            Stage::PostStart(_) if success => self.runs(cx),
            Stage::PostStart(_) => {
                cx.warn(Some(&app), "FailedPostStartHook", "PostStartHook failed");
                self.stop("FailedPostStartHook", cx.facts.grace, false, cx);
            }
            Stage::PostStop { success: run, by_probe, .. } => {
                if !success {
                    cx.warn(Some(&app), "FailedPostStopHook", "PostStopHook failed");
                }
                self.after_run(run, by_probe, None, cx);
            }
            _ => {}
        }
    }

    /// Takes an answer about a probe.
    fn probe_done(&mut self, attempt: u32, probe: ProbeKind, outcome: Outcome, cx: &mut Context<'_>) {
        let Some(runs) = self.probe_runs.as_mut().filter(|_| attempt == self.attempt) else { return };
        let unhealthy = runs.answered(probe, outcome, &self.record.name, cx);
        self.was_up |= runs.started();
        if let (Some(Unhealthy { kind, grace }), Stage::Running) = (unhealthy, &self.stage) {
            let what = if kind == ProbeKind::Startup { "startup" } else { "liveness" };
            let init = if self.kind() == AppKind::Main { "Container" } else { "Init container" };
            let again = if self.kind() == AppKind::Main && self.policy != RestartPolicy::Never {
                ", will be restarted"
            } else {
                ""
            };
            let message = format!("{init} {} failed {what} probe{again}", self.name());
            self.stop(&message, grace.unwrap_or(cx.facts.grace), true, cx);
        }
    }

    /// Begins to stop what runs.
    fn stop(&mut self, message: &str, grace: Duration, by_probe: bool, cx: &mut Context<'_>) {
        cx.normal(Some(self.name()), "Killing", message);
        if let Some(probes) = &mut self.probe_runs {
            probes.hold_all_but_readiness(&self.record.name, cx);
        }
        let target = Target { app: &self.record.name, attempt: self.attempt };
        let stop = Stop::begin(target, self.hooks.pre_stop.as_ref(), grace, cx);
        self.stage = Stage::Stopping { stop, by_probe };
    }

    fn exited(
        &mut self,
        attempt: u32,
        exit: ExitStatus,
        oom_killed: bool,
        message: String,
        cx: &mut Context<'_>,
    ) {
        if attempt != self.attempt || !self.is_alive() {
            return;
        }
        self.started(attempt, cx);
        let target = Target { app: &self.record.name, attempt };
        let mut by_probe = false;
        match &self.stage {
            Stage::PostStart(hook) => {
                hook.cancel(target.app, cx);
                cx.warn(Some(target.app), "FailedPostStartHook", "PostStartHook failed");
            }
            Stage::Stopping { stop, by_probe: probe } => {
                stop.cancel(target, cx);
                by_probe = *probe;
            }
            _ => {}
        }
        if let Some(mut probes) = self.probe_runs.take() {
            probes.cancel(&self.record.name, cx);
        }
        let reason = match exit {
            _ if oom_killed => "OOMKilled",
            exit if exit.is_success() => "Completed",
            _ => "Error",
        };
        let started_at = self.started_at.take();
        self.record.ended(End {
            exit: Some(exit),
            reason: reason.to_owned(),
            message,
            started_at,
            finished_at: cx.now,
        });
        self.run_ended(exit.is_success(), by_probe, cx);
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
            Stage::Ready { .. } | Stage::Image | Stage::Starting | Stage::Running | Stage::Ended { .. } => {}
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

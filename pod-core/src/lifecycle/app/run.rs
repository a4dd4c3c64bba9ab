//! An app that runs: hooks, probes, the order to stop, and the end.

use std::time::Duration;

use super::super::outbox::Context;
use super::super::probe::Unhealthy;
use super::{
    AppKind, AppLife, End, ExitStatus, Hook, Outcome, ProbeKind, RestartPolicy, Stage, Stop, Target,
};

impl AppLife {
    /// Takes the engine's answer about a hook.
    pub(super) fn hook_done(&mut self, attempt: u32, hook: Hook, outcome: Outcome, cx: &mut Context<'_>) {
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
    pub(super) fn hook_ended(&mut self, outcome: Outcome, cx: &mut Context<'_>) {
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
    pub(super) fn probe_done(
        &mut self,
        attempt: u32,
        probe: ProbeKind,
        outcome: Outcome,
        cx: &mut Context<'_>,
    ) {
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
    pub(super) fn stop(&mut self, message: &str, grace: Duration, by_probe: bool, cx: &mut Context<'_>) {
        cx.normal(Some(self.name()), "Killing", message);
        if let Some(probes) = &mut self.probe_runs {
            probes.hold_all_but_readiness(&self.record.name, cx);
        }
        let target = Target { app: &self.record.name, attempt: self.attempt };
        let stop = Stop::begin(target, self.hooks.pre_stop.as_ref(), grace, cx);
        self.stage = Stage::Stopping { stop, by_probe };
    }

    pub(super) fn exited(
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
        self.last_code = exit.code();
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
}

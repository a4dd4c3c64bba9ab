//! The stopping of one running app (kubelet `killContainer`): preStop hook, its turn, the stop signal, SIGKILL.
//!
//! Hook and waiting use the grace period up, each in whole seconds (what is begun does not count), but at least two seconds lie
//! between the stop signal and SIGKILL. A grace period of zero kills at once: the kubelet would still give two seconds; who says zero
//! here means it.

use std::time::Duration;

use super::hook::HookRun;
use super::outbox::Context;
use super::{Action, Hook, Outcome, Signal};
use crate::Timestamp;
use crate::pod::{AppName, Handler};

/// The least time between the stop signal and SIGKILL (kubelet `minimumGracePeriodInSeconds`).
pub(super) const LEAST_GRACE: Duration = Duration::from_secs(2);

/// An app that is being stopped.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    /// What was left of the grace period when the present step began.
    grace: Duration,
    since: Timestamp,
    step: Step,
}

#[derive(Debug, Clone)]
enum Step {
    /// The hook runs.
    PreStop(HookRun),
    /// Apps that end before this one still run.
    Turn,
    /// It has the stop signal.
    Signalled { kill_at: Timestamp },
    /// It has SIGKILL.
    Killed,
}

/// Who is stopped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) app: &'a AppName,
    pub(super) attempt: u32,
}

impl Target<'_> {
    fn signal(self, signal: Signal, cx: &mut Context<'_>) {
        cx.out.push(Action::Signal { app: self.app.clone(), attempt: self.attempt, signal });
    }
}

impl Stop {
    pub(super) fn begin(
        target: Target<'_>,
        pre_stop: Option<&Handler>,
        grace: Duration,
        cx: &mut Context<'_>,
    ) -> Self {
        let step = match pre_stop {
            _ if grace.is_zero() => {
                target.signal(Signal::Kill, cx);
                Step::Killed
            }
            Some(handler) => Step::PreStop(HookRun::begin(
                Hook::PreStop,
                handler,
                target.app,
                target.attempt,
                Some(grace),
                cx,
            )),
            None => Step::Turn,
        };
        Self { grace, since: cx.now, step }
    }

    /// Goes on as far as time allows; `turn` says whether all that end before this app have ended.
    pub(super) fn tick(&mut self, target: Target<'_>, turn: bool, cx: &mut Context<'_>) {
        if let Step::PreStop(hook) = &self.step
            && let Some(outcome) = hook.ended_by(cx.now)
        {
            if outcome == Outcome::TimedOut {
                hook.cancel(target.app, cx);
            }
            self.pre_stop_ended(outcome, target, cx);
        }
        if matches!(self.step, Step::Turn) && (turn || cx.now >= self.since + self.grace) {
            self.use_up(cx.now);
            target.signal(Signal::Stop, cx);
            self.step = Step::Signalled { kill_at: cx.now + self.grace.max(LEAST_GRACE) };
        }
        if let Step::Signalled { kill_at } = self.step
            && kill_at <= cx.now
        {
            target.signal(Signal::Kill, cx);
            self.step = Step::Killed;
        }
    }

    /// Takes the engine's answer about the hook.
    pub(super) fn answered(
        &mut self,
        hook: Hook,
        outcome: Outcome,
        target: Target<'_>,
        cx: &mut Context<'_>,
    ) {
        if matches!(&self.step, Step::PreStop(run) if run.answers(hook)) {
            self.pre_stop_ended(outcome, target, cx);
        }
    }

    fn pre_stop_ended(&mut self, outcome: Outcome, target: Target<'_>, cx: &mut Context<'_>) {
        // Running out of time is no event of the kubelet's; that the hook failed is one, without what it said.
        if matches!(outcome, Outcome::Failure(_) | Outcome::Error(_)) {
            cx.warn(Some(target.app), "FailedPreStopHook", "PreStopHook failed");
        }
        self.use_up(cx.now);
        self.step = Step::Turn;
    }

    fn use_up(&mut self, now: Timestamp) {
        let whole = Duration::from_secs(now.since(self.since).as_secs());
        self.grace = self.grace.saturating_sub(whole);
        self.since = now;
    }

    /// Leaves at most `grace` from now.
    pub(super) fn shorten(&mut self, grace: Duration, target: Target<'_>, cx: &mut Context<'_>) {
        let end = cx.now + grace;
        match &mut self.step {
            Step::Killed => {}
            _ if grace.is_zero() => {
                if let Step::PreStop(hook) = &self.step {
                    hook.cancel(target.app, cx);
                }
                target.signal(Signal::Kill, cx);
                self.step = Step::Killed;
            }
            Step::Signalled { kill_at } => *kill_at = (*kill_at).min(cx.now + grace.max(LEAST_GRACE)),
            Step::PreStop(_) | Step::Turn if end >= self.since + self.grace => {}
            step => {
                if let Step::PreStop(hook) = step {
                    hook.limit(end);
                }
                (self.since, self.grace) = (cx.now, grace);
            }
        }
    }

    /// The app has ended: so does its hook.
    pub(super) fn cancel(&self, target: Target<'_>, cx: &mut Context<'_>) {
        if let Step::PreStop(hook) = &self.step {
            hook.cancel(target.app, cx);
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match &self.step {
            Step::PreStop(hook) => hook.deadline(),
            Step::Turn => Some(self.since + self.grace),
            Step::Signalled { kill_at } => Some(*kill_at),
            Step::Killed => None,
        }
    }
}

//! What follows the end of an app's run, or a try that never became one: back-off, another start, or rest.

use std::time::Duration;

use super::super::outbox::{Context, go_duration};
use super::{
    Action, AppLife, End, Fate, Hook, LEAST_GRACE, NOT_STARTED, RestartAction, SHOWN, Stage, Target,
};
use crate::Timestamp;

/// A wait before the next try.
#[derive(Debug, Clone)]
pub(super) struct Wait {
    until: Timestamp,
    why: Why,
    /// When the reason shown becomes that of the back-off; `None` when it has, or has none.
    shows_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It ended again and again: `CrashLoopBackOff`.
    Crash,
    /// Its image cannot be pulled: `ImagePullBackOff`.
    Pull,
    /// It cannot be created; the reason shown stays.
    Create,
}

impl Wait {
    pub(super) fn deadline(&self) -> Timestamp {
        self.shows_at.map_or(self.until, |at| at.min(self.until))
    }
}

impl AppLife {
    /// A run has ended: its postStop hook, and then what follows.
    pub(super) fn run_ended(&mut self, success: bool, by_probe: bool, cx: &mut Context<'_>) {
        match self.hooks.post_stop.clone() {
            Some(handler) => {
                // A hook that hangs must not keep a pod from ending.
                let grace = cx.facts.ending.map_or(cx.facts.grace, |ending| ending.left(cx.now));
                let hook = self.hook(Hook::PostStop, &handler, Some(grace.max(LEAST_GRACE)), cx);
                self.stage = Stage::PostStop { hook, success, by_probe };
            }
            None => self.after_run(success, by_probe, None, cx),
        }
    }

    /// Decides what follows a run (kubelet `ShouldContainerBeRestarted` and `doBackOff`). A `failure` is the waiting reason of
    /// what never really ran.
    pub(super) fn after_run(
        &mut self,
        success: bool,
        by_probe: bool,
        failure: Option<(&str, String)>,
        cx: &mut Context<'_>,
    ) {
        let before = self.finished_at.replace(cx.now);
        if cx.facts.ending.is_none()
            && (cx.facts.restarting || self.rule() == Some(RestartAction::RestartAll))
        {
            self.stage = Stage::Down;
            return;
        }
        if cx.facts.ending.is_some() || !self.restarts_after(success) {
            self.record.rests();
            self.stage = Stage::Ended { success };
            return;
        }
        if let Some((reason, message)) = &failure {
            self.record.waits(reason, message.clone());
        }
        // The kubelet restarts what a probe made it kill in the same breath, before it has seen this end: it backs off from
        // the end before.
        let counts = if by_probe { before } else { self.finished_at };
        let waits = counts.is_some_and(|end| !self.restarts.remaining_since(end, cx.now).is_zero());
        let until = cx.now + self.restarts.delay();
        if !waits || until <= cx.now {
            self.stage = Stage::Ready { counts };
            return;
        }
        let shows_at = if failure.is_some() { cx.now + SHOWN } else { cx.now };
        self.stage = Stage::Waiting(Wait { until, why: Why::Crash, shows_at: Some(shows_at) });
        self.wait(cx);
    }

    /// A start came to nothing after the app's container existed: that is a run which ended at once.
    pub(super) fn not_run(&mut self, ended: &str, waits: &str, message: String, cx: &mut Context<'_>) {
        self.record.count_run();
        self.last_code = NOT_STARTED.code();
        self.record.ended(End {
            exit: Some(NOT_STARTED),
            reason: ended.to_owned(),
            message: message.clone(),
            started_at: None,
            finished_at: cx.now,
        });
        self.after_run(false, false, Some((waits, message)), cx);
    }

    /// A start came to nothing before there was a container: it is tried again whatever the restart policy says (kubelet), unless
    /// the pod shares one fate, which is sealed by that.
    pub(super) fn not_created(&mut self, reason: &str, message: String, cx: &mut Context<'_>) {
        if cx.facts.ending.is_some() {
            return self.rest();
        }
        if cx.facts.restarting {
            self.stage = Stage::Down;
            return;
        }
        if cx.facts.fate == Fate::Shared {
            return self.not_run(reason, reason, message, cx);
        }
        let (why, backoff) = match reason {
            "ErrImagePull" => (Why::Pull, &mut self.pulls),
            _ => (Why::Create, &mut self.creations),
        };
        backoff.failed(cx.now);
        let until = cx.now + backoff.delay();
        let shows_at = (why == Why::Pull).then_some(cx.now + SHOWN);
        self.record.waits(reason, message);
        self.stage = Stage::Waiting(Wait { until, why, shows_at });
    }

    /// It is its turn, but it may not start yet: it waits for the rest of its back-off.
    pub(super) fn hold_back(&mut self, left: Duration, cx: &mut Context<'_>) {
        self.stage = Stage::Waiting(Wait { until: cx.now + left, why: Why::Crash, shows_at: Some(cx.now) });
        self.wait(cx);
    }

    /// Lets a wait pass: shows its reason when that is due, and ends it.
    pub(super) fn wait(&mut self, cx: &mut Context<'_>) {
        let Stage::Waiting(wait) = &mut self.stage else { return };
        let why = wait.why;
        let over = wait.until <= cx.now;
        let shows = wait.shows_at.take_if(|at| *at <= cx.now).is_some();
        if over {
            let counts = if why == Why::Crash { self.finished_at } else { None };
            self.stage = Stage::Ready { counts };
        } else if shows {
            self.show_back_off(why, cx);
        }
    }

    fn show_back_off(&mut self, why: Why, cx: &mut Context<'_>) {
        let (app, pod) = (self.record.name.clone(), &cx.facts.label);
        match why {
            Why::Crash => {
                let delay = go_duration(self.restarts.delay());
                self.record.waits(
                    "CrashLoopBackOff",
                    format!("back-off {delay} restarting failed container={app} pod={pod}"),
                );
                let message = format!("Back-off restarting failed container {app} in pod {pod}");
                cx.warn(Some(&app), "BackOff", message);
            }
            Why::Pull => {
                let message = format!("Back-off pulling image {:?}", self.record.image);
                let cause = self.record.waiting_message().unwrap_or_default();
                self.record.waits("ImagePullBackOff", format!("{message}: ErrImagePull: {cause}"));
                cx.normal(Some(&app), "BackOff", message);
                cx.warn(Some(&app), "Failed", "Error: ImagePullBackOff");
            }
            Why::Create => {}
        }
    }

    /// The pod ends, in `grace`.
    pub(in crate::lifecycle) fn end(&mut self, grace: Duration, cx: &mut Context<'_>) {
        let target = Target { app: &self.record.name, attempt: self.attempt };
        match &mut self.stage {
            Stage::Ready { .. } | Stage::Waiting(_) | Stage::Down => self.rest(),
            Stage::Image => {
                cx.out.push(Action::CancelImage { app: target.app.clone() });
                self.rest();
            }
            Stage::PreStart(hook) => {
                hook.cancel(target.app, cx);
                self.rest();
            }
            // The engine's answer is awaited; what has started then is stopped.
            Stage::Starting | Stage::Ended { .. } => {}
            Stage::PostStart(hook) => {
                hook.cancel(target.app, cx);
                self.stop_for_good(grace, cx);
            }
            Stage::Running => self.stop_for_good(grace, cx),
            Stage::Stopping { stop, .. } => stop.shorten(grace, target, cx),
            Stage::PostStop { hook, .. } => hook.limit(cx.now + grace.max(LEAST_GRACE)),
        }
    }

    /// All apps are to be killed, to be started again: neither grace period nor preStop hook counts (KEP-5532).
    pub(in crate::lifecycle) fn take_down(&mut self, cx: &mut Context<'_>) {
        let target = Target { app: &self.record.name, attempt: self.attempt };
        match &mut self.stage {
            Stage::Ready { .. } | Stage::Waiting(_) | Stage::Ended { .. } => self.stage = Stage::Down,
            Stage::Image => {
                cx.out.push(Action::CancelImage { app: target.app.clone() });
                self.stage = Stage::Down;
            }
            Stage::PreStart(hook) => {
                hook.cancel(target.app, cx);
                self.stage = Stage::Down;
            }
            Stage::Starting | Stage::Down => {}
            Stage::PostStart(hook) => {
                hook.cancel(target.app, cx);
                self.stop_for_good(Duration::ZERO, cx);
            }
            Stage::Running => self.stop_for_good(Duration::ZERO, cx),
            Stage::Stopping { stop, .. } => stop.shorten(Duration::ZERO, target, cx),
            Stage::PostStop { hook, .. } => hook.limit(cx.now + LEAST_GRACE),
        }
    }

    /// All apps are down: it waits for its turn as in the beginning, but its restarts count on.
    pub(in crate::lifecycle) fn begin_anew(&mut self, cx: &Context<'_>) {
        self.record.waits(cx.facts.waiting, "");
        self.was_up = false;
        self.stage = Stage::Ready { counts: self.finished_at };
    }

    fn stop_for_good(&mut self, grace: Duration, cx: &mut Context<'_>) {
        let message = format!("Stopping container {}", self.name());
        self.stop(&message, grace, false, cx);
    }

    /// It does not run, and will not again.
    fn rest(&mut self) {
        self.record.rests();
        self.stage = Stage::Ended { success: false };
    }

    /// The pod has ended: what a user should see in the end of an app that was due to run and never did (kubelet `TerminatePod`).
    pub(in crate::lifecycle) fn close(&mut self, now: Timestamp) {
        if self.record.never_ran() {
            self.record.ended(End {
                exit: None,
                reason: "ContainerStatusUnknown".to_owned(),
                message: "The container could not be located when the pod was terminated".to_owned(),
                started_at: None,
                finished_at: now,
            });
        }
    }
}

//! A hook that runs: in the engine, or, when it only waits, on the machine's own clock.

use std::time::Duration;

use super::outbox::Context;
use super::{Action, Hook, Outcome};
use crate::Timestamp;
use crate::pod::{AppName, Handler};

/// A hook that has begun and not ended.
#[derive(Debug, Clone)]
pub(super) struct HookRun {
    hook: Hook,
    /// When a sleep ends; `None` for what the engine runs.
    wakes: Option<Timestamp>,
    /// When the machine waits no longer.
    gives_up: Option<Timestamp>,
}

impl HookRun {
    /// Begins a hook that may take `limit`.
    pub(super) fn begin(
        hook: Hook,
        handler: &Handler,
        app: &AppName,
        attempt: u32,
        limit: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Self {
        let gives_up = limit.map(|limit| cx.now + limit);
        if let Handler::Sleep { duration } = handler {
            return Self { hook, wakes: Some(cx.now + *duration), gives_up };
        }
        let (app, handler) = (app.clone(), handler.clone());
        cx.out.push(Action::RunHook { app, attempt, hook, handler, timeout: limit });
        Self { hook, wakes: None, gives_up }
    }

    /// Whether an engine's answer about `hook` is about this one.
    pub(super) fn answers(&self, hook: Hook) -> bool {
        self.hook == hook && self.wakes.is_none()
    }

    /// How it ended by time alone, if it did.
    pub(super) fn ended_by(&self, now: Timestamp) -> Option<Outcome> {
        if self.wakes.is_some_and(|at| at <= now) {
            return Some(Outcome::Success);
        }
        self.gives_up.is_some_and(|at| at <= now).then_some(Outcome::TimedOut)
    }

    /// Lets it take until `at`, if that is sooner.
    pub(super) fn limit(&mut self, at: Timestamp) {
        self.gives_up = Some(self.gives_up.map_or(at, |own| own.min(at)));
    }

    /// Ends it, if an engine runs it.
    pub(super) fn cancel(&self, app: &AppName, cx: &mut Context<'_>) {
        if self.wakes.is_none() {
            cx.out.push(Action::CancelHook { app: app.clone(), hook: self.hook });
        }
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.wakes.into_iter().chain(self.gives_up).min()
    }
}

//! The pod's namespaces and network, as far as the machine follows them.

use super::Action;
use super::outbox::Context;
use crate::Timestamp;
use crate::backoff::Backoff;
use crate::pod::SandboxFacts;

/// The sandbox of a pod.
#[derive(Debug, Clone)]
pub(super) struct Sandbox {
    state: State,
    backoff: Backoff,
}

#[derive(Debug, Clone)]
enum State {
    /// It is to be made.
    Wanted,
    /// The engine makes it.
    Asked,
    /// It failed, and is tried again then.
    Waiting(Timestamp),
    Ready(SandboxFacts),
}

impl Sandbox {
    pub(super) const fn new() -> Self {
        Self { state: State::Wanted, backoff: Backoff::kubelet() }
    }

    /// Asks for it when it is due.
    pub(super) fn tick(&mut self, cx: &mut Context<'_>) {
        let due = match self.state {
            State::Wanted => true,
            State::Waiting(until) => until <= cx.now,
            State::Asked | State::Ready(_) => false,
        };
        if due {
            self.state = State::Asked;
            cx.out.push(Action::MakeSandbox);
        }
    }

    pub(super) fn made(&mut self, facts: SandboxFacts) {
        if self.is_asked() {
            self.state = State::Ready(facts);
        }
    }

    /// Gives whether the failure was awaited.
    pub(super) fn failed(&mut self, message: &str, cx: &mut Context<'_>) -> bool {
        let awaited = self.is_asked();
        if awaited {
            cx.warn(None, "FailedCreatePodSandBox", format!("Failed to create pod sandbox: {message}"));
            self.backoff.failed(cx.now);
            self.state = State::Waiting(cx.now + self.backoff.delay());
        }
        awaited
    }

    /// Whether the engine has not answered yet.
    pub(super) const fn is_asked(&self) -> bool {
        matches!(self.state, State::Asked)
    }

    pub(super) const fn facts(&self) -> Option<&SandboxFacts> {
        match &self.state {
            State::Ready(facts) => Some(facts),
            State::Wanted | State::Asked | State::Waiting(_) => None,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting(until) => Some(until),
            State::Wanted | State::Asked | State::Ready(_) => None,
        }
    }
}

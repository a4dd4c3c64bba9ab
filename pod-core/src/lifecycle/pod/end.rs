//! The end of a pod, by itself or by somebody's wish; and the end of all its apps that begins it anew.

use std::time::Duration;

use super::super::outbox::Ending;
use super::{Action, AppKind, AppLife, Context, Fate, Pod};

impl Pod {
    /// Takes all apps down when one is down by its rule, and lets them begin anew when all are (kubelet `ShouldAllContainersRestart`,
    /// `AllContainersRestartCleanedUp`).
    pub(super) fn restart_all(&mut self) {
        if !self.facts.restarting && !self.apps.iter().any(AppLife::is_down) {
            return;
        }
        let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
        if !self.facts.restarting {
            self.apps.iter_mut().for_each(|life| life.take_down(&mut cx));
            self.anew = true;
        }
        let down = self.apps.iter().all(AppLife::is_down);
        if down {
            self.apps.iter_mut().for_each(|life| life.begin_anew(&cx));
        }
        self.facts.restarting = !down;
    }

    /// Whether the pod has come to its end by itself; the reason is noted.
    pub(super) fn should_end(&mut self) -> bool {
        if self.active_until.is_some_and(|until| until <= self.now) {
            let message = "Pod was active on the node longer than the specified deadline";
            let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
            cx.normal(None, "DeadlineExceeded", message);
            self.verdict = Some(("DeadlineExceeded", message.to_owned()));
        }
        let failed = self.apps.iter().any(|life| match life.kind() {
            AppKind::Init => life.outcome() == Some(false),
            AppKind::Sidecar | AppKind::Main => {
                life.outcome() == Some(false) && self.facts.fate == Fate::Shared
            }
        });
        let mut main = self.apps.iter().filter(|life| life.kind() == AppKind::Main);
        let done = main.all(|life| life.outcome().is_some());
        let inits = self.apps.iter().all(|life| life.kind() != AppKind::Init || life.outcome().is_some());
        self.verdict.is_some() || failed || (done && inits)
    }

    /// Ends the pod, or shortens the end that has begun.
    pub(super) fn end(&mut self, grace: Option<Duration>) {
        let now = self.now;
        let grace = grace.unwrap_or(self.facts.grace);
        let grace = self.facts.ending.map_or(grace, |ending| grace.min(ending.left(now)));
        self.facts.ending = Some(Ending { since: now, grace });
        self.facts.restarting = false;
        for life in &mut self.apps {
            let mut cx = Context { now, facts: &self.facts, out: &mut self.out };
            life.end(grace, &mut cx);
        }
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
        let through =
            self.apps.iter().all(|life| life.kind() != AppKind::Init || life.outcome() == Some(true));
        // Of a pod whose init apps were not through, the others simply never had their turn.
        if self.initialized || through {
            self.apps.iter_mut().for_each(|life| life.close(self.now));
        }
        let phase = self.phase(&self.app_statuses());
        self.out.push(Action::Finish { phase });
    }
}

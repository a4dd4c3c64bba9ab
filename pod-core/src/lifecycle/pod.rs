//! The machine: events in, actions out.

mod end;

use super::app::AppLife;
use super::condition::{Grounds, conditions};
use super::outbox::{Context, Facts, Outbox};
use super::phase::{Counted, phase};
use super::sandbox::Sandbox;
use super::{Action, AppStatus, ConditionStatus, Event, PodPhase, PodStatus, order};
use crate::Timestamp;
use crate::backoff::Backoff;
use crate::pod::{AppKind, Fate, PodSpec, RestartAction};

/// The life of one pod, as the kubelet would lead it.
///
/// It does nothing itself and asks no clock. An engine makes one with [`Pod::new`], and then in a loop:
///
/// 1. takes all actions that [`Pod::poll_action`] has, and begins them; it does not wait for their outcomes;
/// 2. waits for whatever comes first: an outcome, somebody's wish, or the time of [`Pod::next_deadline`];
/// 3. tells it with [`Pod::handle`], for the deadline as [`Event::Deadline`].
///
/// After each event it may look at [`Pod::status`], whose [`Pod::generation`] says whether it changed. The loop ends after
/// [`Action::Finish`].
///
/// Every event is safe at every time: what answers no open question is ignored. The time is clamped so that it never goes back.
///
/// ```
/// # use std::time::Duration;
/// # use pod_core::Timestamp;
/// use pod_core::lifecycle::{Action, Event, ExitStatus, Pod, PodPhase};
/// # fn run(spec: &pod_core::pod::PodSpec) -> PodPhase {
/// # let mut now = Timestamp::UNIX_EPOCH;
///
/// let mut pod = Pod::new(spec, now);
/// loop {
///     while let Some(action) = pod.poll_action() {
///         // An engine that does everything at once, and whose apps all end well after a second.
///         let answer = match action {
///             Action::MakeSandbox => Event::SandboxReady { facts: Default::default() },
///             Action::EnsureImage { app } => Event::ImageReady { app, image_id: String::new(), pull: None },
///             Action::Start { app, attempt } => {
///                 pod.handle(Event::Started { app: app.clone(), attempt }, now);
///                 now = now + Duration::from_secs(1);
///                 Event::Exited { app, attempt, status: ExitStatus::Code(0), oom_killed: false, message: String::new() }
///             }
///             Action::Finish { phase } => return phase,
///             _ => continue,
///         };
///         pod.handle(answer, now);
///     }
///     now = pod.next_deadline().unwrap_or(now);
///     pod.handle(Event::Deadline, now);
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Pod {
    now: Timestamp,
    apps: Vec<AppLife>,
    sandbox: Sandbox,
    facts: Facts,
    out: Outbox,
    /// When the pod has been active for too long.
    active_until: Option<Timestamp>,
    /// Whether the main apps' turn has come once.
    initialized: bool,
    /// Why the pod fails as a whole, whatever its apps say: reason and sentence.
    verdict: Option<(&'static str, String)>,
    gates: Vec<(String, Option<ConditionStatus>)>,
    /// Whether a rule may have all apps restarted.
    may_restart: bool,
    /// Whether the main apps have not had their turn since all apps were restarted.
    anew: bool,
    finished: bool,
    status: PodStatus,
    generation: u64,
}

impl Pod {
    /// Takes a pod up at `now`: its first actions are there to be polled.
    #[must_use]
    pub fn new(spec: &PodSpec, now: Timestamp) -> Self {
        Self::with_backoff(spec, &Backoff::kubelet(), now)
    }

    /// The same, with other waits between the restarts of an app: [`Backoff::restarts_within`], [`Backoff::reduced`].
    #[must_use]
    pub fn with_backoff(spec: &PodSpec, restarts: &Backoff, now: Timestamp) -> Self {
        let facts = Facts::new(spec);
        let rules = spec.apps.iter().flat_map(|app| &app.restart_rules);
        let may_restart = facts.fate == Fate::Independent
            && rules.map(|rule| rule.action).any(|action| action == RestartAction::RestartAll);
        let mut pod = Self {
            now,
            apps: spec.apps.iter().map(|app| AppLife::new(app, spec, &facts, restarts)).collect(),
            sandbox: Sandbox::new(),
            may_restart,
            anew: false,
            facts,
            out: Outbox::default(),
            active_until: spec.active_deadline.map(|limit| now + limit),
            initialized: false,
            verdict: None,
            gates: spec.readiness_gates.iter().map(|gate| (gate.clone(), None)).collect(),
            finished: false,
            status: PodStatus {
                phase: PodPhase::Pending,
                reason: String::new(),
                message: String::new(),
                start_time: now,
                pod_ips: Vec::new(),
                conditions: Vec::new(),
                apps: Vec::new(),
            },
            generation: 0,
        };
        pod.settle();
        pod
    }

    /// Takes an event that happened at `now`, and lets the time until then pass.
    pub fn handle(&mut self, event: Event, now: Timestamp) {
        if self.finished {
            return;
        }
        self.now = self.now.max(now);
        self.take(event);
        self.settle();
    }

    /// The next thing to do; `None` when there is nothing more until something happens.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.out.pop()
    }

    /// When [`Event::Deadline`] is due if nothing happens before; `None` when time alone changes nothing. It is never a time that
    /// was already handled.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if self.finished {
            return None;
        }
        let pod = if self.facts.ending.is_some() {
            None
        } else {
            self.active_until.into_iter().chain(self.sandbox.deadline()).min()
        };
        self.apps.iter().filter_map(AppLife::deadline).chain(pod).min()
    }

    /// What is known of the pod. Asking costs nothing.
    #[must_use]
    pub const fn status(&self) -> &PodStatus {
        &self.status
    }

    /// A number that grows whenever [`Pod::status`] changes.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether the pod is on its way to its end, or there: nothing more is begun.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        self.facts.ending.is_some()
    }

    /// Whether the pod has come to its end: [`Action::Finish`] is, or was, the last action.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    fn take(&mut self, event: Event) {
        let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
        match event {
            Event::SandboxReady { facts } => self.sandbox.made(facts),
            Event::SandboxFailed { message } => {
                if self.sandbox.failed(&message, &mut cx) && self.facts.fate == Fate::Shared {
                    self.verdict.get_or_insert(("FailedCreatePodSandBox", message));
                }
            }
            Event::Gate { gate, status } => {
                if let Some(known) = self.gates.iter_mut().find(|(name, _)| *name == gate) {
                    known.1 = Some(status);
                }
            }
            Event::Stop { grace } => self.end(grace),
            Event::Deadline => {}
            event => {
                let of = event.app().and_then(|app| self.apps.iter_mut().find(|life| life.name() == app));
                if let Some(life) = of {
                    life.take(event, &mut cx);
                }
            }
        }
    }

    /// Lets everything happen that follows, until only an event or time can change something.
    fn settle(&mut self) {
        self.tick();
        if self.facts.ending.is_none() && self.should_end() {
            self.end(None);
            self.tick();
        }
        if self.facts.ending.is_none() {
            self.restart_all();
        }
        if self.facts.ending.is_none() {
            let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
            self.sandbox.tick(&mut cx);
            if self.sandbox.facts().is_some() && !self.facts.restarting {
                let turn = order::next_to_start(&self.apps);
                self.initialized |= turn.main;
                self.anew &= !turn.main;
                if let Some(life) = turn.app.and_then(|index| self.apps.get_mut(index)) {
                    life.begin(&mut cx);
                }
            }
        } else if !self.sandbox.is_asked() && self.apps.iter().all(|life| life.outcome().is_some()) {
            self.finish();
        }
        self.refresh();
    }

    fn tick(&mut self) {
        for index in 0..self.apps.len() {
            let turn = self.facts.ending.is_none() || order::may_stop(&self.apps, index);
            let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
            if let Some(life) = self.apps.get_mut(index) {
                life.tick(turn, &mut cx);
            }
        }
    }

    fn app_statuses(&self) -> Vec<AppStatus> {
        self.apps.iter().map(AppLife::status).collect()
    }

    fn phase(&self, apps: &[AppStatus]) -> PodPhase {
        if self.verdict.is_some() {
            return PodPhase::Failed;
        }
        let counted: Vec<Counted<'_>> = apps
            .iter()
            .zip(&self.apps)
            .map(|(status, life)| Counted { status, restarts: life.outcome().is_none() })
            .collect();
        match phase(&counted, self.initialized, self.finished) {
            // It counts as one that has not begun, until the main apps' turn comes again (KEP-5532, "Pod Phase").
            PodPhase::Running | PodPhase::Succeeded if self.anew && !self.finished => PodPhase::Pending,
            phase => phase,
        }
    }

    fn refresh(&mut self) {
        let apps = self.app_statuses();
        let phase = self.phase(&apps);
        let grounds = Grounds {
            apps: &apps,
            phase,
            // What is over needs a new one.
            sandbox: self.sandbox.facts().is_some() && !self.finished,
            initialized: self.initialized,
            gates: &self.gates,
            restarting: self.may_restart.then_some(self.facts.restarting),
        };
        let conditions = conditions(&grounds, &self.status.conditions, self.now);
        let (reason, message) = self.verdict.clone().unwrap_or(("", String::new()));
        let status = PodStatus {
            phase,
            reason: reason.to_owned(),
            message,
            start_time: self.status.start_time,
            pod_ips: self.sandbox.facts().map(|facts| facts.pod_ips.clone()).unwrap_or_default(),
            conditions,
            apps,
        };
        if status != self.status {
            self.status = status;
            self.generation += 1;
        }
    }
}

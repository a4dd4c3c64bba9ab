//! The machine: events in, actions out.

use std::time::Duration;

use super::app::AppLife;
use super::condition::{Grounds, conditions};
use super::outbox::{Context, Ending, Facts, Outbox};
use super::phase::{Counted, phase};
use super::sandbox::Sandbox;
use super::{Action, AppStatus, ConditionStatus, Event, PodPhase, PodStatus, order};
use crate::Timestamp;
use crate::pod::{AppKind, Fate, PodSpec};

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
    gates: Vec<(String, ConditionStatus)>,
    finished: bool,
    status: PodStatus,
    generation: u64,
}

impl Pod {
    /// Takes a pod up at `now`: its first actions are there to be polled.
    #[must_use]
    pub fn new(spec: &PodSpec, now: Timestamp) -> Self {
        let inits = spec.apps.iter().any(|app| app.kind != AppKind::Main);
        let waiting = if inits { "PodInitializing" } else { "ContainerCreating" };
        let mut pod = Self {
            now,
            apps: spec.apps.iter().map(|app| AppLife::new(app, spec, waiting)).collect(),
            sandbox: Sandbox::new(),
            facts: Facts::new(spec),
            out: Outbox::default(),
            active_until: spec.active_deadline.map(|limit| now + limit),
            initialized: false,
            verdict: None,
            gates: spec.readiness_gates.iter().map(|gate| (gate.clone(), ConditionStatus::False)).collect(),
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
                    known.1 = status;
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
            let mut cx = Context { now: self.now, facts: &self.facts, out: &mut self.out };
            self.sandbox.tick(&mut cx);
            if self.sandbox.facts().is_some() {
                let turn = order::next_to_start(&self.apps);
                self.initialized |= turn.main;
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

    /// Whether the pod has come to its end by itself; the reason is noted.
    fn should_end(&mut self) -> bool {
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
    fn end(&mut self, grace: Option<Duration>) {
        let now = self.now;
        let grace = grace.unwrap_or(self.facts.grace);
        let grace = self.facts.ending.map_or(grace, |ending| grace.min(ending.left(now)));
        self.facts.ending = Some(Ending { since: now, grace });
        for life in &mut self.apps {
            let mut cx = Context { now, facts: &self.facts, out: &mut self.out };
            life.end(grace, &mut cx);
        }
    }

    fn finish(&mut self) {
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
        phase(&counted, self.initialized, self.finished)
    }

    fn refresh(&mut self) {
        let apps = self.app_statuses();
        let phase = self.phase(&apps);
        let grounds = Grounds {
            apps: &apps,
            phase,
            sandbox: self.sandbox.facts().is_some(),
            initialized: self.initialized,
            gates: &self.gates,
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

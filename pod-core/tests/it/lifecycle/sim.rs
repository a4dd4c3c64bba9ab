//! An engine that is only a script, on a clock that is only a number.
//!
//! It answers each action as its script says, keeps a trace of what the machine asked and told, and holds the machine to what
//! must be so in every pod; a breach panics with the trace.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::lifecycle::{
    Action, AppState, AppStatus, Event, ExitStatus, Hook, ImageFailure, Outcome, Pod, PodPhase, ProbeKind,
    Signal, StartFailure,
};
use pod_core::pod::{AppKind, Fate, PodSpec, RestartAction, RestartPolicy, RestartRule};

use super::spec::secs;

/// What an app does in the engine. Lists are used up from the front; their last entry stays.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// For each run: how long it lasts by itself (`None`: for ever), and how it ends then.
    pub(super) runs: Vec<(Option<u64>, ExitStatus)>,
    /// How long it takes to end after the stop signal; `None` ignores it.
    pub(super) stops_in: Option<u64>,
    /// How its image is found.
    pub(super) images: Vec<Result<(), ImageFailure>>,
    /// How long its image, and each start, takes.
    pub(super) images_in: u64,
    pub(super) starts_in: u64,
    /// How its starts go.
    pub(super) starts: Vec<Result<(), StartFailure>>,
    /// How long each hook takes, and how it ends; `None` hangs.
    pub(super) hooks: HashMap<Hook, Option<(u64, Outcome)>>,
    /// What its probes say, and after how many milliseconds; `None` never answers.
    pub(super) probes: HashMap<ProbeKind, Vec<Option<(u64, Outcome)>>>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            runs: vec![(None, ExitStatus::Code(0))],
            stops_in: Some(0),
            images: vec![Ok(())],
            images_in: 0,
            starts_in: 0,
            starts: vec![Ok(())],
            hooks: HashMap::new(),
            probes: HashMap::new(),
        }
    }
}

impl Script {
    /// Runs that last so long each and end with those codes.
    pub(super) fn exits(runs: &[(u64, u8)]) -> Self {
        let runs = runs.iter().map(|(after, code)| (Some(*after), ExitStatus::Code(*code))).collect();
        Self { runs, ..Self::default() }
    }

    pub(super) fn hook(mut self, hook: Hook, after: u64, outcome: Outcome) -> Self {
        self.hooks.insert(hook, Some((after, outcome)));
        self
    }

    pub(super) fn hangs(mut self, hook: Hook) -> Self {
        self.hooks.insert(hook, None);
        self
    }

    pub(super) fn probe(mut self, kind: ProbeKind, outcomes: &[Outcome]) -> Self {
        self.probes.insert(kind, outcomes.iter().map(|outcome| Some((0, outcome.clone()))).collect());
        self
    }
}

pub(super) fn failure() -> Outcome {
    Outcome::Failure("no".to_owned())
}

/// A trace, put together only when something went wrong.
struct Trace<'a>(&'a [String]);

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// What of an app goes on in the engine.
#[derive(Debug, Default)]
struct Going {
    kind: Option<AppKind>,
    restarts: Option<RestartPolicy>,
    rules: Vec<RestartRule>,
    alive: Option<u32>,
    starting: Option<u32>,
    image: bool,
    hooks: Vec<Hook>,
    probes: Vec<ProbeKind>,
    signalled: Option<Timestamp>,
    killed: bool,
    /// Whether it ended for good: nothing may start it again.
    over: bool,
    /// Whether a rule lets all apps start again, and it has not done so yet.
    again: bool,
    attempts: Option<u32>,
}

/// A machine, and the engine and clock that it believes in.
pub(super) struct Sim {
    pub(super) pod: Pod,
    pub(super) now: Timestamp,
    pub(super) trace: Vec<String>,
    scripts: HashMap<String, Script>,
    apps: HashMap<String, Going>,
    due: BTreeMap<(Timestamp, u32), Event>,
    count: u32,
    pub(super) finished: Option<PodPhase>,
    pub(super) ended: Option<Timestamp>,
    sandbox: Vec<Result<(), String>>,
    sandbox_asked: bool,
}

fn next<T: Clone>(list: &mut Vec<T>) -> Option<T> {
    if list.len() > 1 { Some(list.remove(0)) } else { list.first().cloned() }
}

impl Sim {
    pub(super) fn new(spec: &PodSpec, scripts: &[(&str, Script)]) -> Self {
        let start = Timestamp::UNIX_EPOCH + secs(1_000_000);
        let going = spec.apps.iter().map(|app| {
            let policy = app.restart_policy.unwrap_or(spec.restart_policy);
            let (kind, restarts) = (Some(app.kind), Some(policy));
            let shared = spec.fate == Fate::Shared;
            let rules = if shared { Vec::new() } else { app.restart_rules.clone() };
            (app.name.to_string(), Going { kind, restarts, rules, ..Going::default() })
        });
        let mut sim = Self {
            pod: Pod::new(spec, start),
            now: start,
            trace: Vec::new(),
            scripts: scripts.iter().map(|(name, script)| ((*name).to_owned(), script.clone())).collect(),
            apps: going.collect(),
            due: BTreeMap::new(),
            count: 0,
            finished: None,
            ended: None,
            sandbox: vec![Ok(())],
            sandbox_asked: false,
        };
        sim.drain();
        sim
    }

    /// The same, where the sandbox is made as told.
    pub(super) fn with_sandbox(
        spec: &PodSpec,
        scripts: &[(&str, Script)],
        sandbox: &[Result<(), &str>],
    ) -> Self {
        let mut sim = Self::new(spec, scripts);
        sim.due.clear();
        sim.sandbox = sandbox.iter().map(|result| result.map_err(ToOwned::to_owned)).collect();
        sim.trace.clear();
        sim.sandbox_asked = false;
        sim.perform(Action::MakeSandbox);
        sim
    }

    /// Tells the machine something now.
    pub(super) fn tell(&mut self, event: Event) {
        let before = self.pod.generation();
        let status = self.pod.status().clone();
        self.pod.handle(event, self.now);
        assert_eq!(
            before == self.pod.generation(),
            status == *self.pod.status(),
            "generation {}",
            self.text()
        );
        self.drain();
        if let Some(deadline) = self.pod.next_deadline() {
            assert!(deadline > self.now, "a deadline that has passed: {deadline}\n{}", self.text());
        }
    }

    /// Lets everything happen until `seconds` after the start.
    pub(super) fn run_to(&mut self, seconds: u64) {
        self.run_until(Timestamp::UNIX_EPOCH + secs(1_000_000 + seconds));
    }

    fn run_until(&mut self, end: Timestamp) {
        for _ in 0..100_000 {
            let event = self.due.keys().next().map(|(at, _)| *at);
            let Some(at) = event.into_iter().chain(self.pod.next_deadline()).min().filter(|at| *at <= end)
            else {
                self.now = self.now.max(end);
                return;
            };
            self.now = self.now.max(at);
            match self.due.first_entry() {
                Some(entry) if entry.key().0 <= self.now => {
                    let event = entry.remove();
                    self.happen(event);
                }
                _ => self.tell(Event::Deadline),
            }
        }
        panic!("the machine does not come to rest\n{}", self.text());
    }

    /// Lets the pod come to its end, which must be within a day.
    pub(super) fn finish(&mut self) -> PodPhase {
        self.run_until(self.now + secs(86_400));
        self.finished.unwrap_or_else(|| panic!("no end\n{}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        self.trace.join("\n")
    }

    /// The trace, of actions and notices with those words in them.
    pub(super) fn lines(&self, words: &[&str]) -> Vec<&str> {
        let wanted = |line: &&String| words.iter().any(|word| line.contains(word));
        self.trace.iter().filter(wanted).map(String::as_str).collect()
    }

    pub(super) fn status(&self, app: &str) -> &AppStatus {
        self.pod.status().apps.iter().find(|status| status.name.as_str() == app).unwrap()
    }

    /// What an app does, in a word or two, with its last end behind `<`.
    pub(super) fn state(&self, app: &str) -> String {
        let word = |state: &AppState| match state {
            AppState::Waiting { reason, .. } => reason.clone(),
            AppState::Running { .. } => "Running".to_owned(),
            AppState::Terminated { exit, reason, .. } => {
                format!("{reason}:{}", exit.map_or_else(|| "?".to_owned(), |exit| exit.code().to_string()))
            }
        };
        let status = self.status(app);
        let last = status.last_termination.as_ref().map(|state| format!(" < {}", word(state)));
        word(&status.state) + &last.unwrap_or_default()
    }

    fn after(&mut self, wait: Duration, event: Event) {
        self.count += 1;
        self.due.insert((self.now + wait, self.count), event);
    }

    /// An event of the engine's own.
    fn happen(&mut self, event: Event) {
        let mut all_again = false;
        if matches!(event, Event::SandboxReady { .. } | Event::SandboxFailed { .. }) {
            self.sandbox_asked = false;
        }
        if let Some(app) = event.app().cloned() {
            let going = self.apps.get_mut(app.as_str()).unwrap();
            match &event {
                Event::ImageReady { .. } | Event::ImageFailed { .. } => going.image = false,
                Event::Started { attempt, .. } => {
                    going.starting = None;
                    going.alive = Some(*attempt);
                    let run = next(&mut self.scripts.entry(app.to_string()).or_default().runs);
                    if let Some((Some(lasts), status)) = run {
                        let attempt = *attempt;
                        let message = String::new();
                        self.after(
                            secs(lasts),
                            Event::Exited { app, attempt, status, oom_killed: false, message },
                        );
                    }
                }
                Event::StartFailed { failure, .. } => {
                    going.starting = None;
                    if *failure == StartFailure::Run {
                        all_again = going.judge_end(ExitStatus::Code(128));
                    }
                }
                Event::Exited { status, .. } => {
                    going.alive = None;
                    going.signalled = None;
                    going.killed = false;
                    all_again = going.judge_end(*status);
                }
                Event::HookDone { hook, outcome, .. } => {
                    going.hooks.retain(|other| other != hook);
                    // Before the start a hook's failure is the app's, by exit code 128.
                    if *hook == Hook::PreStart && *outcome != Outcome::Success {
                        all_again = going.judge_end(ExitStatus::Code(128));
                    }
                }
                Event::ProbeDone { probe, .. } => going.probes.retain(|other| other != probe),
                _ => {}
            }
        }
        if all_again {
            self.apps.values_mut().for_each(|going| (going.over, going.again) = (false, true));
        }
        self.tell(event);
    }

    /// Lets an app end now, out of its script.
    pub(super) fn crash(&mut self, exited: Event) {
        let app = exited.app().cloned();
        self.forget(|event| matches!(event, Event::Exited { app: of, .. } if Some(of) == app.as_ref()));
        self.happen(exited);
    }

    fn drain(&mut self) {
        while let Some(action) = self.pod.poll_action() {
            assert!(self.finished.is_none(), "{action:?} after the end\n{}", self.text());
            self.note(&action);
            self.perform(action);
        }
    }

    fn note(&mut self, action: &Action) {
        let at = self.now.since(Timestamp::UNIX_EPOCH + secs(1_000_000)).as_secs_f64();
        let what = match action {
            Action::MakeSandbox => "MakeSandbox".to_owned(),
            Action::EnsureImage { app } => format!("EnsureImage {app}"),
            Action::CancelImage { app } => format!("CancelImage {app}"),
            Action::Start { app, attempt } => format!("Start {app}#{attempt}"),
            Action::RunHook { app, attempt, hook, timeout, .. } => {
                let limit = timeout.map_or_else(String::new, |limit| format!(" in {}s", limit.as_secs_f64()));
                format!("RunHook {app}#{attempt} {hook:?}{limit}")
            }
            Action::RunProbe { app, attempt, probe, .. } => format!("RunProbe {app}#{attempt} {probe:?}"),
            Action::CancelHook { app, hook } => format!("CancelHook {app} {hook:?}"),
            Action::CancelProbe { app, probe } => format!("CancelProbe {app} {probe:?}"),
            Action::Signal { app, attempt, signal } => format!("Signal {app}#{attempt} {signal:?}"),
            Action::Notify(notice) => {
                assert_eq!(notice.at, self.now);
                let app = notice.app.as_ref().map_or_else(String::new, |app| format!(" {app}"));
                format!("{} {}{app}: {}", notice.severity, notice.reason, notice.message)
            }
            Action::Finish { phase } => format!("Finish {phase}"),
        };
        self.trace.push(format!("{at} {what}"));
    }

    fn perform(&mut self, action: Action) {
        let now = self.now;
        let trace = Trace(&self.trace);
        let going = match &action {
            Action::EnsureImage { app }
            | Action::CancelImage { app }
            | Action::Start { app, .. }
            | Action::RunHook { app, .. }
            | Action::RunProbe { app, .. }
            | Action::CancelHook { app, .. }
            | Action::CancelProbe { app, .. }
            | Action::Signal { app, .. } => self.apps.get_mut(app.as_str()),
            _ => None,
        };
        if let Some(going) = going {
            going.check(&action, now, &trace);
        }
        match action {
            Action::MakeSandbox => {
                let event = match next(&mut self.sandbox) {
                    Some(Err(message)) => Event::SandboxFailed { message },
                    _ => Event::SandboxReady { facts: Default::default() },
                };
                assert!(!std::mem::replace(&mut self.sandbox_asked, true), "two sandboxes at once\n{}", self.text());
                self.after(Duration::ZERO, event);
            }
            Action::EnsureImage { app } => {
                let script = self.scripts.entry(app.to_string()).or_default();
                let wait = secs(script.images_in);
                let event = match next(&mut script.images) {
                    Some(Err(failure)) => Event::ImageFailed { app, failure, message: "no such image".to_owned() },
                    _ => Event::ImageReady { app, image_id: "sha512-0".to_owned(), pull: None },
                };
                self.after(wait, event);
            }
            Action::Start { app, attempt } => {
                let script = self.scripts.entry(app.to_string()).or_default();
                let wait = secs(script.starts_in);
                let event = match next(&mut script.starts) {
                    Some(Err(failure)) => {
                        Event::StartFailed { app, attempt, failure, message: "cannot".to_owned() }
                    }
                    _ => Event::Started { app, attempt },
                };
                self.after(wait, event);
            }
            Action::RunHook { app, attempt, hook, .. } => {
                let script = self.scripts.entry(app.to_string()).or_default();
                let answer = script.hooks.get(&hook).cloned().unwrap_or(Some((0, Outcome::Success)));
                if let Some((after, outcome)) = answer {
                    self.after(secs(after), Event::HookDone { app, attempt, hook, outcome });
                }
            }
            Action::RunProbe { app, attempt, probe, .. } => {
                let script = self.scripts.entry(app.to_string()).or_default();
                let answer = script.probes.get_mut(&probe).and_then(next).unwrap_or(Some((0, Outcome::Success)));
                if let Some((after, outcome)) = answer {
                    self.after(Duration::from_millis(after), Event::ProbeDone { app, attempt, probe, outcome });
                }
            }
            Action::CancelImage { app } => self.forget(|event| {
                matches!(event, Event::ImageReady { app: of, .. } | Event::ImageFailed { app: of, .. } if *of == app)
            }),
            Action::CancelHook { app, hook } => self.forget(|event| {
                matches!(event, Event::HookDone { app: of, hook: which, .. } if *of == app && *which == hook)
            }),
            Action::CancelProbe { app, probe } => self.forget(|event| {
                matches!(event, Event::ProbeDone { app: of, probe: which, .. } if *of == app && *which == probe)
            }),
            Action::Signal { app, attempt, signal } => {
                let stops_in = self.scripts.entry(app.to_string()).or_default().stops_in;
                let (wait, number) = match (signal, stops_in) {
                    (Signal::Kill, _) => (0, 9),
                    (Signal::Stop, Some(wait)) => (wait, 15),
                    (Signal::Stop, None) => return,
                };
                let status = ExitStatus::Signal(number);
                let exit = Event::Exited {
                    app: app.clone(), attempt, status, oom_killed: false, message: String::new(),
                };
                let at = self.now + secs(wait);
                let sooner = self.due.iter().any(|((due, _), event)| {
                    *due <= at && matches!(event, Event::Exited { app: of, .. } if *of == app)
                });
                if !sooner {
                    self.forget(|event| matches!(event, Event::Exited { app: of, .. } if *of == app));
                    self.after(secs(wait), exit);
                }
            }
            Action::Notify(_) => {}
            Action::Finish { phase } => {
                assert!(!self.sandbox_asked, "the sandbox is still being made\n{}", self.text());
                for (name, going) in &self.apps {
                    going.check_end(name, &Trace(&self.trace));
                }
                assert!(matches!(phase, PodPhase::Succeeded | PodPhase::Failed));
                self.finished = Some(phase);
                self.ended = Some(self.now);
            }
        }
    }

    fn forget(&mut self, about: impl Fn(&Event) -> bool) {
        self.due.retain(|_, event| !about(event));
    }
}

impl Going {
    /// An end after which nothing may start the app again; tells whether after it all apps may.
    fn judge_end(&mut self, status: ExitStatus) -> bool {
        if self.again {
            return false;
        }
        let success = status.is_success();
        let rule = self.rules.iter().find(|rule| rule.exit_codes.contains(status.code()));
        let action = rule.map(|rule| rule.action);
        self.over = match (self.kind, self.restarts) {
            (Some(AppKind::Init), _) if success => true,
            _ if action == Some(RestartAction::Restart) => false,
            (Some(AppKind::Sidecar), _) => false,
            (Some(AppKind::Init), Some(policy)) => success || policy == RestartPolicy::Never,
            (_, Some(RestartPolicy::Never)) => true,
            (_, Some(RestartPolicy::OnFailure)) => success,
            _ => false,
        };
        action == Some(RestartAction::RestartAll)
    }

    /// What an engine may rely on.
    fn check(&mut self, action: &Action, now: Timestamp, trace: &Trace<'_>) {
        match action {
            Action::EnsureImage { .. } => {
                assert!(
                    !self.image && self.alive.is_none() && self.starting.is_none(),
                    "{action:?}\n{trace}"
                );
                assert!(!self.over, "{action:?} of an app that has ended for good\n{trace}");
                self.image = true;
                self.again = false;
            }
            Action::CancelImage { .. } => assert!(std::mem::take(&mut self.image), "{action:?}\n{trace}"),
            Action::Start { attempt, .. } => {
                assert!(
                    self.alive.is_none() && self.starting.is_none(),
                    "twice at once: {action:?}\n{trace}"
                );
                assert!(self.attempts.is_none_or(|before| before < *attempt), "{action:?}\n{trace}");
                assert!(self.hooks.is_empty() && self.probes.is_empty(), "{action:?}\n{trace}");
                self.attempts = Some(*attempt);
                self.starting = Some(*attempt);
            }
            Action::RunHook { hook, attempt, .. } => {
                let runs = matches!(hook, Hook::PostStart | Hook::PreStop);
                assert_eq!(self.alive == Some(*attempt), runs, "{action:?}\n{trace}");
                assert!(self.hooks.is_empty(), "two hooks at once: {action:?}\n{trace}");
                self.hooks.push(*hook);
            }
            Action::RunProbe { probe, attempt, .. } => {
                assert_eq!(self.alive, Some(*attempt), "{action:?}\n{trace}");
                assert!(!self.probes.contains(probe), "{action:?} twice\n{trace}");
                self.probes.push(*probe);
            }
            Action::CancelHook { hook, .. } => {
                assert!(self.hooks.contains(hook), "{action:?}\n{trace}");
                self.hooks.clear();
            }
            Action::CancelProbe { probe, .. } => {
                assert!(self.probes.contains(probe), "{action:?}\n{trace}");
                self.probes.retain(|other| other != probe);
            }
            Action::Signal { attempt, signal, .. } => {
                assert_eq!(self.alive, Some(*attempt), "{action:?}\n{trace}");
                assert!(!self.killed, "{action:?} after SIGKILL\n{trace}");
                match signal {
                    Signal::Stop => {
                        assert!(self.signalled.is_none(), "{action:?} twice\n{trace}");
                        self.signalled = Some(now);
                    }
                    Signal::Kill => self.killed = true,
                }
            }
            Action::MakeSandbox | Action::Notify(_) | Action::Finish { .. } => {}
        }
    }

    fn check_end(&self, name: &str, trace: &Trace<'_>) {
        let at_rest = self.alive.is_none() && self.starting.is_none() && !self.image;
        assert!(
            at_rest && self.hooks.is_empty() && self.probes.is_empty(),
            "{name} is not at rest: {self:?}\n{trace}"
        );
    }
}

//! Reads the table. What it does not understand is a panic with the line.

use pod_core::lifecycle::{
    ConditionStatus, Event, ExitStatus, Hook, ImageFailure, Outcome, ProbeKind, StartFailure,
};
use pod_core::pod::{
    App, AppKind, ExitCodes, Fate, Handler, PodSpec, Probe, RestartAction, RestartPolicy, RestartRule,
};

use crate::lifecycle::sim::{Script, failure};
use crate::lifecycle::spec::{app, exec, pod, probe, secs, sleep};

/// What of the trace is always shown, and with the word `actions` as well.
const NOTICES: &[&str] = &["Warning", "Killing", "Deadline", "BackOff", "Signal", "Finish"];
const ACTIONS: &[&str] =
    &["Warning", "Normal", "Signal", "Finish", "Start ", "Hook", "Probe", "Image", "Sandbox"];

/// One situation.
pub(super) struct Situation {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) spec: PodSpec,
    pub(super) scripts: Vec<(String, Script)>,
    /// How each try to make the sandbox fails.
    pub(super) sandbox: Vec<bool>,
    pub(super) happenings: Vec<(u64, Happening)>,
    /// How long it is looked at.
    pub(super) until: u64,
    pub(super) words: &'static [&'static str],
    pub(super) expected: Vec<String>,
}

/// What happens at a time.
pub(super) enum Happening {
    Event(Event),
    /// All conditions are shown.
    Conditions,
    /// The sentence beside an app's state is shown.
    Message(String),
}

pub(super) fn all(table: &str) -> Vec<Situation> {
    let mut all: Vec<Situation> = Vec::new();
    for line in table.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            all.push(Situation::new(name));
            continue;
        }
        let situation = all.last_mut().unwrap_or_else(|| panic!("before the first situation: {line}"));
        match line.split_once(' ') {
            _ if line.starts_with("    ") => situation.expected.push(line.trim().to_owned()),
            Some(("from", source)) => source.clone_into(&mut situation.source),
            Some(("pod", words)) => words.split(' ').for_each(|word| situation.pod(word)),
            Some((kind @ ("app" | "init" | "sidecar"), words)) => situation.app(kind, words),
            Some(("at", words)) => situation.at(words),
            _ => panic!("not understood: {line}"),
        }
    }
    all
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn policy(word: &str) -> RestartPolicy {
    match word {
        "Always" => RestartPolicy::Always,
        "OnFailure" => RestartPolicy::OnFailure,
        "Never" => RestartPolicy::Never,
        _ => panic!("no policy: {word}"),
    }
}

fn outcome(word: &str) -> Option<Outcome> {
    match word {
        "ok" => Some(Outcome::Success),
        "fail" => Some(failure()),
        "late" => Some(Outcome::TimedOut),
        "error" => Some(Outcome::Error("cannot".to_owned())),
        "hang" => None,
        _ => panic!("no outcome: {word}"),
    }
}

impl Situation {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: String::new(),
            spec: pod(RestartPolicy::Always, Vec::new()),
            scripts: Vec::new(),
            sandbox: Vec::new(),
            happenings: Vec::new(),
            until: 600,
            words: NOTICES,
            expected: Vec::new(),
        }
    }

    fn pod(&mut self, word: &str) {
        match word.split_once('=') {
            None if word == "shared" => self.spec.fate = Fate::Shared,
            None if word == "actions" => self.words = ACTIONS,
            None => self.spec.restart_policy = policy(word),
            Some(("grace", seconds)) => self.spec.termination_grace = secs(number(seconds)),
            Some(("deadline", seconds)) => self.spec.active_deadline = Some(secs(number(seconds))),
            Some(("gate", gate)) => self.spec.readiness_gates.push(gate.to_owned()),
            Some(("until", seconds)) => self.until = number(seconds),
            Some(("sandbox", tries)) => {
                self.sandbox = tries.split(',').map(|word| outcome(word) != Some(Outcome::Success)).collect();
            }
            Some(_) => panic!("not understood of a pod: {word}"),
        }
    }

    fn at(&mut self, words: &str) {
        let (second, what) = words.split_once(' ').unwrap_or_else(|| panic!("when? {words}"));
        let happening = match what.split_once(' ') {
            None if what == "stop" => Happening::Event(Event::Stop { grace: None }),
            None if what == "conditions" => Happening::Conditions,
            Some(("stop", grace)) => Happening::Event(Event::Stop { grace: Some(secs(number(grace))) }),
            Some(("message", app)) => Happening::Message(app.to_owned()),
            Some(("gate", gate)) => {
                let (gate, status) = gate.split_once('=').unwrap_or_else(|| panic!("how? {gate}"));
                let status = match status {
                    "True" => ConditionStatus::True,
                    "False" => ConditionStatus::False,
                    _ => ConditionStatus::Unknown,
                };
                Happening::Event(Event::Gate { gate: gate.to_owned(), status })
            }
            _ => panic!("not understood: at {words}"),
        };
        self.happenings.push((number(second), happening));
    }

    fn app(&mut self, kind: &str, words: &str) {
        let kind = match kind {
            "init" => AppKind::Init,
            "sidecar" => AppKind::Sidecar,
            _ => AppKind::Main,
        };
        let mut words = words.split(' ');
        let name = words.next().unwrap_or_default();
        let (mut app, mut script) = (app(name, kind), Script::default());
        for word in words {
            let (key, value) =
                word.split_once('=').unwrap_or_else(|| panic!("not understood of an app: {word}"));
            set(&mut app, &mut script, key, value);
        }
        self.spec.apps.push(app);
        self.scripts.push((name.to_owned(), script));
    }
}

fn set(app: &mut App, script: &mut Script, key: &str, value: &str) {
    match key {
        "runs" => script.runs = value.split(',').map(run).collect(),
        "stops" => script.stops_in = value.parse().ok(),
        "image" => script.images = value.split(',').map(image).collect(),
        "image-in" => script.images_in = number(value),
        "start" => script.starts = value.split(',').map(start).collect(),
        "start-in" => script.starts_in = number(value),
        "policy" => app.restart_policy = Some(policy(value)),
        "rule" => app.restart_rules.push(rule(value)),
        "startup" => app.probes.startup = Some(asked(script, ProbeKind::Startup, value)),
        "liveness" => app.probes.liveness = Some(asked(script, ProbeKind::Liveness, value)),
        "readiness" => app.probes.readiness = Some(asked(script, ProbeKind::Readiness, value)),
        "preStart" => app.hooks.pre_start = Some(hook(script, Hook::PreStart, value)),
        "postStart" => app.hooks.post_start = Some(hook(script, Hook::PostStart, value)),
        "preStop" => app.hooks.pre_stop = Some(hook(script, Hook::PreStop, value)),
        "postStop" => app.hooks.post_stop = Some(hook(script, Hook::PostStop, value)),
        _ => panic!("not understood of an app: {key}"),
    }
}

/// `5:1`: it runs for five seconds and exits with 1; `5:-9`: signal 9 ends it; `-`: for ever.
fn run(text: &str) -> (Option<u64>, ExitStatus) {
    let Some((seconds, code)) = text.split_once(':') else { return (None, ExitStatus::Code(0)) };
    let status = match code.strip_prefix('-') {
        Some(signal) => ExitStatus::Signal(signal.parse().unwrap()),
        None => ExitStatus::Code(code.parse().unwrap()),
    };
    (Some(number(seconds)), status)
}

fn image(word: &str) -> Result<(), ImageFailure> {
    match word {
        "ok" => Ok(()),
        "pull" => Err(ImageFailure::Pull),
        "never" => Err(ImageFailure::NeverPull),
        "name" => Err(ImageFailure::InvalidName),
        _ => panic!("no image: {word}"),
    }
}

fn start(word: &str) -> Result<(), StartFailure> {
    match word {
        "ok" => Ok(()),
        "config" => Err(StartFailure::Config),
        "create" => Err(StartFailure::Create),
        "run" => Err(StartFailure::Run),
        _ => panic!("no start: {word}"),
    }
}

/// `Restart:1,2` or `RestartAll:!0`.
fn rule(text: &str) -> RestartRule {
    let (action, codes) = text.split_once(':').unwrap_or_else(|| panic!("no rule: {text}"));
    let list = |codes: &str| codes.split(',').map(|code| code.parse().unwrap()).collect();
    let exit_codes = match codes.strip_prefix('!') {
        Some(codes) => ExitCodes::NotIn(list(codes)),
        None => ExitCodes::In(list(codes)),
    };
    let action = if action == "RestartAll" { RestartAction::RestartAll } else { RestartAction::Restart };
    RestartRule { action, exit_codes }
}

/// `3:ok`: it ends after three seconds; `hang`; `sleep:5`.
fn hook(script: &mut Script, hook: Hook, text: &str) -> Handler {
    match text.split_once(':') {
        Some(("sleep", seconds)) => return sleep(number(seconds)),
        Some((after, word)) => {
            script.hooks.insert(hook, outcome(word).map(|outcome| (number(after), outcome)));
        }
        None => {
            script.hooks.insert(hook, outcome(text).map(|outcome| (0, outcome)));
        }
    }
    exec("do")
}

/// `fail,ok;period:5;delay:3;fails:1;successes:2;grace:4`.
fn asked(script: &mut Script, kind: ProbeKind, text: &str) -> Probe {
    let mut parts = text.split(';');
    let answers = parts.next().unwrap_or_default().split(',');
    script.probes.insert(kind, answers.map(|word| outcome(word).map(|outcome| (0, outcome))).collect());
    let mut probe = probe();
    for part in parts {
        let (key, value) =
            part.split_once(':').unwrap_or_else(|| panic!("not understood of a probe: {part}"));
        let count = || u32::try_from(number(value)).unwrap();
        match key {
            "period" => probe.period = secs(number(value)),
            "delay" => probe.initial_delay = secs(number(value)),
            "fails" => probe.failure_threshold = count(),
            "successes" => probe.success_threshold = count(),
            "grace" => probe.termination_grace = Some(secs(number(value))),
            _ => panic!("not understood of a probe: {part}"),
        }
    }
    probe
}

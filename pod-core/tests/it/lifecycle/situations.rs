//! The kubelet's situations as a table, in `tests/vectors/lifecycle.txt`: what a pod is, what happens to it, and everything that a user
//! sees of it, second by second. The file's head says how it is written.

mod read;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pod_core::lifecycle::{AppState, ConditionKind, ConditionStatus, PodStatus};
use pod_core::pod::AppKind;

use super::sim::Sim;
use read::{Happening, Situation};

const TABLE: &str = include_str!("../../vectors/lifecycle.txt");

#[test]
fn each_is_as_the_table_says() {
    let situations = read::all(TABLE);
    let mut wrong = String::new();
    for situation in &situations {
        let seen = life(situation);
        if seen != situation.expected {
            let lines =
                |lines: &[String]| lines.iter().map(|line| format!("    {line}\n")).collect::<String>();
            let (name, expected, seen) = (&situation.name, lines(&situation.expected), lines(&seen));
            write!(wrong, "== {name}\nexpected:\n{expected}seen:\n{seen}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(situations.len() >= 100, "{} situations", situations.len());
    let names: BTreeMap<_, _> = situations.iter().map(|situation| (&situation.name, ())).collect();
    assert_eq!(names.len(), situations.len(), "each has a name of its own");
    assert!(situations.iter().all(|situation| !situation.source.is_empty()), "each has a source");
}

/// The life of a pod in lines.
fn life(situation: &Situation) -> Vec<String> {
    let scripts: Vec<_> =
        situation.scripts.iter().map(|(name, script)| (name.as_str(), script.clone())).collect();
    let sandbox: Vec<_> =
        situation.sandbox.iter().map(|fails| if *fails { Err("no network") } else { Ok(()) }).collect();
    let mut sim = if sandbox.is_empty() {
        Sim::new(&situation.spec, &scripts)
    } else {
        Sim::with_sandbox(&situation.spec, &scripts, &sandbox)
    };
    let mut lines = Vec::new();
    let (mut told, mut last) = (0, String::new());
    for second in 0..=situation.until {
        sim.run_to(second);
        look(&sim, second, situation.words, &mut told, &mut last, &mut lines);
        for (_, happening) in situation.happenings.iter().filter(|(at, _)| *at == second) {
            match happening {
                Happening::Event(event) if sim.finished.is_none() => sim.tell(event.clone()),
                Happening::Event(_) => {}
                Happening::Conditions => lines.extend(conditions(second, sim.pod.status())),
                Happening::Message(app) => lines.push(format!("{second} {app}: {}", message(&sim, app))),
            }
            sim.run_to(second);
            look(&sim, second, situation.words, &mut told, &mut last, &mut lines);
        }
        if sim.finished.is_some() {
            break;
        }
    }
    lines
}

/// Adds what has happened since the last look: first what was told and done, then how it is now.
fn look(
    sim: &Sim,
    second: u64,
    words: &[&str],
    told: &mut usize,
    last: &mut String,
    lines: &mut Vec<String>,
) {
    let new = sim.trace.get(*told..).unwrap_or_default();
    lines.extend(new.iter().filter(|line| words.iter().any(|word| line.contains(word))).cloned());
    *told = sim.trace.len();
    let now = summary(sim.pod.status());
    if now != *last {
        lines.push(format!("{second} {now}"));
        *last = now;
    }
}

/// A status in a line: phase, reason, conditions that hold by their first letters, and each app.
fn summary(status: &PodStatus) -> String {
    let letter = |kind: &ConditionKind| match kind {
        ConditionKind::PodReadyToStartContainers => "S",
        ConditionKind::Initialized => "I",
        ConditionKind::ContainersReady => "C",
        ConditionKind::Ready => "R",
        ConditionKind::AllContainersRestarting => "A",
        ConditionKind::PodScheduled => "",
        _ => "g",
    };
    let held = status.conditions.iter().filter(|condition| condition.status == ConditionStatus::True);
    let letters: String = held.map(|condition| letter(&condition.kind)).collect();
    let mut line = format!("{}{} [{letters}]", status.phase, reason(&status.reason));
    for app in &status.apps {
        let mark = match (app.kind, app.ready, app.started) {
            (AppKind::Init, ..) | (_, true, _) => "",
            (_, false, true) => "-",
            (_, false, false) if matches!(app.state, AppState::Running { .. }) => "~",
            (_, false, false) => "",
        };
        let restarts = if app.restart_count == 0 { String::new() } else { format!("/{}", app.restart_count) };
        write!(line, " {}={}{mark}{restarts}", app.name, word(&app.state)).unwrap();
    }
    line
}

fn reason(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!("({reason})") }
}

fn word(state: &AppState) -> String {
    match state {
        AppState::Waiting { reason, .. } => reason.clone(),
        AppState::Running { .. } => "Running".to_owned(),
        AppState::Terminated { exit, reason, .. } => {
            format!("{reason}:{}", exit.map_or_else(|| "?".to_owned(), |exit| exit.code().to_string()))
        }
    }
}

/// All conditions, each a line.
fn conditions(second: u64, status: &PodStatus) -> Vec<String> {
    let line = |condition: &pod_core::lifecycle::Condition| {
        let kind = match &condition.kind {
            ConditionKind::Gate(gate) => gate.clone(),
            kind => format!("{kind:?}"),
        };
        let since = condition.last_transition.since(status.start_time).as_secs();
        let line = format!(
            "{second} {kind}={:?} since {since} {} {}",
            condition.status, condition.reason, condition.message
        );
        line.trim_end().to_owned()
    };
    status.conditions.iter().map(line).collect()
}

/// What is said of an app's state.
fn message(sim: &Sim, app: &str) -> String {
    match &sim.status(app).state {
        AppState::Waiting { message, .. } | AppState::Terminated { message, .. } => message.clone(),
        AppState::Running { .. } => String::new(),
    }
}

//! What must be so in every pod, whatever happens: see `sim`, which checks it with every action. Here are the pods and the happenings.
//!
//! `PODKIT_SOAK=yes` makes millions of events of it; `PROPTEST_CASES` says otherwise.

use std::collections::HashMap;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::lifecycle::{
    Action, ConditionStatus, Event, ExitStatus, Hook, ImageFailure, Outcome, Pod, PodPhase, ProbeKind,
    StartFailure,
};
use pod_core::pod::{
    App, AppKind, ExitCodes, Fate, Handler, Hooks, PodSpec, Probe, Probes, RestartAction, RestartPolicy,
    RestartRule, SandboxFacts,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::sim::{Script, Sim, failure};
use super::spec::{app, exec, pod, secs};

fn policy() -> impl Strategy<Value = RestartPolicy> {
    prop_oneof![Just(RestartPolicy::Always), Just(RestartPolicy::OnFailure), Just(RestartPolicy::Never)]
}

fn handler() -> impl Strategy<Value = Handler> {
    prop_oneof![
        3 => Just(exec("do")),
        1 => (0..5000_u64).prop_map(|ms| Handler::Sleep { duration: Duration::from_millis(ms) }),
    ]
}

fn probe() -> impl Strategy<Value = Probe> {
    (0..4_u64, 0..5_u64, 1..4_u64, 1..3_u32, 1..4_u32, option::weighted(0.2, 0..9_u64)).prop_map(
        |(delay, period, timeout, success, failure, grace)| Probe {
            handler: exec("ask"),
            initial_delay: secs(delay),
            // Even a period of zero, which no API server lets pass, must not make the machine spin.
            period: secs(period),
            timeout: secs(timeout),
            success_threshold: success,
            failure_threshold: failure,
            termination_grace: grace.map(secs),
        },
    )
}

fn kinds() -> impl Strategy<Value = Vec<AppKind>> {
    let first = vec(prop_oneof![Just(AppKind::Init), Just(AppKind::Sidecar)], 0..4);
    (first, 1..4_usize).prop_map(|(mut kinds, mains)| {
        kinds.extend(std::iter::repeat_n(AppKind::Main, mains));
        kinds
    })
}

fn hooks() -> impl Strategy<Value = Hooks> {
    let maybe = || option::weighted(0.2, handler());
    (maybe(), maybe(), maybe(), maybe()).prop_map(|(pre_start, post_start, pre_stop, post_stop)| Hooks {
        pre_start,
        post_start,
        pre_stop,
        post_stop,
    })
}

fn probes() -> impl Strategy<Value = Probes> {
    let maybe = || option::weighted(0.25, probe());
    (maybe(), maybe(), maybe()).prop_map(|(startup, liveness, readiness)| Probes {
        startup,
        liveness,
        readiness,
    })
}

fn rules() -> impl Strategy<Value = Vec<RestartRule>> {
    let codes = prop_oneof![
        Just(ExitCodes::In(vec![1])),
        Just(ExitCodes::In(vec![0, 137])),
        Just(ExitCodes::NotIn(vec![0])),
        Just(ExitCodes::NotIn(vec![1, 2])),
    ];
    let action = prop_oneof![2 => Just(RestartAction::Restart), 1 => Just(RestartAction::RestartAll)];
    let rule = (action, codes).prop_map(|(action, exit_codes)| RestartRule { action, exit_codes });
    prop_oneof![4 => Just(Vec::new()), 1 => vec(rule, 1..3)]
}

fn spec() -> impl Strategy<Value = PodSpec> {
    let apps = kinds().prop_flat_map(|kinds| {
        let parts = vec((hooks(), probes(), option::weighted(0.1, policy()), rules()), kinds.len());
        parts.prop_map(move |parts| {
            let apps = kinds.iter().copied().zip(parts).enumerate().map(|(index, (kind, parts))| {
                let (hooks, probes, restart_policy, restart_rules) = parts;
                App { hooks, probes, restart_policy, restart_rules, ..app(&format!("a{index}"), kind) }
            });
            apps.collect::<Vec<App>>()
        })
    });
    let fate = prop_oneof![3 => Just(Fate::Independent), 1 => Just(Fate::Shared)];
    (policy(), apps, fate, 0..20_u64, option::weighted(0.2, 1..60_u64)).prop_map(
        |(policy, apps, fate, grace, deadline)| PodSpec {
            fate,
            termination_grace: secs(grace),
            active_deadline: deadline.map(secs),
            readiness_gates: vec!["gate".to_owned()],
            ..pod(policy, apps)
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Success),
        2 => Just(failure()),
        1 => Just(Outcome::TimedOut),
        1 => Just(Outcome::Error("cannot".to_owned())),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    let run = (option::weighted(0.7, 0..30_u64), prop_oneof![Just(0_u8), Just(0), Just(1)])
        .prop_map(|(lasts, code)| (lasts, ExitStatus::Code(code)));
    let image = prop_oneof![4 => Just(Ok(())), 1 => Just(Err(ImageFailure::Pull)), 1 => Just(Err(ImageFailure::NeverPull))];
    let start = prop_oneof![
        6 => Just(Ok(())),
        1 => Just(Err(StartFailure::Config)),
        1 => Just(Err(StartFailure::Create)),
        1 => Just(Err(StartFailure::Run)),
    ];
    let hook = option::weighted(0.8, (0..10_u64, outcome()));
    let answers = vec(option::weighted(0.95, (0..3000_u64, outcome())), 1..5);
    let lists = (vec(run, 1..4), vec(image, 1..3), vec(start, 1..3), vec(hook, 4), vec(answers, 3));
    (lists, option::weighted(0.7, 0..5_u64), 0..3_u64, 0..3_u64).prop_map(
        |((runs, images, starts, hooks, answers), stops_in, images_in, starts_in)| Script {
            runs,
            stops_in,
            images,
            images_in,
            starts_in,
            starts,
            hooks: HOOKS.into_iter().zip(hooks).collect(),
            probes: PROBES.into_iter().zip(answers).collect::<HashMap<_, _>>(),
        },
    )
}

const HOOKS: [Hook; 4] = [Hook::PreStart, Hook::PostStart, Hook::PreStop, Hook::PostStop];
const PROBES: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Liveness, ProbeKind::Readiness];

/// An event about anything, whether it makes sense or not.
fn nonsense() -> impl Strategy<Value = Event> {
    let name = (0..5_usize).prop_map(|index| format!("a{index}").parse().unwrap());
    let attempt = 0..4_u32;
    let hook = prop::sample::select(HOOKS.to_vec());
    let kind = prop::sample::select(PROBES.to_vec());
    (0..12_u8, name, attempt, hook, kind, outcome(), 0..30_u64, any::<bool>()).prop_map(
        |(which, app, attempt, hook, probe, outcome, number, flag)| match which {
            0 => Event::SandboxReady { facts: SandboxFacts::default() },
            1 => Event::SandboxFailed { message: String::new() },
            2 => Event::ImageReady { app, image_id: String::new(), pull: None },
            3 => Event::ImageFailed { app, failure: ImageFailure::Pull, message: String::new() },
            4 | 5 => Event::Started { app, attempt },
            6 => Event::StartFailed { app, attempt, failure: StartFailure::Create, message: String::new() },
            7 => Event::Exited {
                app,
                attempt,
                status: ExitStatus::Code(u8::from(flag)),
                oom_killed: flag,
                message: String::new(),
            },
            8 => Event::HookDone { app, attempt, hook, outcome },
            9 => Event::ProbeDone { app, attempt, probe, outcome },
            10 if number == 0 => Event::Stop { grace: flag.then(|| secs(number)) },
            10 => Event::Gate { gate: "gate".to_owned(), status: ConditionStatus::True },
            _ => Event::Deadline,
        },
    )
}

/// A few pods in a normal run; in a soak so many that together they see some ten million events.
#[expect(clippy::disallowed_methods, reason = "how long to test is asked of whoever tests")]
fn cases() -> ProptestConfig {
    let soak = std::env::var("PODKIT_SOAK").is_ok_and(|soak| soak == "yes");
    if soak && std::env::var_os("PROPTEST_CASES").is_none() {
        ProptestConfig::with_cases(150_000)
    } else {
        ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Any pod in any engine that answers: nothing of what `sim` forbids happens, and when it is stopped it comes to its end in time.
    #[test]
    fn any_pod_lives_and_ends_by_the_rules(
        spec in spec(),
        scripts in vec(script(), 7),
        stop_after in 0..120_u64,
        graces in vec((option::of(0..40_u64), 0..9_u64), 1..4),
    ) {
        let names: Vec<String> = (0..7).map(|index| format!("a{index}")).collect();
        let scripts: Vec<(&str, Script)> = names.iter().map(String::as_str).zip(scripts).collect();
        let mut sim = Sim::new(&spec, &scripts);
        sim.run_to(stop_after);
        let stopped = sim.now;
        let mut least = Duration::MAX;
        for (grace, wait) in graces {
            if sim.finished.is_none() {
                sim.tell(Event::Stop { grace: grace.map(secs) });
            }
            least = least.min(sim.now.since(stopped) + grace.map_or(spec.termination_grace, secs));
            sim.run_to(sim.now.since(Timestamp::UNIX_EPOCH).as_secs() - 1_000_000 + wait);
        }
        let phase = sim.finish();
        // The start under way, the grace period, its least rest and rounding, and as long again for postStop hooks.
        let limit = secs(2) + least * 2 + secs(2 + 2 + 2) + Duration::from_secs(1);
        let end = sim.ended.unwrap();
        prop_assert!(end.since(stopped) <= limit, "{:?} > {limit:?}\n{}", end.since(stopped), sim.text());
        prop_assert_eq!(sim.pod.status().phase, phase);
        prop_assert!(sim.pod.next_deadline().is_none());
    }

    /// Any events at any times: no panic, no deadline that has passed, nothing after the end, and nothing more to do at rest.
    #[test]
    fn any_event_at_any_time_is_safe(
        spec in spec(),
        events in vec((nonsense(), 0..20_000_u64), 0..120),
    ) {
        let mut now = Timestamp::UNIX_EPOCH + secs(1000);
        let mut latest = now;
        let mut pod = Pod::new(&spec, now);
        let mut ended = false;
        for (event, ms) in events {
            // Now and then back in time.
            now = Timestamp::UNIX_EPOCH + (now.since(Timestamp::UNIX_EPOCH) + Duration::from_millis(ms)).saturating_sub(secs(5));
            latest = latest.max(now);
            pod.handle(event, now);
            while let Some(action) = pod.poll_action() {
                prop_assert!(!ended, "{action:?} after the end");
                ended = matches!(action, Action::Finish { .. });
            }
            prop_assert_eq!(pod.is_finished(), ended);
            prop_assert!(pod.next_deadline().is_none_or(|deadline| deadline > latest));
            let generation = pod.generation();
            pod.handle(Event::Deadline, latest);
            prop_assert!(pod.poll_action().is_none());
            prop_assert_eq!(pod.generation(), generation);
        }
        if ended {
            prop_assert!(matches!(pod.status().phase, PodPhase::Succeeded | PodPhase::Failed));
        }
    }
}

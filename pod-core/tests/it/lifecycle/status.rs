//! What a user sees: phase, conditions, and that it survives being written down.

use pod_core::lifecycle::{
    AppState, Condition, ConditionKind, ConditionStatus, Event, ExitStatus, Outcome, Pod, PodPhase,
    PodStatus, ProbeKind,
};
use pod_core::pod::{RestartPolicy, SandboxFacts};

use super::sim::{Script, Sim, failure};
use super::spec::{init, main, pod, probe, secs, sidecar};

fn condition<'a>(status: &'a PodStatus, kind: &ConditionKind) -> &'a Condition {
    status.conditions.iter().find(|condition| condition.kind == *kind).unwrap()
}

/// A condition in a line: its status, reason and sentence.
fn line(sim: &Sim, kind: ConditionKind) -> String {
    let Condition { status, reason, message, .. } = condition(sim.pod.status(), &kind);
    format!("{status:?} {reason} {message}").trim_end().to_owned()
}

/// kubelet `getPhase`, by what the apps of a pod do.
#[test]
fn phases() {
    use RestartPolicy::{Always, Never, OnFailure};
    let long = 1000;
    for (what, policy, runs, phase) in [
        ("one runs", Always, vec![(long, 0), (long, 0)], PodPhase::Running),
        ("one has ended well, one runs", Never, vec![(1, 0), (long, 0)], PodPhase::Running),
        ("one has failed, one runs", Never, vec![(1, 1), (long, 0)], PodPhase::Running),
        ("one is in back-off, one runs", Always, vec![(1, 1), (long, 0)], PodPhase::Running),
        ("all are in back-off", Always, vec![(1, 1), (1, 0)], PodPhase::Running),
        ("one has ended well, one is in back-off", OnFailure, vec![(1, 0), (1, 1)], PodPhase::Running),
        ("all have ended well", OnFailure, vec![(1, 0), (2, 0)], PodPhase::Succeeded),
        ("all have ended well", Never, vec![(1, 0), (2, 0)], PodPhase::Succeeded),
        ("one has failed", Never, vec![(1, 0), (2, 1)], PodPhase::Failed),
    ] {
        let spec = pod(policy, vec![main("a"), main("b")]);
        let scripts = [("a", Script::exits(&runs[..1])), ("b", Script::exits(&runs[1..]))];
        let mut sim = Sim::new(&spec, &scripts);
        sim.run_to(6);
        assert_eq!(sim.pod.status().phase, phase, "{what}, {policy:?}\n{}", sim.text());
    }
}

/// kubelet `status/generate.go`.
#[test]
fn conditions_and_their_sentences() {
    let mut web = main("web");
    web.probes.readiness = Some(probe());
    let spec = pod(RestartPolicy::Never, vec![init("i"), sidecar("s"), web, main("b")]);
    let scripts = [
        ("i", Script::exits(&[(5, 0)])),
        ("web", Script::exits(&[(30, 0)]).probe(ProbeKind::Readiness, &[failure(), Outcome::Success])),
        ("b", Script::exits(&[(40, 0)])),
    ];
    let mut sim = Sim::new(&spec, &scripts);
    assert_eq!(line(&sim, ConditionKind::PodReadyToStartContainers), "False");
    assert_eq!(line(&sim, ConditionKind::PodScheduled), "True");
    sim.run_to(1);
    assert_eq!(line(&sim, ConditionKind::PodReadyToStartContainers), "True");
    assert_eq!(
        line(&sim, ConditionKind::Initialized),
        "False ContainersNotInitialized containers with incomplete status: [i s]"
    );
    let unready = "False ContainersNotReady containers with unready status: [s web b]";
    assert_eq!(line(&sim, ConditionKind::Ready), unready);
    assert_eq!(line(&sim, ConditionKind::ContainersReady), unready);
    sim.run_to(6);
    assert_eq!(line(&sim, ConditionKind::Initialized), "True");
    assert_eq!(
        line(&sim, ConditionKind::Ready),
        "False ContainersNotReady containers with unready status: [web]"
    );
    sim.run_to(16);
    assert_eq!(line(&sim, ConditionKind::Ready), "True");
    let since = condition(sim.pod.status(), &ConditionKind::Ready).last_transition;
    assert_eq!(since.since(sim.pod.status().start_time), secs(15));
    sim.run_to(34);
    assert_eq!(condition(sim.pod.status(), &ConditionKind::Ready).last_transition, since);
    sim.run_to(36);
    assert_eq!(
        line(&sim, ConditionKind::Ready),
        "False ContainersNotReady containers with unready status: [web]"
    );
    sim.finish();
    assert_eq!(line(&sim, ConditionKind::Initialized), "True PodCompleted");
    assert_eq!(line(&sim, ConditionKind::Ready), "False PodCompleted");
    assert_eq!(line(&sim, ConditionKind::ContainersReady), "False PodCompleted");
}

/// `HasAnyActiveRegularContainerStarted`: once the main apps' turn has come, a sidecar that starts again makes the pod neither pending nor
/// uninitialized.
#[test]
fn a_restarting_sidecar_does_not_set_the_pod_back() {
    let mut side = sidecar("s");
    side.probes.startup = Some(probe());
    let spec = pod(RestartPolicy::Always, vec![side, main("a")]);
    let startup = [Outcome::Success, failure()];
    let mut sim =
        Sim::new(&spec, &[("s", Script::exits(&[(5, 1), (100, 1)]).probe(ProbeKind::Startup, &startup))]);
    sim.run_to(8);
    assert_eq!((sim.state("s").as_str(), sim.status("s").started), ("Running < Error:1", false));
    assert_eq!(sim.pod.status().phase, PodPhase::Running);
    assert_eq!(line(&sim, ConditionKind::Initialized), "True");
    assert_eq!(
        line(&sim, ConditionKind::Ready),
        "False ContainersNotReady containers with unready status: [s]"
    );
}

/// `GeneratePodReadyCondition`: gates are closed until somebody opens them.
#[test]
fn readiness_gates() {
    let mut spec = pod(RestartPolicy::Always, vec![main("a")]);
    spec.readiness_gates = vec!["example.com/lb".to_owned()];
    let mut sim = Sim::new(&spec, &[]);
    sim.run_to(1);
    assert_eq!(line(&sim, ConditionKind::ContainersReady), "True");
    assert_eq!(
        line(&sim, ConditionKind::Ready),
        "False ReadinessGatesNotReady corresponding condition of pod readiness gate \"example.com/lb\" does not exist."
    );
    sim.tell(Event::Gate { gate: "example.com/lb".to_owned(), status: ConditionStatus::Unknown });
    assert_eq!(
        line(&sim, ConditionKind::Ready),
        "False ReadinessGatesNotReady the status of pod readiness gate \"example.com/lb\" is not \"True\", but Unknown"
    );
    let gate = |gate: &str| Event::Gate { gate: gate.to_owned(), status: ConditionStatus::True };
    sim.tell(gate("example.com/other"));
    sim.tell(gate("example.com/lb"));
    assert_eq!(line(&sim, ConditionKind::Ready), "True");
    assert_eq!(line(&sim, ConditionKind::Gate("example.com/lb".to_owned())), "True");
}

/// The time never goes back, whatever the caller says.
#[test]
fn time_is_clamped() {
    let now = pod_core::Timestamp::UNIX_EPOCH + secs(100);
    let mut pod = Pod::new(&pod(RestartPolicy::Never, vec![main("a")]), now);
    let app = || "a".parse().unwrap();
    pod.handle(Event::SandboxReady { facts: SandboxFacts::default() }, now + secs(10));
    pod.handle(Event::ImageReady { app: app(), image_id: "x".to_owned(), pull: None }, now);
    pod.handle(Event::Started { app: app(), attempt: 0 }, now + secs(5));
    let exit = ExitStatus::Code(0);
    pod.handle(
        Event::Exited { app: app(), attempt: 0, status: exit, oom_killed: false, message: String::new() },
        now,
    );
    let AppState::Terminated { started_at, finished_at, .. } = &pod.status().apps[0].state else { panic!() };
    assert_eq!((*started_at, *finished_at), (Some(now + secs(10)), now + secs(10)));
}

/// Addresses appear with the sandbox; the whole status reads back from JSON; only changes count.
#[test]
fn status_is_a_record() {
    let now = pod_core::Timestamp::UNIX_EPOCH;
    let mut pod = Pod::new(&pod(RestartPolicy::Never, vec![main("a")]), now);
    let facts = SandboxFacts { pod_ips: vec!["10.1.2.3".parse().unwrap()], host_ips: Vec::new() };
    pod.handle(Event::SandboxReady { facts }, now);
    assert_eq!(pod.status().pod_ips.len(), 1);
    let generation = pod.generation();
    pod.handle(Event::Deadline, now + secs(1));
    assert_eq!(pod.generation(), generation);
    let json = serde_json::to_string(pod.status()).unwrap();
    assert_eq!(serde_json::from_str::<PodStatus>(&json).unwrap(), *pod.status());
}

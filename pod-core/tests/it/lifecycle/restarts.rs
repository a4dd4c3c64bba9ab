//! What follows the end of a run.

use pod_core::lifecycle::{Event, ExitStatus, PodPhase, ProbeKind};
use pod_core::pod::{AppKind, RestartPolicy};

use super::sim::{Script, Sim, failure};
use super::spec::{app, main, pod, probe, sidecar};

/// container `ShouldContainerBeRestarted`, by kind, policy and exit code. `Always` means `OnFailure` for an init app; a sidecar always
/// restarts while the pod lives.
#[test]
fn who_restarts() {
    use AppKind::{Init, Main, Sidecar};
    use RestartPolicy::{Always, Never, OnFailure};
    for (kind, policy, code, again) in [
        (Main, Always, 0, true),
        (Main, Always, 1, true),
        (Main, OnFailure, 0, false),
        (Main, OnFailure, 1, true),
        (Main, Never, 0, false),
        (Main, Never, 1, false),
        (Init, Always, 0, false),
        (Init, Always, 1, true),
        (Init, OnFailure, 0, false),
        (Init, OnFailure, 1, true),
        (Init, Never, 0, false),
        (Init, Never, 1, false),
        (Sidecar, Always, 0, true),
        (Sidecar, OnFailure, 0, true),
        (Sidecar, Never, 1, true),
    ] {
        let mut apps = vec![app("x", kind), main("other")];
        apps.sort_by_key(|app| app.kind == Main);
        // The other main app keeps the pod alive.
        let mut sim = Sim::new(&pod(policy, apps), &[("x", Script::exits(&[(1, code)]))]);
        sim.run_to(1);
        let starts = sim.lines(&["Start x"]).len();
        assert_eq!(starts, if again { 2 } else { 1 }, "{kind:?} {policy:?} {code}\n{}", sim.text());
    }
}

/// kuberuntime `doBackOff`: the first restart is immediate, then 10 s doubling to 300 s from the end of each run.
#[test]
fn restarts_back_off() {
    let spec = pod(RestartPolicy::Always, vec![main("a")]);
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(2, 1)]))]);
    sim.run_to(3);
    assert_eq!(sim.state("a"), "Running < Error:1");
    sim.run_to(4);
    assert_eq!(sim.state("a"), "CrashLoopBackOff < Error:1");
    let message = serde_json::to_value(&sim.status("a").state).unwrap()["waiting"]["message"].clone();
    assert_eq!(
        message,
        "back-off 10s restarting failed container=a pod=p_default(00000000-0000-0000-0000-000000000001)"
    );
    assert_eq!(sim.pod.status().phase, PodPhase::Running);
    sim.run_to(2000);
    assert_eq!(
        sim.lines(&["Start "]),
        [
            "0 Start a#0",
            "2 Start a#1",
            "14 Start a#2",
            "36 Start a#3",
            "78 Start a#4",
            "160 Start a#5",
            "322 Start a#6",
            "624 Start a#7",
            "926 Start a#8",
            "1228 Start a#9",
            "1530 Start a#10",
            "1832 Start a#11",
        ]
    );
    assert_eq!(sim.status("a").restart_count, 11);
    assert_eq!(
        sim.lines(&["BackOff"])[0],
        "4 Warning BackOff a: Back-off restarting failed container a in pod p_default(00000000-0000-0000-0000-000000000001)"
    );
}

/// flowcontrol `hasExpired`: a run of more than ten minutes forgives; one of exactly ten does not.
#[test]
fn a_long_run_forgives() {
    let spec = pod(RestartPolicy::Always, vec![main("a")]);
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(1, 1), (1, 1), (601, 1), (1, 1)]))]);
    sim.run_to(626);
    assert_eq!(
        sim.lines(&["Start "]),
        ["0 Start a#0", "1 Start a#1", "12 Start a#2", "613 Start a#3", "624 Start a#4"]
    );
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(1, 1), (1, 1), (600, 1), (1, 1)]))]);
    sim.run_to(633);
    assert_eq!(sim.lines(&["Start "]), ["0 Start a#0", "1 Start a#1", "12 Start a#2", "632 Start a#3"]);
}

/// An app that ends well is restarted by `Always` with the same back-off, and called `CrashLoopBackOff` too.
#[test]
fn completed_apps_back_off_too() {
    let spec = pod(RestartPolicy::Always, vec![main("a")]);
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(1, 0)]))]);
    sim.run_to(5);
    assert_eq!(sim.state("a"), "CrashLoopBackOff < Completed:0");
    assert_eq!(sim.pod.status().phase, PodPhase::Running);
}

/// An app may have a policy of its own (Kubernetes 1.34, `restartPolicy` of a container).
#[test]
fn an_app_may_have_its_own_policy() {
    let mut once = main("once");
    once.restart_policy = Some(RestartPolicy::Never);
    let spec = pod(RestartPolicy::Always, vec![once, main("a")]);
    let mut sim = Sim::new(&spec, &[("once", Script::exits(&[(1, 1)]))]);
    sim.run_to(50);
    assert_eq!((sim.state("once"), sim.pod.status().phase), ("Error:1".to_owned(), PodPhase::Running));
}

/// kuberuntime `SyncPod`: what a probe makes the kubelet kill is restarted in the same breath, and backs off from the end before.
#[test]
fn killed_by_a_probe_it_backs_off_from_the_end_before() {
    let mut only = main("a");
    only.probes.liveness = Some(pod_core::pod::Probe { failure_threshold: 1, ..probe() });
    let spec = pod(RestartPolicy::Always, vec![only]);
    let mut sim = Sim::new(&spec, &[("a", Script::default().probe(ProbeKind::Liveness, &[failure()]))]);
    sim.run_to(40);
    // The first kill has no end before it; the second is counted against the first; the third waits.
    assert_eq!(
        sim.lines(&["Start ", "BackOff"])[..4],
        [
            "0 Start a#0",
            "0 Start a#1",
            "0 Start a#2",
            "0 Warning BackOff a: Back-off restarting failed container a in pod p_default(00000000-0000-0000-0000-000000000001)"
        ]
    );
    assert_eq!(sim.lines(&["Start "])[3], "10 Start a#3");
}

/// containerd `toCRIContainerStatus`: an app that met the kernel's OOM killer says so, however it ended.
#[test]
fn reasons_of_an_end() {
    for (status, oom_killed, state) in [
        (ExitStatus::Code(0), false, "Completed:0"),
        (ExitStatus::Code(3), false, "Error:3"),
        (ExitStatus::Signal(11), false, "Error:139"),
        (ExitStatus::Signal(9), true, "OOMKilled:137"),
        (ExitStatus::Code(0), true, "OOMKilled:0"),
    ] {
        let mut sim = Sim::new(&pod(RestartPolicy::Never, vec![main("a")]), &[]);
        sim.run_to(1);
        let app = "a".parse().unwrap();
        sim.crash(Event::Exited { app, attempt: 0, status, oom_killed, message: "last words".to_owned() });
        assert_eq!(sim.state("a"), state);
        let ended = serde_json::to_value(&sim.status("a").state).unwrap()["terminated"].clone();
        assert_eq!(ended["message"], "last words");
        assert_eq!(
            (ended["startedAt"].as_str(), ended["finishedAt"].as_str()),
            (Some("1970-01-12T13:46:40Z"), Some("1970-01-12T13:46:41Z"))
        );
    }
}

/// A sidecar that is away holds nobody up once it has been up: not the next init app, not the pod's phase.
#[test]
fn a_restarting_sidecar_holds_nobody_up() {
    let spec = pod(RestartPolicy::OnFailure, vec![sidecar("s"), app("i", AppKind::Init), main("a")]);
    let scripts =
        [("s", Script::exits(&[(1, 1)])), ("i", Script::exits(&[(5, 0)])), ("a", Script::exits(&[(100, 0)]))];
    let mut sim = Sim::new(&spec, &scripts);
    sim.run_to(6);
    assert_eq!(
        (sim.state("s"), sim.state("a")),
        ("CrashLoopBackOff < Error:1".to_owned(), "Running".to_owned())
    );
    assert_eq!(sim.pod.status().phase, PodPhase::Running);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(sim.lines(&["Finish"]), ["105 Finish Succeeded"]);
}

/// kubelet `newCrashLoopBackOff`: the waits between restarts are the node's choice; those between pulls are not.
#[test]
fn a_node_may_choose_its_waits() {
    let spec = pod(RestartPolicy::Always, vec![main("a")]);
    let now = pod_core::Timestamp::UNIX_EPOCH;
    let app = || "a".parse().unwrap();
    let mut pod = pod_core::lifecycle::Pod::with_backoff(&spec, &pod_core::backoff::Backoff::reduced(), now);
    pod.handle(Event::SandboxReady { facts: Default::default() }, now);
    for attempt in 0..2 {
        pod.handle(Event::ImageReady { app: app(), image_id: String::new(), pull: None }, now);
        pod.handle(Event::Started { app: app(), attempt }, now);
        let status = ExitStatus::Code(1);
        pod.handle(
            Event::Exited { app: app(), attempt, status, oom_killed: false, message: String::new() },
            now,
        );
    }
    assert_eq!(pod.next_deadline(), Some(now + super::spec::secs(1)));
}

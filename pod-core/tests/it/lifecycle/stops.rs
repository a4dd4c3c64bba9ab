//! The end of a pod: who stops when, and how.

use std::time::Duration;

use pod_core::lifecycle::{Event, Hook, ImageFailure, Outcome, PodPhase, ProbeKind};
use pod_core::pod::RestartPolicy;

use super::assert_trace;
use super::sim::{Script, Sim, failure};
use super::spec::{exec, init, main, pod, probe, secs, sidecar, sleep};

fn stop(grace: Option<u64>) -> Event {
    Event::Stop { grace: grace.map(secs) }
}

/// kuberuntime `killContainer`: preStop, the stop signal, and SIGKILL when the grace period is over.
#[test]
fn term_after_pre_stop_and_kill_after_the_grace_period() {
    let mut only = main("a");
    only.hooks.pre_stop = Some(exec("bye"));
    let spec = pod(RestartPolicy::Always, vec![only]);
    let script = Script { stops_in: None, ..Script::default() }.hook(Hook::PreStop, 4, Outcome::Success);
    let mut sim = Sim::new(&spec, &[("a", script)]);
    sim.run_to(10);
    sim.trace.clear();
    sim.tell(stop(None));
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_trace(
        &sim,
        "
        10 Normal Killing a: Stopping container a
        10 RunHook a#0 PreStop in 30s
        14 Signal a#0 Stop
        40 Signal a#0 Kill
        40 Finish Failed
    ",
    );
    assert_eq!(sim.state("a"), "Error:137");
}

/// `killContainer` and `executePreStopHook`: the hook's time counts in whole seconds; what is left is at least two; a hook that fails is
/// an event and nothing more; one that takes all the time is no event.
#[test]
fn pre_stop_uses_the_grace_period_up() {
    for (script, trace) in [
        (
            Script::default().hook(Hook::PreStop, 29, failure()),
            "10 Normal Killing a: Stopping container a
             10 RunHook a#0 PreStop in 30s
             39 Warning FailedPreStopHook a: PreStopHook failed
             39 Signal a#0 Stop
             41 Signal a#0 Kill
             41 Finish Failed",
        ),
        (
            Script::default().hangs(Hook::PreStop),
            "10 Normal Killing a: Stopping container a
             10 RunHook a#0 PreStop in 30s
             40 CancelHook a PreStop
             40 Signal a#0 Stop
             42 Signal a#0 Kill
             42 Finish Failed",
        ),
        (
            Script::default().hook(Hook::PreStop, 30, Outcome::TimedOut),
            "10 Normal Killing a: Stopping container a
             10 RunHook a#0 PreStop in 30s
             40 Signal a#0 Stop
             42 Signal a#0 Kill
             42 Finish Failed",
        ),
    ] {
        let mut only = main("a");
        only.hooks.pre_stop = Some(exec("bye"));
        let script = Script { stops_in: None, ..script };
        let mut sim = Sim::new(&pod(RestartPolicy::Always, vec![only]), &[("a", script)]);
        sim.run_to(10);
        sim.trace.clear();
        sim.tell(stop(None));
        sim.finish();
        assert_trace(&sim, trace);
    }
    // A second and a half of hook counts as one second.
    let mut only = main("a");
    only.hooks.pre_stop = Some(pod_core::pod::Handler::Sleep { duration: Duration::from_millis(1500) });
    let script = Script { stops_in: None, ..Script::default() };
    let mut sim = Sim::new(&pod(RestartPolicy::Always, vec![only]), &[("a", script)]);
    sim.tell(Event::Deadline);
    sim.run_to(10);
    sim.tell(stop(Some(5)));
    sim.finish();
    assert_eq!(sim.lines(&["Signal"]), ["11.5 Signal a#0 Stop", "15.5 Signal a#0 Kill"]);
}

/// An app that ends during its preStop hook is through with it.
#[test]
fn a_pre_stop_hook_ends_with_its_app() {
    let mut only = main("a");
    only.hooks.pre_stop = Some(exec("bye"));
    let script = Script::exits(&[(12, 0)]).hangs(Hook::PreStop);
    let mut sim = Sim::new(&pod(RestartPolicy::Always, vec![only]), &[("a", script)]);
    sim.run_to(10);
    sim.tell(stop(None));
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&["Hook", "Finish"]),
        ["10 RunHook a#0 PreStop in 30s", "12 CancelHook a PreStop", "12 Finish Succeeded"]
    );
}

/// `newTerminationOrdering`: main apps first, then the sidecars in the reverse of their start; hooks run at once for all.
#[test]
fn sidecars_stop_last_and_in_reverse() {
    let mut second = sidecar("t");
    second.hooks.pre_stop = Some(exec("bye"));
    let spec = pod(RestartPolicy::Always, vec![sidecar("s"), second, main("a"), main("b")]);
    let slow = |seconds| Script { stops_in: Some(seconds), ..Script::default() };
    let scripts = [("s", slow(1)), ("t", slow(2)), ("a", slow(3)), ("b", slow(5))];
    let mut sim = Sim::new(&spec, &scripts);
    sim.run_to(10);
    sim.trace.clear();
    sim.tell(stop(None));
    sim.finish();
    assert_trace(
        &sim,
        "
        10 Normal Killing s: Stopping container s
        10 Normal Killing t: Stopping container t
        10 RunHook t#0 PreStop in 30s
        10 Normal Killing a: Stopping container a
        10 Normal Killing b: Stopping container b
        10 Signal a#0 Stop
        10 Signal b#0 Stop
        15 Signal t#0 Stop
        17 Signal s#0 Stop
        18 Finish Failed
    ",
    );
}

/// `waitForTurn`: who waits for others uses the grace period up as well, and when it is over all stop.
#[test]
fn waiting_for_a_turn_uses_the_grace_period_up() {
    let spec = pod(RestartPolicy::Always, vec![sidecar("s"), sidecar("t"), main("a")]);
    let deaf = || Script { stops_in: None, ..Script::default() };
    let mut sim = Sim::new(&spec, &[("s", deaf()), ("t", deaf()), ("a", deaf())]);
    sim.run_to(10);
    sim.tell(stop(Some(20)));
    sim.finish();
    assert_eq!(
        sim.lines(&["Signal", "Finish"]),
        [
            "10 Signal a#0 Stop",
            "30 Signal s#0 Stop",
            "30 Signal t#0 Stop",
            "30 Signal a#0 Kill",
            "32 Signal s#0 Kill",
            "32 Signal t#0 Kill",
            "32 Finish Failed",
        ]
    );
}

/// kuberuntime `computePodActions`: when the main apps are through, the pod is killed, and with it its sidecars.
#[test]
fn sidecars_do_not_keep_a_pod_alive_nor_decide_its_phase() {
    let spec = pod(RestartPolicy::OnFailure, vec![sidecar("s"), main("a")]);
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(5, 0)]))]);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&["Killing", "Signal", "Finish"]),
        ["5 Normal Killing s: Stopping container s", "5 Signal s#0 Stop", "5 Finish Succeeded"]
    );
    assert_eq!((sim.state("s"), sim.pod.status().exit_code()), ("Error:143".to_owned(), 0));
}

/// Zero kills at once, hooks or not; and a second stop only shortens the first.
#[test]
fn a_second_stop_shortens_the_first() {
    let mut only = main("a");
    only.hooks.pre_stop = Some(exec("bye"));
    let spec = pod(RestartPolicy::Always, vec![only]);
    let script = Script { stops_in: None, ..Script::default() }.hangs(Hook::PreStop);
    let begin = |grace| {
        let mut sim = Sim::new(&spec, &[("a", script.clone())]);
        sim.run_to(10);
        sim.trace.clear();
        sim.tell(stop(grace));
        sim
    };
    let mut sim = begin(Some(0));
    sim.finish();
    assert_trace(&sim, "10 Normal Killing a: Stopping container a\n10 Signal a#0 Kill\n10 Finish Failed");

    let mut sim = begin(Some(30));
    sim.run_to(12);
    sim.tell(stop(Some(100)));
    sim.tell(stop(None));
    sim.run_to(15);
    sim.tell(stop(Some(3)));
    sim.finish();
    assert_eq!(
        sim.lines(&["Cancel", "Signal"]),
        ["18 CancelHook a PreStop", "18 Signal a#0 Stop", "20 Signal a#0 Kill"]
    );

    let mut sim = begin(Some(30));
    sim.run_to(12);
    sim.tell(stop(Some(0)));
    sim.finish();
    assert_eq!(sim.lines(&["Cancel", "Signal"]), ["12 CancelHook a PreStop", "12 Signal a#0 Kill"]);
}

/// Whatever it is doing, a pod that is stopped comes to its end; what never ran is `ContainerStatusUnknown` (kubelet `TerminatePod`),
/// unless init apps kept it from its turn.
#[test]
fn a_pod_may_be_stopped_in_any_state() {
    let spec = pod(RestartPolicy::Always, vec![main("a"), main("b")]);
    let images = vec![Err(ImageFailure::Pull)];
    let mut sim = Sim::new(&spec, &[("a", Script { images, ..Script::default() })]);
    sim.run_to(5);
    sim.tell(stop(None));
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(
        (sim.state("a"), sim.state("b")),
        ("ContainerStatusUnknown:?".to_owned(), "Error:143".to_owned())
    );
    assert_eq!(sim.pod.status().exit_code(), 137);

    // In back-off: it shows how it ended.
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(1, 4)]))]);
    sim.run_to(5);
    assert_eq!(sim.state("a"), "CrashLoopBackOff < Error:4");
    sim.tell(stop(None));
    sim.finish();
    assert_eq!(sim.state("a"), "Error:4 < Error:4");

    // Among its init apps.
    let spec = pod(RestartPolicy::Always, vec![init("i"), init("j"), main("a")]);
    let mut sim = Sim::new(&spec, &[]);
    sim.run_to(5);
    sim.tell(stop(None));
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(
        (sim.state("i"), sim.state("j"), sim.state("a")),
        ("Error:143".to_owned(), "PodInitializing".to_owned(), "PodInitializing".to_owned())
    );

    // Before its sandbox is there, and while it pulls.
    let mut sim = Sim::new(&spec, &[]);
    sim.tell(stop(None));
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_trace(&sim, "0 MakeSandbox\n0 Finish Failed");
    let mut pod = pod_core::lifecycle::Pod::new(&spec, sim.now);
    pod.handle(Event::SandboxReady { facts: Default::default() }, sim.now);
    pod.handle(stop(None), sim.now);
    let actions: Vec<_> =
        std::iter::from_fn(|| pod.poll_action()).map(|action| format!("{action:?}")).collect();
    assert_eq!(
        actions[1..],
        [
            "EnsureImage { app: AppName(\"i\") }",
            "CancelImage { app: AppName(\"i\") }",
            "Finish { phase: Failed }",
        ]
    );
}

/// An app that starts while the pod ends is stopped as soon as it has.
#[test]
fn a_start_under_way_is_awaited_and_stopped() {
    let spec = pod(RestartPolicy::Always, vec![main("a")]);
    let now = pod_core::Timestamp::UNIX_EPOCH;
    let app: pod_core::pod::AppName = "a".parse().unwrap();
    let mut pod = pod_core::lifecycle::Pod::new(&spec, now);
    pod.handle(Event::SandboxReady { facts: Default::default() }, now);
    pod.handle(Event::ImageReady { app: app.clone(), image_id: String::new(), pull: None }, now);
    pod.handle(stop(Some(5)), now);
    pod.handle(stop(Some(100)), now);
    while pod.poll_action().is_some() {}
    assert!(!pod.is_finished());
    let mut late = pod.clone();
    for (pod, started, kill) in [(&mut pod, 1, 5), (&mut late, 9, 9 + 2)] {
        pod.handle(Event::Started { app: app.clone(), attempt: 0 }, now + secs(started));
        let actions: Vec<_> =
            std::iter::from_fn(|| pod.poll_action()).map(|action| format!("{action:?}")).collect();
        assert_eq!(actions.last().unwrap(), "Signal { app: AppName(\"a\"), attempt: 0, signal: Stop }");
        assert_eq!(pod.next_deadline(), Some(now + secs(kill)));
    }
}

/// App Container: a postStop hook that hangs keeps no pod from ending, however long its own grace period is.
#[test]
fn a_post_stop_hook_does_not_outlast_the_end() {
    let mut first = main("a");
    first.hooks.post_stop = Some(exec("tidy"));
    let spec = pod(RestartPolicy::Never, vec![first, main("b")]);
    let mut sim = Sim::new(&spec, &[("a", Script::exits(&[(1, 0)]).hangs(Hook::PostStop))]);
    sim.run_to(5);
    sim.tell(stop(Some(1)));
    sim.finish();
    assert_eq!(
        sim.lines(&["PostStop", "Finish"]),
        [
            "1 RunHook a#0 PostStop in 30s",
            "7 CancelHook a PostStop",
            "7 Warning FailedPostStopHook a: PostStopHook failed",
            "7 Finish Failed",
        ]
    );
}

/// kubelet `active_deadline.go`: the pod fails, whatever its apps say.
#[test]
fn the_active_deadline_fails_the_pod() {
    let mut spec = pod(RestartPolicy::Always, vec![sidecar("s"), main("a")]);
    spec.active_deadline = Some(secs(50));
    let script = Script {
        runs: vec![(Some(51), pod_core::lifecycle::ExitStatus::Code(0))],
        stops_in: Some(5),
        ..Script::default()
    };
    let mut sim = Sim::new(&spec, &[("a", script)]);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(
        sim.lines(&["Deadline", "Signal", "Finish"]),
        [
            "50 Normal DeadlineExceeded: Pod was active on the node longer than the specified deadline",
            "50 Signal a#0 Stop",
            "51 Signal s#0 Stop",
            "51 Finish Failed",
        ]
    );
    let status = sim.pod.status();
    assert_eq!(
        (status.reason.as_str(), status.message.as_str()),
        ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
    );
    assert_eq!((sim.state("a"), sim.pod.status().exit_code()), ("Completed:0".to_owned(), 1));
}

/// kubelet `SyncTerminatingPod`: liveness and startup probes end with the decision to stop, readiness is asked until the app has ended.
#[test]
fn readiness_is_asked_until_the_end() {
    let mut only = main("a");
    only.probes.liveness = Some(probe());
    only.probes.readiness = Some(probe());
    let spec = pod(RestartPolicy::Always, vec![only]);
    let script = Script { stops_in: Some(25), ..Script::default() };
    let mut sim = Sim::new(
        &spec,
        &[("a", script.probe(ProbeKind::Readiness, &[Outcome::Success, Outcome::Success, failure()]))],
    );
    sim.run_to(15);
    sim.tell(stop(None));
    assert!(sim.status("a").ready);
    sim.finish();
    assert_eq!(
        sim.lines(&["RunProbe"]),
        [
            "0 RunProbe a#0 Liveness",
            "0 RunProbe a#0 Readiness",
            "10 RunProbe a#0 Liveness",
            "10 RunProbe a#0 Readiness",
            "20 RunProbe a#0 Readiness",
            "30 RunProbe a#0 Readiness",
        ]
    );
}

/// A preStop hook that only waits needs no process.
#[test]
fn a_pre_stop_hook_may_sleep() {
    let mut only = main("a");
    only.hooks.pre_stop = Some(sleep(5));
    let mut sim = Sim::new(&pod(RestartPolicy::Always, vec![only]), &[]);
    sim.run_to(10);
    sim.tell(stop(None));
    sim.finish();
    assert_eq!(sim.lines(&["Hook", "Signal"]), ["15 Signal a#0 Stop"]);
}

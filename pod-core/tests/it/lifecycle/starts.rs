//! From nothing to running: sandbox, images, order, hooks.

use pod_core::lifecycle::{
    Event, ExitStatus, Hook, ImageFailure, Outcome, PodPhase, ProbeKind, Pull, StartFailure,
};
use pod_core::pod::{Fate, RestartPolicy};

use super::assert_trace;
use super::sim::{Script, Sim, failure};
use super::spec::{exec, init, main, pod, probe, secs, sidecar, sleep};

/// kuberuntime `SyncPod`: sandbox, then each app one after the other, each with its image first; init apps run to their end.
#[test]
fn init_apps_run_to_their_end_in_order() {
    let spec = pod(RestartPolicy::Never, vec![init("i"), init("j"), main("a"), main("b")]);
    let scripts = [
        ("i", Script::exits(&[(2, 0)])),
        ("j", Script::exits(&[(3, 0)])),
        ("a", Script::exits(&[(1, 0)])),
        ("b", Script::exits(&[(4, 0)])),
    ];
    let mut sim = Sim::new(&spec, &scripts);
    sim.run_to(1);
    assert_eq!(
        (sim.state("i"), sim.state("j"), sim.state("a")),
        ("Running".to_owned(), "PodInitializing".to_owned(), "PodInitializing".to_owned())
    );
    assert_eq!(sim.pod.status().phase, PodPhase::Pending);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_trace(
        &sim,
        "
        0 MakeSandbox
        0 EnsureImage i
        0 Normal Pulled i: Container image \"img:1\" already present on machine and can be accessed by the pod
        0 Start i#0
        0 Normal Created i: Container created
        0 Normal Started i: Container started
        2 EnsureImage j
        2 Normal Pulled j: Container image \"img:1\" already present on machine and can be accessed by the pod
        2 Start j#0
        2 Normal Created j: Container created
        2 Normal Started j: Container started
        5 EnsureImage a
        5 Normal Pulled a: Container image \"img:1\" already present on machine and can be accessed by the pod
        5 Start a#0
        5 Normal Created a: Container created
        5 Normal Started a: Container started
        5 EnsureImage b
        5 Normal Pulled b: Container image \"img:1\" already present on machine and can be accessed by the pod
        5 Start b#0
        5 Normal Created b: Container created
        5 Normal Started b: Container started
        9 Finish Succeeded
    ",
    );
    assert_eq!(sim.pod.status().exit_code(), 0);
    assert_eq!(sim.state("i"), "Completed:0");
}

/// kuberuntime `computeInitContainerActions`: the next step follows a sidecar once it has started, which is after its postStart hook
/// and when its startup probe has passed.
#[test]
fn a_sidecar_holds_up_until_it_has_started() {
    let mut side = sidecar("s");
    side.hooks.post_start = Some(exec("warm up"));
    side.probes.startup = Some(probe());
    let spec = pod(RestartPolicy::Never, vec![side, init("i"), main("a")]);
    let scripts = [
        (
            "s",
            Script::default()
                .hook(Hook::PostStart, 3, Outcome::Success)
                .probe(ProbeKind::Startup, &[failure(), Outcome::Success]),
        ),
        ("i", Script::exits(&[(1, 0)])),
        ("a", Script::exits(&[(5, 0)])),
    ];
    let mut sim = Sim::new(&spec, &scripts);
    sim.run_to(2);
    assert_eq!(sim.state("s"), "PodInitializing");
    sim.run_to(4);
    assert_eq!((sim.state("s"), sim.status("s").started), ("Running".to_owned(), false));
    assert_eq!(sim.pod.status().phase, PodPhase::Pending);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&["Start ", "RunHook", "RunProbe", "Unhealthy", "Signal", "Finish"]),
        [
            "0 Start s#0",
            "0 RunHook s#0 PostStart",
            "3 RunProbe s#0 Startup",
            "3 Warning Unhealthy s: Startup probe failed: no",
            "13 RunProbe s#0 Startup",
            "13 Start i#0",
            "14 Start a#0",
            "19 Signal s#0 Stop",
            "19 Finish Succeeded",
        ]
    );
}

/// kuberuntime `startContainer`: a postStart hook holds up what starts after it, and its app does not show as running meanwhile.
#[test]
fn post_start_holds_up_the_next_app() {
    let mut first = main("a");
    first.hooks.post_start = Some(exec("greet"));
    let spec = pod(RestartPolicy::Always, vec![first, main("b")]);
    let mut sim = Sim::new(&spec, &[("a", Script::default().hook(Hook::PostStart, 7, Outcome::Success))]);
    sim.run_to(6);
    assert_eq!(
        (sim.state("a"), sim.state("b")),
        ("ContainerCreating".to_owned(), "ContainerCreating".to_owned())
    );
    assert_eq!(sim.pod.status().phase, PodPhase::Pending);
    sim.run_to(8);
    assert_eq!((sim.state("a"), sim.state("b")), ("Running".to_owned(), "Running".to_owned()));
    assert_eq!(sim.lines(&["Start "]), ["0 Start a#0", "7 Start b#0"]);
}

/// kuberuntime `startContainer`: a postStart hook that fails kills its app, whose restart policy then decides.
#[test]
fn a_failed_post_start_hook_kills_its_app() {
    let mut only = main("a");
    only.hooks.post_start = Some(exec("greet"));
    only.hooks.pre_stop = Some(exec("bye"));
    let spec = pod(RestartPolicy::Never, vec![only]);
    let mut sim = Sim::new(&spec, &[("a", Script::default().hook(Hook::PostStart, 1, failure()))]);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_trace(
        &sim,
        "
        0 MakeSandbox
        0 EnsureImage a
        0 Normal Pulled a: Container image \"img:1\" already present on machine and can be accessed by the pod
        0 Start a#0
        0 Normal Created a: Container created
        0 Normal Started a: Container started
        0 RunHook a#0 PostStart
        1 Warning FailedPostStartHook a: PostStartHook failed
        1 Normal Killing a: FailedPostStartHook
        1 RunHook a#0 PreStop in 30s
        1 Signal a#0 Stop
        1 Finish Failed
    ",
    );
    assert_eq!(sim.state("a"), "Error:143");
}

/// kubelet `lifecycle/handlers.go`: a hook ends with its app, and has failed then. One that sleeps never troubles the engine.
#[test]
fn a_hook_ends_with_its_app() {
    for (handler, script) in [
        (exec("greet"), Script::exits(&[(2, 0)]).hangs(Hook::PostStart)),
        (sleep(9), Script::exits(&[(2, 0)])),
    ] {
        let mut only = main("a");
        only.hooks.post_start = Some(handler.clone());
        let mut sim = Sim::new(&pod(RestartPolicy::Never, vec![only]), &[("a", script)]);
        assert_eq!(sim.finish(), PodPhase::Succeeded);
        let mut expected = vec!["2 Warning FailedPostStartHook a: PostStartHook failed"];
        if handler == exec("greet") {
            expected.insert(0, "0 RunHook a#0 PostStart");
            expected.insert(1, "2 CancelHook a PostStart");
        }
        assert_eq!(sim.lines(&["Hook"]), expected);
    }
}

#[test]
fn a_post_start_hook_may_sleep() {
    let mut only = main("a");
    only.hooks.post_start = Some(sleep(5));
    let mut sim = Sim::new(&pod(RestartPolicy::Never, vec![only]), &[]);
    sim.run_to(4);
    assert_eq!(sim.state("a"), "ContainerCreating");
    assert_eq!(sim.pod.next_deadline(), Some(sim.now + secs(1)));
    sim.run_to(5);
    assert_eq!(sim.state("a"), "Running");
}

/// images `image_manager.go`: `ErrImagePull`, then `ImagePullBackOff`, 10 s doubling to 300 s; other apps start meanwhile.
#[test]
fn a_failed_pull_backs_off() {
    let spec = pod(RestartPolicy::Never, vec![main("a"), main("b")]);
    let images = vec![Err(ImageFailure::Pull), Err(ImageFailure::Pull), Ok(())];
    let mut sim = Sim::new(
        &spec,
        &[("a", Script { images, ..Script::exits(&[(1, 0)]) }), ("b", Script::exits(&[(1, 0)]))],
    );
    sim.run_to(0);
    assert_eq!(sim.state("a"), "ErrImagePull");
    sim.run_to(5);
    assert_eq!(sim.state("a"), "ImagePullBackOff");
    let waiting = &sim.status("a").state;
    assert_eq!(
        serde_json::to_value(waiting).unwrap()["waiting"]["message"],
        "Back-off pulling image \"img:1\": ErrImagePull: no such image"
    );
    assert_eq!(sim.state("b"), "Completed:0");
    assert_eq!(sim.pod.status().phase, PodPhase::Pending);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&[" a:", " a#", "Image a"]),
        [
            "0 EnsureImage a",
            "0 Warning Failed a: Failed to pull image \"img:1\": no such image",
            "0 Warning Failed a: Error: ErrImagePull",
            "1 Normal BackOff a: Back-off pulling image \"img:1\"",
            "1 Warning Failed a: Error: ImagePullBackOff",
            "10 EnsureImage a",
            "10 Warning Failed a: Failed to pull image \"img:1\": no such image",
            "10 Warning Failed a: Error: ErrImagePull",
            "11 Normal BackOff a: Back-off pulling image \"img:1\"",
            "11 Warning Failed a: Error: ImagePullBackOff",
            "30 EnsureImage a",
            "30 Normal Pulled a: Container image \"img:1\" already present on machine and can be accessed by the pod",
            "30 Start a#0",
            "30 Normal Created a: Container created",
            "30 Normal Started a: Container started",
        ]
    );
}

/// images `image_manager.go`: the other failures of an image, and the words of a pull.
#[test]
fn images_fail_by_name_and_by_policy() {
    for (failure, state, line) in [
        (
            ImageFailure::NeverPull,
            "ErrImageNeverPull",
            "0 Warning ErrImageNeverPull a: Container image \"img:1\" is not present with pull policy of Never",
        ),
        (
            ImageFailure::InvalidName,
            "InvalidImageName",
            "0 Warning InspectFailed a: Failed to apply default image tag \"img:1\": no such image",
        ),
    ] {
        let spec = pod(RestartPolicy::Never, vec![main("a")]);
        let mut sim = Sim::new(&spec, &[("a", Script { images: vec![Err(failure)], ..Script::default() })]);
        sim.run_to(9);
        assert_eq!(sim.state("a"), state);
        assert_eq!(sim.lines(&["Warning"]), [line, &format!("0 Warning Failed a: Error: {state}")]);
        sim.run_to(100);
        assert_eq!(sim.lines(&["EnsureImage"]).len(), 4, "{}", sim.text());
    }
    let mut sim = Sim::new(&pod(RestartPolicy::Never, vec![main("a")]), &[]);
    sim.run_to(0);
    let mut pod = pod_core::lifecycle::Pod::new(&pod(RestartPolicy::Never, vec![main("a")]), sim.now);
    let app = || "a".parse().unwrap();
    pod.handle(Event::SandboxReady { facts: Default::default() }, sim.now);
    pod.handle(Event::ImagePulling { app: app() }, sim.now);
    let pull = Some(Pull { took: std::time::Duration::from_micros(1_234_567), size: 42 });
    pod.handle(Event::ImageReady { app: app(), image_id: String::new(), pull }, sim.now);
    let told: Vec<String> = std::iter::from_fn(|| pod.poll_action())
        .filter_map(|action| match action {
            pod_core::lifecycle::Action::Notify(notice) => {
                Some(format!("{} {}", notice.reason, notice.message))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            "Pulling Pulling image \"img:1\"",
            "Pulled Successfully pulled image \"img:1\" in 1.234s (1.234s including waiting). Image size: 42 bytes.",
        ]
    );
}

/// kuberuntime `startContainer`: what cannot be created has no container yet, and is tried again whatever the policy says; what
/// cannot be run has ended, as containerd's `StartError` with exit code 128.
#[test]
fn failed_starts() {
    for (start, state) in
        [(StartFailure::Config, "CreateContainerConfigError"), (StartFailure::Create, "CreateContainerError")]
    {
        let spec = pod(RestartPolicy::Never, vec![main("a")]);
        let script = Script { starts: vec![Err(start), Ok(())], ..Script::exits(&[(1, 0)]) };
        let mut sim = Sim::new(&spec, &[("a", script)]);
        sim.run_to(1);
        assert_eq!((sim.state("a").as_str(), sim.pod.status().phase), (state, PodPhase::Pending));
        assert_eq!(sim.finish(), PodPhase::Succeeded);
        assert_eq!(
            sim.lines(&["Start ", "Failed"]),
            ["0 Start a#0", "0 Warning Failed a: Error: cannot", "10 Start a#1"]
        );
        assert_eq!(sim.status("a").restart_count, 0);
    }
    let never = pod(RestartPolicy::Never, vec![main("a")]);
    let script = Script { starts: vec![Err(StartFailure::Run)], ..Script::default() };
    let mut sim = Sim::new(&never, &[("a", script.clone())]);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!((sim.state("a").as_str(), sim.pod.status().exit_code()), ("StartError:128", 128));

    let always = pod(RestartPolicy::Always, vec![main("a")]);
    let mut sim = Sim::new(&always, &[("a", script)]);
    sim.run_to(0);
    assert_eq!(sim.state("a"), "RunContainerError < StartError:128");
    sim.run_to(2);
    assert_eq!(sim.state("a"), "CrashLoopBackOff < StartError:128");
    sim.run_to(31);
    assert_eq!(sim.lines(&["Start "]), ["0 Start a#0", "0 Start a#1", "10 Start a#2", "30 Start a#3"]);
}

/// kuberuntime `SyncPod`: a sandbox that cannot be made is tried again.
#[test]
fn a_failed_sandbox_is_tried_again() {
    let spec = pod(RestartPolicy::Never, vec![main("a")]);
    let script = [("a", Script::exits(&[(1, 0)]))];
    let mut sim = Sim::with_sandbox(&spec, &script, &[Err("no network"), Err("no network"), Ok(())]);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&["Sandbox", "Sand", "Start "]),
        [
            "0 Warning FailedCreatePodSandBox: Failed to create pod sandbox: no network",
            "10 MakeSandbox",
            "10 Warning FailedCreatePodSandBox: Failed to create pod sandbox: no network",
            "30 MakeSandbox",
            "30 Start a#0",
        ]
    );
}

/// App Container executor specification, "pod" and "hooks": the first failure ends the pod, whatever it is.
#[test]
fn in_a_shared_fate_the_first_failure_ends_the_pod() {
    let shared = || {
        let mut spec = pod(RestartPolicy::Never, vec![main("a"), main("b")]);
        spec.fate = Fate::Shared;
        spec
    };
    let b = ("b", Script::default());
    for (script, state) in [
        (Script::exits(&[(3, 7)]), "Error:7"),
        (Script { images: vec![Err(ImageFailure::NeverPull)], ..Script::default() }, "ErrImageNeverPull:128"),
        (Script { starts: vec![Err(StartFailure::Create)], ..Script::default() }, "CreateContainerError:128"),
        (Script { starts: vec![Err(StartFailure::Run)], ..Script::default() }, "StartError:128"),
    ] {
        let mut sim = Sim::new(&shared(), &[("a", script), b.clone()]);
        assert_eq!(sim.finish(), PodPhase::Failed);
        assert_eq!(sim.state("a"), state);
    }
    // What stopping the other came to does not count, though it stands first.
    let slow = ("a", Script { stops_in: Some(1), ..Script::default() });
    let mut sim = Sim::new(&shared(), &[slow, ("b", Script::exits(&[(3, 7)]))]);
    sim.finish();
    assert_eq!((sim.state("a"), sim.state("b")), ("Error:143".to_owned(), "Error:7".to_owned()));
    let status = sim.pod.status();
    assert_eq!((status.exit_code_of(Fate::Shared), status.exit_code_of(Fate::Independent)), (7, 143));

    let mut sim = Sim::with_sandbox(&shared(), &[], &[Err("no network")]);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(sim.pod.status().reason, "FailedCreatePodSandBox");

    let ends = ("a", Script::exits(&[(3, 0)]));
    let mut sim = Sim::new(&shared(), &[ends, ("b", Script::exits(&[(9, 0)]))]);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(sim.lines(&["Signal", "Finish"]), ["9 Finish Succeeded"]);
}

/// App Container: pre-start before each start, post-stop after each end.
#[test]
fn app_container_hooks() {
    let mut only = main("a");
    only.hooks.pre_start = Some(exec("prepare"));
    only.hooks.post_stop = Some(exec("tidy"));
    let spec = pod(RestartPolicy::Never, vec![only]);
    let script = Script::exits(&[(1, 0)]).hook(Hook::PreStart, 2, Outcome::Success);
    let mut sim = Sim::new(&spec, &[("a", script.clone().hook(Hook::PostStop, 3, failure()))]);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(
        sim.lines(&["Start ", "Hook", "Finish"]),
        [
            "0 RunHook a#0 PreStart",
            "2 Start a#0",
            "3 RunHook a#0 PostStop in 30s",
            "6 Warning FailedPostStopHook a: PostStopHook failed",
            "6 Finish Succeeded",
        ]
    );
    let mut sim = Sim::new(&spec, &[("a", script.clone().hangs(Hook::PostStop))]);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(sim.lines(&["CancelHook", "Finish"]), ["33 CancelHook a PostStop", "33 Finish Succeeded"]);

    let mut sim = Sim::new(&spec, &[("a", script.hook(Hook::PreStart, 2, failure()))]);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!((sim.state("a").as_str(), sim.lines(&["Start "]).len()), ("PreStartHookError:128", 0));
}

/// kuberuntime `computePodActions`: an init app that fails for good fails the pod, and the main apps never have their turn.
#[test]
fn a_failed_init_app_fails_the_pod() {
    let spec = pod(RestartPolicy::Never, vec![sidecar("s"), init("i"), main("a")]);
    let slow = Script { stops_in: Some(5), ..Script::default() };
    let mut sim = Sim::new(&spec, &[("i", Script::exits(&[(2, 3)])), ("s", slow)]);
    sim.run_to(4);
    assert_eq!((sim.state("s").as_str(), sim.pod.status().phase), ("Running", PodPhase::Failed));
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(
        (sim.state("s"), sim.state("i"), sim.state("a")),
        ("Error:143".to_owned(), "Error:3".to_owned(), "PodInitializing".to_owned())
    );
    assert_eq!(sim.pod.status().exit_code(), 3);
}

/// An engine may tell of an end before the start, and twice.
#[test]
fn answers_may_come_late_early_and_twice() {
    let mut machine = pod_core::lifecycle::Pod::new(
        &pod(RestartPolicy::Never, vec![main("a")]),
        pod_core::Timestamp::UNIX_EPOCH,
    );
    let app: pod_core::pod::AppName = "a".parse().unwrap();
    let now = pod_core::Timestamp::UNIX_EPOCH;
    let exit = |attempt| Event::Exited {
        app: app.clone(),
        attempt,
        status: ExitStatus::Code(0),
        oom_killed: false,
        message: "bye".to_owned(),
    };
    machine.handle(exit(0), now);
    machine.handle(Event::SandboxReady { facts: Default::default() }, now);
    machine.handle(Event::SandboxReady { facts: Default::default() }, now);
    for _ in 0..2 {
        machine.handle(Event::ImageReady { app: app.clone(), image_id: "x".to_owned(), pull: None }, now);
    }
    machine.handle(exit(1), now);
    assert_eq!(machine.status().phase, PodPhase::Pending);
    machine.handle(exit(0), now);
    machine.handle(exit(0), now);
    machine.handle(Event::Started { app, attempt: 0 }, now);
    assert!(machine.is_finished());
    assert_eq!(machine.status().phase, PodPhase::Succeeded);
}

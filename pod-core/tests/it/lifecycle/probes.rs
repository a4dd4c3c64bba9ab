//! Probes: kubelet `prober/worker.go` and `prober/prober.go`.

use pod_core::lifecycle::{Hook, Outcome, PodPhase, ProbeKind};
use pod_core::pod::{App, Probe, RestartPolicy};

use super::sim::{Script, Sim, failure};
use super::spec::{exec, main, pod, probe, secs};

fn with(set: impl Fn(&mut App)) -> App {
    let mut app = main("a");
    set(&mut app);
    app
}

fn run(app: App, policy: RestartPolicy, script: Script) -> Sim {
    Sim::new(&pod(policy, vec![app]), &[("a", script)])
}

/// An app with a readiness probe is not ready until it says so, and not ready again only after its threshold of failures in a row.
#[test]
fn readiness_follows_its_thresholds() {
    let app = with(|app| {
        app.probes.readiness = Some(Probe { success_threshold: 2, failure_threshold: 3, ..probe() });
    });
    let ok = Outcome::Success;
    let answers = [
        failure(),
        ok.clone(),
        failure(),
        ok.clone(),
        ok.clone(),
        failure(),
        failure(),
        ok.clone(),
        failure(),
        failure(),
        failure(),
        ok,
    ];
    let mut sim = run(app, RestartPolicy::Always, Script::default().probe(ProbeKind::Readiness, &answers));
    let ready: Vec<bool> = (0..13)
        .map(|step| {
            sim.run_to(step * 10 + 1);
            sim.status("a").ready
        })
        .collect();
    // One success is not enough (1, 3), one or two failures are not enough (5, 6, 8, 9).
    let expected = [false, false, false, false, true, true, true, true, true, true, false, false, true];
    assert_eq!(ready, expected, "{}", sim.text());
    assert_eq!(sim.state("a"), "Running");
}

/// Without a readiness probe an app is ready when it runs.
#[test]
fn without_a_probe_running_is_ready() {
    let mut sim = run(main("a"), RestartPolicy::Always, Script::default());
    assert!(!sim.status("a").ready);
    sim.run_to(1);
    assert!(sim.status("a").ready && sim.status("a").started);
}

/// Initial delay, then the period; the delay counts from the start of the app, also when its postStart hook took some of it.
#[test]
fn delay_and_period() {
    for (hook, expected) in [
        (
            None,
            [
                "0 Start a#0",
                "15 RunProbe a#0 Readiness",
                "22 RunProbe a#0 Readiness",
                "29 RunProbe a#0 Readiness",
            ],
        ),
        (
            Some(3),
            [
                "0 Start a#0",
                "15 RunProbe a#0 Readiness",
                "22 RunProbe a#0 Readiness",
                "29 RunProbe a#0 Readiness",
            ],
        ),
        (
            Some(20),
            [
                "0 Start a#0",
                "20 RunProbe a#0 Readiness",
                "27 RunProbe a#0 Readiness",
                "34 RunProbe a#0 Readiness",
            ],
        ),
    ] {
        let app = with(|app| {
            app.probes.readiness = Some(Probe { initial_delay: secs(15), period: secs(7), ..probe() });
            app.hooks.post_start = hook.map(|_| exec("hook"));
        });
        let script = Script::default().hook(Hook::PostStart, hook.unwrap_or(0), Outcome::Success);
        let mut sim = run(app, RestartPolicy::Always, script);
        sim.run_to(35);
        assert_eq!(sim.lines(&["Start ", "RunProbe"])[..4], expected);
    }
}

/// A probe that takes longer than its period is followed at once, and never by two at a time.
#[test]
fn a_slow_probe_is_followed_at_once() {
    let app = with(|app| {
        app.probes.readiness = Some(Probe { period: secs(2), timeout: secs(5), ..probe() });
    });
    let mut script = Script::default();
    script
        .probes
        .insert(ProbeKind::Readiness, vec![Some((4500, Outcome::Success)), Some((0, Outcome::Success))]);
    let mut sim = run(app, RestartPolicy::Always, script);
    sim.run_to(9);
    assert_eq!(
        sim.lines(&["RunProbe"]),
        [
            "0 RunProbe a#0 Readiness",
            "4.5 RunProbe a#0 Readiness",
            "6.5 RunProbe a#0 Readiness",
            "8.5 RunProbe a#0 Readiness"
        ]
    );
}

/// The API server lets no period below a second pass; neither does the machine, which would not come to rest.
#[test]
fn a_period_of_nothing_is_a_second() {
    let app = with(|app| app.probes.readiness = Some(Probe { period: secs(0), ..probe() }));
    let mut sim = run(app, RestartPolicy::Always, Script::default());
    sim.run_to(5);
    assert_eq!(sim.lines(&["RunProbe"]).len(), 6);
}

/// Liveness: the threshold of failures in a row kills, by the policy restarts, and nothing is asked until the next run.
#[test]
fn liveness_kills_and_restarts() {
    let app = with(|app| app.probes.liveness = Some(probe()));
    let ok = Outcome::Success;
    let answers = [failure(), failure(), ok.clone(), failure(), failure(), failure(), ok];
    let script = Script { stops_in: Some(5), ..Script::default() }.probe(ProbeKind::Liveness, &answers);
    let mut sim = run(app.clone(), RestartPolicy::OnFailure, script.clone());
    sim.run_to(60);
    assert_eq!(
        sim.lines(&["Start ", "RunProbe", "Unhealthy", "Killing", "Signal"]),
        [
            "0 Start a#0",
            "0 RunProbe a#0 Liveness",
            "0 Warning Unhealthy a: Liveness probe failed: no",
            "10 RunProbe a#0 Liveness",
            "10 Warning Unhealthy a: Liveness probe failed: no",
            "20 RunProbe a#0 Liveness",
            "30 RunProbe a#0 Liveness",
            "30 Warning Unhealthy a: Liveness probe failed: no",
            "40 RunProbe a#0 Liveness",
            "40 Warning Unhealthy a: Liveness probe failed: no",
            "50 RunProbe a#0 Liveness",
            "50 Warning Unhealthy a: Liveness probe failed: no",
            "50 Normal Killing a: Container a failed liveness probe, will be restarted",
            "50 Signal a#0 Stop",
            "55 Start a#1",
            "55 RunProbe a#1 Liveness",
        ]
    );
    assert_eq!(sim.state("a"), "Running < Error:143");

    let mut sim = run(app, RestartPolicy::Never, script);
    assert_eq!(sim.finish(), PodPhase::Failed);
    assert_eq!(sim.lines(&["Killing"]), ["50 Normal Killing a: Container a failed liveness probe"]);
}

/// `setTerminationGracePeriod`: a probe's own grace period replaces the pod's.
#[test]
fn a_probe_may_have_its_own_grace_period() {
    let app = with(|app| {
        app.hooks.pre_stop = Some(exec("bye"));
        app.probes.liveness =
            Some(Probe { failure_threshold: 1, termination_grace: Some(secs(4)), ..probe() });
    });
    let script = Script { stops_in: None, ..Script::default() }
        .probe(ProbeKind::Liveness, &[failure(), Outcome::Success]);
    let mut sim = run(app, RestartPolicy::Always, script);
    sim.run_to(5);
    assert_eq!(
        sim.lines(&["Hook", "Signal"]),
        ["0 RunHook a#0 PreStop in 4s", "0 Signal a#0 Stop", "4 Signal a#0 Kill"]
    );
}

/// Startup: the others wait for it; its first success ends it, its threshold of failures kills.
#[test]
fn startup_gates_the_others() {
    let app = with(|app| {
        app.probes.startup = Some(Probe { failure_threshold: 3, period: secs(5), ..probe() });
        app.probes.liveness = Some(probe());
        app.probes.readiness = Some(Probe { initial_delay: secs(8), ..probe() });
    });
    let script = Script::default().probe(ProbeKind::Startup, &[failure(), failure(), Outcome::Success]);
    let mut sim = run(app.clone(), RestartPolicy::Always, script);
    sim.run_to(9);
    assert_eq!((sim.status("a").started, sim.status("a").ready), (false, false));
    sim.run_to(25);
    assert_eq!((sim.status("a").started, sim.status("a").ready), (true, true));
    assert_eq!(
        sim.lines(&["RunProbe"]),
        [
            "0 RunProbe a#0 Startup",
            "5 RunProbe a#0 Startup",
            "10 RunProbe a#0 Startup",
            "10 RunProbe a#0 Liveness",
            "10 RunProbe a#0 Readiness",
            "20 RunProbe a#0 Liveness",
            "20 RunProbe a#0 Readiness",
        ]
    );

    let mut sim = run(app, RestartPolicy::Always, Script::default().probe(ProbeKind::Startup, &[failure()]));
    sim.run_to(12);
    assert_eq!(
        sim.lines(&["Start ", "Killing"]),
        [
            "0 Start a#0",
            "10 Normal Killing a: Container a failed startup probe, will be restarted",
            "10 Start a#1"
        ]
    );
}

/// An app is not ready before it has started, whatever else it has.
#[test]
fn not_ready_before_started() {
    let app = with(|app| app.probes.startup = Some(probe()));
    let script = Script::default().probe(ProbeKind::Startup, &[failure(), Outcome::Success]);
    let mut sim = run(app, RestartPolicy::Always, script);
    sim.run_to(5);
    assert_eq!((sim.state("a").as_str(), sim.status("a").ready), ("Running", false));
    sim.run_to(10);
    assert!(sim.status("a").ready);
}

/// `prober.probe`: what could not be asked says nothing, but is told; what took too long has failed, in the words of its kind.
#[test]
fn errors_say_nothing_and_timeouts_fail() {
    let app = with(|app| {
        app.probes.readiness = Some(Probe { failure_threshold: 1, handler: exec("cat /ready"), ..probe() });
    });
    let answers = [Outcome::Success, Outcome::Error("no such file".to_owned()), Outcome::TimedOut];
    let mut sim = run(app, RestartPolicy::Always, Script::default().probe(ProbeKind::Readiness, &answers));
    sim.run_to(11);
    assert!(sim.status("a").ready);
    sim.run_to(21);
    assert!(!sim.status("a").ready);
    assert_eq!(
        sim.lines(&["Unhealthy"]),
        [
            "10 Warning Unhealthy a: Readiness probe errored and resulted in unknown state: no such file",
            "20 Warning Unhealthy a: Readiness probe failed: command timed out: \"cat /ready\" timed out after 1s",
        ]
    );
}

/// A new run begins anew: not ready, and counting from nothing.
#[test]
fn a_new_run_begins_anew() {
    let app = with(|app| app.probes.readiness = Some(Probe { success_threshold: 2, ..probe() }));
    let mut sim = run(app, RestartPolicy::Always, Script::exits(&[(25, 1), (1000, 0)]));
    sim.run_to(24);
    assert!(sim.status("a").ready);
    sim.run_to(26);
    assert_eq!((sim.state("a"), sim.status("a").ready), ("Running < Error:1".to_owned(), false));
    sim.run_to(36);
    assert!(sim.status("a").ready);
}

/// A probe that is being asked ends with its app.
#[test]
fn probes_end_with_their_app() {
    let app = with(|app| app.probes.readiness = Some(probe()));
    let mut script = Script::exits(&[(3, 0)]);
    script.probes.insert(ProbeKind::Readiness, vec![None]);
    let mut sim = run(app, RestartPolicy::Never, script);
    assert_eq!(sim.finish(), PodPhase::Succeeded);
    assert_eq!(sim.lines(&["Probe"]), ["0 RunProbe a#0 Readiness", "3 CancelProbe a Readiness"]);
}

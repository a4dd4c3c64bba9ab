//! A monitor that is killed at any moment, and garbage collection after it.

use std::fs;
use std::time::Duration;

use pod_core::pod::{AppKind, PidIsolation, PodSpec, Shared, VolumeSource};
use rustix::process::Signal;

use crate::fixture::{Host, app, empty_dir, exec, leftovers, mount, pod, probe, volume};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("a killed monitor leaves nothing after collection", Needs::Pod, at_any_moment),
    ("a monitor killed while its pod runs", Needs::Pod, while_running),
    ("a pod that runs is not collected", Needs::Pod, alive),
    ("a killed collector is taken over by the next one", Needs::Pod, in_collection),
];

/// A pod with something of everything that has to be cleared up.
fn busy_pod() -> PodSpec {
    let mut init = app("init", "echo init > /shared/a");
    init.kind = AppKind::Init;
    init.mounts = vec![mount("shared", "/shared"), mount("memory", "/memory")];
    let mut main = app("main", "sleep 100 & while :; do echo x; sleep 0.01; done");
    main.mounts = init.mounts.clone();
    main.probes.readiness = Some(probe(exec("sleep 0.1")));
    let mut spec = pod(vec![init, main, app("other", "sleep 100")]);
    spec.volumes = vec![
        volume("shared", empty_dir()),
        volume(
            "memory",
            VolumeSource::EmptyDir { memory: true, size_limit: None, mode: 0o777, uid: 0, gid: 0 },
        ),
    ];
    spec
}

fn assert_nothing(host: &Host, spec: &PodSpec, when: &str) {
    let report = host.gc();
    assert!(report.failed.is_empty(), "{when}: {:?}", report.failed);
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new(), "{when}");
    for stage in fs::read_dir(host.engine.data_dir().join("pods")).unwrap() {
        let stage = stage.unwrap().path();
        assert_eq!(fs::read_dir(&stage).unwrap().count(), 0, "{when}: {}", stage.display());
    }
    assert_eq!(namespaces_of(host), 0, "{when}");
}

/// Processes that still see the data directory in their own mounts: orphans of any kind.
fn namespaces_of(host: &Host) -> usize {
    let text = host.engine.data_dir().to_str().unwrap().to_owned();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            fs::read_to_string(entry.path().join("mountinfo")).is_ok_and(|info| info.contains(&text))
        })
        .count()
}

fn at_any_moment() {
    let rounds = if std::env::var("PODKIT_SOAK").as_deref() == Ok("yes") { 1000 } else { 20 };
    let host = Host::new();
    for round in 0..rounds {
        let mut spec = busy_pod();
        if round % 5 == 4 {
            spec.isolation.pid = PidIsolation::Host;
            spec.isolation.network = Shared::Host;
        }
        let monitor = host.spawn(&spec);
        // From before there is a directory until all runs: the whole way takes some tens of milliseconds.
        let delay = Duration::from_micros(u64::from(fastrand(round)) % 60_000);
        std::thread::sleep(delay);
        monitor.signal(Signal::KILL);
        let story = monitor.finish();
        assert!(story.status.is_none());
        assert_nothing(&host, &spec, &format!("round {round}, after {delay:?}"));
    }
}

/// A number that differs from round to round and from run to run.
fn fastrand(round: u32) -> u32 {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    time.subsec_nanos().wrapping_mul(2_654_435_761).wrapping_add(round.wrapping_mul(40_503))
}

fn while_running() {
    let host = Host::new();
    let spec = busy_pod();
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("x");
    assert!(!leftovers(host.path(), spec.uid).is_empty());
    monitor.signal(Signal::KILL);
    drop(monitor.finish());
    assert_nothing(&host, &spec, "while it ran");
}

fn alive() {
    let host = Host::new();
    let spec = pod(vec![app("a", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.1; done")]);
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("up");
    let report = host.gc();
    assert!(report.marked.is_empty() && report.deleted.is_empty() && report.failed.is_empty());
    let entry = host.engine.pod(&spec.uid.to_string()).unwrap();
    assert_eq!(entry.state, pod_engine::PodState::Running);
    monitor.signal(Signal::TERM);
    assert_eq!(monitor.finish().output("a"), ["bye"]);
}

fn in_collection() {
    use std::process::{Command, Stdio};
    let host = Host::new();
    for round in 0..5 {
        let spec = busy_pod();
        let mut monitor = host.spawn(&spec);
        monitor.wait_for("x");
        monitor.signal(Signal::KILL);
        drop(monitor.finish());
        let mut collector = Command::new(std::env::current_exe().unwrap())
            .arg(crate::monitor::COLLECT)
            .arg(host.engine.data_dir())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(u64::from(fastrand(round)) % 20_000));
        collector.kill().unwrap();
        collector.wait().unwrap();
        assert_nothing(&host, &spec, "after a killed collector");
    }
}

//! What may happen to a monitor itself, and what it leaves of the processes under it.

use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::time::Duration;

use pod_core::lifecycle::ExitStatus;
use pod_core::pod::{PidIsolation, PodSpec, RestartPolicy};
use pod_engine::{Goal, LogOptions};
use rustix::process::{Pid, Signal, kill_process};

use crate::fixture::{Host, app, empty_dir, exec, mount, pod, probe, volume};
use crate::session::{code, owner, run, shell};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("a service manager is told", Needs::Pod, service),
    ("a monitor that was stopped goes on", Needs::Pod, stopped),
    ("a monitor that is traced goes on", Needs::Trace, traced),
    ("a monitor that starves loses nothing", Needs::Pod, starved),
    ("a monitor leaves no zombies", Needs::Pod, zombies),
    ("orphans end with their app", Needs::Pod, orphans),
    ("a pull that goes on when the pod is to end is interrupted", Needs::Pod, interrupted),
];

/// Counts as fast as it is let, and ends well when it is asked to.
const COUNTS: &str = "trap 'exit 3' TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done";

/// The numbers in an app's log are all there, in their order.
#[track_caller]
fn assert_all_there(host: &Host, spec: &PodSpec) {
    let entry = host.pod(spec);
    let mut numbers = Vec::new();
    let mut each = |line: pod_engine::LogLine<'_>| {
        numbers.push(String::from_utf8_lossy(line.text).parse::<u32>().unwrap());
        ControlFlow::Continue(())
    };
    entry.logs(entry.app(None).unwrap(), &LogOptions::default(), &mut each).unwrap();
    let in_order = numbers.iter().zip(1..).all(|(number, count)| *number == count);
    assert!(numbers.len() > 3 && in_order, "{numbers:?}");
}

/// A debugger that comes and goes: each system call is held up, and SIGSTOPs are sent behind the monitor's back.
fn traced() {
    let host = Host::new();
    let spec = pod(vec![app("a", COUNTS)]);
    host.start(&spec).unwrap();
    let monitor = owner(&host, &spec);
    for _ in 0..3 {
        let mut strace = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-p", &monitor.as_raw_nonzero().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let status =
            || std::fs::read_to_string(format!("/proc/{}/status", monitor.as_raw_nonzero())).unwrap();
        while status().contains("TracerPid:\t0\n") {
            std::thread::sleep(Duration::from_millis(5));
        }
        // It answers while it is traced.
        assert_eq!(run(&host, &spec, &shell("exit 6"), None).0, ExitStatus::Code(6));
        let tracer = Pid::from_raw(i32::try_from(strace.id()).unwrap()).unwrap();
        kill_process(tracer, Signal::INT).unwrap();
        strace.wait().unwrap();
    }
    host.pod(&spec).stop(None).unwrap();
    assert_eq!(code(&host, &spec), Some(ExitStatus::Code(3)));
    assert_all_there(&host, &spec);
}

/// The monitor has what the others leave of one processor, which is next to nothing.
fn starved() {
    let host = Host::new();
    let spec = pod(vec![app("a", COUNTS)]);
    host.start(&spec).unwrap();
    let monitor = owner(&host, &spec).as_raw_nonzero().to_string();
    let quietly = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        assert!(command.args(arguments).stdout(Stdio::null()).status().unwrap().success(), "{program}");
    };
    quietly("taskset", &["-apc", "0", &monitor]);
    quietly("chrt", &["-aip", "0", &monitor]);
    let mut hogs: Vec<_> = (0..3)
        .map(|_| {
            Command::new("taskset").args(["-c", "0", "sh", "-c", "while :; do :; done"]).spawn().unwrap()
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let stopped = host.pod(&spec).stop(None);
    for hog in &mut hogs {
        hog.kill().unwrap();
        hog.wait().unwrap();
    }
    stopped.unwrap();
    assert_eq!(code(&host, &spec), Some(ExitStatus::Code(3)));
    assert_all_there(&host, &spec);
}

/// The states of a process's children, by number.
fn children(parent: Pid) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let mut fields = rest.split(' ');
        let (state, of) = (fields.next().unwrap(), fields.next().unwrap());
        if of == parent.as_raw_nonzero().to_string() {
            found.push((entry.file_name().to_string_lossy().into_owned(), state.to_owned()));
        }
    }
    found
}

/// Probes, hooks and commands come and go, and what an app has abandoned is taken note of by the first process of its namespace.
fn zombies() {
    let host = Host::new();
    let mut main = app("a", "sleep 1000 & sleep 1000");
    main.probes.readiness = Some(probe(exec("true")));
    main.hooks.post_start = Some(exec("true"));
    let mut spec = pod(vec![main, app("b", "sleep 1000")]);
    spec.isolation.pid = PidIsolation::Pod;
    host.start(&spec).unwrap();
    let monitor = owner(&host, &spec);
    for _ in 0..20 {
        // Each leaves a child behind that ends at once, with nobody to wait for it.
        assert_eq!(run(&host, &spec, &shell("(true &) ; exit 2"), None).0, ExitStatus::Code(2));
    }
    host.engine.wait(spec.uid, Goal::Ready, Some(Duration::from_secs(30))).unwrap().unwrap();
    let zombies = |of: Pid| children(of).into_iter().filter(|(_, state)| state == "Z").count();
    // One that has just ended is no sin: it is gone a moment later.
    let clean = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        zombies(monitor) == 0
    });
    assert!(clean, "{:?}", children(monitor));
    let inside = || run(&host, &spec, &shell("grep -l 'State:.Z' /proc/[0-9]*/status | wc -l"), None).1;
    let clean = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        inside().trim() == "0"
    });
    assert!(clean, "{} zombies in the pod", inside());
    host.pod(&spec).stop(Some(Duration::ZERO)).unwrap();
}

/// What an app has started and abandoned ends with it, before it starts again; also among the host's processes.
fn orphans() {
    for pid in [PidIsolation::App, PidIsolation::Pod, PidIsolation::Host] {
        let host = Host::new();
        // A child in a session of its own, whose parent is gone: nobody but namespace and control group know whose it is.
        let script = "if test -e /v/beat; then \
              before=$(wc -c < /v/beat); sleep 0.3; test $before -eq $(wc -c < /v/beat) && exit 0; exit 9; \
            fi; \
            (busybox setsid sh -c 'while :; do echo x >> /v/beat; sleep 0.02; done' &); \
            until test -s /v/beat; do sleep 0.02; done; exit 1";
        let mut main = app("a", script);
        main.restart_policy = Some(RestartPolicy::OnFailure);
        main.mounts = vec![mount("v", "/v")];
        let mut spec = pod(vec![main]);
        spec.volumes = vec![volume("v", empty_dir())];
        spec.isolation.pid = pid;
        let story = host.run(&spec);
        let status = story.status();
        assert_eq!((status.exit_code(), status.apps[0].restart_count), (0, 1), "{pid:?}: {:#?}", story.lines);
    }
}

/// Nobody waits for a pull that is not wanted any more.
fn interrupted() {
    let host = Host::new();
    let mut held = app("held", "exit 1");
    held.image = "until interrupted".to_owned();
    held.restart_policy = Some(RestartPolicy::Always);
    let spec = pod(vec![held]);
    host.start(&spec).unwrap();
    while !host.path().join("asked again").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    host.pod(&spec).stop(None).unwrap();
    // The monitor ends only when nobody works for it any more.
    host.engine.wait(spec.uid, Goal::Exited, Some(Duration::from_secs(60))).unwrap().unwrap();
    assert!(host.path().join("interrupted").exists());
}

fn service() {
    let host = Host::new();
    let socket = std::os::unix::net::UnixDatagram::bind(host.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut main = app("a", "sleep 0.3; touch /tmp/ready; trap 'exit 0' TERM; while :; do sleep 0.05; done");
    main.probes.readiness = Some(probe(exec("test -e /tmp/ready")));
    let spec = pod(vec![main]);
    let prepared = host.engine.prepare(&spec, &mut crate::monitor::OneImage(host.image())).unwrap();
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.arg(crate::monitor::BACKGROUND).arg(host.engine.data_dir()).arg(spec.uid.to_string());
    command.arg(host.image()).env("NOTIFY_SOCKET", host.path().join("notify"));
    host.engine.start(prepared, &mut command).unwrap();
    let next = || {
        let mut buffer = [0; 256];
        let count = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..count].to_vec()).unwrap()
    };
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|text: &String| text.contains("READY=1")) {
        seen.push(next());
    }
    assert_eq!(seen.first().map(String::as_str), Some("STATUS=Pending, 0 of 1 apps run\n"));
    assert_eq!(seen.last().map(String::as_str), Some("STATUS=Running, 1 of 1 apps run\nREADY=1\n"));
    host.pod(&spec).stop(None).unwrap();
    while seen.last().is_none_or(|text| text != "STOPPING=1\n") {
        seen.push(next());
    }
    assert_eq!(seen.iter().filter(|text| text.contains("READY=1")).count(), 1);
}

/// Whoever stops and continues the monitor only delays what it does: nothing is lost, and no probe is held against the app.
fn stopped() {
    let host = Host::new();
    let mut main = app("a", COUNTS);
    let mut alive = probe(exec("true"));
    alive.failure_threshold = 1;
    main.probes.liveness = Some(alive);
    let spec = pod(vec![main]);
    host.start(&spec).unwrap();
    let monitor = owner(&host, &spec);
    let entry = host.pod(&spec);
    for _ in 0..3 {
        kill_process(monitor, Signal::STOP).unwrap();
        // Longer than the probe's period and its time limit.
        std::thread::sleep(Duration::from_millis(1500));
        kill_process(monitor, Signal::CONT).unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    // Asked while it sleeps, it answers when it wakes.
    kill_process(monitor, Signal::STOP).unwrap();
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| entry.stop(None));
        std::thread::sleep(Duration::from_millis(200));
        kill_process(monitor, Signal::CONT).unwrap();
        stopping.join().unwrap().unwrap();
    });
    assert_eq!(code(&host, &spec), Some(ExitStatus::Code(3)));
    assert_eq!(host.pod(&spec).status.unwrap().apps[0].restart_count, 0);
    assert_all_there(&host, &spec);
}

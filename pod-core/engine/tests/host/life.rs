//! From start to end: exit codes, output, restarts, last words.

use std::time::Duration;

use pod_core::lifecycle::{AppState, ExitStatus, PodPhase};
use pod_core::pod::{AppKind, PidIsolation, RestartPolicy, Shared, TerminationMessagePolicy};
use pod_engine::PodState;

use crate::fixture::{Host, app, empty_dir, exec, leftovers, mount, pod, volume};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("a pod runs and leaves nothing", Needs::Pod, runs),
    ("the exit status of an app", Needs::Pod, exit_status),
    ("a program that is not there", Needs::Pod, no_program),
    ("an app that failed is started again from a fresh root", Needs::Pod, restarts),
    ("init apps and sidecars come first, in order", Needs::Pod, order),
    ("all that an app says is kept", Needs::Pod, output),
    ("who holds an app's output is not waited for", Needs::Pod, held_output),
    ("last words", Needs::Pod, last_words),
    ("the pod's name and addresses", Needs::Pod, names),
    ("hooks of App Container see the app's root", Needs::Pod, appc_hooks),
    ("a pod that uses the host's namespaces", Needs::Pod, host_namespaces),
    ("an app with a terminal", Needs::Pod, terminal),
    ("apps that share a process namespace", Needs::Pod, shared_pids),
    ("an image that does not come holds nobody up", Needs::Pod, held_image),
    ("whoever has images and panics", Needs::Pod, panicking_image),
];

fn exit(story: &crate::fixture::Story, name: &str) -> (ExitStatus, String, String) {
    match &story.app(name).state {
        AppState::Terminated { exit: Some(exit), reason, message, .. } => {
            (*exit, reason.clone(), message.clone())
        }
        other => panic!("{name} is {other:?}"),
    }
}

fn runs() {
    let host = Host::new();
    let spec = pod(vec![app("hello", "echo hello; echo oops >&2")]);
    let story = host.run(&spec);
    assert_eq!(story.status().phase, PodPhase::Succeeded);
    let mut lines = story.output("hello");
    lines.sort_unstable();
    assert_eq!(lines, ["hello", "oops"]);
    let log = host.log(spec.uid, "hello", 0);
    assert!(log.contains(" stdout F hello\n") && log.contains(" stderr F oops\n"), "{log}");

    let entry = host.engine.pod(&spec.uid.to_string()).unwrap();
    assert_eq!(entry.state, PodState::Exited);
    assert_eq!(entry.status.as_ref(), Some(story.status()));
    let report = host.gc();
    assert_eq!((report.marked, report.deleted), (vec![spec.uid], vec![spec.uid]));
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert!(host.engine.pods().unwrap().is_empty());
}

fn exit_status() {
    let host = Host::new();
    let story =
        host.run(&pod(vec![app("three", "exit 3"), app("killed", "kill -9 $$; sleep 9"), app("ok", "true")]));
    assert_eq!(story.status().phase, PodPhase::Failed);
    assert_eq!(exit(&story, "three"), (ExitStatus::Code(3), "Error".to_owned(), String::new()));
    assert_eq!(exit(&story, "ok").1, "Completed");
    assert_eq!(story.status().exit_code(), 3);
}

fn no_program() {
    let host = Host::new();
    let mut nothing = app("nothing", "");
    nothing.command = Some(vec!["/bin/no-such-program".into()]);
    let story = host.run(&pod(vec![nothing]));
    assert_eq!(story.status().phase, PodPhase::Failed);
    let told = story.lines.iter().any(|line| format!("{line:?}").contains("/bin/no-such-program"));
    assert!(told, "{:#?}", story.lines);
}

fn restarts() {
    let host = Host::new();
    let mut twice = app(
        "twice",
        "test -e /mark && echo stale; touch /mark; echo run; test -e /shared/second || { touch /shared/second; exit 1; }",
    );
    twice.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![twice]);
    spec.restart_policy = RestartPolicy::OnFailure;
    spec.volumes = vec![volume("shared", empty_dir())];
    let story = host.run(&spec);
    assert_eq!(story.status().phase, PodPhase::Succeeded);
    assert_eq!(story.app("twice").restart_count, 1);
    assert_eq!(story.output("twice"), ["run", "run"]);
    assert!(host.log(spec.uid, "twice", 0).ends_with(" stdout F run\n"));
    assert!(host.log(spec.uid, "twice", 1).ends_with(" stdout F run\n"));
}

fn order() {
    let host = Host::new();
    let mut init = app("init", "sleep 0.3; echo init");
    init.kind = AppKind::Init;
    let mut side = app("side", "trap 'echo bye; exit 0' TERM; echo side; while :; do sleep 0.1; done");
    side.kind = AppKind::Sidecar;
    let story = host.run(&pod(vec![init, side, app("main", "sleep 0.5; echo main")]));
    let order: Vec<_> = story
        .lines
        .iter()
        .filter_map(|line| match line {
            crate::monitor::Line::Output { line, .. } => Some(line.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(order, ["init", "side", "main", "bye"]);
    assert_eq!(story.status().phase, PodPhase::Succeeded);
}

fn output() {
    let host = Host::new();
    // More than a pipe holds, ended by a line without an end, and then nobody is there any more.
    let spec = pod(vec![app("talker", "seq 1 50000; echo -n end")]);
    let story = host.run(&spec);
    let lines = story.output("talker");
    assert_eq!(lines.len(), 50_001);
    assert_eq!((lines[0], lines[49_999], lines[50_000]), ("1", "50000", "end"));
    let log = host.log(spec.uid, "talker", 0);
    assert_eq!(log.lines().count(), 50_001);
    assert!(log.ends_with(" stdout P end\n"));
}

fn held_output() {
    let host = Host::new();
    let mut spec = pod(vec![app("parent", "sleep 1000 & echo started")]);
    // In a process namespace of its own it would end with its parent.
    spec.isolation.pid = PidIsolation::Host;
    let story = host.run(&spec);
    assert_eq!(story.output("parent"), ["started"]);
    assert!(story.took < Duration::from_secs(20), "{:?}", story.took);
}

fn last_words() {
    let host = Host::new();
    let words = app("words", "echo -n farewell > /dev/termination-log; exit 1");
    let long = app("long", "head -c 10000 /dev/zero > /dev/termination-log; exit 1");
    let mut log = app("log", "echo first; echo last; exit 1");
    log.termination_message.policy = TerminationMessagePolicy::FallbackToLogsOnError;
    let mut well = app("well", "echo fine");
    well.termination_message.policy = TerminationMessagePolicy::FallbackToLogsOnError;
    let mut reader = app("read-only", "echo -n farewell > /dev/termination-log");
    reader.security.read_only_root = true;
    let story = host.run(&pod(vec![words, long, log, well, reader]));
    assert_eq!(exit(&story, "words").2, "farewell");
    assert_eq!(exit(&story, "long").2.len(), 4096);
    assert_eq!(exit(&story, "log").2, "first\nlast\n");
    assert_eq!(exit(&story, "well").2, "");
    assert_eq!(exit(&story, "read-only").2, "farewell");
}

fn names() {
    let host = Host::new();
    let mut spec = pod(vec![app(
        "a",
        "hostname; cat /etc/hostname; cat /etc/hosts; cat /etc/resolv.conf; echo $HOSTNAME",
    )]);
    spec.hostname = Some("my-pod".to_owned());
    spec.dns = pod_core::pod::Dns::Fixed {
        nameservers: vec!["10.0.0.10".parse().unwrap()],
        searches: vec![],
        options: vec![],
    };
    spec.host_aliases =
        vec![pod_core::pod::HostAlias { ip: "10.0.0.9".parse().unwrap(), hostnames: vec!["db".to_owned()] }];
    let story = host.run(&spec);
    let lines = story.output("a");
    assert_eq!((lines[0], lines[1], *lines.last().unwrap()), ("my-pod", "my-pod", "my-pod"));
    assert!(lines.contains(&"10.0.0.9\tdb"), "{lines:?}");
    assert!(lines.contains(&"nameserver 10.0.0.10"), "{lines:?}");
}

fn appc_hooks() {
    let host = Host::new();
    let mut main = app("main", "cat /before; echo main > /after");
    main.hooks.pre_start = Some(exec("echo prepared > /before"));
    main.hooks.post_stop = Some(exec("cat /after > /shared/seen"));
    main.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![main]);
    spec.volumes = vec![volume("shared", empty_dir())];
    let story = host.run(&spec);
    assert_eq!(story.output("main"), ["prepared"], "{:#?}", story.lines);
    let entry = host.engine.pod(&spec.uid.to_string()).unwrap();
    assert_eq!(std::fs::read_to_string(entry.dir.join("volumes/shared/seen")).unwrap(), "main\n");
}

fn host_namespaces() {
    let host = Host::new();
    let mut spec = pod(vec![app("a", "hostname; sleep 100 & echo $$ > /dev/null")]);
    spec.hostname = None;
    spec.isolation.network = Shared::Host;
    spec.isolation.ipc = Shared::Host;
    spec.isolation.pid = PidIsolation::Host;
    let story = host.run(&spec);
    let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert_eq!(story.output("a"), [own.as_str()]);
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
}

fn terminal() {
    let host = Host::new();
    let mut app = app("tty", "test -t 0 && test -t 1 && echo $TERM");
    app.tty = true;
    let story = host.run(&pod(vec![app]));
    assert_eq!(story.output("tty"), ["xterm\r"]);
}

fn shared_pids() {
    let host = Host::new();
    // The first sees the second's process, may end it, and is not PID 1; what it leaves behind ends with it.
    let script = "test $$ -ne 1 && echo not first; until pid=$(cat /proc/[0-9]*/comm 2>/dev/null | grep -c busybox2); test $pid -gt 0; do sleep 0.05; done; \
        for p in /proc/[0-9]*; do grep -qs busybox2 $p/comm && kill -TERM ${p##*/}; done; sleep 1000 & echo ended it";
    let first = app("first", script);
    let mut second = app(
        "second",
        "cp /bin/busybox /tmp/busybox2; exec /tmp/busybox2 sh -c 'trap \"exit 6\" TERM; while :; do sleep 0.05; done'",
    );
    second.hooks.post_stop = Some(exec("true"));
    let mut third = app("third", "sleep 0.1; exit 1");
    third.restart_policy = Some(RestartPolicy::Never);
    let mut spec = pod(vec![first, second, third]);
    spec.isolation.pid = PidIsolation::Pod;
    let story = host.run(&spec);
    assert_eq!(story.output("first"), ["not first", "ended it"], "{:#?}", story.lines);
    assert_eq!(exit(&story, "second").0, ExitStatus::Code(6));
    assert_eq!(exit(&story, "third").0, ExitStatus::Code(1));
    // A killed monitor leaves nothing either.
    let mut spec = pod(vec![app("a", "sleep 1000 & echo up; sleep 1000"), app("b", "sleep 1000")]);
    spec.isolation.pid = PidIsolation::Pod;
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("up");
    monitor.signal(rustix::process::Signal::KILL);
    drop(monitor.finish());
    // Until somebody collects it, it is told as what it is.
    let lost = host.pod(&spec).status.unwrap();
    assert_eq!((lost.phase, &*lost.reason), (PodPhase::Failed, "MonitorLost"));
    assert!(lost.apps.iter().all(|app| !app.ready && !matches!(app.state, AppState::Running { .. })));
    let report = host.gc();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
}

fn held_image() {
    let host = Host::new();
    let mut held = app("held", "exit 1");
    held.image = "held".to_owned();
    held.restart_policy = Some(RestartPolicy::Always);
    let spec = pod(vec![held, app("other", "sleep 1000")]);
    host.start(&spec).unwrap();
    while !host.path().join("asked again").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let entry = host.pod(&spec);
    let command = vec!["true".to_owned()];
    let exec = pod_engine::Exec { command, ..pod_engine::Exec::default() };
    let name = "other".parse().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut console = pod_engine::Console::standard(false).unwrap();
            assert_eq!(entry.exec(&name, &exec, &mut console).unwrap(), ExitStatus::Code(0));
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        for _ in 0..2000 {
            if done.load(std::sync::atomic::Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let in_time = done.load(std::sync::atomic::Ordering::Relaxed);
        std::fs::write(host.path().join("release"), "").unwrap();
        assert!(in_time, "the monitor waited for the image");
    });
    entry.stop(Some(Duration::ZERO)).unwrap();
}

fn panicking_image() {
    let host = Host::new();
    let mut panics = app("panics", "exit 1");
    panics.image = "panics".to_owned();
    let mut spec = pod(vec![panics]);
    spec.restart_policy = RestartPolicy::OnFailure;
    spec.active_deadline = Some(Duration::from_secs(2));
    let story = host.run(&spec);
    let told = story.notices("Failed");
    assert!(told.contains(&"Failed to pull image \"panics\": panicked: no more images"), "{told:?}");
    assert_eq!(story.status().reason, "DeadlineExceeded");
}

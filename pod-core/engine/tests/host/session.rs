//! What others ask of a pod that runs: its monitor is in the background.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;

use pod_core::lifecycle::{AppState, ExitStatus, PodPhase};
use pod_core::pod::{PodSpec, Stdin};
use pod_engine::{Console, Detached, Exec, Goal, PodState};
use rustix::process::{Pid, Signal, kill_process};

use crate::fixture::{Host, app, exec, leftovers, pod, probe};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("a pod in the background is stopped within its grace period", Needs::Pod, stop),
    ("a pod in the background that is forced to end", Needs::Pod, force),
    ("a monitor in the background that fails says why", Needs::Pod, fails),
    ("a short pod in the background", Needs::Pod, short),
    ("whoever waits is told", Needs::Pod, waits),
    ("nothing wakes the monitor of an idle pod", Needs::Pod, idle),
    ("a killed monitor in the background is finished by collection", Needs::Pod, killed),
    ("a command in an app", Needs::Pod, command),
    ("a command in an app has what the app has and no more", Needs::Pod, confined),
    ("a command with a terminal", Needs::Pod, terminal),
    ("a command ends with whoever asked for it", Needs::Pod, orphaned),
    ("somebody attaches to an app, leaves, and comes back", Needs::Pod, attach),
    ("input for the first who attaches", Needs::Pod, once),
    ("who reads slowly holds nobody up", Needs::Pod, slow),
    ("readiness gates are set from outside", Needs::Pod, gates),
];

const WAITS: &str = "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done";

/// Everything that comes out of a pipe.
struct Reader(std::thread::JoinHandle<String>);

impl Reader {
    fn of(mut file: File) -> Self {
        Self(std::thread::spawn(move || {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        }))
    }

    fn text(self) -> String {
        self.0.join().unwrap()
    }
}

fn pipe() -> (File, OwnedFd) {
    let (ours, theirs) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    (ours.into(), theirs)
}

/// A console over pipes: what comes out of it, and an end to write input to.
fn console(input: bool) -> (Console, Reader, Reader, Option<File>) {
    let ((out, their_out), (err, their_err)) = (pipe(), pipe());
    let (stdin, ours) = if input {
        let (theirs, ours) = pipe();
        (Some(theirs.into()), Some(ours.into()))
    } else {
        (None, None)
    };
    (Console::new(stdin, their_out, their_err), Reader::of(out), Reader::of(err), ours)
}

/// Runs a command: its end, output and errors.
pub(crate) fn run(
    host: &Host,
    spec: &PodSpec,
    exec: &Exec,
    input: Option<&str>,
) -> (ExitStatus, String, String) {
    let (mut console, out, err, stdin) = console(input.is_some());
    if let (Some(mut stdin), Some(text)) = (stdin, input) {
        stdin.write_all(text.as_bytes()).unwrap();
    }
    let entry = host.pod(spec);
    let status = entry.exec(entry.app(None).unwrap(), exec, &mut console).unwrap();
    drop(console);
    (status, out.text(), err.text())
}

pub(crate) fn shell(script: &str) -> Exec {
    Exec { command: vec!["/bin/sh".into(), "-c".into(), script.into()], ..Exec::default() }
}

pub(crate) fn code(host: &Host, spec: &PodSpec) -> Option<ExitStatus> {
    match &host.pod(spec).status.unwrap().apps[0].state {
        AppState::Terminated { exit, .. } => *exit,
        other => panic!("{other:?}"),
    }
}

fn stop() {
    let host = Host::new();
    let spec = pod(vec![app("a", WAITS)]);
    let status = host.start(&spec).unwrap();
    assert!(matches!(status.apps[0].state, AppState::Running { .. }), "{status:#?}");
    let entry = host.pod(&spec);
    assert_eq!(entry.state, PodState::Running);
    // The trap is set once it has said so.
    while !host.log(spec.uid, "a", 0).contains("up") {
        std::thread::sleep(Duration::from_millis(10));
    }
    entry.stop(None).unwrap();
    assert_eq!(code(&host, &spec), Some(ExitStatus::Code(4)));
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
    let error = host.engine.wait(spec.uid, Goal::Exited, None).unwrap().unwrap().stop(None).unwrap_err();
    assert_eq!(error.to_string(), format!("pod `{}` is exited, not running", spec.uid));
    let error = entry.stop(None).unwrap_err();
    assert_eq!(error.to_string(), format!("the monitor of pod `{}` has ended", spec.uid));
}

fn force() {
    let host = Host::new();
    let mut spec = pod(vec![app("a", "trap '' TERM; echo up; while :; do sleep 0.05; done")]);
    spec.termination_grace = Duration::from_secs(600);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    // One who asked politely waits still when another one forces it.
    std::thread::scope(|scope| {
        let polite = scope.spawn(|| entry.stop(None));
        std::thread::sleep(Duration::from_millis(200));
        entry.stop(Some(Duration::ZERO)).unwrap();
        polite.join().unwrap().unwrap();
    });
    assert_eq!(code(&host, &spec), Some(ExitStatus::Signal(9)));
}

fn fails() {
    let host = Host::new();
    let mut spec = pod(vec![app("a", "true")]);
    spec.annotations.insert("fails".to_owned(), String::new());
    let error = host.start(&spec).unwrap_err();
    assert_eq!(error.to_string(), format!("the monitor of pod `{}` has ended: it fails", spec.uid));
    assert_eq!(host.pod(&spec).state, PodState::AbortedPrepare);
    assert!(host.gc().failed.is_empty());
    assert!(host.engine.pods().unwrap().is_empty());
}

fn short() {
    let host = Host::new();
    let spec = pod(vec![app("a", "exit 3")]);
    host.start(&spec).unwrap();
    let entry = host.engine.wait(spec.uid, Goal::Exited, None).unwrap().unwrap();
    assert_eq!(entry.status.unwrap().exit_code(), 3);
    assert_eq!(entry.state, PodState::Exited);
}

fn waits() {
    let host = Host::new();
    let mut app = app("a", "sleep 0.4; touch /tmp/ready; trap 'exit 0' TERM; while :; do sleep 0.05; done");
    app.probes.readiness = Some(probe(exec("test -e /tmp/ready")));
    let spec = pod(vec![app]);
    host.start(&spec).unwrap();
    assert!(host.engine.wait(spec.uid, Goal::Ready, Some(Duration::from_millis(50))).unwrap().is_none());
    let ready = host.engine.wait(spec.uid, Goal::Ready, Some(Duration::from_secs(30))).unwrap().unwrap();
    assert!(ready.status.unwrap().apps[0].ready);
    std::thread::scope(|scope| {
        let over = scope.spawn(|| host.engine.wait(spec.uid, Goal::Exited, None).unwrap().unwrap());
        host.pod(&spec).stop(None).unwrap();
        assert_eq!(over.join().unwrap().state, PodState::Exited);
    });
    let error = host.engine.wait(spec.uid, Goal::Ready, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("pod `{}`: it has ended, Succeeded, without being ready", spec.uid)
    );
}

/// The process that works on a pod.
pub(crate) fn owner(host: &Host, spec: &PodSpec) -> Pid {
    let text = std::fs::read_to_string(host.pod(spec).dir.join("owner.json")).unwrap();
    let (_, rest) = text.split_once("\"pid\":").unwrap();
    Pid::from_raw(rest.split(',').next().unwrap().parse().unwrap()).unwrap()
}

/// Nothing wakes the monitor of an idle pod: it comes to wait in poll(2) without a limit of time (proc_pid_syscall(5)).
fn idle() {
    let host = Host::new();
    let mut spec = pod(vec![app("a", "exec sleep 1000")]);
    spec.active_deadline = None;
    host.start(&spec).unwrap();
    let call = format!("/proc/{}/syscall", owner(&host, &spec).as_raw_nonzero());
    let begin = std::time::Instant::now();
    loop {
        let text = std::fs::read_to_string(&call).unwrap();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        // The number of the call, and of its arguments the third: the time.
        if words[0] == libc::SYS_ppoll.to_string() && words[3] == "0x0" {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
    host.pod(&spec).stop(Some(Duration::ZERO)).unwrap();
}

fn killed() {
    let host = Host::new();
    let spec = pod(vec![app("a", WAITS), app("b", "sleep 1000")]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let monitor = owner(&host, &spec);
    assert_eq!(rustix::process::getsid(Some(monitor)).unwrap(), monitor, "in a session of its own");
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| entry.stop(Some(Duration::from_secs(100))));
        let waiting = scope.spawn(|| host.engine.wait(spec.uid, Goal::Exited, None));
        std::thread::sleep(Duration::from_millis(100));
        kill_process(monitor, Signal::KILL).unwrap();
        // It may have been quick.
        if let Err(error) = stopping.join().unwrap() {
            assert_eq!(error.to_string(), format!("the monitor of pod `{}` has ended", spec.uid));
        }
        assert!(waiting.join().unwrap().unwrap().is_some());
    });
    let report = host.gc();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(report.deleted, [spec.uid]);
    assert_eq!(leftovers(host.path(), spec.uid), Vec::<String>::new());
}

fn command() {
    let host = Host::new();
    let mut main = app("a", "echo of-the-app > /tmp/file; sleep 1000");
    main.env = vec![pod_core::pod::EnvVar { name: "OF_APP".to_owned(), value: "yes".into() }];
    let spec = pod(vec![main]);
    host.start(&spec).unwrap();
    let (status, out, err) = run(
        &host,
        &spec,
        &Exec {
            env: vec![("MORE".to_owned(), "1".to_owned()), ("HOSTNAME".to_owned(), "mine".to_owned())],
            working_dir: Some("/tmp".to_owned()),
            ..shell("pwd; echo $OF_APP $MORE $HOSTNAME; echo oops >&2; exit 7")
        },
        None,
    );
    assert_eq!((status, out.as_str(), err.as_str()), (ExitStatus::Code(7), "/tmp\nyes 1 mine\n", "oops\n"));
    let (status, out, _) = run(&host, &spec, &shell("cat; kill -9 $$"), Some("one\ntwo\n"));
    assert_eq!((status, out.as_str()), (ExitStatus::Signal(9), "one\ntwo\n"));
    // More than any pipe holds, both ways.
    let (status, out, _) = run(&host, &spec, &shell("seq 1 200000"), None);
    assert_eq!((status, out.lines().count()), (ExitStatus::Code(0), 200_000));
    // Somebody who stays behind is not waited for.
    let (_, out, _) = run(&host, &spec, &shell("sleep 1000 & echo done"), None);
    assert_eq!(out, "done\n");

    let entry = host.pod(&spec);
    let refused = |app: &str, command: &[&str]| {
        let exec = Exec { command: command.iter().map(|&word| word.to_owned()).collect(), ..Exec::default() };
        let (mut console, ..) = console(false);
        entry.exec(&app.parse().unwrap(), &exec, &mut console).unwrap_err().to_string()
    };
    assert_eq!(refused("b", &["true"]), "app `b`: the pod has no app `b`");
    assert_eq!(refused("a", &[]), "app `a`: it names no command");
    assert_eq!(refused("a", &["nothing"]), "app `a`: exec: \"nothing\": executable file not found in $PATH");
    assert_eq!(refused("a", &["/nothing"]), "app `a`: exec: \"/nothing\": no such file or directory");
    assert_eq!(
        entry.app(Some("b")).unwrap_err().to_string(),
        format!("pod `{}`: it has no app `b`", spec.uid)
    );
    entry.stop(Some(Duration::ZERO)).unwrap();
}

fn confined() {
    let host = Host::new();
    let mut main = app("a", "sleep 1000");
    main.security.capabilities.clear();
    main.security.user = Some("12".to_owned());
    let spec = pod(vec![main]);
    host.start(&spec).unwrap();
    let (_, out, err) = run(&host, &spec, &shell("id -u; ls /proc/self/fd | wc -l; hostname"), None);
    // Its own three, and the directory that is listed.
    assert_eq!(out, "12\n4\ntest\n", "{err}");
    let (_, out, _) = run(&host, &spec, &shell("cat /proc/self/status"), None);
    assert!(out.contains("CapBnd:\t0000000000000000") && out.contains("Seccomp:\t2"), "{out}");
    host.pod(&spec).stop(Some(Duration::ZERO)).unwrap();
}

fn terminal() {
    let host = Host::new();
    let spec = pod(vec![app("a", "sleep 1000")]);
    host.start(&spec).unwrap();
    let exec =
        Exec { tty: true, ..shell("test -t 0 && test -t 1 && test -t 2 && echo $TERM; read x; echo got $x") };
    let (status, out, err) = run(&host, &spec, &exec, Some("line\n"));
    assert_eq!((status, err.as_str()), (ExitStatus::Code(0), ""));
    assert_eq!(out.replace("line\r\n", ""), "xterm\r\ngot line\r\n".replace("line\r\n", ""), "{out:?}");
    // The end of the input is the end of the terminal's.
    let (status, ..) = run(&host, &spec, &Exec { tty: true, ..shell("cat > /dev/null; exit 5") }, Some(""));
    assert_eq!(status, ExitStatus::Code(5));
    host.pod(&spec).stop(Some(Duration::ZERO)).unwrap();
}

fn orphaned() {
    let host = Host::new();
    let spec = pod(vec![app("a", "sleep 1000")]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    // A client of its own, to be killed.
    let mut client = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(crate::monitor::EXEC)
        .arg(host.engine.data_dir())
        .arg(spec.uid.to_string())
        .arg("touch /tmp/begun; sleep 1000")
        .spawn()
        .unwrap();
    let begun = || run(&host, &spec, &shell("test -e /tmp/begun"), None).0 == ExitStatus::Code(0);
    while !begun() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let count = || run(&host, &spec, &shell("ls -d /proc/[0-9]* | wc -l"), None).1;
    let before: u32 = count().trim().parse().unwrap();
    client.kill().unwrap();
    client.wait().unwrap();
    let gone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        count().trim().parse::<u32>().unwrap() < before
    });
    assert!(gone, "{before} processes before, {} after", count());
    entry.stop(Some(Duration::ZERO)).unwrap();
}

fn attach() {
    let host = Host::new();
    let mut main =
        app("a", "while read line; do echo got $line; echo err $line >&2; done; echo over; exit 3");
    main.stdin = Stdin::Open;
    let spec = pod(vec![main]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let name = entry.app(None).unwrap();
    for round in ["one", "two"] {
        let ((out, their_out), (err, their_err)) = (pipe(), pipe());
        let (stdin, input) = pipe();
        let mut console = Console::new(Some(stdin.into()), their_out, their_err);
        let mut input = File::from(input);
        std::thread::scope(|scope| {
            let attached = scope.spawn(|| entry.attach(name, &mut console));
            writeln!(input, "{round}").unwrap();
            let mut lines = std::io::BufRead::lines(std::io::BufReader::new(out));
            // Of what was said to the one before, one stream's answer may come only now.
            let mut next = lines.by_ref().map(Result::unwrap).skip_while(|line| line.ends_with(" more"));
            assert_eq!(next.next().unwrap(), format!("got {round}"));
            let mut errors = std::io::BufRead::lines(std::io::BufReader::new(err));
            let mut next = errors.by_ref().map(Result::unwrap).skip_while(|line| line.ends_with(" more"));
            assert_eq!(next.next().unwrap(), format!("err {round}"));
            // Nobody reads any more: that is seen with the next line.
            drop((lines, errors));
            writeln!(input, "more").unwrap();
            assert_eq!(attached.join().unwrap().unwrap(), Detached::Left);
        });
    }
    let (mut none, out, ..) = console(false);
    std::thread::scope(|scope| {
        let attached = scope.spawn(|| {
            let ended = entry.attach(name, &mut none);
            drop(none);
            ended
        });
        std::thread::sleep(Duration::from_millis(200));
        entry.stop(Some(Duration::ZERO)).unwrap();
        assert_eq!(attached.join().unwrap().unwrap(), Detached::Ended { skipped: 0 });
    });
    // At most the answer to what was said last by one who left at once.
    let text = out.text();
    assert!(["", "got more\n"].contains(&text.as_str()), "{text}");
    let log = host.log(spec.uid, "a", 0);
    assert!(log.contains("got one") && log.contains("got two") && !log.contains("over"), "{log}");
}

fn once() {
    let host = Host::new();
    let mut main = app("a", "cat; echo over; sleep 0.2; exit 3");
    main.stdin = Stdin::Once;
    let spec = pod(vec![main, app("other", "sleep 1000")]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let name = entry.app(None).unwrap();
    let (mut first, out, _, input) = console(true);
    let mut input = input.unwrap();
    std::thread::scope(|scope| {
        let attached = scope.spawn(|| {
            let ended = entry.attach(name, &mut first);
            drop(first);
            ended
        });
        std::thread::sleep(Duration::from_millis(200));
        let (mut second, ..) = console(true);
        let refused = entry.attach(name, &mut second).unwrap_err();
        assert_eq!(refused.to_string(), "app `a`: app `a` has no input, or somebody has had it already");
        input.write_all(b"hello\n").unwrap();
        drop(input);
        assert_eq!(attached.join().unwrap().unwrap(), Detached::Ended { skipped: 0 });
    });
    assert_eq!(out.text(), "hello\nover\n");
    entry.stop(Some(Duration::ZERO)).unwrap();
    assert_eq!(host.pod(&spec).status.unwrap().phase, PodPhase::Failed);
    assert_eq!(code(&host, &spec), Some(ExitStatus::Code(3)));
}

fn slow() {
    let host = Host::new();
    let mut main = app("a", "read go; seq 1 400000; echo end");
    main.stdin = Stdin::Open;
    let spec = pod(vec![main]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let (out, their_out) = pipe();
    let (_err, their_err) = pipe();
    let (stdin, input) = pipe();
    let mut input = File::from(input);
    let mut lazy = Console::new(Some(stdin.into()), their_out, their_err);
    let name = entry.app(None).unwrap().clone();
    std::thread::scope(|scope| {
        let attached = scope.spawn(|| {
            let ended = entry.attach(&name, &mut lazy);
            drop(lazy);
            ended
        });
        input.write_all(b"go\n").unwrap();
        // Nobody reads, and the app comes to its end.
        host.engine.wait(spec.uid, Goal::Exited, Some(Duration::from_secs(60))).unwrap().unwrap();
        let text = Reader::of(out).text();
        let Detached::Ended { skipped } = attached.join().unwrap().unwrap() else { panic!("it has ended") };
        assert!(skipped > 0 && text.starts_with("1\n2\n"));
    });
    let mut count = 0;
    let mut each = |_: pod_engine::LogLine<'_>| {
        count += 1;
        std::ops::ControlFlow::Continue(())
    };
    entry.logs(&name, &pod_engine::LogOptions::default(), &mut each).unwrap();
    assert_eq!(count, 400_001, "the log has everything");
}

fn gates() {
    use pod_core::lifecycle::ConditionStatus;
    let host = Host::new();
    let mut spec = pod(vec![app("a", WAITS)]);
    spec.readiness_gates = vec!["example.com/gate".to_owned()];
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let wait = |millis| host.engine.wait(spec.uid, Goal::Ready, Some(Duration::from_millis(millis))).unwrap();
    assert!(wait(100).is_none(), "the gate is closed");
    let error = entry.set_gate("other", ConditionStatus::True).unwrap_err();
    assert_eq!(error.to_string(), format!("pod `{}`: the pod has no readiness gate `other`", spec.uid));
    entry.set_gate("example.com/gate", ConditionStatus::True).unwrap();
    assert!(wait(20_000).is_some());
    entry.stop(Some(Duration::ZERO)).unwrap();
}

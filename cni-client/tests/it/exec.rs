//! Plugins as processes: the faults that were measured in libcni, with shell scripts as plugins.
#![expect(clippy::disallowed_methods, reason = "tests of the feature that does IO")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use cni_client::chain::{Add, Chain, drive};
use cni_client::exec::{Cancel, Exec, Limits, require, require_ports};
use cni_client::invocation::Invocation;
use cni_client::plugins::{Exit, Failure, Output, Plugins};
use cni_client::request::{PortMapping, Protocol};
use tempfile::TempDir;

use super::{config, full, request};

/// A folder with plugins.
pub(crate) struct Bin(pub(crate) TempDir);

impl Bin {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn with(self, plugin: &str, script: &str) -> Self {
        write(&self.path().join(plugin), script, 0o755);
        self
    }
}

fn write(file: &Path, script: &str, mode: u32) {
    fs::write(file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// ADD of a network with one plugin, `p`, as data.
fn invocation(bin: &Path) -> Invocation {
    let config = config(r#"{"cniVersion":"1.0.0","name":"n","type":"p"}"#);
    let path = bin.to_str().unwrap().parse().unwrap();
    Add::new(config, request(), path).unwrap().next_invocation().unwrap()
}

fn run(script: &str, exec: Exec) -> (Result<Output, Failure>, Duration) {
    let bin = Bin::new().with("p", script);
    run_in(bin.path(), exec)
}

fn run_in(bin: &Path, mut exec: Exec) -> (Result<Output, Failure>, Duration) {
    let start = Instant::now();
    let outcome = exec.run(&invocation(bin));
    (outcome, start.elapsed())
}

fn quick() -> Exec {
    Exec::new().with_time_limit(Duration::from_millis(400))
}

/// Whether a process with this in its command line is alive; zombies are not.
fn is_alive(mark: &str) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        command.contains(mark) && !String::from_utf8_lossy(&read("stat")).contains(") Z ")
    })
}

fn wait_until(what: impl Fn() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(5);
    while Instant::now() < end {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn input_output_and_noise() {
    let (output, _) = run("cat; echo noise >&2; exit 3", Exec::new());
    let output = output.unwrap();
    assert_eq!(output.exit, Exit::Code(3));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), r#"{"cniVersion":"1.0.0","name":"n","type":"p"}"#);
    assert_eq!(output.stderr, b"noise\n");
}

#[test]
fn the_environment_is_clean() {
    let bin = Bin::new()
        .with("p", "env | sort | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL=; pwd; umask >/dev/null");
    let mut exec = Exec::new();
    exec.set_env("TRACEPARENT", "00-1");
    exec.set_env("CNI_IFNAME", "stray");
    exec.set_env("CNI_NETNS_OVERRIDE", "1");
    let (output, _) = run_in(bin.path(), exec);
    assert_eq!(
        String::from_utf8(output.unwrap().stdout).unwrap(),
        format!(
            "CNI_COMMAND=ADD\nCNI_CONTAINERID=c1\nCNI_IFNAME=eth0\nCNI_NETNS=/run/netns/c1\nCNI_PATH={}\n\
             PATH={}\nTRACEPARENT=00-1\n/\n",
            bin.path().display(),
            cni_client::exec::DEFAULT_PATH
        )
    );
}

#[test]
fn a_plugin_that_hangs_is_killed_with_its_group() {
    let mark = "sleep 3141.59";
    let (outcome, time) = run("echo started >&2; sleep 3141.59 & sleep 3141.59", quick());
    assert!(time < Duration::from_secs(3), "{time:?}");
    match outcome.unwrap_err() {
        Failure::TimedOut { limit, stderr } => {
            assert_eq!((limit, stderr.as_slice()), (Duration::from_millis(400), b"started\n".as_slice()));
        }
        other => panic!("{other}"),
    }
    assert!(wait_until(|| !is_alive(mark)));
}

/// libcni waits for whoever holds the pipe: 6 s with a limit of half a second.
#[test]
fn a_grandchild_that_holds_standard_output_is_not_waited_for() {
    let (output, time) = run("sleep 7.77 & printf '{}'; exit 0", Exec::new());
    assert_eq!(output.unwrap(), Output::success("{}"));
    assert!(time < Duration::from_secs(5), "{time:?}");
    // It belongs to a plugin that succeeded: it may stay.
    assert!(wait_until(|| is_alive("sleep 7.77")));
}

#[test]
fn a_grandchild_that_writes_for_ever_does_not_hold_us() {
    let (output, time) = run("(while :; do echo x; sleep 0.01; done) & printf '{}'; exit 0", Exec::new());
    let stdout = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(stdout.contains("{}") && time < Duration::from_secs(5), "{stdout} {time:?}");
}

#[test]
fn too_much_output_is_death() {
    let (outcome, time) = run("head -c 10000000 /dev/zero; sleep 30", Exec::new());
    match outcome.unwrap_err() {
        Failure::TooMuchOutput { limit, .. } => assert_eq!(limit, 1024 * 1024),
        other => panic!("{other}"),
    }
    assert!(time < Duration::from_secs(10), "{time:?}");
    let (output, _) = run("head -c 1048576 /dev/zero", Exec::new());
    assert_eq!(output.unwrap().stdout.len(), 1024 * 1024);
}

#[test]
fn of_much_noise_the_end_is_kept() {
    let mut limits = Limits::DEFAULT;
    limits.stderr = 9;
    let (output, _) = run(
        "head -c 5000000 /dev/zero >&2; printf 'the end..' >&2; printf '{}'",
        Exec::new().with_limits(limits),
    );
    let output = output.unwrap();
    assert_eq!((output.stdout, output.stderr), (b"{}".to_vec(), b"the end..".to_vec()));
}

#[test]
fn signals_are_told_from_codes() {
    let (output, _) = run("kill -SEGV $$", Exec::new());
    assert_eq!(output.unwrap().exit, Exit::Signal(11));
}

#[test]
fn input_that_nobody_reads_is_no_error() {
    let bin = Bin::new().with("p", "exec 0<&-; printf '{}'");
    let mut run = invocation(bin.path());
    run.stdin = "x".repeat(1_000_000);
    assert_eq!(Exec::new().run(&run).unwrap(), Output::success("{}"));
    let echo = Bin::new().with("p", "cat");
    let mut long = invocation(echo.path());
    long.stdin = "y".repeat(1_000_000);
    assert_eq!(Exec::new().run(&long).unwrap().stdout.len(), 1_000_000);
}

#[test]
fn the_first_executable_counts() {
    let (first, second) = (Bin::new(), Bin::new().with("p", "printf '{}'"));
    write(&first.path().join("p"), "printf wrong", 0o644);
    let mut run = invocation(second.path());
    let both = format!("{}:{}", first.path().display(), second.path().display());
    run.environment = vec![("CNI_PATH", both.into())];
    assert_eq!(Exec::new().run(&run).unwrap(), Output::success("{}"));

    let (alone, _) = run_in(first.path(), Exec::new());
    let program = first.path().join("p").display().to_string();
    assert_eq!(full(&alone.unwrap_err()), format!("cannot start `{program}`: it is not executable"));

    let empty = Bin::new();
    fs::create_dir(empty.path().join("p")).unwrap();
    let (nothing, _) = run_in(empty.path(), Exec::new());
    let failure = nothing.unwrap_err();
    assert_eq!(failure.to_string(), format!("the program is in none of `{}`", empty.path().display()));
    assert!(!failure.has_run());
}

#[test]
fn what_cannot_be_executed_has_not_run() {
    let bin = Bin::new();
    fs::write(bin.path().join("p"), "\u{7f}ELF nothing").unwrap();
    fs::set_permissions(bin.path().join("p"), fs::Permissions::from_mode(0o755)).unwrap();
    let failure = run_in(bin.path(), Exec::new()).0.unwrap_err();
    assert!(!failure.has_run());
    assert_eq!(
        full(&failure),
        format!("cannot start `{}`: Exec format error (os error 8)", bin.path().join("p").display())
    );
}

/// libcni waits a second and then fails with `exec: already started`.
#[test]
fn a_program_that_is_being_written_is_tried_again() {
    let bin = Bin::new();
    let program = bin.path().join("p");
    fs::copy("/bin/cat", &program).unwrap();
    let writer = fs::OpenOptions::new().append(true).open(&program).unwrap();
    let closer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(writer);
    });
    let (output, time) = run_in(bin.path(), Exec::new());
    closer.join().unwrap();
    assert!(output.unwrap().exit.is_success());
    assert!(time >= Duration::from_millis(250), "{time:?}");
}

/// Replacing is by rename: what runs goes on, the next run takes the new one.
#[test]
fn a_plugin_that_is_replaced_while_it_runs_goes_on() {
    let bin = Bin::new().with("p", "sleep 0.4; printf '{\"x\":\"old\"}'");
    let folder = bin.path().to_owned();
    let replacer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        write(&folder.join("new"), "printf '{\"x\":\"new\"}'", 0o755);
        fs::rename(folder.join("new"), folder.join("p")).unwrap();
    });
    let (old, _) = run_in(bin.path(), Exec::new());
    replacer.join().unwrap();
    let (new, _) = run_in(bin.path(), Exec::new());
    assert_eq!(
        (old.unwrap().stdout, new.unwrap().stdout),
        (br#"{"x":"old"}"#.to_vec(), br#"{"x":"new"}"#.to_vec())
    );
}

#[test]
fn cancelling_stops_add_and_lets_del_clean_up() {
    let bin = Bin::new().with("a", "echo \"$CNI_COMMAND a\" >> \"$(dirname \"$0\")/log\"; printf '{}'").with(
        "b",
        "echo \"$CNI_COMMAND b\" >> \"$(dirname \"$0\")/log\"; [ \"$CNI_COMMAND\" = DEL ] || sleep 2718.28",
    );
    let config = config(r#"{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a"},{"type":"b"}]}"#);
    let add = Add::new(config, request(), bin.path().to_str().unwrap().parse().unwrap()).unwrap();
    let cancel = Cancel::new().unwrap();
    assert!(!cancel.is_cancelled());
    let (thrower, log) = (cancel.clone(), bin.path().join("log"));
    let thread = std::thread::spawn(move || {
        wait_until(|| fs::read_to_string(&log).is_ok_and(|text| text.contains("ADD b")));
        thrower.cancel();
    });
    let error = drive(add, &mut Exec::new().with_cancel(cancel.clone())).unwrap_err();
    thread.join().unwrap();
    assert_eq!(
        full(&error),
        "cannot add `eth0` of container `c1` in network `n`: \
         plugin `b` failed on ADD: killed because the operation was cancelled"
    );
    assert!(error.is_undone());
    assert_eq!(fs::read_to_string(bin.path().join("log")).unwrap(), "ADD a\nADD b\nDEL b\nDEL a\n");
    assert!(wait_until(|| !is_alive("sleep 2718.28")));
    let (after, _) = run_in(bin.path(), Exec::new().with_cancel(cancel));
    assert!(matches!(after.unwrap_err(), Failure::Cancelled { started: false }));
}

#[test]
fn many_at_once() {
    let bin = Bin::new().with("p", "cat; sleep 0.05");
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..16).map(|_| scope.spawn(|| run_in(bin.path(), Exec::new()).0.unwrap())).collect();
        for run in runs {
            assert_eq!(run.join().unwrap().stdout.len(), 44);
        }
    });
}

#[test]
fn what_is_not_installed_is_said_before_anything_runs() {
    let bin = Bin::new().with("ptp", "exit 1");
    let path = cni_client::request::SearchPath::new([bin.path(), Path::new("/nowhere")]).unwrap();
    let [default, mine] = [
        r#"{"cniVersion":"1.0.0","name":"default","plugins":[{"type":"ptp","ipam":{"type":"host-local"}}]}"#,
        r#"{"cniVersion":"1.0.0","name":"mine","plugins":[{"type":"ptp"},{"type":"magic"},{"type":"portmap"}]}"#,
    ]
    .map(super::config);
    let error = require([&default, &mine], &path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "plugin `host-local` of network `default`, plugin `magic` of network `mine`, plugin `portmap` of network `mine` are \
             not installed: looked in `{}`, `/nowhere`; Debian and Ubuntu have `host-local`, `portmap` in \
             the package `containernetworking-plugins`",
            bin.path().display()
        )
    );
    let bin = bin.with("host-local", "").with("magic", "");
    let error = require([&default, &mine], &path).unwrap_err();
    assert_eq!(error.plugins().map(ToString::to_string).collect::<Vec<_>>(), ["portmap"]);
    let bin = bin.with("portmap", "");
    require([&default, &mine], &path).unwrap();
    drop(bin);
}

#[test]
fn ports_that_programs_have_are_not_given_away() {
    let (tcp, udp) = (
        std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap(),
    );
    let (tcp, udp) =
        (tcp.local_addr().map(|it| (it, tcp)).unwrap(), udp.local_addr().map(|it| (it, udp)).unwrap());
    let mapping = |port: u16, protocol: Protocol| PortMapping::new(port, 80, protocol);
    let local = "127.0.0.1".parse().unwrap();
    for (wanted, said) in [
        (mapping(tcp.0.port(), Protocol::Tcp), Some("is taken: a program of this machine has it")),
        (mapping(tcp.0.port(), Protocol::Tcp).on(local), Some("is taken: a program of this machine has it")),
        (mapping(tcp.0.port(), Protocol::Tcp).on("127.0.0.2".parse().unwrap()), None),
        (mapping(udp.0.port(), Protocol::Udp), Some("is taken: a program of this machine has it")),
        (mapping(0, Protocol::Udp), None),
        (
            mapping(tcp.0.port(), Protocol::Tcp).on("192.0.2.1".parse().unwrap()),
            Some("leads nowhere: this machine has no such address"),
        ),
    ] {
        let text = said.map(|said| format!("{wanted} {said}"));
        assert_eq!(require_ports([&wanted]).err().map(|error| error.to_string()), text);
    }
}

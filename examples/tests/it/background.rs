//! Pods in the background, and the commands for pods that run: exec, attach, wait, stop, rm.

use std::io::Write;
use std::process::Stdio;

use libtest_mimic::Trial;

use crate::hello::pod_of;
use crate::machine;
use crate::program::{Podrun, Ran};
use crate::soak::pods;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("background::a_life", &[Need::Root], a_life),
        test("background::the_terminal_goes", &[Need::Root, Need::Program("script")], the_terminal_goes),
        test("background::fails", &[Need::Root], fails),
        test("background::input", &[Need::Root], input),
        test("background::logs_and_events", &[Need::Root], logs_and_events),
        test("background::stats", &[Need::Root], stats),
    ]
}

/// Starts a pod in the background: its UUID.
fn start(podrun: &Podrun, manifest: &str) -> String {
    let ran = podrun.run_pod(&["--detach"], manifest).success();
    assert_eq!(ran.stderr, "");
    ran.stdout.trim_end().to_owned()
}

fn a_life() {
    let podrun = Podrun::new();
    let script = "trap 'exit 4' TERM; : > /up; while :; do sleep 0.05; done";
    let uuid = start(&podrun, &pod_of("Never", &[script, "sleep 1000"]));
    let listed = podrun.run(["list"]).success().stdout;
    assert!(listed.contains(&uuid) && listed.contains("running"), "{listed}");
    podrun.run(["wait", "--for=ready", "--timeout", "20s", &uuid]).success();

    let exec = |arguments: &[&str]| podrun.run([&["exec"], arguments].concat());
    assert_eq!(
        exec(&[&uuid[..8], "--", "sh", "-c", "echo $0 out; echo err >&2; exit 7"]).exits(7).stdout,
        "sh out\n"
    );
    assert_eq!(
        exec(&["--env", "A=b", "-w", "/tmp", &uuid, "sh", "-c", "pwd; echo $A"]).success().stdout,
        "/tmp\nb\n"
    );
    exec(&[&uuid, "nothing"])
        .fails(254, "podrun: app `c0`: exec: \"nothing\": executable file not found in $PATH\n");
    exec(&["-c", "c9", &uuid, "true"]).fails(254, &format!("podrun: pod `{uuid}`: it has no app `c9`\n"));
    // It was started after the first; what the first has made is not there.
    exec(&["-c", "c1", &uuid, "--", "sh", "-c", "while test -e /up; do sleep 0.1; done"]).success();

    podrun.run(["rm", &uuid]).fails(254, &format!("podrun: pod `{uuid}` is running by another process\n"));
    podrun.run(["wait", "--timeout", "10ms", &uuid]).fails(254, "podrun: the time is over\n");
    exec(&[&uuid, "--", "sh", "-c", "while test ! -e /up; do sleep 0.1; done"]).success();
    podrun.run(["stop", &uuid]).success();
    podrun.run(["stop", &uuid]).fails(254, &format!("podrun: pod `{uuid}` is exited, not running\n"));
    podrun.run(["wait", &uuid]).exits(4);
    let seen = pods(&podrun);
    podrun.run(["rm", &uuid]).success();
    assert_eq!(machine::traces(podrun.marker(), &seen), Vec::<String>::new());
    assert_eq!(pods(&podrun).len(), 0);
}

/// A terminal that is closed takes with it whatever belongs to its session.
fn the_terminal_goes() {
    let podrun = Podrun::new();
    std::fs::write(podrun.scratch().join("pod.yaml"), pod_of("Never", &["sleep 1000"])).expect("a manifest");
    let mut script = std::process::Command::new("script");
    script.args(["-qec", &format!("{} run -d pod.yaml", env!("CARGO_BIN_EXE_podrun")), "/dev/null"]);
    let script = script.env("PODKIT_DIR", podrun.data()).current_dir(podrun.scratch()).stdin(Stdio::null());
    let ran = Ran::of(script.output().expect("script starts")).success();
    // Progress comes before it on the terminal.
    let (_, uuid) = ran.stdout.trim_end().split_at(ran.stdout.trim_end().len() - 36);
    std::thread::sleep(std::time::Duration::from_millis(200));
    podrun.run(["exec", uuid, "--", "sh", "-c", "exit 3"]).exits(3);
    podrun.run(["stop", "--force", uuid]).success();
    podrun.run(["gc", "--grace-period", "0"]).success();
}

fn fails() {
    let podrun = Podrun::new();
    let nothing = pod_of("Never", &["true"]).replace("[/bin/sh, -c,", "[/bin/nothing,");
    let ran = podrun.run_pod(&["-d"], &nothing);
    assert!(ran.stderr.contains("Pod Failed\n") && ran.stderr.contains("StartError"), "{ran:?}");
    ran.exits(128);
    let ran = podrun.run_pod(&["-d"], "kind: Pod\n");
    assert!(ran.code == Some(254) && ran.stdout.is_empty(), "{ran:?}");
    podrun.run(["gc", "--grace-period", "0"]).success();
    assert_eq!(pods(&podrun).len(), 0);
}

fn input() {
    let podrun = Podrun::new();
    let script = "while read line; do echo got $line; done; exit 5";
    let uuid = start(
        &podrun,
        &pod_of("Never", &[script]).replace("{name: c0,", "{name: c0, stdin: true, stdinOnce: true,"),
    );
    let mut attach = podrun
        .command(["attach", "-i", &uuid])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podrun starts");
    let mut stdin = attach.stdin.take().expect("its standard input");
    stdin.write_all(b"one\ntwo\n").expect("it reads");
    drop(stdin);
    let ran = Ran::of(attach.wait_with_output().expect("podrun ends")).success();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("got one\ngot two\n", ""));
    podrun.run(["wait", &uuid]).exits(5);
    podrun.run(["gc", "--grace-period", "0"]).success();
}

fn logs_and_events() {
    let podrun = Podrun::new();
    let uuid = start(
        &podrun,
        &pod_of("Never", &["echo one; echo oops >&2; sleep 1; echo two; sleep 1; echo three", "sleep 1000"]),
    );
    let logs = |options: &[&str]| podrun.run([&["logs"], options, &[&uuid]].concat());
    let followed = logs(&["--follow"]).success();
    assert_eq!((followed.stdout.as_str(), followed.stderr.as_str()), ("one\ntwo\nthree\n", "oops\n"));
    assert_eq!(logs(&["--tail", "1"]).success().stdout, "three\n");
    assert_eq!(logs(&["--since", "1h", "--tail=2"]).success().stdout, "two\nthree\n");
    assert_eq!(logs(&["--since-time", "2100-01-01T00:00:00Z"]).success().stdout, "");
    let stamped = logs(&["--timestamps", "--tail", "1"]).success().stdout;
    assert!(stamped.starts_with("20") && stamped.ends_with("Z three\n"), "{stamped}");
    logs(&["--previous"]).fails(254, "podrun: app `c0`: it has not run before\n");
    assert_eq!(logs(&["-c", "c1"]).success().stdout, "");
    podrun.run(["stop", "--force", &uuid]).success();

    let events = podrun.run(["events", "-o", "json", &uuid]).success().stdout;
    let events: Vec<serde_json::Value> =
        events.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let reasons: Vec<_> = events.iter().map(|event| event["reason"].as_str().expect("text")).collect();
    assert_eq!(reasons, ["Pulled", "Created", "Started", "Pulled", "Created", "Started", "Killing"]);
    let table = podrun.run(["events", &uuid]).success().stdout;
    assert!(table.ends_with("  Normal   Killing    c1: Stopping container c1\n"), "{table}");
    podrun.run(["gc", "--grace-period", "0"]).success();
}

fn stats() {
    let podrun = Podrun::new();
    let busy = "while :; do :; done";
    let uuid = start(&podrun, &pod_of("Never", &[busy, "sleep 1000"]));
    let table = podrun.run(["stats", "--interval", "300ms"]).success().stdout;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..3], ["POD", "CONTAINER", "CPU"], "{table}");
    assert_eq!((rows[1][1], rows[2][1]), ("c0", "c1"), "{table}");
    let json = podrun.run(["stats", "-o", "json", &uuid]).success().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["apps"][0]["name"], "c0");
    let text = podrun.run(["stats", "--prometheus"]).success().stdout;
    assert!(text.contains(&format!("namespace=\"default\",pod=\"codes\",uid=\"{uuid}\"")), "{text}");
    podrun.run(["stop", "--force", &uuid]).success();
    podrun.run(["stats", &uuid]).fails(254, &format!("podrun: pod `{uuid}` is exited, not running\n"));
    podrun.run(["gc", "--grace-period", "0"]).success();
}

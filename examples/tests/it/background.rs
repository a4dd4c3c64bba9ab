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
        test("background::gates", &[Need::Root], gates),
        test("background::in_front", &[Need::Root], in_front),
        test("background::restarts", &[Need::Root], restarts),
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

/// A readiness gate is closed until somebody opens it.
fn gates() {
    let podrun = Podrun::new();
    let manifest = pod_of("Never", &["sleep 1000"])
        .replace("spec:\n", "spec:\n  readinessGates: [{conditionType: example.com/lb}]\n");
    let uuid = start(&podrun, &manifest);
    podrun.run(["wait", "--for=ready", "--timeout", "100ms", &uuid]).fails(254, "podrun: the time is over\n");
    let gate = |gate: &str| podrun.run(["gate", &uuid, gate]);
    gate("example.com/other=True")
        .fails(254, &format!("podrun: pod `{uuid}`: the pod has no readiness gate `example.com/other`\n"));
    let ran = gate("example.com/lb=yes").exits(254);
    assert!(
        ran.stderr.contains("`yes` is no status of a condition: `True`, `False` or `Unknown` is wanted"),
        "{ran:?}"
    );
    gate("example.com/lb=False").success();
    podrun.run(["wait", "--for=ready", "--timeout", "100ms", &uuid]).fails(254, "podrun: the time is over\n");
    gate("example.com/lb=True").success();
    podrun.run(["wait", "--for=ready", "--timeout", "20s", &uuid]).success();
    podrun.run(["stop", "--force", &uuid]).success();
    podrun.run(["gc", "--grace-period", "0"]).success();
}

/// Runs a pod of one image with this podrun in front of it, and what it gets on its standard input.
fn front(podrun: &Podrun, arguments: &[&str], input: &str) -> Ran {
    let mut child = podrun
        .command(["run", "-i", "--net=none"].iter().chain(arguments))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podrun starts");
    child.stdin.take().expect("its standard input").write_all(input.as_bytes()).expect("it reads");
    Ran::of(child.wait_with_output().expect("podrun ends"))
}

/// `run -i`: standard input goes through, output comes apart, and signals are wishes about the pod.
fn in_front() {
    let podrun = crate::image_pods::with_tools();
    let script = "echo first; echo err >&2; cat; exit 3";
    let ran = front(&podrun, &["--rm", "tools.aci", "--", "-c", script], "one\ntwo\n").exits(3);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("first\none\ntwo\n", "err\n"));
    assert!(pods(&podrun).is_empty());
    // It may be over before anybody can listen.
    for _ in 0..5 {
        let ran = front(&podrun, &["--rm", "tools.aci", "--", "-c", "echo quick; echo err >&2; exit 6"], "")
            .exits(6);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("quick\n", "err\n"));
    }
    let ran = front(&podrun, &["--rm", "--exec", "/bin/nothing", "tools.aci"], "").exits(128);
    assert!(ran.stderr.contains("\"/bin/nothing\": no such file or directory"), "{ran:?}");
    assert!(pods(&podrun).is_empty());

    let mut child = podrun
        .command([
            "run",
            "-i",
            "--rm",
            "--net=none",
            "tools.aci",
            "--",
            "-c",
            "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("podrun starts");
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("its standard output"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("a line");
    assert_eq!(line, "up\n");
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("podrun runs");
    line.clear();
    std::io::Read::read_to_string(&mut stdout, &mut line).expect("the rest");
    assert_eq!(line, "bye\n");
    Ran::of(child.wait_with_output().expect("podrun ends")).exits(4);
    assert!(pods(&podrun).is_empty());

    podrun.run(["run", "-i", "tools.aci", "--name=a", "---", "tools.aci", "--name=b"]).fails(
        254,
        "podrun: `-i` and `-t` are for an image that runs alone: a terminal has room for one program\n",
    );
    let manifest = podrun.scratch().join("pod.yaml");
    std::fs::write(&manifest, pod_of("Never", &["true"])).expect("a manifest");
    let ran = podrun.run(["run", "-it", "pod.yaml"]).exits(254);
    assert!(
        ran.stderr.starts_with("podrun: `-i` and `-t` are for images: a manifest says itself"),
        "{ran:?}"
    );
    assert!(pods(&podrun).is_empty());
}

/// `--max-restart-period`, and rules by exit code: the order of what happened tells.
fn restarts() {
    let podrun = Podrun::new();
    let rules = "{name: c0, restartPolicy: Never, restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42]}}],";
    let script =
        "test -e /dev/shm/two && exit 5; test -e /dev/shm/one && : > /dev/shm/two; : > /dev/shm/one; exit 42";
    let manifest = pod_of("Never", &[script]).replace("{name: c0,", rules);
    let ran = podrun.run_pod(&["--max-restart-period", "1s"], &manifest).exits(5);
    assert!(
        ran.stderr.contains("BackOff    c0: Back-off restarting failed container c0 in pod"),
        "{}",
        ran.stderr
    );
    let all = "{name: c0, restartPolicy: Never, restartPolicyRules: [{action: RestartAllContainers, exitCodes: {operator: In, values: [42]}}],";
    let script = "test -e /dev/shm/again && exit 0; until test -e /dev/shm/c1; do sleep 0.02; done; \
        : > /dev/shm/again; exit 42";
    let other = ": > /dev/shm/c1; test -e /dev/shm/again && exit 0; sleep 1000";
    let manifest = pod_of("Never", &[script, other]).replace("{name: c0,", all);
    let ran = podrun.run_pod(&[], &manifest).success();
    assert!(ran.stderr.contains("Killing    c1: Stopping container c1"), "{}", ran.stderr);
    podrun.run(["gc", "--grace-period", "0"]).success();
    podrun.run(["run", "--max-restart-period", "10m", "-"]).exits(254);
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

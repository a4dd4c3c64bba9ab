//! Ctrl-C: a pod is asked to stop, has its grace period, and then is killed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
use pod_core::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use crate::hello::pod_of;
use crate::program::{Podrun, Ran};
use crate::soak::pods;
use crate::{Need, test};

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("stop::asks", &[Need::Root], asks),
        test("stop::kills_after_the_grace_period", &[Need::Root], kills_after_the_grace_period),
        test("stop::second_time_kills", &[Need::Root], second_time_kills),
    ]
}

/// A running podrun, whose pod has said `ready`.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(podrun: &Podrun, manifest: &str) -> Self {
        let file = podrun.scratch().join("pod.yaml");
        std::fs::write(&file, manifest).expect("a manifest");
        let mut child = podrun
            .command(["run", "pod.yaml"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("podrun starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("its standard output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("standard output");
        assert_eq!(line, "c0 | ready\n");
        Self { child, stdout }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("podrun runs");
    }

    /// The next line of what it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("standard output");
        line
    }

    /// Waits for its end: what it printed since.
    fn end(mut self) -> Ran {
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).expect("standard output");
        let mut ran = Ran::of(self.child.wait_with_output().expect("podrun ends"));
        ran.stdout = stdout;
        ran
    }
}

/// When the pod was asked to stop, and when its container had ended.
fn times(podrun: &Podrun) -> (Timestamp, Timestamp) {
    let uuid = pods(podrun).pop_first().expect("a pod");
    let events = podrun.run(["events", "-o", "json", &uuid]).success().stdout;
    let killing = events.lines().find(|line| line.contains("Killing")).expect("an event");
    let killing: serde_json::Value = serde_json::from_str(killing).expect("a JSON line");
    let status = podrun.run(["status", "-o", "json", &uuid]).success().stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let ended = &status["status"]["apps"][0]["state"]["terminated"]["finishedAt"];
    let time = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse().ok()).expect("a time");
    (time(&killing["at"]), time(ended))
}

fn asks() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let podrun = Podrun::new();
        let pod =
            pod_of("Always", &["trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done"]);
        let running = Running::start(&podrun, &pod);
        running.signal(signal);
        let ran = running.end().exits(7);
        assert_eq!(ran.stdout, "c0 | bye\n");
        assert!(ran.stderr.contains("Normal   Killing    c0: Stopping container c0\n"), "{}", ran.stderr);
        podrun.run(["gc", "--grace-period", "0"]).success();
    }
}

/// Asked first, killed then, and not before its time.
fn kills_after_the_grace_period() {
    let podrun = Podrun::new();
    let pod = pod_of("Always", &["trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done"]);
    let running = Running::start(&podrun, &pod);
    running.signal(Signal::INT);
    let ran = running.end().exits(137);
    assert_eq!(ran.stdout, "c0 | no\n");
    let (asked, ended) = times(&podrun);
    assert!(ended.since(asked) >= Duration::from_secs(2), "{asked} {ended}");
    podrun.run(["gc", "--grace-period", "0"]).success();
}

/// The grace period is longer than anybody waits for a test.
fn second_time_kills() {
    let podrun = Podrun::new();
    let pod = pod_of("Always", &["trap 'echo no' TERM; echo ready; while :; do sleep 0.1; done"])
        .replace("terminationGracePeriodSeconds: 2", "terminationGracePeriodSeconds: 600");
    let mut running = Running::start(&podrun, &pod);
    running.signal(Signal::INT);
    assert_eq!(running.line(), "c0 | no\n");
    running.signal(Signal::INT);
    running.end().exits(137);
    podrun.run(["gc", "--grace-period", "0"]).success();
}

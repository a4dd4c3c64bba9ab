//! Ctrl-C: a pod is asked to stop, has its grace period, and then is killed.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};

use crate::hello::pod_of;
use crate::program::{Podrun, Ran};
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

    /// Waits for its end: what it printed since, and how long that took.
    fn end(mut self) -> (Ran, Duration) {
        let began = Instant::now();
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).expect("standard output");
        let mut ran = Ran::of(self.child.wait_with_output().expect("podrun ends"));
        ran.stdout = stdout;
        (ran, began.elapsed())
    }
}

fn asks() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let podrun = Podrun::new();
        let pod =
            pod_of("Always", &["trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done"]);
        let running = Running::start(&podrun, &pod);
        running.signal(signal);
        let (ran, took) = running.end();
        let ran = ran.exits(7);
        assert_eq!(ran.stdout, "c0 | bye\n");
        assert!(took < Duration::from_millis(1800), "{took:?}");
        assert!(ran.stderr.contains("Normal   Killing    c0: Stopping container c0\n"), "{}", ran.stderr);
        podrun.run(["gc", "--grace-period", "0"]).success();
    }
}

fn kills_after_the_grace_period() {
    let podrun = Podrun::new();
    let pod = pod_of("Always", &["trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
    let running = Running::start(&podrun, &pod);
    running.signal(Signal::INT);
    let (ran, took) = running.end();
    ran.exits(137);
    assert!((Duration::from_millis(1900)..Duration::from_secs(8)).contains(&took), "{took:?}");
    podrun.run(["gc", "--grace-period", "0"]).success();
}

fn second_time_kills() {
    let podrun = Podrun::new();
    let pod = pod_of("Always", &["trap '' TERM; echo ready; while :; do sleep 0.1; done"])
        .replace("terminationGracePeriodSeconds: 2", "terminationGracePeriodSeconds: 600");
    let running = Running::start(&podrun, &pod);
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::INT);
    let (ran, took) = running.end();
    ran.exits(137);
    assert!(took < Duration::from_secs(8), "{took:?}");
    podrun.run(["gc", "--grace-period", "0"]).success();
}

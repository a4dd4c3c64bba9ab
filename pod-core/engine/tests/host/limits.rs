//! Limits that the kernel enforces.

use pod_core::lifecycle::AppState;
use pod_core::pod::Resources;

use crate::fixture::{Host, app, pod};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("memory beyond the limit ends the app", Needs::Limits, memory),
    ("no more processes than the limit", Needs::Limits, pids),
    ("a processor limit holds", Needs::Limits, cpu),
];

fn memory() {
    let host = Host::new();
    // One write of 64 MiB needs a buffer of 64 MiB.
    let mut hungry = app("hungry", "exec dd if=/dev/zero of=/dev/null bs=64M count=1");
    hungry.resources = Resources { memory_limit: Some(16 << 20), ..Resources::default() };
    let story = host.run(&pod(vec![hungry, app("modest", "true")]));
    let AppState::Terminated { exit, reason, .. } = &story.app("hungry").state else { panic!("{story:#?}") };
    assert_eq!((exit.unwrap().code(), reason.as_str()), (137, "OOMKilled"));
    let AppState::Terminated { reason, .. } = &story.app("modest").state else { panic!("{story:#?}") };
    assert_eq!(reason, "Completed");
}

fn pids() {
    let host = Host::new();
    let mut many = app("many", "for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all");
    many.resources = Resources { pids_limit: Some(4), ..Resources::default() };
    let story = host.run(&pod(vec![many]));
    let lines = story.output("many");
    assert!(lines.iter().any(|line| line.contains("can't fork")), "{lines:?}");
}

fn cpu() {
    let host = Host::new();
    // 200 ms of work with a tenth of a processor take 2 s.
    let mut slow =
        app("slow", "i=0; while [ $i -lt 1000000 ]; do i=$((i+1)); done; cat /proc/self/stat >/dev/null");
    slow.resources = Resources { cpu_limit_milli: Some(100), ..Resources::default() };
    let mut spec = pod(vec![slow]);
    spec.active_deadline = Some(std::time::Duration::from_secs(2));
    let story = host.run(&spec);
    assert_eq!(story.status().reason, "DeadlineExceeded", "{story:#?}");
}

//! A process namespace that apps share.

use std::fs;
use std::os::fd::AsFd;

use pod_engine::plan::{Plan, ReaperPlan};
use pod_engine::stage1::{Pids, Report};

use super::fixture::{Fixture, run, start};
use super::{Case, Needs};

pub(crate) const CASES: &[Case] =
    &[("reaper::apps_share_its_namespace", Needs::Root, apps_share_its_namespace)];

fn apps_share_its_namespace() {
    let mut reaper = start(&Plan::Reaper(ReaperPlan { cgroups: vec![] }), Pids::New);
    assert_eq!(reaper.settle(), [Report::Ready]);
    let pid = reaper.launched.pid;
    let pids = || Pids::Of(reaper.launched.pidfd.as_fd());

    // It has no rights, no files, and an empty root.
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in [
        "Uid:\t65534\t65534",
        "CapEff:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "{status}");
    }
    assert_eq!(fs::read_dir(format!("/proc/{pid}/root/")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count(), 3);
    assert_eq!(fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap().lines().count(), 1);

    let mut first = Fixture::shell("echo; exec sleep 1000");
    first.plan.own_pid_namespace = false;
    let mut app = start(&first.app(), pids());
    assert_eq!(app.settle(), [Report::Ready]);
    app.line();
    // The second app sees the first one and the reaper, which it can neither end nor look into. What it orphans is reaped.
    let second = Fixture::shell(
        "grep -l sleep /proc/[0-9]*/comm | wc -l; kill -9 1; kill -15 1; readlink /proc/1/exe; readlink /proc/1/fd/0; readlink /proc/1/root; \
         (sh -c '(exit 3) & echo $! > /tmp/orphan; exec true'); sleep 0.2; test -e /proc/$(cat /tmp/orphan) || echo reaped",
    );
    let ended = run(&second.app(), pids());
    assert_eq!(ended.status, 0, "{}", ended.output);
    assert_eq!(ended.output, "1\nreaped\n");
    // Its end is everybody's end. It is over when they have been waited for.
    reaper.signal_kill();
    assert_eq!(app.end().status, 128 + 9);
    assert_eq!(reaper.end().status, 128 + 9);
}

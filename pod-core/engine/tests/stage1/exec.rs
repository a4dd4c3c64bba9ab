//! Processes beside a running app.

use std::fs;
use std::os::fd::AsFd;

use pod_engine::plan::{ExecPlan, Plan};
use pod_engine::stage1::{Launched, Pids, Report};

use super::fixture::{self, Ended, Fixture, launcher, process, run, start};
use super::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("exec::is_in_the_app", Needs::Root, is_in_the_app),
    ("exec::has_no_more_than_the_app", Needs::Root, has_no_more_than_the_app),
    ("exec::shows_nothing_of_the_host", Needs::Root, shows_nothing_of_the_host),
    ("exec::fails_by_name", Needs::Root, fails_by_name),
    ("exec::needs_the_app", Needs::Root, needs_the_app),
];

fn plan(fixture: &Fixture, argv: &[&str]) -> Plan {
    Plan::Exec(Box::new(ExecPlan {
        cgroups: fixture.plan.cgroups.clone(),
        own_pid_namespace: true,
        process: process(argv),
        confinement: fixture.plan.confinement.clone(),
        oom_score_adj: None,
        terminal: false,
    }))
}

fn beside(fixture: &Fixture, app: &Launched, argv: &[&str]) -> Ended {
    run(&plan(fixture, argv), Pids::Of(app.pidfd.as_fd()))
}

fn is_in_the_app() {
    let fixture = Fixture::shell("echo here > /tmp/mark; echo; exec sleep 1000");
    let app = fixture.start();
    app.line();
    // The line comes before the app has become `sleep`.
    let script = "cat /tmp/mark; until grep -q sleep /proc/1/comm; do :; done; cat /proc/1/comm; pwd; exit 7";
    let ended = beside(&fixture, &app.launched, &["sh", "-c", script]);
    assert_eq!((ended.output.as_str(), ended.status), ("here\nsleep\n/\n", 7));
    let namespaces = |script: &str| {
        let ended = beside(&fixture, &app.launched, &["sh", "-c", script]);
        ended.output
    };
    // All namespaces are the app's; user and time ones are the host's for both.
    let of = |who: &str| {
        namespaces(&format!("for n in mnt net ipc uts cgroup pid; do readlink /proc/{who}/ns/$n; done"))
    };
    assert_eq!(of("1"), of("self"));
    app.kill();
}

fn has_no_more_than_the_app() {
    let mut fixture = Fixture::shell("echo; exec sleep 1000");
    fixture.plan.process.user.user = "web".into();
    fixture.plan.confinement.no_new_privileges = true;
    let app = fixture.start();
    app.line();
    let mut exec = ExecPlan {
        cgroups: vec![],
        own_pid_namespace: true,
        process: process(&[
            "sh",
            "-c",
            "grep -E '^(Cap|NoNew|Seccomp|Uid|Gid|Groups)' /proc/1/status /proc/self/status",
        ]),
        confinement: fixture.plan.confinement.clone(),
        oom_score_adj: None,
        terminal: false,
    };
    exec.process.user = fixture.plan.process.user.clone();
    let ended = run(&Plan::Exec(Box::new(exec)), Pids::Of(app.launched.pidfd.as_fd()));
    let of = |who: &str| -> Vec<String> {
        let prefix = format!("/proc/{who}/status:");
        ended.success().lines().filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).collect()
    };
    assert_eq!(of("1").len(), 11);
    assert_eq!(of("1"), of("self"));
    app.kill();
}

/// An app that tries to see, and to open for writing, what joins it (CVE-2019-5736, CVE-2024-21626).
fn shows_nothing_of_the_host() {
    let script = "echo; while :; do for p in /proc/[0-9]*; do \
        for f in $p/exe $p/cwd $p/root $p/fd/*; do t=$(readlink $f 2>/dev/null) && case $t in \
        /bin/busybox|/|pipe:*|/dev/null|/proc*|/proc/*/fd|'') ;; *) echo \"$f -> $t\" ;; esac; done; \
        (: >> $p/exe) 2>/dev/null && echo wrote $p/exe; done; done";
    let mut fixture = Fixture::shell(script);
    fixture.plan.confinement.capabilities.push(pod_core::pod::Capability::DacReadSearch);
    let app = fixture.start();
    app.line();
    for _ in 0..60 {
        assert_eq!(beside(&fixture, &app.launched, &["true"]).success(), "");
    }
    // Whatever runs of ours ran without a name, and its program is still what it was.
    let seen = app.kill().output;
    let seen: Vec<&str> = seen.lines().filter(|line| !line.contains("-> /bin/")).collect();
    assert_eq!(seen, Vec::<&str>::new());
}

fn fails_by_name() {
    let fixture = Fixture::shell("echo; exec sleep 1000");
    let app = fixture.start();
    app.line();
    let ended = beside(&fixture, &app.launched, &["/bin/nothing"]);
    assert_eq!(ended.failure(), "Run: exec: \"/bin/nothing\": no such file or directory");
    assert_eq!(ended.reports.first(), Some(&Report::Ready));
    app.kill();
}

fn needs_the_app() {
    let fixture = Fixture::shell("exit 3");
    let null = fs::File::open("/dev/null").unwrap();
    let stdio = pod_engine::stage1::Stdio { stdin: null.as_fd(), stdout: null.as_fd(), stderr: null.as_fd() };
    let error = launcher().launch(&plan(&fixture, &["true"]), stdio, Pids::New).unwrap_err();
    assert_eq!(error.to_string(), "an exec plan needs the process of its app");

    let mut app = start(&fixture.app(), Pids::New);
    app.settle();
    let pidfd = rustix::io::dup(&app.launched.pidfd).unwrap();
    assert_eq!(app.end().status, 3);
    let error = launcher().launch(&plan(&fixture, &["true"]), stdio, Pids::Of(pidfd.as_fd())).unwrap_err();
    assert_eq!(error.to_string(), "cannot start stage1 in the PID namespace of the app");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "No such process (os error 3)");
    // The thread makes its children in its own namespace again.
    assert_eq!(fixture::run(&fixture.app(), Pids::New).status, 3);
}

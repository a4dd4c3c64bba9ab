//! Probes and hooks that run in the app.

use pod_core::lifecycle::PodPhase;
use pod_core::pod::{Handler, HttpScheme, RestartPolicy};

use crate::fixture::{Host, app, empty_dir, exec, mount, pod, probe, volume};
use crate::monitor::Line;
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("readiness follows its probe", Needs::Pod, readiness),
    ("an app that is not alive is started again", Needs::Pod, liveness),
    ("a command that takes too long is killed with all that it started", Needs::Pod, too_long),
    ("a question by network from inside the pod", Needs::Pod, network),
    ("a postStart hook runs in the app, and its failure ends the app", Needs::Pod, post_start),
    ("a preStop hook runs before the signal", Needs::Pod, pre_stop),
];

fn readiness() {
    let host = Host::new();
    let mut web = app("web", "sleep 0.5; touch /ready; sleep 3");
    web.probes.readiness = Some(probe(exec("cat /ready")));
    let story = host.run(&pod(vec![web]));
    let ready = |line: &Line| matches!(line, Line::Status { ready, .. } if ready.contains(&"web".to_owned()));
    assert!(story.lines.iter().any(ready), "{:#?}", story.lines);
    let unhealthy = story.notices("Unhealthy");
    assert!(
        unhealthy.iter().any(|text| text.contains("Readiness probe failed: cat: can't open '/ready'")),
        "{unhealthy:?}"
    );
}

fn liveness() {
    let host = Host::new();
    let mut web = app("web", "echo up; test -e /shared/again && exit 0; touch /shared/again; sleep 30");
    web.probes.liveness = Some(probe(exec("echo sick; exit 1")));
    web.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![web]);
    spec.restart_policy = RestartPolicy::OnFailure;
    spec.volumes = vec![volume("shared", empty_dir())];
    let story = host.run(&spec);
    assert_eq!(story.output("web"), ["up", "up"]);
    assert_eq!(story.app("web").restart_count, 1);
    assert!(story.notices("Unhealthy").iter().any(|text| text.contains("Liveness probe failed: sick")));
}

fn too_long() {
    let host = Host::new();
    let mut web =
        app("web", "sleep 4; ls /proc | head -n 0; for p in /proc/[0-9]*; do cat $p/cmdline; echo; done");
    web.probes.readiness = Some(probe(exec("sleep 1000 & sleep 1000")));
    let story = host.run(&pod(vec![web]));
    assert_eq!(story.status().phase, PodPhase::Succeeded);
    let unhealthy = story.notices("Unhealthy");
    assert!(unhealthy.iter().any(|text| text.contains("timed out")), "{unhealthy:?}");
    let sleeping = story.output("web").iter().filter(|line| line.contains("1000")).count();
    // At most the probe that runs at this moment.
    assert!(sleeping <= 3, "{:?}", story.output("web"));
}

fn network() {
    let host = Host::new();
    let mut web = app("web", "sleep 3");
    web.probes.readiness = Some(probe(Handler::HttpGet {
        host: None,
        port: 9,
        path: "/".to_owned(),
        scheme: HttpScheme::Http,
        headers: vec![],
    }));
    web.probes.startup = None;
    let story = host.run(&pod(vec![web]));
    let unhealthy = story.notices("Unhealthy");
    assert!(unhealthy.iter().any(|text| text.contains("refused")), "{unhealthy:?}");
}

fn post_start() {
    let host = Host::new();
    let mut good = app("good", "until test -e /hooked; do sleep 0.05; done; echo hooked");
    good.hooks.post_start = Some(exec("touch /hooked"));
    let mut bad = app("bad", "sleep 30");
    bad.hooks.post_start = Some(exec("echo no luck; exit 7"));
    let story = host.run(&pod(vec![good, bad]));
    assert_eq!(story.output("good"), ["hooked"]);
    let failed = story.notices("FailedPostStartHook");
    assert_eq!(failed.len(), 1, "{:#?}", story.lines);
    assert_eq!(failed[0], "PostStartHook failed", "the kubelet's words");
    assert_eq!(story.status().phase, PodPhase::Failed);
}

fn pre_stop() {
    let host = Host::new();
    let mut web = app("web", "trap 'cat /stopping; exit 0' TERM; echo up; while :; do sleep 0.05; done");
    web.hooks.pre_stop = Some(exec("echo the hook came first > /stopping"));
    let spec = pod(vec![web]);
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("up");
    monitor.signal(rustix::process::Signal::TERM);
    let story = monitor.finish();
    assert_eq!(story.output("web"), ["the hook came first"]);
}

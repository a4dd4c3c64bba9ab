//! What is kept of a pod: logs, events, statistics.

use std::ops::ControlFlow;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::lifecycle::Notice;
use pod_core::pod::{PodSpec, RestartPolicy, Stdin, VolumeSource};
use pod_engine::{Console, Goal, LogOptions, Stream};

use crate::fixture::{Host, app, empty_dir, mount, pod, volume};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("logs from the end, since a time, and of the run before", Needs::Pod, parts),
    ("a log that is followed loses nothing over rotations", Needs::Pod, followed),
    ("who follows the log of a killed monitor's pod is let go", Needs::Pod, abandoned),
    ("events are kept and followed", Needs::Pod, events),
    ("what a pod uses", Needs::Limits, stats),
];

const ALL: LogOptions = LogOptions { follow: false, tail: None, since: None, previous: false };

/// The lines of a log.
fn lines(host: &Host, spec: &PodSpec, options: LogOptions) -> Vec<(Timestamp, Stream, String)> {
    let entry = host.pod(spec);
    let mut lines = Vec::new();
    entry
        .logs(entry.app(None).unwrap(), &options, &mut |line| {
            lines.push((line.at, line.stream, String::from_utf8_lossy(line.text).into_owned()));
            ControlFlow::Continue(())
        })
        .unwrap();
    lines
}

fn texts(host: &Host, spec: &PodSpec, options: LogOptions) -> Vec<String> {
    lines(host, spec, options).into_iter().map(|(.., text)| text).collect()
}

fn parts() {
    let host = Host::new();
    let mut main = app(
        "a",
        "test -e /shared/second && { echo second; exit 0; }; touch /shared/second; \
         seq 1 5; echo oops >&2; sleep 0.3; echo late; exit 1",
    );
    main.mounts = vec![mount("shared", "/shared")];
    let mut spec = pod(vec![main, app("never", "true")]);
    spec.apps[1].command = Some(vec!["/bin/nothing".into()]);
    spec.restart_policy = RestartPolicy::OnFailure;
    spec.volumes = vec![volume("shared", empty_dir())];
    spec.active_deadline = Some(Duration::from_secs(2));
    host.run(&spec);
    assert_eq!(texts(&host, &spec, ALL), ["second"]);
    let previous = LogOptions { previous: true, ..ALL };
    let all = lines(&host, &spec, previous);
    let mut sorted: Vec<_> = all.iter().map(|(.., text)| text.as_str()).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, ["1", "2", "3", "4", "5", "late", "oops"]);
    assert_eq!(all.iter().filter(|(_, stream, _)| *stream == Stream::Stderr).count(), 1);
    assert!(all.is_sorted_by_key(|(at, ..)| *at));
    assert_eq!(texts(&host, &spec, LogOptions { tail: Some(1), ..previous }), ["late"]);
    let (at, ..) = all[6];
    assert_eq!(texts(&host, &spec, LogOptions { since: Some(at), ..previous }), ["late"]);
    // One line is enough for somebody.
    let entry = host.pod(&spec);
    let mut count = 0;
    let mut first = |_: pod_engine::LogLine<'_>| {
        count += 1;
        ControlFlow::Break(())
    };
    entry.logs(entry.app(None).unwrap(), &previous, &mut first).unwrap();
    assert_eq!(count, 1);
    let mut none = |_: pod_engine::LogLine<'_>| ControlFlow::Continue(());
    let refused = entry.logs(&"b".parse().unwrap(), &ALL, &mut none).unwrap_err().to_string();
    assert_eq!(refused, format!("pod `{}`: it has no app `b`", spec.uid));
}

fn followed() {
    let host = Host::new();
    let mut main = app("a", "read go; seq 1 60000; sleep 0.2; echo end");
    main.stdin = Stdin::Open;
    let mut spec = pod(vec![main, app("other", "sleep 1000")]);
    spec.annotations.insert("small logs".to_owned(), String::new());
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let name = entry.app(None).unwrap().clone();
    let previous = LogOptions { previous: true, ..ALL };
    let refused = entry.logs(&name, &previous, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(refused.to_string(), "app `a`: it has not run before");
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| texts(&host, &spec, LogOptions { follow: true, ..ALL }));
        let (theirs, ours) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&ours, b"go\n").unwrap();
        drop(ours);
        let (out, their_out) = rustix::pipe::pipe().unwrap();
        drop(out);
        let mut console = Console::new(Some(theirs), their_out.try_clone().unwrap(), their_out);
        entry.attach(&name, &mut console).unwrap();
        let seen = follower.join().unwrap();
        // It was faster than three files of 256 KiB, or it has missed some from the beginning; never one in the middle.
        let numbers: Vec<u32> = seen.iter().filter_map(|text| text.parse().ok()).collect();
        assert_eq!(numbers.last(), Some(&60_000));
        assert_eq!(seen.last().map(String::as_str), Some("end"), "to the app's end");
        assert_eq!(seen.len(), numbers.len() + 1);
        let jumps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert!(jumps <= 1, "{jumps} jumps");
    });
    // 60000 lines of 42 bytes were written; three files are kept.
    let files = std::fs::read_dir(entry.dir.join("logs-a")).unwrap().flatten();
    let mut names: Vec<_> = files.map(|file| file.file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["0.end", "0.log", "0.log.1", "0.log.2"]);
    let kept = texts(&host, &spec, ALL);
    assert!(kept.len() > 10_000 && kept.len() < 60_000, "{}", kept.len());
    assert_eq!(texts(&host, &spec, LogOptions { tail: Some(9_000), ..ALL }).len(), 9_000);
    entry.stop(Some(Duration::ZERO)).unwrap();
}

fn abandoned() {
    let host = Host::new();
    let spec = pod(vec![app("a", "echo up; sleep 1000")]);
    let mut monitor = host.spawn(&spec);
    monitor.wait_for("up");
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| texts(&host, &spec, LogOptions { follow: true, ..ALL }));
        std::thread::sleep(Duration::from_millis(100));
        monitor.signal(rustix::process::Signal::KILL);
        assert_eq!(follower.join().unwrap(), ["up"]);
    });
}

fn events() {
    let host = Host::new();
    let spec = pod(vec![app("a", "trap 'exit 0' TERM; while :; do sleep 0.05; done")]);
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let reasons = |follow: bool| {
        let mut reasons = Vec::new();
        let mut each = |notice: &Notice| {
            reasons.push(notice.reason.clone());
            ControlFlow::Continue(())
        };
        entry.events(follow, &mut each).unwrap();
        reasons
    };
    std::thread::scope(|scope| {
        let follower = scope.spawn(|| reasons(true));
        host.engine.wait(spec.uid, Goal::Ready, None).unwrap();
        assert_eq!(reasons(false), ["Pulled", "Created", "Started"]);
        entry.stop(None).unwrap();
        assert_eq!(follower.join().unwrap(), ["Pulled", "Created", "Started", "Killing"]);
    });
    // They stay with the directory, wherever that goes.
    host.engine
        .gc(
            &pod_engine::GcOptions {
                mark_only: true,
                grace_period: Duration::ZERO,
                expire_prepared: Duration::ZERO,
            },
            &mut pod_engine::Loopback,
        )
        .unwrap();
    let mut count = 0;
    let mut each = |_: &Notice| {
        count += 1;
        ControlFlow::Continue(())
    };
    host.pod(&spec).events(true, &mut each).unwrap();
    assert_eq!(count, 4);
}

fn stats() {
    let host = Host::new();
    let mut main = app(
        "busy",
        "head -c 30000000 /dev/zero > /memory/file; i=0; while test $i -lt 100000; do i=$((i+1)); done; sleep 1000",
    );
    main.mounts = vec![mount("memory", "/memory")];
    main.resources.memory_limit = Some(100 << 20);
    main.resources.pids_limit = Some(50);
    let mut spec = pod(vec![main, app("idle", "sleep 1000")]);
    spec.volumes = vec![volume(
        "memory",
        VolumeSource::EmptyDir { memory: true, size_limit: None, mode: 0o777, uid: 0, gid: 0 },
    )];
    host.start(&spec).unwrap();
    let entry = host.pod(&spec);
    let busy = || {
        let stats = entry.stats().unwrap();
        assert_eq!(stats.apps.len(), 2);
        assert_eq!((stats.name.as_str(), stats.interfaces.len()), ("test", 0), "{stats:?}");
        stats.apps[0].clone()
    };
    let mut now = busy();
    for _ in 0..1000 {
        now = busy();
        if now.cpu.unwrap() > Duration::from_millis(20) && now.memory.unwrap().working_set > 30_000_000 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let memory = now.memory.unwrap();
    assert!(memory.working_set >= 30_000_000 && memory.usage >= memory.working_set, "{memory:?}");
    assert!(memory.rss < 30_000_000, "what is in a tmpfs is no anonymous memory: {memory:?}");
    assert_eq!(memory.limit, Some(100 << 20));
    assert!(now.pids.unwrap() >= 1, "{now:?}");
    let text = pod_engine::prometheus(&[entry.stats().unwrap()]);
    assert!(text.contains("container_memory_working_set_bytes{container=\"busy\","), "{text}");
    entry.stop(Some(Duration::ZERO)).unwrap();
    let error = host.pod(&spec).stats().unwrap_err();
    assert_eq!(error.to_string(), format!("pod `{}` is exited, not running", spec.uid));
}

//! Pod directories: states, locks, preparation, garbage.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pod_core::lifecycle::{ImageFailure, Notice, PodStatus};
use pod_core::pod::{App, AppName, Handler, HttpScheme, Port, Protocol, Uuid};
use pod_engine::{
    AppRoot, Attachment, Engine, GcOptions, Loopback, Network, NetworkError, Observer, PodState, RootFs,
    RootFsError, Stream,
};

use crate::fixture::{app, mount, pod, probe};
use crate::monitor::OneImage;
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("a pod is prepared, found and deleted", Needs::Nothing, prepared),
    ("a prepared pod becomes another one of the same images", Needs::Nothing, changed),
    ("what is left to whoever runs a pod is for its owner alone", Needs::Nothing, private),
    ("the beginning of an identifier", Needs::Nothing, prefixes),
    ("what this engine does not do is refused by name", Needs::Nothing, refusals),
    ("an image that cannot be had leaves nothing", Needs::Nothing, no_image),
    ("whatever a dead process leaves is collected", Needs::Nothing, wreckage),
    ("deep trees, odd names and links are deleted", Needs::Nothing, trees),
    ("a process that nobody wrote down is found", Needs::Nothing, unrecorded),
    ("collectors stay away from what is being made", Needs::Nothing, births),
    ("prepared pods expire", Needs::Nothing, expiry),
    ("a pod that cannot be taken off its network stays until it can", Needs::Nothing, network),
];

struct Place {
    dir: tempfile::TempDir,
    engine: Engine,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("image")).unwrap();
        let engine = Engine::open(dir.path().join("data")).unwrap();
        Self { dir, engine }
    }

    fn images(&self) -> OneImage {
        OneImage(self.dir.path().join("image"))
    }

    fn stage(&self, name: &str) -> PathBuf {
        self.engine.data_dir().join("pods").join(name)
    }

    /// How many entries each stage has, in their order.
    fn count(&self) -> [usize; 6] {
        ["embryo", "prepare", "prepared", "run", "exited-garbage", "garbage"]
            .map(|name| fs::read_dir(self.stage(name)).unwrap().count())
    }
}

const NOW: GcOptions =
    GcOptions { grace_period: Duration::ZERO, expire_prepared: Duration::from_secs(3600), mark_only: false };

fn prepared() {
    let place = Place::new();
    let spec = pod(vec![app("a", "true")]);
    let prepared = place.engine.prepare(&spec, &mut place.images()).unwrap();
    assert_eq!((prepared.uid(), prepared.spec()), (spec.uid, &spec));
    assert_eq!(place.count(), [0, 1, 0, 0, 0, 0]);
    assert_eq!(place.engine.images_in_use().unwrap().into_iter().collect::<Vec<_>>(), ["sha512-busybox"]);

    let uid = prepared.keep().unwrap();
    assert_eq!((uid, place.count()), (spec.uid, [0, 0, 1, 0, 0, 0]));
    let prepared = place.engine.prepared(uid).unwrap();
    let busy = place.engine.prepared(uid).unwrap_err();
    assert_eq!(busy.to_string(), format!("pod `{uid}` is prepared by another process"));
    assert!(busy.is_busy() && place.engine.remove(uid, &mut Loopback).unwrap_err().is_busy());
    let exists = place.engine.prepare(&spec, &mut place.images()).unwrap_err();
    assert_eq!(exists.to_string(), format!("there is a pod `{uid}` already; it is prepared"));
    let everything = GcOptions { expire_prepared: Duration::ZERO, ..NOW };
    assert!(place.engine.gc(&everything, &mut Loopback).unwrap().deleted.is_empty(), "it is locked");

    // One that was kept stays so, whether it is kept again or dropped.
    assert_eq!(prepared.keep().unwrap(), uid);
    drop(place.engine.prepared(uid).unwrap());
    assert_eq!(place.engine.prepared(uid).unwrap().spec(), &spec);
    place.engine.remove(uid, &mut Loopback).unwrap();
    assert!(place.engine.prepared(uid).unwrap_err().is_not_found());
    assert_eq!(place.count(), [0; 6]);
}

fn changed() {
    let place = Place::new();
    let spec = pod(vec![app("a", "true")]);
    let uid = place.engine.prepare(&spec, &mut place.images()).unwrap().keep().unwrap();
    let mut prepared = place.engine.prepared(uid).unwrap();
    let mut other = spec.clone();
    other.hostname = Some("other".to_owned());
    prepared.change(other.clone()).unwrap();
    assert_eq!(prepared.spec(), &other);

    let mut refused = Vec::new();
    refused.push(pod_core::pod::PodSpec { uid: Uuid::from_u128(1), ..other.clone() });
    refused.push(pod_core::pod::PodSpec { apps: vec![app("b", "true")], ..other.clone() });
    let mut image = other.clone();
    image.apps[0].image = "example.com/other:1".to_owned();
    refused.push(image);
    for spec in refused {
        let error = prepared.change(spec).unwrap_err();
        assert!(error.is_refused(), "{error}");
        let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        assert!(why.contains("its images were prepared for other apps"), "{why}");
    }
    drop(prepared);
    assert_eq!(place.engine.prepared(uid).unwrap().spec(), &other);
}

fn private() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let spec = pod(vec![app("a", "true")]);
    let prepared = place.engine.prepare(&spec, &mut place.images()).unwrap();
    assert_eq!(prepared.private().unwrap(), None);
    prepared.keep_private(b"sesame").unwrap();
    let uid = prepared.keep().unwrap();
    let prepared = place.engine.prepared(uid).unwrap();
    assert_eq!(prepared.private().unwrap().as_deref(), Some(&b"sesame"[..]));
    let file = place.stage("prepared").join(uid.to_string()).join("private");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

fn prefixes() {
    let place = Place::new();
    let [a, b] = ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"]
        .map(|text| Uuid::try_parse(text).unwrap());
    for uid in [a, b] {
        let mut spec = pod(vec![app("a", "true")]);
        spec.uid = uid;
        place.engine.prepare(&spec, &mut place.images()).unwrap().keep().unwrap();
    }
    assert_eq!(place.engine.pod("6BA7B811").unwrap().uid, b);
    assert_eq!(place.engine.pod(&a.to_string()).unwrap().state, PodState::Prepared);
    let error = |prefix| place.engine.pod(prefix).unwrap_err().to_string();
    assert_eq!(error("6ba7"), format!("`6ba7` is ambiguous: it could be `{a}`, `{b}`"));
    assert_eq!(error("7"), "no pod has the identifier `7`");
    assert_eq!(error(""), "no pod has the identifier ``");
}

fn refusals() {
    let place = Place::new();
    let refused = |change: fn(&mut pod_core::pod::PodSpec)| {
        let mut spec = pod(vec![app("a", "true")]);
        change(&mut spec);
        let error = place.engine.prepare(&spec, &mut place.images()).unwrap_err();
        assert!(error.is_refused());
        error.to_string()
    };
    assert_eq!(refused(|spec| spec.apps.clear()), "apps: a pod without apps cannot run");
    assert_eq!(
        refused(|spec| spec.apps.push(app("a", "false"))),
        "app `a`: there is another app of that name"
    );
    assert_eq!(
        refused(|spec| spec.apps[0].mounts.push(mount("none", "/x"))),
        "app `a`: mount at `/x`: the pod has no volume `none`"
    );
    assert_eq!(
        refused(|spec| {
            let sleep = Handler::Sleep { duration: Duration::from_secs(1) };
            spec.apps[0].probes.liveness = Some(probe(sleep));
        }),
        "app `a`: liveness probe: sleep asks nothing; it is for hooks only"
    );
    let https = |spec: &mut pod_core::pod::PodSpec| {
        spec.apps[0].hooks.pre_stop = Some(Handler::HttpGet {
            host: None,
            port: 1,
            path: "/".to_owned(),
            scheme: HttpScheme::Https,
            headers: vec![],
        });
    };
    if cfg!(not(feature = "tls")) {
        assert_eq!(
            refused(https),
            "app `a`: preStop hook: HTTPS needs the feature `tls` of pod-engine, which this program was built without"
        );
    }
    assert_eq!(
        refused(|spec| spec.apps[0].hooks.pre_start = Some(Handler::TcpSocket { host: None, port: 1 })),
        "app `a`: pre-start hook: it can only run a command"
    );
    assert_eq!(
        refused(|spec| {
            spec.apps[0].probes.startup = Some(probe(Handler::Sleep { duration: Duration::from_secs(1) }));
        }),
        "app `a`: startup probe: sleep asks nothing; it is for hooks only"
    );
    assert_eq!(
        refused(|spec| spec.apps[0].stop_signal = Some(33)),
        "app `a`: stop signal: 33 is no signal: 1 to 31, or a real-time one from 34 to 64"
    );
    assert_eq!(
        refused(|spec| spec.apps[0].hooks.post_start = Some(Handler::Exec { command: vec![] })),
        "app `a`: postStart hook: it names no command"
    );
    assert_eq!(place.count(), [0; 6]);

    let mut spec = pod(vec![app("a", "true")]);
    spec.apps[0].ports = vec![Port {
        name: String::new(),
        protocol: Protocol::Tcp,
        container_port: 80,
        host_port: Some(8080),
        host_ip: None,
    }];
    assert_eq!(
        Loopback.check(&spec).unwrap_err().to_string(),
        "app `a`: host port 8080 leads nowhere: the pod has a loopback interface only"
    );

    struct Deaf;
    impl Observer for Deaf {
        fn notice(&mut self, _: &Notice) {}
        fn output(&mut self, _: &AppName, _: Stream, _: &[u8]) {}
        fn status(&mut self, _: &PodStatus) {}
    }
    // Found out only when it is to run: one that nobody was told of is gone, one that was kept stays prepared.
    let place = Place::new();
    let run =
        |prepared| place.engine.run(prepared, &mut place.images(), &mut Loopback, &mut Deaf).unwrap_err();
    let prepare = || place.engine.prepare(&spec, &mut place.images()).unwrap();
    run(prepare());
    assert_eq!(place.count(), [0; 6]);
    let uid = prepare().keep().unwrap();
    run(place.engine.prepared(uid).unwrap());
    assert_eq!(place.count(), [0, 0, 1, 0, 0, 0]);
}

fn no_image() {
    struct Never;
    impl RootFs for Never {
        fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
            let message = format!("image `{}` is not there, and its policy is Never", app.image);
            Err(RootFsError { failure: ImageFailure::NeverPull, message })
        }
    }
    let place = Place::new();
    let error = place.engine.prepare(&pod(vec![app("a", "true")]), &mut Never).unwrap_err();
    assert_eq!(error.image_failure().unwrap().1, ImageFailure::NeverPull);
    assert_eq!(
        error.to_string(),
        "app `a`: image `example.com/busybox:1` is not there, and its policy is Never"
    );
    assert_eq!(place.count(), [0; 6]);
}

fn wreckage() {
    let place = Place::new();
    let uid = |number| Uuid::from_u128(number);
    // As left by a process that died between two steps, at each of them; and by a power loss.
    for (stage, number) in
        [("embryo", 1), ("prepare", 2), ("run", 3), ("exited-garbage", 4), ("garbage", 5), ("run", 6)]
    {
        fs::create_dir(place.stage(stage).join(uid(number).to_string())).unwrap();
    }
    let half = place.stage("run").join(uid(6).to_string());
    for (name, text) in [
        ("spec.json", "{\"name\":"),
        ("status.json", ""),
        ("cgroups.json", "[\"/sys"),
        ("network.json", ""),
        ("process-app-a-0.json", ""),
        ("process-app-b-0.new", "{"),
    ] {
        fs::write(half.join(name), text).unwrap();
    }
    let states: Vec<_> = place.engine.pods().unwrap().iter().map(|pod| pod.state.to_string()).collect();
    assert_eq!(states, ["embryo", "aborted prepare", "exited", "exited", "exited garbage", "garbage"]);
    let report = place.engine.gc(&GcOptions { mark_only: true, ..NOW }, &mut Loopback).unwrap();
    assert_eq!(report.marked, [uid(3), uid(6)]);
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(place.count(), [0, 0, 0, 0, 3, 3]);
    let report =
        place.engine.gc(&GcOptions { grace_period: Duration::from_secs(60), ..NOW }, &mut Loopback).unwrap();
    assert_eq!((report.deleted.len(), place.count()), (3, [0, 0, 0, 0, 3, 0]));
    let report = place.engine.gc(&NOW, &mut Loopback).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(place.count(), [0; 6]);
}

fn trees() {
    let place = Place::new();
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("precious"), "").unwrap();
    let pod = place.stage("exited-garbage").join(Uuid::from_u128(1).to_string());
    // Longer than any path may be, so it is made step by step.
    fs::create_dir(&pod).unwrap();
    let mut dir = rustix::fs::open(&pod, rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty()).unwrap();
    for level in 0..1500 {
        let name = if level % 2 == 0 { "a very long name, for a path of great length" } else { "\u{1}\n *" };
        rustix::fs::mkdirat(&dir, name, rustix::fs::Mode::RWXU).unwrap();
        rustix::fs::symlinkat(outside.as_path(), &dir, format!("link-{level}")).unwrap();
        dir =
            rustix::fs::openat(&dir, name, rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty()).unwrap();
    }
    drop(dir);
    let report = place.engine.gc(&NOW, &mut Loopback).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert_eq!(place.count(), [0; 6]);
    assert!(outside.join("precious").exists());
}

/// As stage1 is when its monitor dies between its launch and the record of it: known by its arguments only.
fn unrecorded() {
    use std::os::unix::process::CommandExt;
    let place = Place::new();
    let uid = uuid::Uuid::new_v4();
    fs::create_dir(place.stage("run").join(uid.to_string())).unwrap();
    let start = |name: &str, argument: &str| {
        let pipe = place.dir.path().join(argument);
        if !pipe.exists() {
            rustix::fs::mknodat(
                rustix::fs::CWD,
                &pipe,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::RWXU,
                0,
            )
            .unwrap();
        }
        // It waits until somebody writes.
        let mut command = std::process::Command::new("/bin/cat");
        command.arg0(name).arg(argument).current_dir(place.dir.path()).spawn().unwrap()
    };
    let mut stage1 = start("podkit-stage1", &uid.to_string());
    let mut others =
        [start("podkit-stage1", &uuid::Uuid::new_v4().to_string()), start("podkit", &uid.to_string())];
    let report = place.engine.gc(&NOW, &mut Loopback).unwrap();
    assert!(report.failed.is_empty(), "{:?}", report.failed);
    assert!(stage1.try_wait().unwrap().is_some(), "it has ended before the collection has");
    for other in &mut others {
        assert!(other.try_wait().unwrap().is_none(), "no other pod's, and no other program");
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

fn births() {
    let place = Place::new();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let report = place.engine.gc(&NOW, &mut Loopback).unwrap();
                    assert!(report.failed.is_empty(), "{:?}", report.failed);
                }
            });
        }
        let made = scope.spawn(|| {
            for _ in 0..200 {
                let spec = pod(vec![app("a", "true")]);
                place
                    .engine
                    .prepare(&spec, &mut place.images())
                    .map_err(|error| format!("{error:?}"))?
                    .keep()
                    .unwrap();
            }
            Ok::<_, String>(())
        });
        let made = made.join();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        made.unwrap().unwrap();
    });
    assert_eq!(place.count(), [0, 0, 200, 0, 0, 0]);
}

fn expiry() {
    let place = Place::new();
    let prepare = || place.engine.prepare(&pod(vec![app("a", "true")]), &mut place.images()).unwrap();
    // One that was to run, and whose process died: nobody can know of it.
    drop(prepare());
    assert_eq!(place.engine.pods().unwrap()[0].state, PodState::AbortedPrepare);
    place.engine.gc(&NOW, &mut Loopback).unwrap();
    assert_eq!(place.count(), [0; 6]);

    prepare().keep().unwrap();
    place.engine.gc(&NOW, &mut Loopback).unwrap();
    assert_eq!(place.count(), [0, 0, 1, 0, 0, 0]);
    let report =
        place.engine.gc(&GcOptions { expire_prepared: Duration::ZERO, ..NOW }, &mut Loopback).unwrap();
    assert_eq!((report.deleted.len(), place.count()), (1, [0; 6]));
}

fn network() {
    /// Says no until it is told otherwise, and what it was asked.
    struct Stubborn {
        yields: bool,
        asked: Vec<(Uuid, bool)>,
    }
    impl Network for Stubborn {
        fn attach(
            &mut self,
            _: &pod_core::pod::PodSpec,
            _: &std::path::Path,
        ) -> Result<Attachment, NetworkError> {
            Err("nothing is attached here".into())
        }
        fn detach(&mut self, uid: Uuid, netns: Option<&std::path::Path>) -> Result<(), NetworkError> {
            self.asked.push((uid, netns.is_some()));
            if self.yields { Ok(()) } else { Err("the plugin hangs".into()) }
        }
    }
    let place = Place::new();
    let uid = Uuid::from_u128(9);
    let dir = place.stage("run").join(uid.to_string());
    fs::create_dir_all(dir.join("ns")).unwrap();
    // The pin is an empty file again: of before a reboot.
    fs::write(dir.join("ns/net"), "").unwrap();
    fs::write(dir.join("network.json"), "[]").unwrap();

    let mut network = Stubborn { yields: false, asked: vec![] };
    let report = place.engine.gc(&NOW, &mut network).unwrap();
    assert!(report.deleted.is_empty());
    let texts: Vec<_> = report.failed.iter().map(|(_, error)| error.to_string()).collect();
    let text = format!("cannot detach the network of pod `{uid}`");
    // Once when it was marked, once when it was to be deleted.
    assert_eq!(texts, [text.clone(), text]);
    assert_eq!(place.count(), [0, 0, 0, 0, 1, 0]);

    network.yields = true;
    assert_eq!(place.engine.gc(&NOW, &mut network).unwrap().deleted, [uid]);
    assert_eq!(network.asked, [(uid, false); 3]);
    assert_eq!(place.count(), [0; 6]);
}

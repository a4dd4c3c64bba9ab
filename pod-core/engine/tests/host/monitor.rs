//! The test program as a pod's monitor: it tells what it sees as JSON lines.

use std::io::Write;
use std::path::PathBuf;

use pod_core::lifecycle::{Notice, PodStatus};
use pod_core::pod::{App, AppName, ImageConfig, PodSpec};
use pod_engine::{AppRoot, Engine, GcOptions, Interrupt, Loopback, Observer, RootFs, RootFsError, Stream};
use serde::{Deserialize, Serialize};

/// The argument that makes the test program a monitor; data directory, specification and image follow.
pub(crate) const ARGUMENT: &str = "--monitor";

/// The argument that makes the test program a garbage collector; the data directory follows.
pub(crate) const COLLECT: &str = "--collect";

/// The argument that makes the test program a monitor in the background; data directory, identifier and image follow.
pub(crate) const BACKGROUND: &str = "--background";

/// Runs a pod that was handed over.
pub(crate) fn background() -> ! {
    rustix::process::setsid().unwrap();
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [data, uid, image] = arguments.as_slice() else { panic!("three arguments are wanted") };
    let mut engine = Engine::open(data).unwrap();
    let prepared = engine.handed_over(uid.parse().unwrap()).unwrap();
    if prepared.spec().annotations.contains_key("small logs") {
        engine = engine.with_log_limits(pod_engine::LogLimits { max_size: 256 * 1024, max_files: 3 });
    }
    if prepared.spec().annotations.contains_key("fails") {
        std::io::stderr().write_all(b"it fails\n").unwrap();
        std::process::exit(1);
    }
    engine.run(prepared, &mut OneImage(image.into()), &mut Loopback, &mut ()).unwrap();
    std::process::exit(0)
}

/// The argument that makes the test program run a command in an app; data directory, identifier and script follow.
pub(crate) const EXEC: &str = "--exec";

/// Runs a command in an app.
pub(crate) fn exec() -> ! {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let [data, uid, script] = arguments.as_slice() else { panic!("three arguments are wanted") };
    let entry = Engine::open(data).unwrap().pod(uid).unwrap();
    let command = vec!["/bin/sh".to_owned(), "-c".to_owned(), script.clone()];
    let exec = pod_engine::Exec { command, ..pod_engine::Exec::default() };
    let mut console = pod_engine::Console::standard(false).unwrap();
    let status = entry.exec(entry.app(None).unwrap(), &exec, &mut console).unwrap();
    std::process::exit(status.code())
}

/// Collects everything that can be.
pub(crate) fn collect() -> ! {
    pod_engine::userns::enter().unwrap();
    let data = std::env::args_os().nth(2).map(PathBuf::from).expect("a data directory");
    let options = GcOptions {
        grace_period: std::time::Duration::ZERO,
        expire_prepared: std::time::Duration::ZERO,
        mark_only: false,
    };
    let report = Engine::open(data).unwrap().gc(&options, &mut Loopback).unwrap();
    std::process::exit(i32::from(!report.failed.is_empty()))
}

/// What a monitor tells.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    Output { app: String, stream: String, line: String },
    Notice { reason: String, message: String },
    Status { phase: String, ready: Vec<String> },
    Ended { status: PodStatus },
    Failed { error: String },
}

/// One image for everybody.
pub(crate) struct OneImage(pub(crate) PathBuf);

impl RootFs for OneImage {
    fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
        let beside = |name: &str| self.0.with_file_name(name);
        // The first time is the preparation's.
        match app.image.as_str() {
            "held" if beside("asked").exists() => {
                std::fs::write(beside("asked again"), "").unwrap();
                while !beside("release").exists() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
            "until interrupted" if beside("asked").exists() => {
                std::fs::write(beside("asked again"), "").unwrap();
                while !beside("interrupted").exists() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                let (failure, message) = (pod_core::lifecycle::ImageFailure::Pull, "interrupted".to_owned());
                return Err(RootFsError { failure, message });
            }
            "held" | "until interrupted" => std::fs::write(beside("asked"), "").unwrap(),
            "panics" if beside("asked").exists() => panic!("no more images"),
            "panics" => std::fs::write(beside("asked"), "").unwrap(),
            _ => {}
        }
        let layers = vec![self.0.clone()];
        Ok(AppRoot {
            image_id: "sha512-busybox".to_owned(),
            layers,
            config: ImageConfig::default(),
            pull: None,
        })
    }

    fn interrupt(&mut self) -> Option<Interrupt> {
        let flag = self.0.with_file_name("interrupted");
        // An ordinary user's monitor cannot write there, and has no test that waits for it.
        Some(Box::new(move || drop(std::fs::write(flag, ""))))
    }
}

struct Teller;

impl Teller {
    fn tell(line: &Line) {
        let mut text = serde_json::to_vec(line).unwrap();
        text.push(b'\n');
        std::io::stdout().write_all(&text).unwrap();
    }
}

impl Observer for Teller {
    fn notice(&mut self, notice: &Notice) {
        Self::tell(&Line::Notice { reason: notice.reason.clone(), message: notice.message.clone() });
    }

    fn output(&mut self, app: &AppName, stream: Stream, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        Self::tell(&Line::Output { app: app.to_string(), stream: stream.to_string(), line });
    }

    fn status(&mut self, status: &PodStatus) {
        let ready = status.apps.iter().filter(|app| app.ready).map(|app| app.name.to_string()).collect();
        Self::tell(&Line::Status { phase: status.phase.to_string(), ready });
    }
}

/// Runs one pod and exits as a command would.
pub(crate) fn main() -> ! {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(2).map(PathBuf::from).collect();
    let [data, spec, image] = arguments.as_slice() else { panic!("three paths are wanted") };
    let spec: PodSpec = serde_json::from_slice(&std::fs::read(spec).unwrap()).unwrap();
    if let Err(error) = pod_engine::userns::enter() {
        Teller::tell(&Line::Failed { error: error.to_string() });
        std::process::exit(254)
    }
    let engine = Engine::open(data).unwrap();
    let mut images = OneImage(image.clone());
    let ended = engine
        .prepare(&spec, &mut images)
        .and_then(|prepared| engine.run(prepared, &mut images, &mut Loopback, &mut Teller));
    match ended {
        Ok(status) => {
            let code = status.exit_code();
            Teller::tell(&Line::Ended { status });
            std::process::exit(code)
        }
        Err(error) => {
            Teller::tell(&Line::Failed { error: format!("{error:?}") });
            std::process::exit(254)
        }
    }
}

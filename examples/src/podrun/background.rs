//! `podrun run --detach`: the pod's monitor is a podrun of its own.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Parser;
use pod_core::lifecycle::{PodPhase, PodStatus, Severity};
use pod_core::pod::Uuid;
use pod_engine::{Engine, Prepared};

use super::cli::{Global, RestartArgs};
use super::pod;
use super::run::exit_code;
use super::status::{PodReport, containers, phase};
use crate::output::{Format, eprint, print};

/// What the command line of a monitor begins with.
const MONITOR: [&str; 2] = ["run-prepared", "--handed-over"];

/// The rest of that line. It is a command of its own because a monitor stays for as long as its pod: to know all of podrun's commands and
/// options would cost it half its memory.
#[derive(Debug, Parser)]
#[command(name = "podrun")]
pub(super) struct Monitor {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(flatten)]
    pub(super) restarts: RestartArgs,
    /// The pod.
    uuid: Uuid,
}

/// The words of a monitor's command line; `None` when it is another one.
pub(super) fn monitor_words(mut words: impl Iterator<Item = OsString>) -> Option<Vec<OsString>> {
    let program = words.next()?;
    let is_monitor = MONITOR.iter().all(|word| words.next().is_some_and(|other| other == *word));
    is_monitor.then(|| std::iter::once(program).chain(words).collect())
}

/// Hands a pod over to another podrun; returns once it runs.
pub(super) fn launch(
    global: &Global,
    engine: &Engine,
    prepared: Prepared,
    restarts: &RestartArgs,
) -> anyhow::Result<PodStatus> {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("podrun");
    monitor_arguments(global, engine, prepared.uid(), &mut command)?;
    restarts.pass_on(&mut command);
    Ok(engine.start(prepared, &mut command)?)
}

/// Hands a pod over to another podrun, and prints its UUID once it runs.
pub(super) fn start(
    global: &Global,
    engine: &Engine,
    prepared: Prepared,
    restarts: &RestartArgs,
) -> anyhow::Result<ExitCode> {
    let (uuid, fate) = (prepared.uid(), prepared.spec().fate);
    let status = launch(global, engine, prepared, restarts)?;
    if global.output() == Format::Table {
        print(&format!("{uuid}\n"))?;
    } else {
        global.output().print(&PodReport::of(&engine.pod(&uuid.to_string())?))?;
    }
    if status.phase == PodPhase::Pending {
        warnings(engine, uuid)?;
    }
    if status.phase != PodPhase::Failed {
        return Ok(ExitCode::SUCCESS);
    }
    eprint(&format!("{}\nPod {}\n", containers(&status), phase(&status)));
    Ok(exit_code(status.exit_code_of(fate)))
}

/// What a podrun is told that is to be the monitor of a pod.
pub(super) fn monitor_arguments(
    global: &Global,
    engine: &Engine,
    uuid: Uuid,
    command: &mut Command,
) -> anyhow::Result<()> {
    command.args(MONITOR).arg(uuid.to_string());
    global.pass_on(command, engine)
}

/// Says what stands in the way of a pod that has not begun; it is tried again in the background.
pub(super) fn warnings(engine: &Engine, uuid: Uuid) -> anyhow::Result<()> {
    engine.pod(&uuid.to_string())?.events(false, &mut |notice| {
        if notice.severity == Severity::Warning {
            eprint(&format!("podrun: {}: {}\n", notice.reason, notice.message));
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// Takes the pod up that was handed over, leaves the terminal and the directory that podrun was called in, and runs the pod to its
/// end. Everything that there is to see goes to the pod's directory.
pub(super) fn monitor(Monitor { global, restarts, uuid }: &Monitor) -> anyhow::Result<ExitCode> {
    global.require_root("run-prepared")?;
    let engine = restarts.apply(global.engine()?);
    rustix::process::setsid().context("cannot begin a session")?;
    std::env::set_current_dir("/").context("cannot go to `/`")?;
    let prepared = engine.handed_over(*uuid)?;
    let fate = prepared.spec().fate;
    let mut images = pod::images_again(global.supply(&engine)?, &prepared)?;
    let status = engine.run(prepared, &mut images, &mut global.networks(), &mut ())?;
    Ok(exit_code(status.exit_code_of(fate)))
}

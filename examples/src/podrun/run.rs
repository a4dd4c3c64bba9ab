//! `podrun run`, `prepare` and `run-prepared`: runs a pod, and waits for its end.

use std::process::ExitCode;

use anyhow::Context;
use pod_core::pod::Fate;
use pod_engine::{Engine, Prepared};

use super::OWN_FAILURE;
use super::arguments::ImageWords;
use super::background;
use super::cli::{Global, PodWhat, PrepareArgs, RunArgs, RunPreparedArgs};
use super::console::{Console, View};
use super::front::{FrontArgs, Outcome};
use super::images::Images;
use super::network::NetworkArgs;
use super::pod::{self, Pod, Profiles};
use super::status::{PodReport, containers, phase};
use crate::output::{Format, eprint, print};

pub(super) fn run(global: &Global, args: &RunArgs, words: &[ImageWords]) -> anyhow::Result<ExitCode> {
    global.require_root("run")?;
    let Some(pod) = pod::read(global, &args.pod, words)? else { return Ok(ExitCode::from(OWN_FAILURE)) };
    args.front.check(&pod)?;
    // In front of a pod this command may leave it.
    let outlives = args.background.detach || args.front.is_wanted();
    let (engine, prepared, images) = prepare_one(global, pod, &args.pod, outlives, Some(&args.front))?;
    let engine = args.restarts.apply(engine);
    if args.background.detach {
        return background::start(global, &engine, prepared, &args.restarts);
    }
    let uid = prepared.uid();
    let (code, outcome) = if args.front.is_wanted() {
        args.front.run(global, &engine, prepared, &args.restarts)?
    } else {
        (to_its_end(global, &engine, prepared, images)?, Outcome::Ended)
    };
    if args.rm && outcome == Outcome::Ended {
        engine.remove(uid, &mut global.networks())?;
        Profiles::sweep(&engine)?;
    }
    Ok(code)
}

pub(super) fn prepare(global: &Global, args: &PrepareArgs, words: &[ImageWords]) -> anyhow::Result<ExitCode> {
    global.require_root("prepare")?;
    let Some(pod) = pod::read(global, &args.pod, words)? else { return Ok(ExitCode::from(OWN_FAILURE)) };
    let (_, prepared, _) = prepare_one(global, pod, &args.pod, true, None)?;
    print(&format!("{}\n", prepared.keep()?))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_prepared(global: &Global, args: &RunPreparedArgs) -> anyhow::Result<ExitCode> {
    global.require_root("run-prepared")?;
    let engine = args.restarts.apply(global.engine()?);
    let uid = engine.pod(&args.uuid)?.uid;
    let mut prepared = engine.prepared(uid)?;
    if args.network != NetworkArgs::default() {
        let mut spec = prepared.spec().clone();
        pod::join(global, &args.network, &mut spec)?;
        prepared.change(spec)?;
    }
    if args.background.detach {
        return background::start(global, &engine, prepared, &args.restarts);
    }
    let images = pod::images_again(global.supply(&engine)?, &prepared)?;
    to_its_end(global, &engine, prepared, images)
}

/// A pod that outlives this command takes along what it needs to have its images again.
fn prepare_one(
    global: &Global,
    pod: Pod,
    what: &PodWhat,
    outlives: bool,
    front: Option<&FrontArgs>,
) -> anyhow::Result<(Engine, Prepared, Images)> {
    let engine = global.engine()?;
    let pod::Ready { mut spec, mut images, profiles, secrets } = pod.ready(global, &engine, &what.network)?;
    if let Some(front) = front {
        front.apply(&mut spec)?;
    }
    let prepared = engine.prepare(&spec, &mut images)?;
    profiles.write()?;
    if outlives {
        secrets.keep(&prepared)?;
    }
    if let Some(file) = &what.uuid_file_save {
        let doing = || format!("cannot write `{}`", file.display());
        std::fs::write(file, format!("{}\n", prepared.uid())).with_context(doing)?;
    }
    Ok((engine, prepared, images))
}

fn to_its_end(
    global: &Global,
    engine: &Engine,
    prepared: Prepared,
    mut images: Images,
) -> anyhow::Result<ExitCode> {
    let spec = prepared.spec().clone();
    // One program of one image is as if it ran here; what a manifest tells of is shown with all its events.
    let view = match (spec.fate, spec.apps.len()) {
        (Fate::Shared, 1) => View::Bare,
        (Fate::Shared, _) => View::Quiet,
        _ => View::Full,
    };
    let mut console = Console::new(&spec, global, view);
    let status = engine.run(prepared, &mut images, &mut global.networks(), &mut console)?;
    if global.output() != Format::Table {
        global.output().print(&PodReport::of(&engine.pod(&spec.uid.to_string())?))?;
    } else if view != View::Bare {
        eprint(&format!("\n{}\nPod {} {}\n", containers(&status), spec.name, phase(&status)));
    }
    Ok(exit_code(status.exit_code_of(spec.fate)))
}

/// The pod's exit code; a process can give no other than 0 to 255.
pub(super) fn exit_code(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(OWN_FAILURE))
}

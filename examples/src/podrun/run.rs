//! `podrun run`: runs a pod, and waits for its end.

use std::process::ExitCode;

use anyhow::anyhow;
use pod_core::lifecycle::PodStatus;
use pod_engine::Network as _;

use super::OWN_FAILURE;
use super::cli::{Global, RunArgs};
use super::console::Console;
use super::images::{self, Images};
use super::manifest;
use super::status::{PodReport, containers, phase};
use crate::output::{Format, eprint};

pub(super) fn run(global: &Global, args: &RunArgs) -> anyhow::Result<ExitCode> {
    global.require_root("run")?;
    let Some((mut pod, wishes)) = manifest::read(global, &args.file)? else {
        return Ok(ExitCode::from(OWN_FAILURE));
    };
    args.network.apply(&mut pod)?;
    let mut networks = global.networks();
    networks.check(&pod).map_err(|error| anyhow!(error))?;
    let engine = global.engine()?;
    let mut images = Images::new(images::store(engine.data_dir())?, wishes);
    let prepared = engine.prepare(&pod, &mut images)?;
    let status = engine.run(prepared, &mut images, &mut networks, &mut Console::new(&pod, global))?;
    if global.output == Format::Table {
        eprint(&format!("\n{}\nPod {} {}\n", containers(&status), pod.name, phase(&status)));
    } else {
        global.output.print(&PodReport::of(&engine.pod(&pod.uid.to_string())?))?;
    }
    Ok(exit_code(&status))
}

/// The pod's exit code; a process can give no other than 0 to 255.
fn exit_code(status: &PodStatus) -> ExitCode {
    ExitCode::from(u8::try_from(status.exit_code()).unwrap_or(OWN_FAILURE))
}

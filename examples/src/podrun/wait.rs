//! `podrun wait`: waits for a pod.

use std::process::ExitCode;

use pod_core::lifecycle::PodStatus;
use pod_engine::Goal;

use super::OWN_FAILURE;
use super::cli::{Global, WaitArgs, WaitFor};
use super::run::exit_code;
use super::status::PodReport;
use crate::output::{Format, eprint};

pub(super) fn run(global: &Global, args: &WaitArgs) -> anyhow::Result<ExitCode> {
    let engine = global.engine()?;
    let goal = match args.goal {
        WaitFor::Ready => Goal::Ready,
        WaitFor::Exited => Goal::Exited,
    };
    let Some(pod) = engine.wait(engine.pod(&args.uuid)?.uid, goal, args.timeout)? else {
        eprint("podrun: the time is over\n");
        return Ok(ExitCode::from(OWN_FAILURE));
    };
    if global.output() != Format::Table {
        global.output().print(&PodReport::of(&pod))?;
    }
    let code = |status: &PodStatus| match &pod.spec {
        Some(spec) => exit_code(status.exit_code_of(spec.fate)),
        None => exit_code(status.exit_code()),
    };
    Ok(match args.goal {
        WaitFor::Ready => ExitCode::SUCCESS,
        WaitFor::Exited => pod.status.as_ref().map_or_else(|| ExitCode::from(OWN_FAILURE), code),
    })
}

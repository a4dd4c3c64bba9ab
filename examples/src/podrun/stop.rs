//! `podrun stop`: asks pods to end.

use std::process::ExitCode;
use std::time::Duration;

use super::cli::{Global, StopArgs};
use super::each_pod;

pub(super) fn run(global: &Global, args: &StopArgs) -> anyhow::Result<ExitCode> {
    global.require_root("stop")?;
    let engine = global.engine()?;
    let grace = if args.force { Some(Duration::ZERO) } else { args.grace_period };
    each_pod(&args.uuids, |uuid| Ok(engine.pod(uuid)?.stop(grace)?))
}

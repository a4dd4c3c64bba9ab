//! `podrun rm`: removes pods that have ended.

use std::process::ExitCode;

use super::cli::{Global, RmArgs};
use super::each_pod;

pub(super) fn run(global: &Global, args: &RmArgs) -> anyhow::Result<ExitCode> {
    global.require_root("rm")?;
    let (engine, mut networks) = (global.engine()?, global.networks());
    each_pod(&args.uuids, |uuid| Ok(engine.remove(engine.pod(uuid)?.uid, &mut networks)?))
}

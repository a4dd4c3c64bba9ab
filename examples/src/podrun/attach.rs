//! `podrun attach`: shows what a container prints, and types for it.

use std::process::ExitCode;

use pod_engine::{Console, Detached};

use super::cli::{AttachArgs, Global};
use crate::output::eprint;

pub(super) fn run(global: &Global, args: &AttachArgs) -> anyhow::Result<ExitCode> {
    global.require_root("attach")?;
    let pod = global.engine()?.pod(&args.uuid)?;
    let mut console = Console::standard(args.stdin)?.detach_keys(args.detach_keys.clone());
    match pod.attach(pod.app(args.container.as_deref())?, &mut console)? {
        Detached::Ended { skipped } if skipped > 0 => {
            eprint(&format!("podrun: {skipped} bytes were not read in time; `podrun logs` has them\n"));
        }
        Detached::Ended { .. } | Detached::Left => {}
    }
    Ok(ExitCode::SUCCESS)
}

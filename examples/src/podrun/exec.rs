//! `podrun exec`: runs a command in a container.

use std::process::ExitCode;

use pod_engine::{Console, Exec};

use super::OWN_FAILURE;
use super::cli::{ExecArgs, Global};

pub(super) fn run(global: &Global, args: &ExecArgs) -> anyhow::Result<ExitCode> {
    global.require_root("exec")?;
    let pod = global.engine()?.pod(&args.uuid)?;
    let exec = Exec {
        command: args.command.clone(),
        env: args.env.clone(),
        working_dir: args.workdir.clone(),
        tty: args.tty,
    };
    let status = pod.exec(pod.app(args.container.as_deref())?, &exec, &mut Console::standard(args.stdin)?)?;
    Ok(ExitCode::from(u8::try_from(status.code()).unwrap_or(OWN_FAILURE)))
}

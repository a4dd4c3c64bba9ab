//! `podrun exec`: runs a command in a container.

use std::process::ExitCode;

use pod_engine::{Console, Exec, PodEntry};

use super::OWN_FAILURE;
use super::cli::{ExecArgs, ExecOptions, Global};

pub(super) fn run(global: &Global, args: &ExecArgs) -> anyhow::Result<ExitCode> {
    global.require_root("exec")?;
    in_pod(&global.engine()?.pod(&args.uuid)?, &args.options, &args.command)
}

/// Runs a command in a container of a pod.
pub(super) fn in_pod(pod: &PodEntry, args: &ExecOptions, command: &[String]) -> anyhow::Result<ExitCode> {
    let exec = Exec {
        command: command.to_vec(),
        env: args.env.clone(),
        working_dir: args.workdir.clone(),
        tty: args.tty,
    };
    let status = pod.exec(pod.app(args.container.as_deref())?, &exec, &mut Console::standard(args.stdin)?)?;
    Ok(ExitCode::from(u8::try_from(status.code()).unwrap_or(OWN_FAILURE)))
}

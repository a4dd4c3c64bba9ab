//! `podrun completions`: what a shell needs to complete this command line.

use std::process::ExitCode;

use clap::CommandFactory;

use super::cli::{Cli, CompletionsArgs};
use crate::output::print;

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "podrun", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

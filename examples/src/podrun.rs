//! `podrun`: runs pods, and keeps the house clean after them.

mod cli;
mod completions;
mod gc;
mod list;
mod status;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::output::report;
use cli::{Cli, Command};

/// The exit code of podrun's own failures, as rkt has it: no container's shell convention uses it.
const OWN_FAILURE: u8 = 254;

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(OWN_FAILURE),
            };
        }
    };
    cli.global.start_tracing();
    let done = match &cli.command {
        Command::Gc(args) => gc::run(&cli.global, args),
        Command::List(args) => list::run(&cli.global, args),
        Command::Status(args) => status::run(&cli.global, args),
        Command::Completions(args) => completions::run(args),
    };
    done.unwrap_or_else(|error| {
        report("podrun", &error);
        ExitCode::from(OWN_FAILURE)
    })
}

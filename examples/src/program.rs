//! How a program begins and ends.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::output::eprint;

/// The exit codes of a program's own failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ExitCodes {
    /// The command line makes no sense.
    pub(crate) usage: u8,
    /// Something could not be done.
    pub(crate) failure: u8,
}

/// Reads the command line and does what it asks; what goes wrong is said on standard error.
pub(crate) fn main<C: Parser>(
    name: &str,
    codes: ExitCodes,
    run: impl FnOnce(&C) -> anyhow::Result<ExitCode>,
) -> ExitCode {
    let cli = match C::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // There is nowhere left to report that this cannot be printed.
            let _ = error.print();
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(codes.usage),
            };
        }
    };
    run(&cli).unwrap_or_else(|error| {
        report(name, &error);
        ExitCode::from(codes.failure)
    })
}

/// What went wrong and why, in one line: the chain of causes joined by colons.
pub(crate) fn report(name: &str, error: &anyhow::Error) {
    eprint(&format!("{name}: {error:#}\n"));
}

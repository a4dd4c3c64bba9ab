//! How a program begins and ends.

use std::ffi::OsString;
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
    main_with(name, codes, std::env::args_os(), run)
}

/// The same, with words that somebody has looked through before.
pub(crate) fn main_with<C: Parser>(
    name: &str,
    codes: ExitCodes,
    words: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(&C) -> anyhow::Result<ExitCode>,
) -> ExitCode {
    let cli = match C::try_parse_from(words) {
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
        // What only the command itself could read of its line.
        if let Some(error) = error.downcast_ref::<clap::Error>() {
            let _ = error.print();
            return ExitCode::from(codes.usage);
        }
        report(name, &error);
        ExitCode::from(codes.failure)
    })
}

/// What went wrong and why, in one line: the chain of causes joined by colons.
pub(crate) fn report(name: &str, error: &anyhow::Error) {
    eprint(&format!("{name}: {error:#}\n"));
}

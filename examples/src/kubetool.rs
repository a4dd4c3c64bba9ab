//! `kubetool`: reads Kubernetes manifests, and says what is wrong with them.

mod cli;
mod convert;
mod decode;
mod explain;
mod fmt;
mod kinds;
mod manifest;
mod split;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("kubetool", ExitCodes { usage: 2, failure: 1 }, |cli: &Cli| match &cli.command {
        Command::Convert(args) => convert::run(cli.color, args),
        Command::Decode(args) => decode::run(cli.color, args),
        Command::Fmt(args) => fmt::run(cli.color, args),
        Command::Split(args) => split::run(cli.color, args),
        Command::Kinds(args) => kinds::run(args),
        Command::Explain(args) => explain::run(args),
    })
}

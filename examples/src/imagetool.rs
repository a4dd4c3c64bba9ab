//! `imagetool`: reads image names, and moves images between registries and layouts.

mod cli;
mod names;
mod transfer;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("imagetool", ExitCodes { usage: 2, failure: 1 }, |cli: &Cli| match &cli.command {
        Command::Parse(args) => names::parse(&args.names),
        Command::Normalize(args) => names::normalize(&args.names),
        Command::Policy(args) => names::policy(&args.names),
        Command::MatchCredentials(args) => names::match_credentials(args),
        Command::Pull(args) => transfer::pull(args),
        Command::Push(args) => transfer::push(args),
        Command::Inspect(args) => transfer::inspect(args),
        Command::Copy(args) => transfer::copy(args),
    })
}

//! `podrun`: runs pods, and keeps the house clean after them.

mod annotation;
mod cli;
mod completions;
mod console;
mod gc;
mod image;
mod images;
mod list;
mod manifest;
mod network;
mod node;
mod run;
mod status;
mod user;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// The exit code of podrun's own failures, as rkt has it: no container's shell convention uses it.
const OWN_FAILURE: u8 = 254;

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("podrun", ExitCodes { usage: OWN_FAILURE, failure: OWN_FAILURE }, |cli: &Cli| {
        cli.global.start_tracing();
        match &cli.command {
            Command::Run(args) => run::run(&cli.global, args),
            Command::Gc(args) => gc::run(&cli.global, args),
            Command::Image { command } => image::run(&cli.global, command),
            Command::List(args) => list::run(&cli.global, args),
            Command::Status(args) => status::run(&cli.global, args),
            Command::Completions(args) => completions::run(args),
        }
    })
}

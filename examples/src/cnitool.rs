//! `cnitool`: attaches network namespaces to networks, by hand.

mod attach;
mod cli;
mod interrupt;
mod networks;
mod trace;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("cnitool", ExitCodes { usage: 2, failure: 1 }, |cli: &Cli| {
        let global = &cli.global;
        match &cli.command {
            Command::Add(args) => attach::add(global, args),
            Command::Check(args) => attach::check(global, args),
            Command::Del(args) => attach::del(global, args),
            Command::Status(args) => networks::status(global, args),
            Command::Gc(args) => networks::gc(global, args),
            Command::Version(args) => networks::version(global, args),
            Command::List(_) => networks::list(global),
            Command::Show(args) => networks::show(global, args),
        }
    })
}

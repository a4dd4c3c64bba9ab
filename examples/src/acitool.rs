//! `acitool`: makes, checks and unpacks App Container images.

mod build;
mod cli;
mod convert;
mod diff;
mod extract;
mod fetch;
mod inspect;
mod patch;
mod publish;
mod render;
mod source;
mod trust;
mod validate;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("acitool", ExitCodes { usage: 2, failure: 1 }, |cli: &Cli| match &cli.command {
        Command::Build(args) => build::run(cli.output, args),
        Command::Validate(args) => validate::run(cli.output, args),
        Command::Id(args) => inspect::id(cli.output, args),
        Command::CatManifest(args) => inspect::cat_manifest(cli.output, args),
        Command::Ls(args) => inspect::ls(cli.output, args),
        Command::PatchManifest(args) => patch::run(cli.output, args),
        Command::Convert(args) => convert::run(cli.output, args),
        Command::Diff(args) => diff::run(cli.output, args),
        Command::Extract(args) => extract::run(cli.output, args),
        Command::Render(args) => render::run(cli.output, args),
        Command::Discover(args) => fetch::discover(cli.output, args),
        Command::Fetch(args) => fetch::fetch(cli.output, args),
        Command::Publish(args) => publish::run(cli.output, args),
        Command::Trust(args) => trust::trust(cli.output, args),
        Command::Verify(args) => trust::verify(cli.output, args),
        Command::Sign(args) => trust::sign(cli.output, args),
    })
}

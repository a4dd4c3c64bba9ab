//! `kubetool`: reads Kubernetes manifests, and says what is wrong with them.

mod bind;
pub(crate) mod cli;
mod convert;
pub(crate) mod create;
mod decode;
mod default;
mod explain;
mod fmt;
mod get;
mod iptables;
mod kinds;
mod kustomize;
mod manifest;
mod patch;
mod plan;
mod quantity;
mod route;
mod schedule;
mod select;
mod simulate;
mod split;
mod untyped;
mod validate;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use cli::{Cli, Command};

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    program::main("kubetool", ExitCodes { usage: 2, failure: 1 }, |cli: &Cli| match &cli.command {
        Command::Convert(args) => convert::run(cli.color, args),
        Command::Decode(args) => decode::run(cli.color, args),
        Command::Validate(args) => validate::run(cli.color, args),
        Command::Default(args) => default::run(cli.color, args),
        Command::Select(args) => select::run(cli.color, args),
        Command::Patch(args) => patch::run(args),
        Command::Diff(args) => patch::diff(args),
        Command::Apply(args) => patch::apply_files(args),
        Command::Hash(args) => quantity::hashes(cli.color, args),
        Command::Quantity(args) => quantity::run(args),
        Command::Get(args) => get::run(cli.color, args),
        Command::Describe(args) => get::describe_objects(cli.color, args),
        Command::Create(args) => create::run(args),
        Command::Expose(args) => create::expose(cli.color, args),
        Command::Kustomize(args) => kustomize::run(args),
        Command::Fmt(args) => fmt::run(cli.color, args),
        Command::Split(args) => split::run(cli.color, args),
        Command::Kinds(args) => kinds::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Iptables(args) => iptables::run(cli.color, args),
        Command::Plan(args) => plan::run(cli.color, args),
        Command::Simulate(args) => simulate::run(cli.color, args),
        Command::Schedule(args) => schedule::run(cli.color, args),
        Command::Bind(args) => bind::run(cli.color, args),
        Command::Route(args) => route::run(cli.color, args),
    })
}

//! `podrun`: runs pods, and keeps the house clean after them.

mod annotation;
mod arguments;
mod attach;
mod background;
mod cli;
mod completions;
mod compose;
mod console;
mod events;
mod exec;
mod fetch;
mod front;
mod gate;
mod gc;
mod image;
mod image_args;
mod images;
mod list;
mod logs;
mod manifest;
mod network;
mod node;
mod play;
mod pod;
mod pod_args;
mod pull_secrets;
mod rm;
mod run;
mod stats;
mod status;
mod stop;
mod user;
mod wait;
mod wanted;

use std::process::ExitCode;

use crate::program::{self, ExitCodes};
use arguments::Line;
use cli::{Cli, Command};

/// The exit code of podrun's own failures, as rkt has it: no container's shell convention uses it.
const OWN_FAILURE: u8 = 254;

/// Reads the command line, and does what it asks.
#[must_use]
pub fn main() -> ExitCode {
    let codes = ExitCodes { usage: OWN_FAILURE, failure: OWN_FAILURE };
    if let Some(words) = background::monitor_words(std::env::args_os()) {
        return program::main_with("podrun", codes, words, |monitor: &background::Monitor| {
            monitor.global.start_tracing();
            background::monitor(monitor)
        });
    }
    let Line { words, images } = arguments::deal(std::env::args_os());
    program::main_with("podrun", codes, words, |cli: &Cli| {
        cli.global.start_tracing();
        if !matches!(cli.command, Command::Play(_)) {
            cli.global.check_output()?;
        }
        match &cli.command {
            Command::Run(args) => run::run(&cli.global, args, &images),
            Command::Prepare(args) => run::prepare(&cli.global, args, &images),
            Command::RunPrepared(args) => run::run_prepared(&cli.global, args),
            Command::Gc(args) => gc::run(&cli.global, args),
            Command::Fetch(args) => fetch::run(&cli.global, args),
            Command::Image { command } => image::run(&cli.global, command),
            Command::Stop(args) => stop::run(&cli.global, args),
            Command::Rm(args) => rm::run(&cli.global, args),
            Command::Exec(args) => exec::run(&cli.global, args),
            Command::Attach(args) => attach::run(&cli.global, args),
            Command::Wait(args) => wait::run(&cli.global, args),
            Command::Gate(args) => gate::run(&cli.global, args),
            Command::Logs(args) => logs::run(&cli.global, args),
            Command::Events(args) => events::run(&cli.global, args),
            Command::Stats(args) => stats::run(&cli.global, args),
            Command::List(args) => list::run(&cli.global, args),
            Command::Status(args) => status::run(&cli.global, args),
            Command::Play(args) => play::run(&cli.global, args),
            Command::Completions(args) => completions::run(args),
        }
    })
}

/// Does something to each of several pods; one that fails does not keep the others.
fn each_pod(uuids: &[String], mut work: impl FnMut(&str) -> anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for uuid in uuids {
        if let Err(error) = work(uuid) {
            program::report("podrun", &error);
            code = ExitCode::from(OWN_FAILURE);
        }
    }
    Ok(code)
}

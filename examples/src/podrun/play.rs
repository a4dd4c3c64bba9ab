//! `podrun play`: Kubernetes objects on one machine.

mod cli;
mod controllers;
mod delete;
mod inside;
mod manifests;
mod meant;
mod pods;
mod put;
mod reconcile;
mod rollout;
mod server;
mod show;
mod store;
mod up;
mod wake;

use std::process::ExitCode;

use super::cli::Global;
pub(crate) use cli::PlayArgs;
use cli::PlayCommand;
use store::Store;

/// Does what the command line asks.
pub(super) fn run(global: &Global, args: &PlayArgs) -> anyhow::Result<ExitCode> {
    let command = &args.command;
    if command.makes_pods() {
        global.require_root("play")?;
    }
    let engine = global.engine()?;
    let play = Play { global, store: Store::open(engine.data_dir())?, namespace: &args.namespace };
    match command {
        PlayCommand::Up(args) => up::up(&play, args),
        PlayCommand::Down(args) => up::down(&play, args),
        PlayCommand::Apply(args) => put::apply(&play, args),
        PlayCommand::Create(args) => put::create(&play, args),
        PlayCommand::Expose(args) => put::expose(&play, args),
        PlayCommand::Scale(args) => put::scale(&play, args),
        PlayCommand::Set { what } => rollout::set(&play, what),
        PlayCommand::Rollout { command } => rollout::run(&play, command),
        PlayCommand::Delete(args) => delete::run(&play, args),
        PlayCommand::Get(args) => show::get(&play, args),
        PlayCommand::Describe(args) => show::describe(&play, args),
        PlayCommand::Ps(args) => show::ps(&play, args),
        PlayCommand::Events(args) => show::events(&play, args),
        PlayCommand::Logs(args) => inside::logs(&play, args),
        PlayCommand::Exec(args) => inside::exec(&play, args),
        PlayCommand::Reconcile => up::in_background(&play),
    }
}

/// What every command has.
struct Play<'g> {
    global: &'g Global,
    store: Store,
    namespace: &'g str,
}

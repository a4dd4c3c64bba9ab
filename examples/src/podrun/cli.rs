//! The command line.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use pod_engine::Engine;
use tracing_subscriber::EnvFilter;

use crate::output::{Color, Format};

/// Runs pods: groups of containers that share a network, a host name and volumes, and live and end together.
///
/// Exit status: 0; 254 for what podrun could not do.
#[derive(Debug, Parser)]
#[command(
    name = "podrun",
    version,
    arg_required_else_help = true,
    max_term_width = 110,
    after_help = "Examples:
  podrun list                    which pods there are
  podrun gc --grace-period 0     remove what ended pods have left

`podrun COMMAND --help` says more about each command."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
#[command(next_display_order = 100)]
pub(crate) struct Global {
    /// Where pods and images are kept.
    #[arg(long, global = true, env = "PODKIT_DIR", default_value = "/var/lib/podkit", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How results are printed.
    #[arg(long, short, global = true, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// When colours are used.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Tell what is being done, on standard error; twice: tell more. Events then carry their time.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Global {
    /// Shows what the crates trace, as far as `-v` or `RUST_LOG` asks for it.
    pub(crate) fn start_tracing(&self) {
        let level = match self.verbose {
            0 => "warn",
            1 => "info",
            _ => "debug",
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(self.color.paint(&io::stderr()).is_on())
            .with_target(self.verbose > 1)
            .init();
    }

    /// The engine on the data directory.
    pub(crate) fn engine(&self) -> anyhow::Result<Engine> {
        Ok(Engine::open(&self.dir)?)
    }

    /// The way for an ordinary user is not there yet.
    pub(crate) fn require_root(&self, command: &str) -> anyhow::Result<()> {
        if rustix::process::geteuid().is_root() {
            return Ok(());
        }
        bail!("`podrun {command}` must be run as root: namespaces, mounts and cgroups are root's to make");
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Gc(GcArgs),
    List(ListArgs),
    Status(StatusArgs),
    Completions(CompletionsArgs),
}

/// Remove what pods have left: their directories, mounts, namespaces, cgroups.
///
/// A pod that ended is marked when gc first sees it, and removed when its grace period has passed. What a killed podrun left
/// behind is ended and cleaned up. Pods that run are never touched, and neither are images.
///
/// Durations read as in `30m`, `1h30m`, `0`.
///
/// Exit status: 0; 254 when something could not be removed. Run it again: it goes on where it stopped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun gc                      remove pods that ended half an hour ago
  podrun gc --grace-period 0     remove every pod that has ended")]
pub(crate) struct GcArgs {
    /// How long an ended pod stays after it was marked.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = humantime::parse_duration)]
    pub(crate) grace_period: Duration,
    /// How long a prepared pod may wait to be run.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub(crate) expire_prepared: Duration,
    /// Only mark what has ended; remove nothing.
    #[arg(long)]
    pub(crate) mark_only: bool,
}

/// List the pods of this machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun list
  podrun list --output json | jq -r '.[].uuid'")]
pub(crate) struct ListArgs {}

/// Show what is known of a pod, and of each of its containers.
///
/// Exit status: 0; 254 when there is no such pod.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun status 5f7b0c3a
  podrun status --output yaml 5f7b0c3a-3c7e-4c52-9d0b-0a1d5a1b7c11")]
pub(crate) struct StatusArgs {
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    pub(crate) uuid: String,
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun completions bash >/etc/bash_completion.d/podrun
  podrun completions fish >~/.config/fish/completions/podrun.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

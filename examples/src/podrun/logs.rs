//! `podrun logs`: what a container has printed.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use pod_core::Timestamp;
use pod_engine::{LogLine, LogOptions, PodEntry, Stream};

use super::cli::Global;

/// Show what a container has printed: its standard output on standard output, its standard error on standard error.
///
/// It works on pods that run and on those that have ended, until `podrun gc` removes them. 50 MiB are kept of each run, and
/// the last two runs of a container that was started again.
///
/// Exit status: 0; 254 when the container has not started, or podrun itself failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun logs 5f7b0c3a
  podrun logs -f --tail 20 -c web 5f7b0c3a
  podrun logs --since 10m --timestamps 5f7b0c3a
  podrun logs --previous 5f7b0c3a              what it said before it was started again")]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    options: LogsOptions,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    uuid: String,
}

/// What of a container's output is shown.
#[derive(Debug, Args)]
pub(crate) struct LogsOptions {
    /// Go on as the container prints, until it ends.
    #[arg(long, short)]
    follow: bool,
    /// Only so many lines from the end.
    #[arg(long, value_name = "LINES")]
    tail: Option<u64>,
    /// Only what was printed so long ago or later.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// Only what was printed at that time or later, as in `2026-11-25T10:00:00Z`.
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    since_time: Option<Timestamp>,
    /// Put the time before each line.
    #[arg(long)]
    timestamps: bool,
    /// What it printed in the run before this one.
    #[arg(long, short)]
    previous: bool,
    /// The container; else the first that is neither an init container nor a sidecar.
    #[arg(long, short, visible_alias = "app", value_name = "NAME")]
    container: Option<String>,
}

pub(super) fn run(global: &Global, args: &LogsArgs) -> anyhow::Result<ExitCode> {
    show(&global.engine()?.pod(&args.uuid)?, &args.options)
}

/// Prints what was asked for of a pod.
pub(super) fn show(pod: &PodEntry, args: &LogsOptions) -> anyhow::Result<ExitCode> {
    let ago = args
        .since
        .map(|since| SystemTime::now().checked_sub(since).map_or(Timestamp::UNIX_EPOCH, Into::into));
    let options = LogOptions {
        follow: args.follow,
        tail: args.tail,
        since: args.since_time.or(ago),
        previous: args.previous,
    };
    let mut printer = Printer::new(args.timestamps);
    pod.logs(pod.app(args.container.as_deref())?, &options, &mut |line| match printer.print(&line) {
        Ok(()) => ControlFlow::Continue(()),
        // Whoever read it (`| head`) has seen enough.
        Err(_) => ControlFlow::Break(()),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the lines of a log, each where it came from.
pub(super) struct Printer {
    timestamps: bool,
    /// Whether the last line was a piece, which the next one continues.
    goes_on: bool,
}

impl Printer {
    pub(super) const fn new(timestamps: bool) -> Self {
        Self { timestamps, goes_on: false }
    }

    pub(super) fn print(&mut self, line: &LogLine<'_>) -> io::Result<()> {
        let mut text = Vec::new();
        if self.timestamps && !self.goes_on {
            write!(text, "{} ", line.at)?;
        }
        text.extend_from_slice(line.text);
        if line.whole {
            text.push(b'\n');
        }
        self.goes_on = !line.whole;
        match line.stream {
            Stream::Stdout => io::stdout().lock().write_all(&text).and_then(|()| io::stdout().flush()),
            Stream::Stderr => io::stderr().lock().write_all(&text),
        }
    }
}

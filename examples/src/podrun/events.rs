//! `podrun events`: what has happened to a pod.

use std::ops::ControlFlow;
use std::process::ExitCode;

use clap::Args;
use pod_core::lifecycle::Notice;

use super::cli::Global;
use crate::output::{Format, print};

/// Show what has happened to a pod: the events that Kubernetes would have.
///
/// With `--output json` each event is one line.
///
/// Exit status: 0; 254 when there is no such pod.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun events 5f7b0c3a
  podrun events --follow --output json 5f7b0c3a | jq -r .reason")]
pub(crate) struct EventsArgs {
    /// Go on until the pod's end.
    #[arg(long, short)]
    follow: bool,
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    uuid: String,
}

pub(super) fn run(global: &Global, args: &EventsArgs) -> anyhow::Result<ExitCode> {
    let pod = global.engine()?.pod(&args.uuid)?;
    let mut printed = Ok(());
    pod.events(args.follow, &mut |notice| {
        printed = line(notice, global.output()).and_then(|text| print(&text));
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    printed.map(|()| ExitCode::SUCCESS)
}

fn line(notice: &Notice, format: Format) -> anyhow::Result<String> {
    Ok(match format {
        Format::Table => {
            let about = notice.app.as_ref().map_or_else(String::new, |app| format!("{app}: "));
            let severity = notice.severity.to_string();
            let at = notice.at.whole_seconds();
            format!("{at}  {severity:<7}  {:<9}  {about}{}\n", notice.reason, notice.message)
        }
        Format::Json => serde_json::to_string(notice)? + "\n",
        Format::Yaml => format!("---\n{}", serde_yaml::to_string(notice)?),
    })
}

//! `podrun stats`: what pods use.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use pod_engine::{AppStats, Engine, PodState, PodStats, prometheus};

use super::cli::Global;
use super::status::{table, text};
use crate::output::{Format, print};

/// Show what the containers of pods use: processors, memory, input and output, processes; and the traffic of the pods' networks.
///
/// MEMORY is what a container cannot do without (the kubelet's working set). CPU is measured over the time of `--interval`.
///
/// Exit status: 0; 254 when one of the pods does not run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun stats
  podrun stats --live 5f7b0c3a
  podrun stats --prometheus >/var/lib/node_exporter/textfile/podrun.prom")]
pub(crate) struct StatsArgs {
    /// Show it again and again, until Ctrl-C.
    #[arg(long)]
    live: bool,
    /// How long to measure.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    interval: Duration,
    /// Counters as a Prometheus server reads them.
    #[arg(long, conflicts_with_all = ["live", "output"])]
    prometheus: bool,
    /// The pods: their UUIDs, or as much of the beginning as no other pod has; else all that run.
    #[arg(value_name = "UUID")]
    uuids: Vec<String>,
}

pub(super) fn run(global: &Global, args: &StatsArgs) -> anyhow::Result<ExitCode> {
    if args.interval.is_zero() {
        bail!("nothing can be measured in no time: `--interval` must be longer than 0");
    }
    let engine = global.engine()?;
    if args.prometheus {
        print(&prometheus(&sample(&engine, &args.uuids)?))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut before = sample(&engine, &args.uuids)?;
    loop {
        if global.output() == Format::Table || args.live {
            sleep(args.interval);
        }
        let now = sample(&engine, &args.uuids)?;
        if global.output() == Format::Table {
            let clear = if args.live { "\x1b[H\x1b[2J" } else { "" };
            print(&format!("{clear}{}", report(&before, &now)))?;
        } else {
            global.output().print(&now)?;
        }
        if !args.live {
            return Ok(ExitCode::SUCCESS);
        }
        before = now;
    }
}

/// The pods that were named, or all that run; one of these that ends just now is passed over.
fn sample(engine: &Engine, uuids: &[String]) -> anyhow::Result<Vec<PodStats>> {
    if uuids.is_empty() {
        let pods = engine.pods()?.into_iter().filter(|pod| pod.state == PodState::Running);
        return Ok(pods.filter_map(|pod| pod.stats().ok()).collect());
    }
    uuids.iter().map(|uuid| Ok(engine.pod(uuid)?.stats()?)).collect()
}

fn report(before: &[PodStats], now: &[PodStats]) -> String {
    let mut containers = table(&["POD", "CONTAINER", "CPU", "MEMORY", "LIMIT", "READ", "WRITTEN", "PIDS"]);
    let mut interfaces = table(&["POD", "INTERFACE", "RECEIVED", "SENT"]);
    for pod in now {
        let earlier = before.iter().find(|other| other.uid == pod.uid);
        for app in &pod.apps {
            let earlier = earlier.and_then(|earlier| {
                let app = earlier.apps.iter().find(|other| other.name == app.name)?;
                Some((app, pod.at.since(earlier.at)))
            });
            containers.add_row(row(pod, app, earlier));
        }
        for one in &pod.interfaces {
            interfaces.add_row([pod.name.clone(), one.name.clone(), size(one.rx_bytes), size(one.tx_bytes)]);
        }
    }
    let traffic = if interfaces.is_empty() { String::new() } else { format!("\n{}", text(&interfaces)) };
    text(&containers) + &traffic
}

fn row(pod: &PodStats, app: &AppStats, earlier: Option<(&AppStats, Duration)>) -> Vec<String> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let cpu = earlier.and_then(|(earlier, elapsed)| app.cores_since(earlier, elapsed));
    vec![
        pod.name.clone(),
        app.name.to_string(),
        or_dash(cpu.map(|cores| format!("{:.0}m", cores * 1000.0))),
        or_dash(app.memory.map(|memory| size(memory.working_set))),
        or_dash(app.memory.and_then(|memory| memory.limit).map(size)),
        or_dash(app.io.map(|io| size(io.read))),
        or_dash(app.io.map(|io| size(io.written))),
        or_dash(app.pids.map(|pids| pids.to_string())),
    ]
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

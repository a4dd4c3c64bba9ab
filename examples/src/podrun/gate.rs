//! `podrun gate`: says how it stands with a readiness gate of a pod.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use pod_core::lifecycle::ConditionStatus;

use super::cli::Global;

/// Say how it stands with a readiness gate of a pod: a condition besides its containers' readiness, which something outside knows.
///
/// A pod with `readinessGates` is ready when its containers are and each of its gates is True. It is nobody's business but yours
/// who says so: a load balancer's script, for one.
///
/// Exit status: 0; 254 when the pod does not run, or has no such gate.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  podrun gate 5f7b0c3a example.com/lb=True
  podrun gate 5f7b0c3a example.com/lb=False && podrun wait --for=ready 5f7b0c3a")]
pub(crate) struct GateArgs {
    /// The pod: its UUID, or as much of its beginning as no other pod has.
    #[arg(value_name = "UUID")]
    uuid: String,
    /// The gate's condition type, and how it stands: `True`, `False` or `Unknown`.
    #[arg(value_name = "GATE=STATUS", required = true, value_parser = gate)]
    gates: Vec<(String, ConditionStatus)>,
}

pub(super) fn run(global: &Global, args: &GateArgs) -> anyhow::Result<ExitCode> {
    global.require_root("gate")?;
    let pod = global.engine()?.pod(&args.uuid)?;
    args.gates.iter().try_for_each(|(gate, status)| pod.set_gate(gate, *status))?;
    Ok(ExitCode::SUCCESS)
}

fn gate(text: &str) -> anyhow::Result<(String, ConditionStatus)> {
    let (gate, status) = text.split_once('=').context("`GATE=STATUS` is wanted")?;
    let status = match status {
        "True" => ConditionStatus::True,
        "False" => ConditionStatus::False,
        "Unknown" => ConditionStatus::Unknown,
        _ => bail!("`{status}` is no status of a condition: `True`, `False` or `Unknown` is wanted"),
    };
    Ok((gate.to_owned(), status))
}

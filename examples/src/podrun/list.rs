//! `podrun list`: the pods of this machine.

use std::process::ExitCode;

use pod_engine::PodEntry;

use super::cli::{Global, ListArgs};
use super::status::{PodReport, addresses, table, text};
use crate::output::{Format, print};

pub(super) fn run(global: &Global, _: &ListArgs) -> anyhow::Result<ExitCode> {
    let pods = global.engine()?.pods()?;
    if global.output() != Format::Table {
        let reports: Vec<_> = pods.iter().map(PodReport::of).collect();
        global.output().print(&reports)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = table(&["UUID", "NAMESPACE", "NAME", "STATE", "PHASE", "IP", "STARTED"]);
    for pod in &pods {
        table.add_row(row(pod));
    }
    print(&text(&table))?;
    Ok(ExitCode::SUCCESS)
}

fn row(pod: &PodEntry) -> Vec<String> {
    let of_spec = |text: fn(&pod_core::pod::PodSpec) -> &str| pod.spec.as_ref().map_or("", text).to_owned();
    let status = pod.status.as_ref();
    vec![
        pod.uid.to_string(),
        of_spec(|spec| &spec.namespace),
        of_spec(|spec| &spec.name),
        pod.state.to_string(),
        status.map_or_else(String::new, |status| status.phase.to_string()),
        status.map_or_else(String::new, addresses),
        status.map_or_else(String::new, |status| status.start_time.whole_seconds().to_string()),
    ]
}

//! This machine, as the node that a pod runs on.

use std::fs;

use anyhow::Context;
use k8s_model::expand::Node;
use k8s_model::lower::NodeSettings;
use rustix::system::{sysinfo, uname};

/// The settings of a kubelet that nobody configured, on this machine.
pub(super) fn settings() -> anyhow::Result<NodeSettings> {
    let cpus = std::thread::available_parallelism().context("cannot count the processors")?.get();
    let memory = sysinfo();
    let disk = rustix::fs::statvfs("/").context("cannot look at `/`")?;
    let node = Node {
        name: uname().nodename().to_string_lossy().into_owned(),
        cpu_milli: u64::try_from(cpus)?.saturating_mul(1000),
        memory: memory.totalram.saturating_mul(u64::from(memory.mem_unit)),
        ephemeral_storage: disk.f_blocks.saturating_mul(disk.f_frsize),
    };
    let mut settings = NodeSettings::new(node);
    // A machine without the file has no resolver, which is no failure.
    settings.resolver = fs::read_to_string("/etc/resolv.conf").unwrap_or_default().parse()?;
    Ok(settings)
}

//! Names: the pod's own, and those in its `/etc/hosts`.

use std::fs;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::Context;
use pod_core::pod::{HostAlias, PodSpec, Shared};

/// The longest host name that Linux keeps, in bytes (`HOST_NAME_MAX`).
const LONGEST: usize = 64;

/// What `--hosts-entry` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostsEntry {
    /// What this machine's own file says.
    Host,
    /// One line.
    Line(HostAlias),
}

impl FromStr for HostsEntry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "host" {
            return Ok(Self::Host);
        }
        let (ip, name) = text.split_once('=').ok_or("`IP=NAME` is expected, or `host`")?;
        let ip = ip.parse().map_err(|_| format!("`{}` is no address", ip.escape_debug()))?;
        Ok(Self::Line(HostAlias { ip, hostnames: vec![hostname(name)?] }))
    }
}

/// A name as hostname(7) allows it: labels of letters, digits and `-`, with dots between.
pub(super) fn hostname(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(format!("a host name has 1 to {LONGEST} characters, and this has {}", text.len()));
    }
    if let Some((at, bad)) =
        text.char_indices().find(|(_, c)| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')))
    {
        return Err(format!("unexpected `{}` at byte {at} of a host name", bad.escape_debug()));
    }
    if text.split('.').any(|label| label.is_empty() || label.starts_with('-') || label.ends_with('-')) {
        return Err("each part of a host name begins and ends with a letter or a digit".to_owned());
    }
    Ok(text.to_owned())
}

/// Names the pod. One on the host's network keeps the host's name, unless it is told another.
pub(super) fn name(pod: &mut PodSpec, said: Option<&str>, was_on_host: bool) {
    match (said, pod.isolation.network) {
        (Some(name), _) => pod.hostname = Some(name.to_owned()),
        (None, Shared::Host) => pod.hostname = None,
        (None, Shared::Pod) if was_on_host => {
            pod.hostname = Some(pod.name.chars().take(LONGEST - 1).collect());
        }
        (None, Shared::Pod) => {}
    }
}

/// Adds lines to the pod's `/etc/hosts`.
pub(super) fn add(pod: &mut PodSpec, entries: &[HostsEntry]) -> anyhow::Result<()> {
    for entry in entries {
        match entry {
            HostsEntry::Line(alias) => pod.host_aliases.push(alias.clone()),
            HostsEntry::Host => {
                let text = fs::read_to_string("/etc/hosts").context("cannot read `/etc/hosts`")?;
                pod.host_aliases.extend(text.lines().filter_map(line));
            }
        }
    }
    Ok(())
}

/// A line of a file of hosts (hosts(5)); what says nothing is passed over.
fn line(text: &str) -> Option<HostAlias> {
    let mut words = text.split('#').next()?.split_whitespace();
    let ip: IpAddr = words.next()?.parse().ok()?;
    let hostnames: Vec<String> = words.map(ToOwned::to_owned).collect();
    (!hostnames.is_empty()).then_some(HostAlias { ip, hostnames })
}

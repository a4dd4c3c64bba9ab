//! What the apps of a pod use: from control groups and the network namespace, as the kubelet counts it.

mod network;
mod prometheus;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pod_core::Timestamp;
use pod_core::pod::{AppName, Shared, Uuid};
use serde::{Deserialize, Serialize};

pub use network::InterfaceStats;
pub use prometheus::prometheus;

use crate::cgroup::Cgroups;
use crate::dir::PodState;
use crate::engine::PodEntry;
use crate::error::{Error, Kind};

/// What a pod uses at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodStats {
    /// When it was looked at.
    pub at: Timestamp,
    /// The pod.
    pub uid: Uuid,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its apps that run, in the order of the pod.
    pub apps: Vec<AppStats>,
    /// Its network interfaces; none for a pod that uses the host's network.
    pub interfaces: Vec<InterfaceStats>,
}

/// What an app uses. What no controller of this machine counts is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppStats {
    /// The app.
    pub name: AppName,
    /// The processor time that it has used since it was started, all processors together.
    pub cpu: Option<Duration>,
    /// Its memory.
    pub memory: Option<MemoryStats>,
    /// What it has read from and written to block devices since it was started.
    pub io: Option<IoStats>,
    /// Its processes and threads.
    pub pids: Option<u64>,
}

/// Memory of an app, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryStats {
    /// All that is charged to it, the cache of files among it.
    pub usage: u64,
    /// What it cannot do without: the usage less the cache of files that were not used lately (kubelet, cAdvisor).
    pub working_set: u64,
    /// Its anonymous memory.
    pub rss: u64,
    /// The most it may hold; `None` is no limit.
    pub limit: Option<u64>,
}

/// Input and output of an app, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IoStats {
    /// Read.
    pub read: u64,
    /// Written.
    pub written: u64,
}

impl PodEntry {
    /// What the pod uses now.
    ///
    /// # Errors
    ///
    /// When the pod does not run, or the machine's mounts cannot be read.
    pub fn stats(&self) -> Result<PodStats, Error> {
        let spec = match &self.spec {
            Some(spec) if self.state == PodState::Running => spec,
            _ => {
                return Err(
                    Kind::State { uid: self.uid, state: self.state, wanted: PodState::Running }.into()
                );
            }
        };
        let groups = Cgroups::detect()?.pod_groups(self.uid);
        let mut apps = Vec::new();
        let mut member = None;
        for app in &spec.apps {
            let groups: Vec<PathBuf> = groups.iter().map(|group| group.join(app.name.as_str())).collect();
            let Some(process) = groups.iter().find_map(|group| first_member(group)) else { continue };
            member = member.or(Some(process));
            apps.push(AppStats {
                name: app.name.clone(),
                cpu: cpu(&groups),
                memory: memory(&groups),
                io: io(&groups),
                pids: first(&groups, "pids.current", number),
            });
        }
        let interfaces = match spec.isolation.network {
            Shared::Pod => member.map(network::of_process).unwrap_or_default(),
            Shared::Host => Vec::new(),
        };
        let (namespace, name) = (spec.namespace.clone(), spec.name.clone());
        Ok(PodStats { at: SystemTime::now().into(), uid: self.uid, namespace, name, apps, interfaces })
    }
}

impl AppStats {
    /// How many processors it has used on average since `before`, which was looked at so much earlier. `None` without a measure, or
    /// when it was started anew meanwhile.
    #[must_use]
    pub fn cores_since(&self, before: &Self, elapsed: Duration) -> Option<f64> {
        let used = self.cpu?.checked_sub(before.cpu?)?;
        (!elapsed.is_zero()).then(|| used.as_secs_f64() / elapsed.as_secs_f64())
    }
}

/// What the first of the groups has to say that has that file and makes sense.
fn first<T>(groups: &[PathBuf], file: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    groups.iter().find_map(|group| parse(&fs::read_to_string(group.join(file)).ok()?))
}

fn first_member(group: &Path) -> Option<u32> {
    fs::read_to_string(group.join("cgroup.procs")).ok()?.lines().next()?.parse().ok()
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The line `name number` of a flat keyed file.
fn keyed(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn cpu(groups: &[PathBuf]) -> Option<Duration> {
    // Version 2 counts it without a controller, beside version 1, too.
    let v2 = first(groups, "cpu.stat", |text| keyed(text, "usage_usec").map(Duration::from_micros));
    v2.or_else(|| first(groups, "cpuacct.usage", number).map(Duration::from_nanos))
}

fn memory(groups: &[PathBuf]) -> Option<MemoryStats> {
    let stat = |name: &str| first(groups, "memory.stat", |text| keyed(text, name)).unwrap_or(0);
    if let Some(usage) = first(groups, "memory.current", number) {
        return Some(MemoryStats {
            usage,
            working_set: usage.saturating_sub(stat("inactive_file")),
            rss: stat("anon"),
            limit: first(groups, "memory.max", number),
        });
    }
    /// What version 1 says when there is no limit: the largest number, rounded down to pages.
    const NO_LIMIT: u64 = i64::MAX as u64 - 1024 * 1024;
    let usage = first(groups, "memory.usage_in_bytes", number)?;
    Some(MemoryStats {
        usage,
        working_set: usage.saturating_sub(stat("total_inactive_file")),
        rss: stat("total_rss"),
        limit: first(groups, "memory.limit_in_bytes", number).filter(|limit| *limit < NO_LIMIT),
    })
}

fn io(groups: &[PathBuf]) -> Option<IoStats> {
    first(groups, "io.stat", io_v2).or_else(|| first(groups, "blkio.throttle.io_service_bytes", io_v1))
}

/// `8:0 rbytes=1 wbytes=2 rios=3 …` for each device.
fn io_v2(text: &str) -> Option<IoStats> {
    let sum = |name: &str| {
        let words = text.split_ascii_whitespace();
        words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok()).sum()
    };
    Some(IoStats { read: sum("rbytes"), written: sum("wbytes") })
}

/// `8:0 Read 1` and `8:0 Write 2` for each device.
fn io_v1(text: &str) -> Option<IoStats> {
    let sum = |name: &str| {
        let fields = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
        let wanted = fields.filter_map(|fields| match fields.as_slice() {
            [_, what, count] if *what == name => count.parse::<u64>().ok(),
            _ => None,
        });
        wanted.sum()
    };
    Some(IoStats { read: sum("Read"), written: sum("Write") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let groups: Vec<_> = ["a", "b"].iter().map(|name| dir.path().join(name)).collect();
        groups.iter().for_each(|group| fs::create_dir(group).unwrap());
        for (name, text) in files {
            fs::write(groups[1].join(name), text).unwrap();
        }
        (dir, groups)
    }

    #[test]
    fn version_2() {
        let (_dir, groups) = group(&[
            ("cpu.stat", "usage_usec 1500000\nuser_usec 1\n"),
            ("memory.current", "1000\n"),
            ("memory.max", "max\n"),
            ("memory.stat", "anon 300\nfile 500\ninactive_file 400\n"),
            ("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n8:16 rbytes=10 wbytes=20\n"),
        ]);
        assert_eq!(cpu(&groups), Some(Duration::from_millis(1500)));
        let memory = memory(&groups).unwrap();
        assert_eq!(memory, MemoryStats { usage: 1000, working_set: 600, rss: 300, limit: None });
        assert_eq!(io(&groups), Some(IoStats { read: 11, written: 22 }));
    }

    #[test]
    fn version_1() {
        let (_dir, groups) = group(&[
            ("cpu.stat", "nr_periods 0\nnr_throttled 0\n"),
            ("cpuacct.usage", "1500000000\n"),
            ("memory.usage_in_bytes", "1000\n"),
            ("memory.limit_in_bytes", "4096\n"),
            ("memory.stat", "inactive_file 1\ntotal_rss 300\ntotal_inactive_file 2000\n"),
            ("blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n"),
        ]);
        assert_eq!(cpu(&groups), Some(Duration::from_millis(1500)));
        let memory = memory(&groups).unwrap();
        assert_eq!(memory, MemoryStats { usage: 1000, working_set: 0, rss: 300, limit: Some(4096) });
        assert_eq!(io(&groups), Some(IoStats { read: 1, written: 2 }));
        let (_dir, nothing) = group(&[]);
        assert_eq!((cpu(&nothing), super::memory(&nothing), io(&nothing)), (None, None, None));
    }

    #[test]
    fn cores() {
        let stats = |cpu: u64| AppStats {
            name: "a".parse().unwrap(),
            cpu: Some(Duration::from_millis(cpu)),
            memory: None,
            io: None,
            pids: None,
        };
        assert_eq!(stats(1500).cores_since(&stats(500), Duration::from_secs(2)), Some(0.5));
        assert_eq!(stats(500).cores_since(&stats(1500), Duration::from_secs(2)), None);
        assert_eq!(stats(500).cores_since(&stats(500), Duration::ZERO), None);
    }
}

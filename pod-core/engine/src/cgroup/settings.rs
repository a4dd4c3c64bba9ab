//! What is written into a group's files, as data.

use pod_core::pod::Resources;

use super::Version;

/// The period of a processor limit, in microseconds: the kernel's and everybody's default.
const PERIOD: u64 = 100_000;
/// The least that the kernel takes as a quota, in microseconds.
const MIN_QUOTA: u64 = 1000;
/// The bounds of `cpu.shares`.
const SHARES: (u64, u64) = (2, 262_144);

/// A controller that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Controller {
    Cpu,
    Memory,
    Pids,
    Devices,
    Freezer,
    /// For what it counts only.
    Io,
}

impl Controller {
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            // Its name in version 1.
            "blkio" => Some(Self::Io),
            _ => [Self::Cpu, Self::Memory, Self::Pids, Self::Devices, Self::Freezer, Self::Io]
                .into_iter()
                .find(|controller| controller.name() == name),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Pids => "pids",
            Self::Devices => "devices",
            Self::Freezer => "freezer",
            Self::Io => "io",
        }
    }
}

/// A device that an app may use: a line of `devices.allow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceRule(String);

impl DeviceRule {
    /// A device of the host.
    pub(crate) fn device(block: bool, major: u32, minor: u32, read_only: bool) -> Self {
        let kind = if block { 'b' } else { 'c' };
        let access = if read_only { "rm" } else { "rwm" };
        Self(format!("{kind} {major}:{minor} {access}"))
    }
}

/// The devices that every app has: to make any node, and to use the harmless ones (runc's and Docker's list).
const DEVICES: [&str; 11] = [
    "c *:* m",
    "b *:* m",
    "c 1:3 rwm",   // null
    "c 1:5 rwm",   // zero
    "c 1:7 rwm",   // full
    "c 1:8 rwm",   // random
    "c 1:9 rwm",   // urandom
    "c 5:0 rwm",   // tty
    "c 5:1 rwm",   // console
    "c 5:2 rwm",   // ptmx
    "c 136:* rwm", // pts
];

/// What becomes of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// The user wrote this limit: a refusal is an error.
    Required(&'static str),
    /// It follows from something: a refusal is a warning.
    Derived,
    /// Not every kernel has the file: only another refusal is a warning.
    IfThere,
}

/// A control file and what is written into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) file: &'static str,
    pub(super) value: String,
    pub(super) weight: Weight,
}

impl Setting {
    fn new(file: &'static str, value: impl ToString, weight: Weight) -> Self {
        Self { file, value: value.to_string(), weight }
    }

    /// The limit that this is, when the user wrote it.
    pub(super) const fn required(&self) -> Option<&'static str> {
        match self.weight {
            Weight::Required(what) => Some(what),
            Weight::Derived | Weight::IfThere => None,
        }
    }
}

/// What is written in a hierarchy with these controllers, in order. `devices` are those beside the usual ones; `None` is all.
pub(super) fn settings(
    version: Version,
    controllers: &[Controller],
    resources: &Resources,
    devices: Option<&[DeviceRule]>,
) -> Vec<Setting> {
    let mut list = Vec::new();
    for controller in controllers {
        match (controller, version) {
            (Controller::Cpu, Version::V1) => cpu_v1(resources, &mut list),
            (Controller::Cpu, Version::V2) => cpu_v2(resources, &mut list),
            (Controller::Memory, Version::V1) => memory_v1(resources, &mut list),
            (Controller::Memory, Version::V2) => memory_v2(resources, &mut list),
            (Controller::Pids, _) => {
                list.extend(
                    resources
                        .pids_limit
                        .map(|limit| Setting::new("pids.max", limit, Weight::Required("pids limit"))),
                );
            }
            (Controller::Devices, Version::V1) => {
                if let Some(devices) = devices {
                    list.push(Setting::new("devices.deny", "a", Weight::Derived));
                    let all = DEVICES.into_iter().chain(devices.iter().map(|rule| rule.0.as_str()));
                    list.extend(all.map(|rule| Setting::new("devices.allow", rule, Weight::Derived)));
                }
            }
            (Controller::Devices, Version::V2) | (Controller::Freezer | Controller::Io, _) => {}
        }
    }
    list
}

fn cpu_v1(resources: &Resources, list: &mut Vec<Setting>) {
    if let Some(milli) = resources.cpu_request_milli {
        list.push(Setting::new("cpu.shares", shares(milli), Weight::Derived));
    }
    if let Some(milli) = resources.cpu_limit_milli {
        list.push(Setting::new("cpu.cfs_period_us", PERIOD, Weight::Required("cpu limit")));
        list.push(Setting::new("cpu.cfs_quota_us", quota(milli), Weight::Required("cpu limit")));
    }
}

fn cpu_v2(resources: &Resources, list: &mut Vec<Setting>) {
    if let Some(milli) = resources.cpu_request_milli {
        list.push(Setting::new("cpu.weight", weight(shares(milli)), Weight::Derived));
    }
    if let Some(milli) = resources.cpu_limit_milli {
        list.push(Setting::new(
            "cpu.max",
            format!("{} {PERIOD}", quota(milli)),
            Weight::Required("cpu limit"),
        ));
    }
}

fn memory_v1(resources: &Resources, list: &mut Vec<Setting>) {
    if let Some(limit) = resources.memory_limit {
        list.push(Setting::new("memory.limit_in_bytes", limit, Weight::Required("memory limit")));
        // Memory and swap together: with the same limit nothing of it can be swap. Needs swap accounting in the kernel.
        list.push(Setting::new("memory.memsw.limit_in_bytes", limit, Weight::IfThere));
        list.push(Setting::new("memory.swappiness", 0, Weight::IfThere));
    }
}

fn memory_v2(resources: &Resources, list: &mut Vec<Setting>) {
    if let Some(limit) = resources.memory_limit {
        list.push(Setting::new("memory.max", limit, Weight::Required("memory limit")));
        list.push(Setting::new("memory.swap.max", 0, Weight::IfThere));
        // As the kubelet does: an app is killed as a whole, not left without some of its processes.
        list.push(Setting::new("memory.oom.group", 1, Weight::IfThere));
    }
}

/// `cpu.shares` for thousandths of a processor: 1024 for each whole one (kubelet, `MilliCPUToShares`).
fn shares(milli: u64) -> u64 {
    (milli.saturating_mul(1024) / 1000).clamp(SHARES.0, SHARES.1)
}

/// `cpu.weight` for shares: 2..262144 onto 1..10000 (KEP-2254).
fn weight(shares: u64) -> u64 {
    1 + (shares.saturating_sub(SHARES.0) * 9999) / (SHARES.1 - SHARES.0)
}

/// The part of each period, in microseconds, for thousandths of a processor (kubelet, `MilliCPUToQuota`).
fn quota(milli: u64) -> u64 {
    (milli.saturating_mul(PERIOD) / 1000).max(MIN_QUOTA)
}

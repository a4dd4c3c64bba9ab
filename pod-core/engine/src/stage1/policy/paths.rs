//! Which parts of `/proc` and `/sys` are hidden from an app, and which it may only read.

/// Hidden: a file reads as empty, a directory is empty.
///
/// Docker's default (moby, `daemon/pkg/oci/defaults.go`, with `interrupts`, `powercap` and `thermal_throttle` against the side
/// channels of CVE-2020-8694 and its kind), and what rkt hid besides (`stage1/init/common/pod.go`, `protectKernelTunables`: `config.gz`,
/// `kallsyms`, `kmem`, `mem`, `hypervisor`, `module`, `power`). rkt also hid `/sys/fs`; there an app finds its cgroups.
pub(crate) const HIDDEN: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/config.gz",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmem",
    "/proc/latency_stats",
    "/proc/mem",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/hypervisor",
    "/sys/module",
    "/sys/power",
];

/// Hidden for each processor, below `/sys/devices/system/cpu/cpu<number>/` (the same list of Docker).
pub(crate) const HIDDEN_OF_CPU: &str = "thermal_throttle";

/// Read-only: Docker's default. It covers what rkt made read-only in `/proc`; all of `/sys` is read-only anyway.
pub(crate) const READ_ONLY: &[&str] =
    &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

//! What is in an app's `/dev`.

/// A character device: name below `/dev`, major and minor number (Documentation/admin-guide/devices.txt). All are open to everybody (0666).
///
/// The list is that of the OCI runtime specification (config-linux.md, "Default Devices"), which is the appc executor
/// specification's too (spec/ace.md, "Linux filesystem") but for the console.
pub(crate) const DEVICES: &[(&str, u32, u32)] =
    &[("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

/// What `console` is without a terminal: the null device. appc asks for the name; nothing listens there.
pub(crate) const CONSOLE: (u32, u32) = (1, 3);

/// The host's device of that number: never its own console.
pub(crate) const CONSOLE_LIKE: &str = "null";

/// Symbolic links: name below `/dev`, target (the same section of the OCI specification).
pub(crate) const LINKS: &[(&str, &str)] = &[
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Directories of the host's `/dev` that belong to file systems of their own, which an app has for itself.
pub(crate) const OWN_DIRECTORIES: &[&str] = &["pts", "shm", "mqueue", "fd", "hugepages"];

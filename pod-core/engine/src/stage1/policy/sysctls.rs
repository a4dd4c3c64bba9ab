//! Kernel parameters that belong to a namespace, as the kubelet and runc know them (`pkg/kubelet/sysctl/namespace.go`,
//! `libcontainer/configs/validate`): beginnings of paths below `/proc/sys`.

/// Those of an IPC namespace.
pub(crate) const IPC: &[&str] = &["kernel/shm", "kernel/msg", "kernel/sem", "fs/mqueue/"];

/// Those of a network namespace.
pub(crate) const NET: &[&str] = &["net/"];

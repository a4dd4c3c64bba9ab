//! Kernel parameters of the pod's own namespaces.

use std::os::fd::AsFd;
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags};

use super::inside;
use super::policy::sysctls::{IPC, NET};
use super::report::{Doing, Failure};
use crate::plan::NamespacePaths;

/// Sets one, if it is a namespace's and the namespace is the pod's own.
pub(crate) fn set(path: &str, value: &str, own: &NamespacePaths) -> Result<(), Failure> {
    let name = path.replace('/', ".");
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    let (namespace, is_own) = if begins(IPC) {
        ("IPC", own.ipc.is_some())
    } else if begins(NET) {
        ("network", own.net.is_some())
    } else {
        return Err(Failure::config(format!(
            "the sysctl `{name}` is not namespaced: it would change the host"
        )));
    };
    if !is_own {
        return Err(Failure::config(format!(
            "the sysctl `{name}` needs a {namespace} namespace of the pod's own"
        )));
    }
    if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Failure::config(format!("the sysctl `{name}` has a path that leads elsewhere")));
    }
    let action = || format!("setting the sysctl `{name}` to `{value}`");
    let root = rustix::fs::open("/proc/sys", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    let file = inside::open_beneath(root.as_fd(), path, OFlags::WRONLY).doing(action)?;
    // One write: the kernel takes each write as a whole value.
    rustix::io::write(&file, value.as_bytes()).doing(action).map(drop)
}

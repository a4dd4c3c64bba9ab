//! The namespaces that the apps of a pod share.
//!
//! They are made by a thread of the monitor that does nothing else and ends: the namespaces of network, IPC and host name belong to a
//! thread, not to its process, so nothing else of the monitor enters them, and no program need be started for it.

use rustix::thread::UnshareFlags;

use super::report::{Doing, Failure};
use super::{loopback, sysctl};
use crate::plan::SandboxPlan;
use crate::sys;

/// Makes the namespaces that the apps of a pod share, and pins them in this process's mount namespace. The calling thread stays in its
/// own; another one does it, and has ended when this returns.
///
/// # Errors
///
/// When it has no privilege for a namespace (`EPERM`), a pin is not there (`ENOENT`), a sysctl is not one of the pod's own namespaces, or
/// there is a host name and no namespace for it.
pub fn make_sandbox(plan: &SandboxPlan) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn_scoped(scope, || make_in_this_thread(plan))
            .map_err(|error| {
                let errno = rustix::io::Errno::from_io_error(&error).unwrap_or(rustix::io::Errno::AGAIN);
                Failure::create("making a thread for the pod's namespaces", errno)
            })?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The same in the calling thread, which is in the pod's namespaces then and had better end.
pub(crate) fn make_in_this_thread(plan: &SandboxPlan) -> Result<(), Failure> {
    if plan.hostname.is_some() && plan.pins.uts.is_none() {
        return Err(Failure::config("a host name needs a UTS namespace of the pod's own"));
    }
    let pins = [
        ("net", &plan.pins.net, UnshareFlags::NEWNET),
        ("ipc", &plan.pins.ipc, UnshareFlags::NEWIPC),
        ("uts", &plan.pins.uts, UnshareFlags::NEWUTS),
    ];
    let new =
        pins.iter().filter(|(_, pin, _)| pin.is_some()).fold(UnshareFlags::empty(), |all, one| all | one.2);
    sys::unshare_thread(new).doing(|| "beginning the pod's namespaces".to_owned())?;
    if plan.pins.net.is_some() {
        loopback::up().doing(|| "bringing up the loopback interface".to_owned())?;
    }
    if let Some(hostname) = &plan.hostname {
        rustix::system::sethostname(hostname.as_bytes())
            .doing(|| format!("setting the host name `{hostname}`"))?;
    }
    for (path, value) in &plan.sysctls {
        sysctl::set(path, value, &plan.pins)?;
    }
    for (name, pin, _) in pins {
        if let Some(pin) = pin {
            rustix::mount::mount_bind(format!("/proc/thread-self/ns/{name}"), pin)
                .doing(|| format!("pinning the {name} namespace at `{}`", pin.display()))?;
        }
    }
    Ok(())
}

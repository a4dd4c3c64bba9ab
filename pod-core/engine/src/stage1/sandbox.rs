//! The namespaces that the apps of a pod share.

use super::report::{Doing, Failure, Report, Reporter};
use super::{loopback, sysctl};
use crate::plan::SandboxPlan;

/// Sets up the namespaces that this process was born in, and pins them in the host's mount namespace.
pub(crate) fn make(plan: &SandboxPlan, reporter: &Reporter) -> Result<(), Failure> {
    if plan.pins.net.is_some() {
        loopback::up().doing(|| "bringing up the loopback interface".to_owned())?;
    }
    if let Some(hostname) = &plan.hostname {
        if plan.pins.uts.is_none() {
            return Err(Failure::config("a host name needs a UTS namespace of the pod's own"));
        }
        rustix::system::sethostname(hostname.as_bytes())
            .doing(|| format!("setting the host name `{hostname}`"))?;
    }
    for (path, value) in &plan.sysctls {
        sysctl::set(path, value, &plan.pins)?;
    }
    for (name, pin) in [("net", &plan.pins.net), ("ipc", &plan.pins.ipc), ("uts", &plan.pins.uts)] {
        if let Some(pin) = pin {
            rustix::mount::mount_bind(format!("/proc/self/ns/{name}"), pin)
                .doing(|| format!("pinning the {name} namespace at `{}`", pin.display()))?;
        }
    }
    reporter.say(&Report::Ready);
    Ok(())
}

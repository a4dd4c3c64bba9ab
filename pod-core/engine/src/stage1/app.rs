//! Becomes an app.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::thread::LinkNameSpaceType;

use super::inside::Inside;
use super::mask::{self, KernelViews};
use super::program::Ending;
use super::report::{Doing, Failure, Reporter};
use super::seccomp::Filter;
use super::{attach, dev, kernel, root, volumes};
use crate::plan::{AppPlan, NamespacePaths};
use crate::sys;

/// Carries out an app's plan in this process, which has a mount namespace of its own. Comes back only when that fails.
pub(crate) fn run(plan: &AppPlan, reporter: &Reporter) -> Failure {
    let prepared =
        Filter::of(&plan.confinement, reporter).and_then(|filter| make_root(plan, reporter).map(|()| filter));
    match prepared {
        Err(failure) => failure,
        Ok(filter) => {
            let (process, confinement) = (&plan.process, &plan.confinement);
            Ending { process, confinement, filter, terminal: plan.terminal }.run(reporter)
        }
    }
}

/// Everything up to the step into the root: at its end no path of the host leads anywhere any more.
fn make_root(plan: &AppPlan, reporter: &Reporter) -> Result<(), Failure> {
    // What is made here has exactly the modes that are asked for.
    rustix::process::umask(Mode::empty());
    kernel::enter_cgroups(&plan.cgroups)?;
    adjust_oom_score(plan.oom_score_adj, reporter);
    join(&plan.namespaces)?;
    sys::unshare_cgroup().doing(|| "beginning a cgroup namespace".to_owned())?;

    let volumes = plan.mounts.iter().map(volumes::hold).collect::<Result<Vec<_>, Failure>>()?;
    root::part_from_host()?;
    let root = root::mount(&plan.root)?;
    let inside = Inside::new(root.as_fd());
    let proc = kernel::proc(inside, plan)?;
    let sys = kernel::sys(inside, plan)?;
    kernel::cgroups(inside, plan)?;
    let dev = dev::mount(inside, plan)?;
    if plan.confinement.mask_paths && !plan.confinement.privileged {
        mask::apply(KernelViews { proc: proc.as_fd(), sys: sys.as_fd(), dev: dev.as_fd() })?;
    }
    for volume in volumes {
        volume.mount(inside)?;
    }
    if plan.root.read_only {
        attach::read_only(root.as_fd(), false).doing(|| "making the app's root read-only".to_owned())?;
    }
    root::enter(&root)
}

/// A refusal is told and not fatal: the adjustment is derived from what the app asks for, not asked for itself.
pub(crate) fn adjust_oom_score(adjustment: Option<i32>, reporter: &Reporter) {
    if let Some(adjustment) = adjustment
        && let Err(errno) = kernel::adjust_oom_score(adjustment)
    {
        let reason = super::report::describe(errno.raw_os_error());
        reporter.warn(format!("the out-of-memory score adjustment {adjustment} is not applied: {reason}"));
    }
}

fn join(namespaces: &NamespacePaths) -> Result<(), Failure> {
    enter(namespaces.net.as_deref(), LinkNameSpaceType::Network)?;
    enter(namespaces.ipc.as_deref(), LinkNameSpaceType::InterProcessCommunication)?;
    enter(namespaces.uts.as_deref(), LinkNameSpaceType::HostNameAndNISDomainName)
}

/// Joins one pinned namespace, if there is one.
pub(crate) fn enter(pin: Option<&Path>, kind: LinkNameSpaceType) -> Result<(), Failure> {
    let Some(pin) = pin else { return Ok(()) };
    let action = || format!("joining the namespace `{}`", pin.display());
    let file: OwnedFd =
        rustix::fs::openat(CWD, pin, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    rustix::thread::move_into_link_name_space(file.as_fd(), Some(kind)).doing(action)
}

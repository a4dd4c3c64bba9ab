//! PID 1 of a process namespace that the apps of a pod share.

use std::os::fd::AsFd;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::MountAttrFlags;

use super::identity::Identity;
use super::report::{Doing, Failure, Report, Reporter};
use super::seccomp::Filter;
use super::{attach, confine, kernel, root};
use crate::plan::{Confinement, ReaperPlan};
use crate::sys;
use crate::userns::Maps;

/// Whoever owns nothing, by agreement of the distributions.
pub(crate) const NOBODY: u32 = 65534;

/// Goes into an empty root and gives up all rights.
pub(crate) fn prepare(plan: &ReaperPlan, reporter: &Reporter) -> Result<(), Failure> {
    let nobody = nobody();
    kernel::enter_cgroups(&plan.cgroups)?;
    root::part_from_host()?;
    let action = || "making an empty root".to_owned();
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let empty = attach::new("tmpfs", &[("size", "4k"), ("nr_inodes", "1"), ("mode", "0555")], attributes)
        .doing(action)?;
    let top = rustix::fs::openat(CWD, "/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    attach::at(empty.as_fd(), top.as_fd()).doing(action)?;
    root::enter(&empty)?;
    drop((empty, top));
    rustix::process::setsid().doing(|| "beginning a session".to_owned())?;
    powerless(&nobody, reporter)?;
    sys::ignore_children().doing(|| "leaving orphans to the kernel".to_owned())?;
    reporter.say(&Report::Ready);
    Ok(())
}

/// Waits until it is killed. The kernel reaps what is orphaned, because SIGCHLD is ignored: this never wakes up.
pub(crate) fn rest() -> ! {
    loop {
        rustix::event::pause();
    }
}

/// Whoever owns nothing; in a user namespace without such a one its root, which without capabilities can do what the user can.
/// Find it out while there is a `/proc`.
pub(crate) fn nobody() -> Identity {
    let there = Maps::own().is_ok_and(|maps| maps.has_user(NOBODY) && maps.has_group(NOBODY));
    let id = if there { NOBODY } else { 0 };
    Identity { uid: id, gid: id, groups: vec![], home: "/".to_owned() }
}

/// Gives up everything that a process without files and privileges does not need.
pub(crate) fn powerless(nobody: &Identity, reporter: &Reporter) -> Result<(), Failure> {
    let confinement = Confinement {
        capabilities: vec![],
        no_new_privileges: true,
        seccomp: pod_core::pod::SeccompProfile::RuntimeDefault,
        mask_paths: true,
        privileged: false,
    };
    let filter = Filter::of(&confinement, reporter)?;
    confine::become_user(nobody, &confinement, reporter)?;
    rustix::thread::set_no_new_privs(true).doing(|| "giving up new privileges".to_owned())?;
    filter.map_or(Ok(()), |filter| filter.install())
}

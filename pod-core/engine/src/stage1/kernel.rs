//! What the kernel shows of itself in an app: `/proc`, `/sys` and the app's own cgroups.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, StatxAttributes, StatxFlags};
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::attach;
use super::dev::attach_plain;
use super::inside::{Inside, Kind};
use super::report::{Doing, Failure};
use crate::plan::AppPlan;

const CGROUPS: &str = "/sys/fs/cgroup";

fn no_programs() -> MountAttrFlags {
    MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC
}

/// Read-only, unless the app is privileged.
fn guarded(plan: &AppPlan) -> MountAttrFlags {
    if plan.confinement.privileged {
        no_programs()
    } else {
        no_programs() | MountAttrFlags::MOUNT_ATTR_RDONLY
    }
}

/// Mounts `/proc` of the PID namespace that we are in; the result is its root directory.
pub(crate) fn proc(root: Inside<'_>, plan: &AppPlan) -> Result<OwnedFd, Failure> {
    let action = || "making the app's `/proc`".to_owned();
    let mount = match attach::new("proc", &[], no_programs()) {
        // The host's processes are not for a user namespace to mount, but they may be shown.
        Err(Errno::PERM) if !plan.own_pid_namespace => hosts("/proc", no_programs()).doing(action)?,
        Err(Errno::PERM) => {
            let why = "the machine's own has parts hidden, as in a container, and then no user namespace may mount another";
            return Err(Failure::create(format!("{} ({why})", action()), Errno::PERM));
        }
        mount => mount.doing(action)?,
    };
    attach_plain(root, "/proc", mount.as_fd())?;
    Ok(mount)
}

/// Mounts `/sys` of the network namespace that we are in; the result is its root directory.
pub(crate) fn sys(root: Inside<'_>, plan: &AppPlan) -> Result<OwnedFd, Failure> {
    let action = || "making the app's `/sys`".to_owned();
    let mount = match attach::new("sysfs", &[], guarded(plan)) {
        // The host's network is not for a user namespace to mount, but what the host shows of it may be seen.
        Err(Errno::PERM) => hosts("/sys", guarded(plan)).doing(action)?,
        mount => mount.doing(action)?,
    };
    attach_plain(root, "/sys", mount.as_fd())?;
    Ok(mount)
}

/// A second mount of the host's, with what is mounted below it: the kernel does not let them be taken apart.
fn hosts(path: &str, attributes: MountAttrFlags) -> Result<OwnedFd, Errno> {
    let place = rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let mount = attach::copy(place.as_fd(), true)?;
    crate::sys::mount_setattr(mount.as_fd(), true, u64::from(attributes.bits()), libc::MS_PRIVATE)?;
    Ok(mount)
}

/// Mounts the app's cgroups, and none above them, below `/sys/fs/cgroup`: there itself when the hierarchy is unified, else each
/// under its hierarchy's name. The host's must still be there.
pub(crate) fn cgroups(root: Inside<'_>, plan: &AppPlan) -> Result<(), Failure> {
    if let [unified] = plan.cgroups.as_slice()
        && hierarchy(unified)? == Path::new(CGROUPS)
    {
        let mount = view(unified, plan)?;
        return attach_plain(root, CGROUPS, mount.as_fd());
    }
    let action = || format!("making the app's `{CGROUPS}`");
    let listing = attach::new("tmpfs", &[("mode", "0755"), ("size", "64k")], no_programs()).doing(action)?;
    attach_plain(root, CGROUPS, listing.as_fd())?;
    let inside = Inside::new(listing.as_fd());
    for cgroup in &plan.cgroups {
        let mount = view(cgroup, plan)?;
        let hierarchy = hierarchy(cgroup)?;
        let name = hierarchy.file_name().unwrap_or_default();
        let place = inside.make(name, Kind::Directory).doing(action)?;
        attach::at(mount.as_fd(), place.as_fd()).doing(action)?;
    }
    if !plan.confinement.privileged {
        attach::read_only(listing.as_fd(), false).doing(action)?;
    }
    Ok(())
}

fn view(cgroup: &Path, plan: &AppPlan) -> Result<OwnedFd, Failure> {
    let action = || format!("showing the app its cgroup `{}`", cgroup.display());
    let dir = rustix::fs::openat(CWD, cgroup, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).doing(action)?;
    let mount = attach::copy(dir.as_fd(), false).doing(action)?;
    let attributes = u64::from(guarded(plan).bits());
    crate::sys::mount_setattr(mount.as_fd(), false, attributes, libc::MS_PRIVATE).doing(action)?;
    Ok(mount)
}

/// Where the hierarchy of a cgroup is mounted: the nearest directory upwards that is the root of a mount.
fn hierarchy(cgroup: &Path) -> Result<PathBuf, Failure> {
    for dir in cgroup.ancestors() {
        let stat = rustix::fs::statx(CWD, dir, AtFlags::empty(), StatxFlags::TYPE)
            .doing(|| format!("looking at the cgroup `{}`", dir.display()))?;
        if stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
            return Ok(dir.to_owned());
        }
    }
    Err(Failure::create(format!("finding the hierarchy of the cgroup `{}`", cgroup.display()), Errno::NOENT))
}

/// Enters the app's cgroups: before anything else, so that all that follows is counted there. In one of version 2 this process was born.
///
/// A thread that moves itself through `tasks` is moved at once; `cgroup.procs` would have the kernel wait for every processor of
/// the machine, for each hierarchy. This process has one thread.
pub(crate) fn enter_cgroups(cgroups: &[PathBuf]) -> Result<(), Failure> {
    for cgroup in cgroups {
        let entered = match write_own(&cgroup.join("tasks"), "0") {
            // Version 2 has no such file. It has another one; else nothing is there.
            Err(Errno::NOENT) => rustix::fs::access(cgroup.join("cgroup.procs"), Access::EXISTS),
            entered => entered,
        };
        entered.doing(|| format!("entering the cgroup `{}`", cgroup.display()))?;
    }
    Ok(())
}

/// Sets our own out-of-memory score adjustment, -1000 to 1000.
pub(crate) fn adjust_oom_score(adjustment: i32) -> Result<(), Errno> {
    write_own(Path::new("/proc/self/oom_score_adj"), &adjustment.to_string())
}

fn write_own(path: &Path, text: &str) -> Result<(), Errno> {
    let file = rustix::fs::openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::write(&file, text.as_bytes()).map(drop)
}

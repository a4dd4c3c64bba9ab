//! An app's root file system, and the step into it.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsOpenFlags, MountAttrFlags, MountPropagationFlags, UnmountFlags};

use super::attach;
use super::report::{Doing, Failure};
use crate::plan::{RootPlan, RootSource};

/// Cuts the mount namespace's ties: nothing that is mounted here is seen outside. What the host mounts later still arrives,
/// and reaches those volumes that ask for it.
pub(crate) fn part_from_host() -> Result<(), Failure> {
    rustix::mount::mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .doing(|| "separating the mounts of the app from the host's".to_owned())
}

/// Mounts a root file system; the result is its root directory.
pub(crate) fn mount(plan: &RootPlan) -> Result<OwnedFd, Failure> {
    match &plan.source {
        RootSource::Overlay { lower, upper, work, target, user_xattrs } => {
            let action = || format!("mounting the overlay of the app's root at `{}`", target.display());
            let overlay = overlay(lower, upper, work, *user_xattrs, attributes(plan)).doing(action)?;
            let target = open_directory(target).doing(action)?;
            attach::at(overlay.as_fd(), target.as_fd()).doing(action)?;
            Ok(overlay)
        }
        RootSource::Directory(dir) => {
            let action = || format!("mounting the app's root `{}`", dir.display());
            let place = open_directory(dir).doing(action)?;
            let tree = attach::copy(place.as_fd(), false).doing(action)?;
            let attributes = u64::from(attributes(plan).bits());
            crate::sys::mount_setattr(tree.as_fd(), false, attributes, libc::MS_PRIVATE).doing(action)?;
            attach::at(tree.as_fd(), place.as_fd()).doing(action)?;
            Ok(tree)
        }
    }
}

const fn attributes(plan: &RootPlan) -> MountAttrFlags {
    if plan.no_devices { MountAttrFlags::MOUNT_ATTR_NODEV } else { MountAttrFlags::empty() }
}

fn overlay(
    lower: &[PathBuf],
    upper: &Path,
    work: &Path,
    user_xattrs: bool,
    attributes: MountAttrFlags,
) -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let set = |key: &str, value: &Path| rustix::mount::fsconfig_set_string(context.as_fd(), key, value);
    set("source", Path::new("overlay"))?;
    let mut layers = lower.iter();
    // One by one the layers need no escaping and may be many. Linux knows this since 6.5.
    if let Some(first) = layers.next()
        && set("lowerdir+", first).is_ok()
    {
        layers.try_for_each(|layer| set("lowerdir+", layer))?;
    } else {
        set("lowerdir", &joined(lower)?)?;
    }
    set("upperdir", upper)?;
    set("workdir", work)?;
    if user_xattrs {
        rustix::mount::fsconfig_set_flag(context.as_fd(), "userxattr")?;
    }
    // What an app writes to its root ends with it: no sync of the whole file system below when it goes. A kernel before 5.10
    // does not know this, and syncs.
    let _ = rustix::mount::fsconfig_set_flag(context.as_fd(), "volatile");
    forget_last_time(work);
    attach::created(context.as_fd(), attributes)
}

/// Takes away the kernel's mark that an overlay was not synced, which forbids to mount it again. A hook before the start has mounted it,
/// and this kernel still has all that was written.
fn forget_last_time(work: &Path) {
    let marks = work.join("work/incompat/volatile");
    if rustix::fs::unlink(marks.join("dirty")).is_ok() {
        let _ = rustix::fs::rmdir(&marks);
    }
}

/// The form of older kernels: separated by colons, with `\` before what belongs to a path.
fn joined(lower: &[PathBuf]) -> Result<PathBuf, Errno> {
    let escaped = lower
        .iter()
        .map(|layer| Some(layer.to_str()?.replace('\\', "\\\\").replace(':', "\\:")))
        .collect::<Option<Vec<String>>>()
        .ok_or(Errno::ILSEQ)?;
    Ok(escaped.join(":").into())
}

fn open_directory(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty())
}

/// Makes `root` the root directory, and lets go of everything that was mounted before.
pub(crate) fn enter(root: &OwnedFd) -> Result<(), Failure> {
    let step = || -> Result<(), Errno> {
        rustix::process::fchdir(root)?;
        // Both in one place: the old root ends up on top of the new one, where it is taken away (pivot_root(2), NOTES).
        rustix::process::pivot_root(".", ".")?;
        rustix::mount::unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")
    };
    step().doing(|| "changing to the app's root".to_owned())
}

//! Mounts by descriptor: made detached, given their attributes, then attached where a descriptor says.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags};

/// A new file system, attached nowhere yet.
pub(crate) fn new(
    kind: &str,
    options: &[(&str, &str)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    // What mount(8) shows as the device.
    rustix::mount::fsconfig_set_string(context.as_fd(), "source", kind)?;
    for (key, value) in options {
        rustix::mount::fsconfig_set_string(context.as_fd(), *key, *value)?;
    }
    created(context.as_fd(), attributes)
}

/// The file system of a context whose options are set.
pub(crate) fn created(context: BorrowedFd<'_>, attributes: MountAttrFlags) -> Result<OwnedFd, Errno> {
    rustix::mount::fsconfig_create(context)?;
    rustix::mount::fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// A second mount of what a descriptor is, attached nowhere yet.
pub(crate) fn copy(of: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd, Errno> {
    let mut flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_EMPTY_PATH;
    if recursive {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    rustix::mount::open_tree(of, "", flags)
}

/// Attaches a detached mount.
pub(crate) fn at(mount: BorrowedFd<'_>, target: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    rustix::mount::move_mount(mount, "", target, "", flags)
}

/// Makes a mount, or with `recursive` all mounts below it too, read-only.
pub(crate) fn read_only(mount: BorrowedFd<'_>, recursive: bool) -> Result<(), Errno> {
    crate::sys::mount_setattr(mount, recursive, u64::from(MountAttrFlags::MOUNT_ATTR_RDONLY.bits()), 0)
}

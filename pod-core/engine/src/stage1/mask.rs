//! Hides parts of `/proc` and `/sys`, and makes others read-only.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::mount::MountAttrFlags;

use super::attach;
use super::inside::Inside;
use super::policy::paths::{HIDDEN, HIDDEN_OF_CPU, READ_ONLY};
use super::report::{Doing, Failure};

/// The kernel's file systems of an app, by their root directories.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KernelViews<'a> {
    pub(crate) proc: BorrowedFd<'a>,
    pub(crate) sys: BorrowedFd<'a>,
    pub(crate) dev: BorrowedFd<'a>,
}

/// Applies the policy. Paths are looked up in the file systems that we mounted ourselves, so nothing of the image or of a
/// volume can stand in for them.
pub(crate) fn apply(views: KernelViews<'_>) -> Result<(), Failure> {
    let mut cover = Cover { dev: views.dev, empty: None };
    for path in HIDDEN {
        hide(views, path, &mut cover)?;
    }
    for number in 0.. {
        let cpu = format!("/sys/devices/system/cpu/cpu{number}");
        if find(views, &cpu).doing(|| format!("looking for `{cpu}`"))?.is_none() {
            break;
        }
        hide(views, &format!("{cpu}/{HIDDEN_OF_CPU}"), &mut cover)?;
    }
    for path in READ_ONLY {
        let action = || format!("making `{path}` read-only");
        if let Some(place) = find(views, path).doing(action)? {
            let mount = attach::copy(place.as_fd(), true).doing(action)?;
            attach::read_only(mount.as_fd(), true).doing(action)?;
            attach::at(mount.as_fd(), place.as_fd()).doing(action)?;
        }
    }
    Ok(())
}

/// What lies over hidden paths: the app's null device over files, one empty read-only directory over directories.
struct Cover<'a> {
    dev: BorrowedFd<'a>,
    empty: Option<OwnedFd>,
}

impl Cover<'_> {
    fn over(&mut self, kind: FileType) -> Result<OwnedFd, Errno> {
        if kind != FileType::Directory {
            let null = Inside::new(self.dev).open_plain("null", OFlags::PATH)?;
            return attach::copy(null.as_fd(), false);
        }
        let Some(empty) = &self.empty else {
            let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
                | MountAttrFlags::MOUNT_ATTR_NOSUID
                | MountAttrFlags::MOUNT_ATTR_NODEV
                | MountAttrFlags::MOUNT_ATTR_NOEXEC;
            // The first place gets the mount itself: one that is never attached makes the kernel wait when it is closed.
            let options = [("size", "4k"), ("nr_inodes", "1"), ("mode", "0555")];
            let mount = attach::new("tmpfs", &options, attributes)?;
            self.empty =
                Some(mount.try_clone().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?);
            return Ok(mount);
        };
        attach::copy(empty.as_fd(), false)
    }
}

fn hide(views: KernelViews<'_>, path: &str, cover: &mut Cover<'_>) -> Result<(), Failure> {
    let action = || format!("hiding `{path}`");
    let Some(place) = find(views, path).doing(action)? else { return Ok(()) };
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&place).doing(action)?.st_mode);
    let mount = cover.over(kind).doing(action)?;
    attach::at(mount.as_fd(), place.as_fd()).doing(action)
}

/// A path below `/proc` or `/sys`; `None` when this kernel has no such thing.
fn find(views: KernelViews<'_>, path: &str) -> Result<Option<OwnedFd>, Errno> {
    let (root, path) = match (path.strip_prefix("/proc"), path.strip_prefix("/sys")) {
        (Some(path), _) => (views.proc, path),
        (None, Some(path)) => (views.sys, path),
        (None, None) => return Err(Errno::INVAL),
    };
    match Inside::new(root).open_plain(path, OFlags::PATH) {
        Ok(place) => Ok(Some(place)),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

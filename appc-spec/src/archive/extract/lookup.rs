//! Names within a root, without openat2(2).

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{self, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// How many symbolic links one lookup follows, as the kernel has it (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Opens a directory within a root as the kernel does it by `RESOLVE_IN_ROOT`.
pub(super) fn by_kernel(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    // EAGAIN: a rename elsewhere raced with the lookup (openat2(2)).
    loop {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        match fs::openat2(root, OsStr::from_bytes(path), flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            result => return result,
        }
    }
}

/// The same, one component after the other: none is a link when it is opened, and `..` goes back to the directory that was come from, never by
/// the name.
pub(super) fn by_hand(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut way: Vec<OwnedFd> = Vec::new();
    let mut pending: Vec<Vec<u8>> = path.rsplit(|byte| *byte == b'/').map(<[u8]>::to_vec).collect();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        match part.as_slice() {
            b"" | b"." => continue,
            b".." => {
                way.pop();
                continue;
            }
            _ => {}
        }
        let here = way.last().map_or(root, AsFd::as_fd);
        let found = fs::openat(
            here,
            OsStr::from_bytes(&part),
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        match FileType::from_raw_mode(fs::fstat(&found)?.st_mode) {
            FileType::Directory => way.push(found),
            FileType::Symlink => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::LOOP);
                }
                let target = fs::readlinkat(&found, "", Vec::new())?.into_bytes();
                if target.starts_with(b"/") {
                    way.clear();
                }
                pending.extend(target.rsplit(|byte| *byte == b'/').map(<[u8]>::to_vec));
            }
            // Only directories are asked for.
            _ => return Err(Errno::NOTDIR),
        }
    }
    let here = way.last().map_or(root, AsFd::as_fd);
    fs::openat(here, ".", flags, Mode::empty())
}

//! Deletes a tree that an app has written to: whatever is in it, nothing outside is touched.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, IFlags, Mode, OFlags, RenameFlags, ResolveFlags, ioctl_getflags,
    ioctl_setflags, openat, openat2, renameat_with, unlinkat,
};
use rustix::io::Errno;

use crate::error::{Doing, Error, Kind};

/// How deep we go with one open directory a level. What is deeper is lifted to the top first.
const DEPTH: usize = 64;

const OPEN_DIR: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Deletes a directory and everything in it. A directory that is not there is deleted already.
///
/// No symbolic link is followed and no mount is entered. Neither depth nor length of a path is limited, and no space is needed.
pub(crate) fn remove_tree(path: &Path) -> Result<(), Error> {
    let top = match openat(CWD, path, OPEN_DIR, Mode::empty()) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    empty(&top, path)?;
    match unlinkat(CWD, path, AtFlags::REMOVEDIR) {
        Err(error) if error != Errno::NOENT => Err(stays("remove", path, error)),
        _ => Ok(()),
    }
}

/// Deletes everything in an open directory; `path` is for messages.
pub(crate) fn empty(top: &OwnedFd, path: &Path) -> Result<(), Error> {
    let mut levels: Vec<(OwnedFd, CString)> = Vec::new();
    let mut lifted = 0_u64;
    loop {
        let current = levels.last().map_or_else(|| top.as_fd(), |(fd, _)| fd.as_fd());
        match unlink_files(current, path)? {
            Some(name) if levels.len() >= DEPTH => lift(current, &name, top, &mut lifted, path)?,
            Some(name) => {
                let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
                let fd = match openat2(current, &name, OPEN_DIR, Mode::empty(), resolve) {
                    Ok(fd) => fd,
                    Err(Errno::NOENT) => continue,
                    Err(error) => return Err(stays("enter", &join(path, &name), error)),
                };
                levels.push((fd, name));
            }
            None => {
                let Some((_, name)) = levels.pop() else { return Ok(()) };
                let parent = levels.last().map_or_else(|| top.as_fd(), |(fd, _)| fd.as_fd());
                unlink(parent, &name, AtFlags::REMOVEDIR, path)?;
            }
        }
    }
}

/// Deletes what is no directory, and directories that are empty, and names one that is not; `None` when nothing is left.
fn unlink_files(dir: BorrowedFd<'_>, path: &Path) -> Result<Option<CString>, Error> {
    let mut full = None;
    for entry in Dir::read_from(dir).doing("list", path)? {
        let entry = entry.doing("list", path)?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let is_directory = entry.file_type() == FileType::Directory;
        let flags = if is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        match unlinkat(dir, name, flags) {
            Ok(()) | Err(Errno::NOENT) => {}
            // The latter on a file system that does not tell the type.
            Err(_) if is_directory => full = full.or_else(|| Some(name.to_owned())),
            Err(Errno::ISDIR) => full = full.or_else(|| Some(name.to_owned())),
            Err(_) => unlink(dir, name, AtFlags::empty(), path)?,
        }
    }
    Ok(full)
}

fn unlink(dir: BorrowedFd<'_>, name: &CStr, flags: AtFlags, path: &Path) -> Result<(), Error> {
    match unlinkat(dir, name, flags) {
        // It filled up again, or was not seen: the next pass has it.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
        Err(Errno::PERM) => {
            make_mutable(dir, name);
            unlinkat(dir, name, flags).map_err(|error| stays("remove", &join(path, name), error))
        }
        Err(error) => Err(stays("remove", &join(path, name), error)),
    }
}

/// Takes off the marks that forbid deletion (chattr(1) `+i`, `+a`), of an entry and of the directory that it is in.
///
/// A failure shows when the deletion is tried again.
fn make_mutable(dir: BorrowedFd<'_>, name: &CStr) {
    let marks = IFlags::IMMUTABLE | IFlags::APPEND;
    let entry = openat(
        dir,
        name,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    );
    let clear = |fd: BorrowedFd<'_>| {
        if let Ok(flags) = ioctl_getflags(fd)
            && flags.intersects(marks)
        {
            let _ = ioctl_setflags(fd, flags.difference(marks));
        }
    };
    clear(dir);
    if let Ok(entry) = &entry {
        clear(entry.as_fd());
    }
}

/// Moves a directory that is too deep to the top, where it is deleted later.
fn lift(dir: BorrowedFd<'_>, name: &CStr, top: &OwnedFd, lifted: &mut u64, path: &Path) -> Result<(), Error> {
    loop {
        *lifted += 1;
        match renameat_with(dir, name, top, format!(".lifted-{lifted}"), RenameFlags::NOREPLACE) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(stays("lift", &join(path, name), error)),
        }
    }
}

fn stays(doing: &'static str, path: &Path, error: Errno) -> Error {
    match error {
        Errno::BUSY | Errno::XDEV => Kind::Stays { what: "the mount at", path: path.to_owned() }.into(),
        error => Error::io(doing, path, error),
    }
}

fn join(path: &Path, name: &CStr) -> std::path::PathBuf {
    path.join("…").join(name.to_string_lossy().as_ref())
}

//! Paths inside a directory that we do not trust: the kernel resolves them, and nothing leads out.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// As many symbolic links as the kernel follows in one path (path_resolution(7)).
const MAX_LINKS: u32 = 40;
/// How often a lookup that a concurrent rename disturbed is tried (openat2(2), `EAGAIN`).
const TRIES: u32 = 128;

/// A directory whose inner paths, absolute links and `..` included, are taken as if it were the root directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inside<'a>(BorrowedFd<'a>);

/// What is made where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    File,
}

impl<'a> Inside<'a> {
    pub(crate) const fn new(root: BorrowedFd<'a>) -> Self {
        Self(root)
    }

    /// Opens what is there, following links within.
    pub(crate) fn open(self, path: impl AsRef<Path>, flags: OFlags) -> Result<OwnedFd, Errno> {
        lookup(self.0, path.as_ref(), flags, ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)
    }

    /// The same for a path that must not pass a symbolic link at all: where the kernel's own file systems go.
    pub(crate) fn open_plain(self, path: impl AsRef<Path>, flags: OFlags) -> Result<OwnedFd, Errno> {
        lookup(self.0, path.as_ref(), flags, ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS)
    }

    /// A directory or file to mount on: what is there, else a new one with mode 0755 or 0644. Missing directories on the way are made.
    pub(crate) fn make(self, path: impl AsRef<Path>, kind: Kind) -> Result<OwnedFd, Errno> {
        self.make_counting(path.as_ref(), kind, &mut 0)
    }

    fn make_counting(self, path: &Path, kind: Kind, links: &mut u32) -> Result<OwnedFd, Errno> {
        match self.open(path, OFlags::PATH) {
            Err(Errno::NOENT) => {}
            found => return found,
        }
        let mut parts = path
            .components()
            .filter(|part| !matches!(part, Component::RootDir | Component::CurDir))
            .peekable();
        let mut prefix = PathBuf::from("/");
        let mut parent = self.open(&prefix, OFlags::PATH)?;
        while let Some(part) = parts.next() {
            let kind = if parts.peek().is_some() { Kind::Directory } else { kind };
            prefix.push(part);
            parent = match self.open(&prefix, OFlags::PATH) {
                Err(Errno::NOENT) => self.make_one(parent.as_fd(), &prefix, kind, links)?,
                found => found?,
            };
        }
        Ok(parent)
    }

    /// Makes the last part of a path whose directory is there and open.
    fn make_one(
        self,
        parent: BorrowedFd<'_>,
        path: &Path,
        kind: Kind,
        links: &mut u32,
    ) -> Result<OwnedFd, Errno> {
        let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::INVAL) };
        let made = match kind {
            Kind::Directory => rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)),
            Kind::File => {
                let mode = Mode::from_raw_mode(0o100_644);
                rustix::fs::mknodat(parent, name, FileType::RegularFile, mode, 0)
            }
        };
        match made {
            Ok(()) => self.open(path, OFlags::PATH),
            // Nothing is there, and yet something is: a link that leads nowhere. Its target is made.
            Err(Errno::EXIST) => {
                *links += 1;
                if *links > MAX_LINKS {
                    return Err(Errno::LOOP);
                }
                let target = rustix::fs::readlinkat(parent, name, Vec::new())?;
                let target = Path::new(target.to_str().map_err(|_| Errno::ILSEQ)?);
                self.make_counting(&dir.join(target), kind, links)
            }
            Err(errno) => Err(errno),
        }
    }
}

/// Opens a path below a directory; what would lead out of it, by `..` or a link, is refused (`EXDEV`).
pub(crate) fn open_beneath(
    dir: BorrowedFd<'_>,
    path: impl AsRef<Path>,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    lookup(dir, path.as_ref(), flags, ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS)
}

fn lookup(dir: BorrowedFd<'_>, path: &Path, flags: OFlags, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
    let mut tries = 0;
    loop {
        match rustix::fs::openat2(dir, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN) if tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

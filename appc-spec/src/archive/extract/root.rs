//! A directory outside which nothing is touched.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::newborn::Newborn;
use super::{
    ArchiveError, ArchiveErrorKind, Entry, EntryKind, ExtractPolicy, Lookup, OwnerPolicy, XattrPolicy, admit,
    lookup,
};

/// A directory that is the root of all names of an archive.
///
/// A file's parent is looked up with this directory as the root ([`Lookup`]), so that links and `..` of the image stay inside;
/// what is done to the file itself is then done by its last name, relative to that parent, never following a link.
pub(crate) struct Root<'a> {
    root: BorrowedFd<'a>,
    policy: &'a ExtractPolicy,
    lookup: Lookup,
    newborn: Newborn,
    /// The parent of the last entry: entries of one directory follow each other. It is dropped whenever a link appears or a
    /// name vanishes, as it may then mean another directory.
    parent: Option<(Vec<u8>, OwnedFd)>,
    /// Directories whose mode and time are set at the end, when nothing in them changes any more.
    directories: Vec<(Vec<u8>, Entry, u32)>,
    /// Directories that no entry described so far; theirs are fixed properties, so that the result is always the same.
    implied: Vec<Vec<u8>>,
    /// What contents go through: `io::copy` has 8 KiB, a system call for each.
    buffer: Vec<u8>,
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// How many bytes of a file are written at once.
const BUFFER: usize = 128 << 10;

fn failed(doing: &str) -> impl Fn(Errno) -> ArchiveError + '_ {
    move |error| ArchiveError::io(format!("cannot {doing}"), error)
}

/// The parent and the last name of a path.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (path.get(..slash).unwrap_or_default(), path.get(slash + 1..).unwrap_or_default()),
        None => (&[], path),
    }
}

impl<'a> Root<'a> {
    pub(crate) fn new(root: BorrowedFd<'a>, policy: &'a ExtractPolicy) -> Result<Self, ArchiveError> {
        let mut this = Self {
            root,
            policy,
            lookup: policy.lookup,
            newborn: Newborn::under(root),
            parent: None,
            directories: Vec::new(),
            implied: Vec::new(),
            buffer: vec![0; BUFFER],
        };
        match this.open(b".", DIRECTORY) {
            // The kernel is older than Linux 5.6, or a sandbox does not know the call.
            Err(Errno::NOSYS | Errno::PERM) if policy.lookup == Lookup::Kernel => {
                this.lookup = Lookup::ByHand
            }
            Err(error) => return Err(failed("open the root directory")(error)),
            Ok(_) => {}
        }
        Ok(this)
    }

    /// Opens a directory within the root.
    fn open(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
        match self.lookup {
            Lookup::Kernel => lookup::by_kernel(self.root, path, flags),
            Lookup::ByHand => lookup::by_hand(self.root, path, flags),
        }
    }

    /// The directory of that path, made with its parents where they are missing.
    fn directory(&mut self, path: &[u8]) -> Result<OwnedFd, Errno> {
        match self.open(path, DIRECTORY) {
            Err(Errno::NOENT) if !path.is_empty() => {}
            result => return result,
        }
        let (above, name) = split(path);
        let parent = self.directory(above)?;
        match fs::mkdirat(&parent, OsStr::from_bytes(name), Mode::from_raw_mode(0o755)) {
            Ok(()) => self.implied.push(path.to_vec()),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        self.open(path, DIRECTORY)
    }

    /// Makes the file that an entry of `rootfs` describes.
    pub(crate) fn put(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<(), ArchiveError> {
        let Some(path) = entry.rootfs_path() else { return Ok(()) };
        let Some(mode) = admit(entry, self.policy)? else { return Ok(()) };
        if path.is_empty() {
            self.directories.push((Vec::new(), entry.clone(), mode));
            return Ok(());
        }
        let (above, name) = split(path);
        let parent = match self.parent.take() {
            Some((known, parent)) if known == above => parent,
            _ => self.directory(above).map_err(failed("open its parent directory"))?,
        };
        let name = OsStr::from_bytes(name);
        let stays = match &entry.kind {
            EntryKind::Directory => self.make_directory(&parent, name, path, entry, mode)?,
            EntryKind::File => self.make_file(&parent, name, entry, mode, content)?,
            EntryKind::Symlink(target) => {
                let target = OsStr::from_bytes(target);
                replacing(&parent, name, || fs::symlinkat(target, &parent, name))
                    .map_err(failed("make the symbolic link"))?;
                self.finish_by_name(&parent, name, entry)?;
                false
            }
            EntryKind::HardLink(target) => self.make_hard_link(&parent, name, target)?,
            EntryKind::CharDevice(major, minor) => {
                let device = fs::makedev(*major, *minor);
                self.make_node(&parent, name, entry, mode, FileType::CharacterDevice, device)?
            }
            EntryKind::BlockDevice(major, minor) => {
                let device = fs::makedev(*major, *minor);
                self.make_node(&parent, name, entry, mode, FileType::BlockDevice, device)?
            }
            EntryKind::Fifo => self.make_node(&parent, name, entry, mode, FileType::Fifo, 0)?,
        };
        if stays {
            self.parent = Some((above.to_vec(), parent));
        }
        Ok(())
    }

    fn make_directory(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        path: &[u8],
        entry: &Entry,
        mode: u32,
    ) -> Result<bool, ArchiveError> {
        let make = || fs::mkdirat(parent, name, Mode::from_raw_mode(0o700));
        let existing = |error| match error {
            Errno::EXIST => fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
                .map(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
            error => Err(error),
        };
        let stays = match make() {
            Ok(()) => true,
            Err(error) if existing(error).map_err(failed("make the directory"))? => true,
            Err(_) => replacing(parent, name, make).map_err(failed("make the directory"))?,
        };
        self.directories.push((path.to_vec(), entry.clone(), mode));
        Ok(stays)
    }

    fn make_file(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        mode: u32,
        content: &mut dyn Read,
    ) -> Result<bool, ArchiveError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // It is open for writing in any case, also when it may only be read.
        let has_mode = self.newborn.has_mode(mode);
        let first_mode = if has_mode { mode } else { 0o600 };
        let mut made = None;
        let stays = replacing(parent, name, || {
            made = Some(fs::openat(parent, name, flags, Mode::from_raw_mode(first_mode))?);
            Ok(())
        })
        .map_err(failed("make the file"))?;
        let Some(file) = made else { return Err(failed("make the file")(Errno::NOENT)) };
        let mut file = File::from(file);
        let copied = self.copy(content, &mut file, entry.sparse)?;
        if copied != entry.size {
            return Err(ArchiveError::new(ArchiveErrorKind::Format, "the archive ends within the file"));
        }
        self.finish_by_handle(file.as_fd(), entry, (!has_mode).then_some(mode), true)?;
        Ok(stays)
    }

    fn copy(&mut self, content: &mut dyn Read, file: &mut File, sparse: bool) -> Result<u64, ArchiveError> {
        let failed = |error| ArchiveError::io("cannot write the file", error);
        let mut copied = 0_u64;
        loop {
            let count = match content.read(&mut self.buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                count => count.map_err(|error| ArchiveError::io("cannot read", error))?,
            };
            let read = self.buffer.get(..count).unwrap_or_default();
            if read.is_empty() {
                if sparse {
                    file.set_len(copied).map_err(failed)?;
                }
                return Ok(copied);
            }
            if sparse && read.iter().all(|byte| *byte == 0) {
                file.seek(SeekFrom::Start(copied + count as u64)).map_err(failed)?;
            } else {
                file.write_all(read).map_err(failed)?;
            }
            copied += count as u64;
        }
    }

    fn make_hard_link(&self, parent: &OwnedFd, name: &OsStr, target: &[u8]) -> Result<bool, ArchiveError> {
        let target = target.strip_prefix(b"rootfs/").unwrap_or(target);
        let (above, target_name) = split(target);
        let shown = String::from_utf8_lossy(target).escape_debug().to_string();
        let doing = format!("link it to `{shown}`");
        // Parents are not made for a target: it must be there.
        let target_parent = self.open(above, DIRECTORY).map_err(failed(&doing))?;
        let target_name = OsStr::from_bytes(target_name);
        // A link to itself would first be removed to make room, and then be missed.
        if let (Ok(old), Ok(new)) = (
            fs::statat(&target_parent, target_name, AtFlags::SYMLINK_NOFOLLOW),
            fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW),
        ) && (old.st_dev, old.st_ino) == (new.st_dev, new.st_ino)
        {
            return Ok(true);
        }
        replacing(parent, name, || fs::linkat(&target_parent, target_name, parent, name, AtFlags::empty()))
            .map_err(failed(&doing))
    }

    fn make_node(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        mode: u32,
        kind: FileType,
        device: u64,
    ) -> Result<bool, ArchiveError> {
        let stays =
            replacing(parent, name, || fs::mknodat(parent, name, kind, Mode::from_raw_mode(0o600), device))
                .map_err(failed("make the device node or pipe"))?;
        self.finish_by_name(parent, name, entry)?;
        // The name is ours and no link: it was just made, in a directory that only we write to.
        fs::chmodat(parent, name, Mode::from_raw_mode(mode), AtFlags::empty())
            .map_err(failed("set its mode"))?;
        Ok(stays)
    }

    /// Sets owner and time of what must not be opened, and of symbolic links.
    fn finish_by_name(&self, parent: &OwnedFd, name: &OsStr, entry: &Entry) -> Result<(), ArchiveError> {
        if self.policy.owners == OwnerPolicy::Keep {
            let (uid, gid) = owner(entry);
            fs::chownat(parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(failed("set its owner"))?;
        }
        fs::utimensat(parent, name, &times(entry), AtFlags::SYMLINK_NOFOLLOW).map_err(failed("set its time"))
    }

    /// Sets owner, attributes, mode and time, in the order in which none undoes another: a change of owner drops set-id bits
    /// and capabilities. A new file may have its owner, and have been made with its mode.
    fn finish_by_handle(
        &self,
        file: BorrowedFd<'_>,
        entry: &Entry,
        mode: Option<u32>,
        is_new: bool,
    ) -> Result<(), ArchiveError> {
        let belongs = is_new && self.newborn.belongs_to(entry.uid, entry.gid);
        if self.policy.owners == OwnerPolicy::Keep && !belongs {
            let (uid, gid) = owner(entry);
            fs::fchown(file, uid, gid).map_err(failed("set its owner"))?;
        }
        if self.policy.xattrs == XattrPolicy::Keep {
            for (name, value) in &entry.xattrs {
                if name.starts_with(b"user.") || name == b"security.capability" {
                    let name = OsStr::from_bytes(name);
                    fs::fsetxattr(file, name, value, XattrFlags::empty())
                        .map_err(failed("set an extended attribute"))?;
                }
            }
        }
        if let Some(mode) = mode {
            fs::fchmod(file, Mode::from_raw_mode(mode)).map_err(failed("set its mode"))?;
        }
        fs::futimens(file, &times(entry)).map_err(failed("set its time"))
    }

    /// Sets what was put off: owners, modes and times of directories, innermost first.
    pub(crate) fn finish(&mut self) -> Result<(), ArchiveError> {
        self.parent = None;
        // Explicit entries come second: one may describe a directory that was implied at first.
        for path in std::mem::take(&mut self.implied) {
            let entry = Entry {
                path: [b"rootfs/", path.as_slice()].concat(),
                ..Entry::new(EntryKind::Directory, 0o755)
            };
            self.finish_directory(&path, &entry, 0o755)?;
        }
        let mut directories = std::mem::take(&mut self.directories);
        directories.sort_by(|(a, ..), (b, ..)| b.cmp(a));
        for (path, entry, mode) in directories {
            self.finish_directory(&path, &entry, mode)?;
        }
        Ok(())
    }

    fn finish_directory(&self, path: &[u8], entry: &Entry, mode: u32) -> Result<(), ArchiveError> {
        let (above, name) = split(path);
        let opened = if path.is_empty() {
            self.open(b"", DIRECTORY)
        } else {
            self.open(above, DIRECTORY).and_then(|parent| {
                fs::openat(parent, OsStr::from_bytes(name), DIRECTORY | OFlags::NOFOLLOW, Mode::empty())
            })
        };
        match opened {
            Ok(directory) => self
                .finish_by_handle(directory.as_fd(), entry, Some(mode), false)
                .map_err(|error| error.at(&entry.path)),
            // A later entry took its place.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
            Err(error) => Err(failed("open the directory")(error).at(&entry.path)),
        }
    }
}

/// Makes a file; what has its name already makes room. Returns whether nothing had to.
fn replacing(
    parent: &OwnedFd,
    name: &OsStr,
    mut make: impl FnMut() -> Result<(), Errno>,
) -> Result<bool, Errno> {
    match make() {
        Ok(()) => return Ok(true),
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    match fs::unlinkat(parent, name, AtFlags::empty()) {
        // A directory makes room only if it is empty.
        Err(Errno::ISDIR | Errno::PERM) => fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?,
        result => result?,
    }
    make().map(|()| false)
}

/// The owner by number. The highest number is no identifier: to the kernel it means "leave as it is".
fn owner(entry: &Entry) -> (Option<Uid>, Option<Gid>) {
    let real = |id: u32| Some(id).filter(|id| *id != u32::MAX);
    (real(entry.uid).map(Uid::from_raw), real(entry.gid).map(Gid::from_raw))
}

fn times(entry: &Entry) -> Timestamps {
    let time = Timespec { tv_sec: entry.mtime, tv_nsec: i64::from(entry.mtime_nanos) as _ };
    Timestamps { last_access: time, last_modification: time }
}

//! What an archive says of one file.

use std::fmt;

/// What an archive says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its path in the archive: `manifest`, `rootfs` or below `rootfs/`, without `.`, `..`, empty parts and a slash at an end.
    /// Not necessarily UTF-8.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Permissions with set-id and sticky bits: the low twelve bits.
    pub mode: u32,
    /// The user that owns it.
    pub uid: u32,
    /// The group that owns it.
    pub gid: u32,
    /// When it was changed last: whole seconds since 1970.
    pub mtime: i64,
    /// What of that is less than a second, in nanoseconds.
    pub mtime_nanos: u32,
    /// The bytes that a regular file has; 0 for all others.
    pub size: u64,
    /// Whether the archive stores only parts of it: the others are zeros. Extraction leaves holes there.
    pub sparse: bool,
    /// Extended attributes by name, from `SCHILY.xattr.` records.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link to this target, as it was written.
    Symlink(Vec<u8>),
    /// Another name of the file at this path in the archive, below `rootfs/`.
    HardLink(Vec<u8>),
    /// A character device: major and minor number.
    CharDevice(u32, u32),
    /// A block device: major and minor number.
    BlockDevice(u32, u32),
    /// A named pipe.
    Fifo,
}

impl Entry {
    /// An entry without a path yet, owned by 0 and changed at 0.
    pub(crate) const fn new(kind: EntryKind, mode: u32) -> Self {
        Self {
            path: Vec::new(),
            kind,
            mode,
            uid: 0,
            gid: 0,
            mtime: 0,
            mtime_nanos: 0,
            size: 0,
            sparse: false,
            xattrs: Vec::new(),
        }
    }

    /// The path in the image's root file system: what stands after `rootfs/`; empty for the root itself, `None` for the
    /// manifest.
    #[must_use]
    pub fn rootfs_path(&self) -> Option<&[u8]> {
        match self.path.strip_prefix(b"rootfs")? {
            [] => Some(&[]),
            [b'/', rest @ ..] => Some(rest),
            _ => None,
        }
    }
}

impl fmt::Display for Entry {
    /// The path, with what is not UTF-8 replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&String::from_utf8_lossy(&self.path))
    }
}

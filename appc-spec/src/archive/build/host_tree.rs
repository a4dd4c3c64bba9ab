//! A directory of the host as files of an image.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use super::{BuildError, Content, Entry, EntryKind, ImageBuilder};

/// Adds everything below a directory, and the directory itself as the root.
pub(super) fn add(builder: &mut ImageBuilder, directory: &Path) -> Result<(), BuildError> {
    let mut seen = HashMap::new();
    let mut open = vec![(directory.to_owned(), Vec::<u8>::new())];
    while let Some((source, path)) = open.pop() {
        let found =
            fs::symlink_metadata(&source).map_err(|error| BuildError::host("look at", &source, error))?;
        // The directory itself may be given by a link.
        let found = if path.is_empty() {
            fs::metadata(&source).map_err(|error| BuildError::host("look at", &source, error))?
        } else {
            found
        };
        if found.is_dir() {
            // Sorted, so that of several hard links always the same is the file.
            let mut children = fs::read_dir(&source)
                .and_then(|entries| {
                    entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
                })
                .map_err(|error| BuildError::host("list", &source, error))?;
            children.sort_unstable_by(|a, b| b.cmp(a));
            for name in children {
                let mut below = path.clone();
                if !below.is_empty() {
                    below.push(b'/');
                }
                below.extend_from_slice(name.as_bytes());
                open.push((source.join(&name), below));
            }
        } else if path.is_empty() {
            return Err(BuildError::host("list", &source, io::Error::from(io::ErrorKind::NotADirectory)));
        }
        put(builder, &mut seen, &source, &path, &found)?;
    }
    Ok(())
}

/// The files with several names met so far, by device and inode.
type Seen = HashMap<(u64, u64), Vec<u8>>;

fn put(
    builder: &mut ImageBuilder,
    seen: &mut Seen,
    source: &Path,
    path: &[u8],
    found: &fs::Metadata,
) -> Result<(), BuildError> {
    let kind = found.file_type();
    if kind.is_socket() {
        return Ok(());
    }
    let mut first = None;
    if !kind.is_dir() && found.nlink() > 1 {
        match seen.get(&(found.dev(), found.ino())) {
            Some(known) => first = Some(known.clone()),
            None => drop(seen.insert((found.dev(), found.ino()), path.to_vec())),
        }
    }
    let device = (rustix::fs::major(found.rdev()), rustix::fs::minor(found.rdev()));
    let kind = match first {
        Some(first) => EntryKind::HardLink([b"rootfs/", first.as_slice()].concat()),
        None if kind.is_dir() => EntryKind::Directory,
        None if kind.is_symlink() => {
            let target =
                fs::read_link(source).map_err(|error| BuildError::host("read the link", source, error))?;
            EntryKind::Symlink(target.into_os_string().into_vec())
        }
        None if kind.is_char_device() => EntryKind::CharDevice(device.0, device.1),
        None if kind.is_block_device() => EntryKind::BlockDevice(device.0, device.1),
        None if kind.is_fifo() => EntryKind::Fifo,
        None => EntryKind::File,
    };
    let is_file = kind == EntryKind::File;
    let has_xattrs = matches!(kind, EntryKind::File | EntryKind::Directory);
    let entry = Entry {
        uid: found.uid(),
        gid: found.gid(),
        mtime: found.mtime(),
        mtime_nanos: u32::try_from(found.mtime_nsec()).unwrap_or_default(),
        size: if is_file { found.size() } else { 0 },
        xattrs: if has_xattrs { xattrs(source)? } else { Vec::new() },
        ..Entry::new(kind, found.mode() & 0o7777)
    };
    let content = if is_file { Content::Host(source.to_owned()) } else { Content::Bytes(Vec::new()) };
    builder.insert(path, entry, content);
    Ok(())
}

/// Extended attributes: names and values.
type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;

/// The extended attributes that belong to an image, sorted by name.
fn xattrs(path: &Path) -> Result<Xattrs, BuildError> {
    let failed = |error: rustix::io::Errno| BuildError::host("read the extended attributes of", path, error);
    let mut names = vec![0; 64 << 10];
    let length = match rustix::fs::llistxattr(path, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => 0,
        Err(error) => return Err(failed(error)),
    };
    names.truncate(length);
    let mut attributes = Vec::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        if !name.starts_with(b"user.") && name != b"security.capability" {
            continue;
        }
        let mut value = vec![0; 64 << 10];
        let length =
            rustix::fs::lgetxattr(path, std::ffi::OsStr::from_bytes(name), &mut value[..]).map_err(failed)?;
        value.truncate(length);
        attributes.push((name.to_vec(), value));
    }
    attributes.sort_unstable();
    Ok(attributes)
}

//! Copies a tree with all that it is: for kernels and file systems without overlays.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags, ioctl_ficlone, lgetxattr,
    lgetxattr_query, llistxattr, llistxattr_query, lsetxattr, mknodat, utimensat,
};
use rustix::io::Errno;

use crate::error::{Doing, Error};
use crate::remove::remove_tree;

/// The mark of a directory that hides what is below it in lower trees (kernel, `filesystems/overlayfs`).
const OPAQUE: &str = "trusted.overlay.opaque";
/// Marks of the overlay's own, which are no part of the tree.
const OVERLAY_MARKS: &[u8] = b"trusted.overlay.";

/// Copies a tree over what is at `target`: what is there already and is of another kind gives way, whiteouts of an overlay remove.
///
/// Owners, modes, times, extended attributes, hard links and devices are kept; contents are shared with the
/// original where the file system can.
pub(super) fn copy_tree(source: &Path, target: &Path) -> Result<(), Error> {
    let mut copier = Copier { links: HashMap::new(), directories: Vec::new() };
    let mut todo = vec![PathBuf::new()];
    while let Some(relative) = todo.pop() {
        let from = source.join(&relative);
        let metadata = fs::symlink_metadata(&from).doing("examine", &from)?;
        copier.directory(&from, &target.join(&relative), &metadata)?;
        for entry in fs::read_dir(&from).doing("list", &from)? {
            let name = relative.join(entry.doing("list", &from)?.file_name());
            let from = source.join(&name);
            let metadata = fs::symlink_metadata(&from).doing("examine", &from)?;
            if metadata.is_dir() {
                todo.push(name);
            } else {
                copier.file(&from, &target.join(&name), &metadata)?;
            }
        }
    }
    copier.finish()
}

struct Copier {
    /// Where the first name of a file with several was copied to, by device and inode.
    links: HashMap<(u64, u64), PathBuf>,
    /// Directories get their times when nothing is put into them any more.
    directories: Vec<(PathBuf, Metadata)>,
}

impl Copier {
    fn directory(&mut self, from: &Path, to: &Path, metadata: &Metadata) -> Result<(), Error> {
        let opaque = matches!(attribute(from, OPAQUE), Ok(value) if value == b"y");
        match fs::symlink_metadata(to) {
            Ok(there) if there.is_dir() && !opaque => {}
            Ok(there) => {
                clear(to, &there)?;
                fs::create_dir(to).doing("make", to)?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir(to).doing("make", to)?,
            Err(error) => return Err(Error::io("examine", to, error)),
        }
        copy_owner_and_attributes(from, to, metadata)?;
        self.directories.push((to.to_owned(), metadata.clone()));
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path, metadata: &Metadata) -> Result<(), Error> {
        match fs::symlink_metadata(to) {
            Ok(there) => clear(to, &there)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("examine", to, error)),
        }
        let kind = metadata.file_type();
        if kind.is_char_device() && metadata.rdev() == 0 {
            return Ok(());
        }
        if metadata.nlink() > 1 {
            let key = (metadata.dev(), metadata.ino());
            if let Some(first) = self.links.get(&key) {
                return fs::hard_link(first, to).doing("link", to);
            }
            self.links.insert(key, to.to_owned());
        }
        if kind.is_symlink() {
            let text = fs::read_link(from).doing("read", from)?;
            symlink(text, to).doing("make", to)?;
        } else if kind.is_file() {
            copy_content(from, to)?;
        } else {
            let (kind, device) = if kind.is_char_device() {
                (FileType::CharacterDevice, metadata.rdev())
            } else if kind.is_block_device() {
                (FileType::BlockDevice, metadata.rdev())
            } else if kind.is_fifo() {
                (FileType::Fifo, 0)
            } else {
                (FileType::Socket, 0)
            };
            mknodat(CWD, to, kind, Mode::RUSR | Mode::WUSR, device).doing("make", to)?;
        }
        copy_owner_and_attributes(from, to, metadata)?;
        copy_times(to, metadata)
    }

    fn finish(self) -> Result<(), Error> {
        self.directories.iter().rev().try_for_each(|(path, metadata)| copy_times(path, metadata))
    }
}

fn clear(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    if metadata.is_dir() { remove_tree(path) } else { fs::remove_file(path).doing("remove", path) }
}

fn copy_content(from: &Path, to: &Path) -> Result<(), Error> {
    let mut source = fs::OpenOptions::new().read(true).open(from).doing("open", from)?;
    let mut target =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).doing("create", to)?;
    if ioctl_ficlone(&target, &source).is_ok() {
        return Ok(());
    }
    std::io::copy(&mut source, &mut target).map(drop).doing("copy", to)
}

fn copy_owner_and_attributes(from: &Path, to: &Path, metadata: &Metadata) -> Result<(), Error> {
    lchown(to, Some(metadata.uid()), Some(metadata.gid())).doing("change the owner of", to)?;
    if !metadata.is_symlink() {
        // After the owner, whose change takes the set-user-id bit away.
        let mode = fs::Permissions::from_mode(metadata.mode() & 0o7777);
        fs::set_permissions(to, mode).doing("change the mode of", to)?;
    }
    let names = match sized(|| llistxattr_query(from), |buffer| llistxattr(from, buffer)) {
        Ok(names) => names,
        Err(Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(Error::io("list the attributes of", from, error)),
    };
    for name in names.split(|byte| *byte == 0) {
        if name.is_empty() || name.starts_with(OVERLAY_MARKS) {
            continue;
        }
        let value = attribute(from, name).doing("read an attribute of", from)?;
        lsetxattr(to, name, &value, XattrFlags::empty()).doing("set an attribute of", to)?;
    }
    Ok(())
}

fn attribute(path: &Path, name: impl AsRef<[u8]>) -> Result<Vec<u8>, Errno> {
    let name = name.as_ref();
    sized(|| lgetxattr_query(path, name), |buffer| lgetxattr(path, name, buffer))
}

/// Asks for the size first, then for the bytes.
fn sized(
    size: impl Fn() -> Result<usize, Errno>,
    read: impl Fn(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    loop {
        let mut buffer = vec![0; size()?];
        if buffer.is_empty() {
            return Ok(buffer);
        }
        match read(&mut buffer) {
            Ok(size) => {
                buffer.truncate(size);
                return Ok(buffer);
            }
            // It grew meanwhile.
            Err(Errno::RANGE) => {}
            Err(error) => return Err(error),
        }
    }
}

fn copy_times(to: &Path, metadata: &Metadata) -> Result<(), Error> {
    let times = Timestamps {
        last_access: Timespec { tv_sec: metadata.atime(), tv_nsec: metadata.atime_nsec() },
        last_modification: Timespec { tv_sec: metadata.mtime(), tv_nsec: metadata.mtime_nsec() },
    };
    utimensat(CWD, to, &times, AtFlags::SYMLINK_NOFOLLOW).doing("change the times of", to)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_tree_with_all_that_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("d/e")).unwrap();
        fs::write(from.join("d/file"), "text").unwrap();
        fs::set_permissions(from.join("d/file"), fs::Permissions::from_mode(0o4751)).unwrap();
        fs::hard_link(from.join("d/file"), from.join("d/e/same")).unwrap();
        symlink("/nowhere", from.join("d/link")).unwrap();
        mknodat(CWD, from.join("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        lsetxattr(from.join("d/file"), "user.note", b"kept", XattrFlags::empty()).unwrap();
        let old = Timestamps {
            last_access: Timespec { tv_sec: 1, tv_nsec: 2 },
            last_modification: Timespec { tv_sec: 3, tv_nsec: 4 },
        };
        utimensat(CWD, from.join("d"), &old, AtFlags::empty()).unwrap();

        copy_tree(&from, &to).unwrap();
        let file = fs::metadata(to.join("d/file")).unwrap();
        assert_eq!((file.mode() & 0o7777, file.nlink()), (0o4751, 2));
        assert_eq!(file.ino(), fs::metadata(to.join("d/e/same")).unwrap().ino());
        assert_eq!(fs::read_link(to.join("d/link")).unwrap(), Path::new("/nowhere"));
        assert!(fs::symlink_metadata(to.join("fifo")).unwrap().file_type().is_fifo());
        assert_eq!(attribute(&to.join("d/file"), "user.note").unwrap(), b"kept");
        let d = fs::metadata(to.join("d")).unwrap();
        assert_eq!((d.mtime(), d.mtime_nsec()), (3, 4));
    }

    #[test]
    fn upper_trees_win_and_links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (lower, upper, to) = (dir.path().join("lower"), dir.path().join("upper"), dir.path().join("to"));
        let outside = dir.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::create_dir_all(lower.join("dir")).unwrap();
        fs::write(lower.join("dir/below"), "lower").unwrap();
        fs::write(lower.join("file"), "lower").unwrap();
        symlink(&outside, lower.join("link")).unwrap();
        fs::create_dir_all(upper.join("link")).unwrap();
        fs::write(upper.join("link/new"), "upper").unwrap();
        fs::create_dir_all(upper.join("file")).unwrap();
        fs::write(upper.join("dir"), "upper").unwrap();

        copy_tree(&lower, &to).unwrap();
        copy_tree(&upper, &to).unwrap();
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        assert_eq!(fs::read_to_string(to.join("link/new")).unwrap(), "upper");
        assert_eq!(fs::read_to_string(to.join("dir")).unwrap(), "upper");
        assert!(to.join("file").is_dir());
    }
}

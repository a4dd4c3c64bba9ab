//! Files and directories of the host, checked and made as the kubelet does (`pkg/volume/hostpath`, `checkType`).

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use pod_core::pod::HostPathKind;

use crate::dir::make_dirs;
use crate::error::{Doing, Error};

/// Checks what is at a path, and makes what may be made when `make` says so.
pub(super) fn check(path: &Path, kind: HostPathKind, make: bool) -> Result<(), Error> {
    if !path.is_absolute() {
        return Err(wrong(path, "is no absolute path"));
    }
    let found = match fs::metadata(path) {
        Ok(metadata) => Some(metadata.file_type()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io("examine", path, error)),
    };
    let right = match kind {
        HostPathKind::Unchecked if found.is_none() => return Err(wrong(path, "is not there")),
        HostPathKind::Unchecked => return Ok(()),
        HostPathKind::DirectoryOrCreate if found.is_none() => {
            return if make { make_directory(path) } else { Ok(()) };
        }
        HostPathKind::FileOrCreate if found.is_none() => return if make { make_file(path) } else { Ok(()) },
        HostPathKind::DirectoryOrCreate | HostPathKind::Directory => found.map(|found| found.is_dir()),
        HostPathKind::FileOrCreate | HostPathKind::File => found.map(|found| found.is_file()),
        HostPathKind::Socket => found.map(|found| found.is_socket()),
        HostPathKind::CharDevice => found.map(|found| found.is_char_device()),
        HostPathKind::BlockDevice => found.map(|found| found.is_block_device()),
    };
    if right == Some(true) { Ok(()) } else { Err(wrong(path, &format!("is not {}", noun(kind)))) }
}

fn make_directory(path: &Path) -> Result<(), Error> {
    make_dirs(path, 0o755)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).doing("change the mode of", path)
}

/// The parent must be there: only a directory is made with its parents.
fn make_file(path: &Path) -> Result<(), Error> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(path)
        .doing("create", path)?;
    file.set_permissions(fs::Permissions::from_mode(0o644)).doing("change the mode of", path)
}

const fn noun(kind: HostPathKind) -> &'static str {
    match kind {
        HostPathKind::Unchecked => "there",
        HostPathKind::DirectoryOrCreate | HostPathKind::Directory => "a directory",
        HostPathKind::FileOrCreate | HostPathKind::File => "a file",
        HostPathKind::Socket => "a socket",
        HostPathKind::CharDevice => "a character device",
        HostPathKind::BlockDevice => "a block device",
    }
}

fn wrong(path: &Path, what: &str) -> Error {
    Error::refused("hostPath type check failed", format!("{} {what}", path.display()))
}

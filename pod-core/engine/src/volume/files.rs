//! Files whose contents are known: configuration, secrets, facts of the pod.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path};

use pod_core::pod::{FileContent, FileEntry, SandboxFacts};

use crate::dir::make_dirs;
use crate::error::{Doing, Error};

/// Checks that every path stays in the volume, and that no two are the same.
pub(super) fn check(entries: &[FileEntry]) -> Result<(), Error> {
    for (index, entry) in entries.iter().enumerate() {
        let path = Path::new(&entry.path);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if entry.path.is_empty() || !plain {
            return Err(Error::refused(
                format!("file `{}`", entry.path),
                "its path must be relative and without `..`",
            ));
        }
        if entries.iter().take(index).any(|other| Path::new(&other.path) == path) {
            return Err(Error::refused(format!("file `{}`", entry.path), "it is there twice"));
        }
    }
    Ok(())
}

/// Writes the files into the volume's directory. No app sees it before it is complete: they start later.
pub(super) fn write(volume: &Path, entries: &[FileEntry], facts: &SandboxFacts) -> Result<(), Error> {
    check(entries)?;
    for entry in entries {
        let path = volume.join(&entry.path);
        if let Some(parent) = path.parent() {
            make_dirs(parent, 0o755)?;
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .doing("create", &path)?;
        match &entry.content {
            FileContent::Text(template) => file.write_all(template.render(facts).as_bytes()),
            FileContent::Bytes(bytes) => file.write_all(bytes),
        }
        .doing("write", &path)?;
        file.set_permissions(fs::Permissions::from_mode(entry.mode)).doing("change the mode of", &path)?;
    }
    Ok(())
}

//! What may stand where in an archive (specification, "Image Archives").

use std::collections::HashSet;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::{Entry, EntryKind};

/// Checks the entries of an archive one after the other.
#[derive(Default)]
pub(super) struct Layout {
    seen: HashSet<Vec<u8>>,
    has_rootfs: bool,
    has_manifest: bool,
}

fn layout(message: impl Into<String>) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Layout, message)
}

impl Layout {
    /// Brings the paths of an entry into their normal form, and checks that it may stand here.
    pub(super) fn check(&mut self, entry: &mut Entry) -> Result<(), ArchiveError> {
        let path = normal_path(&entry.path).map_err(|message| layout(message).at(&entry.path))?;
        let fail = |message: &str| Err(layout(message).at(&path));
        match path.as_slice() {
            b"manifest" => {
                if entry.kind != EntryKind::File {
                    return fail("the manifest is not a regular file");
                }
                self.has_manifest = true;
            }
            b"rootfs" => {
                if entry.kind != EntryKind::Directory {
                    return fail("the rootfs is not a directory");
                }
                self.has_rootfs = true;
            }
            _ if path.starts_with(b"rootfs/") => {}
            _ => return fail("only `manifest` and `rootfs` stand at the top of an image"),
        }
        if let EntryKind::HardLink(target) = &mut entry.kind {
            let stripped = target.iter().position(|byte| *byte != b'/').unwrap_or(target.len());
            let relative = target.split_at(stripped).1;
            match normal_path(relative) {
                Ok(normal) if normal.starts_with(b"rootfs/") => *target = normal,
                _ => {
                    let shown = String::from_utf8_lossy(target).into_owned();
                    let message = format!(
                        "it is a hard link to `{}`, which is not below `rootfs`",
                        shown.escape_debug()
                    );
                    return Err(layout(message).at(&path));
                }
            }
        }
        if !self.seen.insert(path.clone()) {
            return fail("it stands in the archive for the second time");
        }
        entry.path = path;
        Ok(())
    }

    /// Checks that nothing is missing.
    pub(super) fn finish(&self) -> Result<(), ArchiveError> {
        match (self.has_manifest, self.has_rootfs) {
            (false, _) => Err(layout("there is no `manifest`")),
            (true, false) => Err(layout("there is no entry for the directory `rootfs`")),
            (true, true) => Ok(()),
        }
    }
}

/// The path without empty and `.` parts.
fn normal_path(path: &[u8]) -> Result<Vec<u8>, &'static str> {
    if path.starts_with(b"/") {
        return Err("its name is an absolute path");
    }
    if path.contains(&0) {
        return Err("its name has a NUL character");
    }
    let mut normal = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err("its name has a `..`"),
            _ => {
                if !normal.is_empty() {
                    normal.push(b'/');
                }
                normal.extend_from_slice(part);
            }
        }
    }
    Ok(normal)
}

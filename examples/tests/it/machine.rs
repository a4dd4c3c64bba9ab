//! What is on the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files and directories below a directory, by their relative paths.
pub(crate) fn tree(dir: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut left = vec![dir.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            }
            found.insert(entry.path().strip_prefix(dir).expect("a path below").to_owned());
        }
    }
    found
}

//! Whether two directories are the same.
#![expect(clippy::disallowed_methods, reason = "it reads the directories; the feature `store` says so")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The first difference of a directory from another, in words; `None` when there is none.
pub(super) fn first_difference(found: &Path, wanted: &Path) -> io::Result<Option<String>> {
    let mut open = vec![PathBuf::new()];
    while let Some(path) = open.pop() {
        let (a, b) = (found.join(&path), wanted.join(&path));
        let shown = Path::new("/").join(&path).display().to_string();
        let (of_a, of_b) = (fs::symlink_metadata(&a)?, fs::symlink_metadata(&b)?);
        let traits = |of: &fs::Metadata| {
            let size = if of.is_dir() { 0 } else { of.size() };
            [
                ("type and mode", i128::from(of.mode())),
                ("owner", i128::from(of.uid())),
                ("group", i128::from(of.gid())),
                ("device number", i128::from(of.rdev())),
                ("size", i128::from(size)),
                ("time", i128::from(of.mtime()) * 1_000_000_000 + i128::from(of.mtime_nsec())),
            ]
        };
        let differs = traits(&of_a).into_iter().zip(traits(&of_b)).find(|(a, b)| a != b);
        if let Some(((name, _), _)) = differs {
            return Ok(Some(format!("the {name} of `{shown}` differs")));
        }
        if of_a.is_dir() {
            let (names_a, names_b) = (names(&a)?, names(&b)?);
            if let Some(name) = names_a.symmetric_difference(&names_b).next() {
                let what = if names_a.contains(name) { "does not belong there" } else { "is missing" };
                return Ok(Some(format!("`{}` {what}", Path::new("/").join(&path).join(name).display())));
            }
            open.extend(names_a.into_iter().rev().map(|name| path.join(name)));
        } else if of_a.is_symlink() {
            if fs::read_link(&a)? != fs::read_link(&b)? {
                return Ok(Some(format!("the target of `{shown}` differs")));
            }
        } else if of_a.is_file() && !same_content(&a, &b)? {
            return Ok(Some(format!("the content of `{shown}` differs")));
        }
    }
    Ok(None)
}

fn names(directory: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

fn same_content(a: &Path, b: &Path) -> io::Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    loop {
        of_a.clear();
        of_b.clear();
        a.by_ref().take(1 << 20).read_to_end(&mut of_a)?;
        b.by_ref().take(1 << 20).read_to_end(&mut of_b)?;
        if of_a != of_b {
            return Ok(false);
        }
        if of_a.is_empty() {
            return Ok(true);
        }
    }
}

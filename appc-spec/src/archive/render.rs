//! Carrying out a [`RenderPlan`].
#![expect(clippy::disallowed_methods, reason = "rendering writes files; the feature `archive` says so")]

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::extract::admit;
use super::{Entry, EntryKind, ExtractPolicy, Progress, Root, ScanOptions, Summary, scan_with};
use crate::ImageId;
use crate::render::{Origin, PathEntry, PathKind, RenderPlan};

/// Reads an archive once as [`super::scan`] does, and lists its files for a [`RenderPlan`].
///
/// # Errors
///
/// As [`super::scan`].
pub fn path_entries(
    name: &str,
    reader: impl Read + Send,
    options: &ScanOptions,
    progress: Progress<'_>,
) -> Result<(Summary, Vec<PathEntry>), ArchiveError> {
    let mut entries = Vec::new();
    let summary = scan_with(name, reader, options, progress, &mut io::sink(), |entry, _| {
        if let Some(path) = entry.rootfs_path() {
            let kind = match &entry.kind {
                EntryKind::Directory => PathKind::Directory,
                EntryKind::HardLink(target) => PathKind::HardLink(below_rootfs(target).into()),
                _ => PathKind::File,
            };
            entries.push(PathEntry::new(path, kind));
        }
        Ok(())
    })?;
    Ok((summary, entries))
}

fn below_rootfs(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"rootfs/").unwrap_or(path)
}

/// Carries out a plan: makes `directory/rootfs`, which must not be there yet. `open` opens the archive of an image, which is read
/// once; its ID is checked again.
///
/// Nothing is written outside that directory, and no link is followed: everything above a path of the plan is a directory.
///
/// # Errors
///
/// As [`super::extract`]; and when an archive is not the image that it should be.
pub fn render(
    directory: &Path,
    plan: &RenderPlan,
    open: &mut dyn FnMut(&ImageId) -> io::Result<Box<dyn Read + Send>>,
    options: &ScanOptions,
    policy: &ExtractPolicy,
    progress: Progress<'_>,
) -> Result<(), ArchiveError> {
    let rootfs = directory.join("rootfs");
    let doing =
        |error: io::Error| ArchiveError::io("cannot make it", error).of(&rootfs.display().to_string());
    fs::create_dir(&rootfs).map_err(doing)?;
    let handle = File::open(&rootfs).map_err(doing)?;
    let mut root = Root::new(handle.as_fd(), policy)?;
    let mut skipped: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut done = 0;
    for (index, id) in plan.images().iter().enumerate() {
        let name = id.to_string();
        let reader = open(id).map_err(|error| ArchiveError::io("cannot open it", error).of(&name))?;
        let wanted = wanted(plan, index);
        let mut at = 0_usize;
        let mut so_far = 0;
        let mut report = |count: u64| {
            so_far = count;
            progress(done + count);
        };
        let summary = scan_with(&name, reader, options, &mut report, &mut io::sink(), |entry, content| {
            if entry.rootfs_path().is_none() {
                return Ok(());
            }
            let target = wanted.get(&at);
            at += 1;
            let Some(target) = target else { return Ok(()) };
            if admit(entry, policy)?.is_none() {
                skipped.insert(target.to_vec());
                return Ok(());
            }
            root.put(&moved(entry, target), content)
        })?;
        done += so_far;
        if summary.image_id != *id {
            let message = format!("it is the image `{}`", summary.image_id);
            return Err(ArchiveError::new(ArchiveErrorKind::WrongImage, message).of(&name));
        }
    }
    for (path, origin) in plan.paths() {
        if let Origin::Link { to } = origin
            && !skipped.contains(to)
        {
            let link = Entry::new(EntryKind::HardLink([b"rootfs/", to].concat()), 0);
            let link = moved(&link, path);
            root.put(&link, &mut io::empty()).map_err(|error| error.at(&link.path))?;
        }
    }
    root.finish()
}

/// The entries of one image that the plan uses, with the paths that they make.
fn wanted(plan: &RenderPlan, index: usize) -> HashMap<usize, &[u8]> {
    plan.paths()
        .filter_map(|(path, origin)| match origin {
            Origin::Entry { image, entry } if image == index => Some((entry, path)),
            _ => None,
        })
        .collect()
}

fn moved(entry: &Entry, path: &[u8]) -> Entry {
    let path = if path.is_empty() { b"rootfs".to_vec() } else { [b"rootfs/", path].concat() };
    Entry { path, ..entry.clone() }
}

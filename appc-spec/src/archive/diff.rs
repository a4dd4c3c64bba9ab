//! What differs between two images.

use std::collections::BTreeMap;
use std::io::{self, Read};

use sha2::{Digest, Sha512};

use super::{ArchiveError, Entry, Progress, ScanOptions, Summary, scan_with};
use crate::ImageManifest;

/// What an image holds, with a hash of each file's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    summary: Summary,
    files: BTreeMap<Vec<u8>, (Entry, [u8; 64])>,
}

/// What differs between two images.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// A member of the manifest, such as `labels` or `app.exec`.
    Manifest(&'static str),
    /// The first has a path that the second has not.
    OnlyFirst(Vec<u8>),
    /// The second has a path that the first has not.
    OnlySecond(Vec<u8>),
    /// Both have the path, and these properties of it differ, such as `mode` or `content`.
    File(Vec<u8>, Vec<&'static str>),
}

impl Contents {
    /// Reads an archive once as [`super::scan`] does, and hashes each of its files.
    ///
    /// # Errors
    ///
    /// As [`super::scan`].
    pub fn read(
        name: &str,
        reader: impl Read + Send,
        options: &ScanOptions,
        progress: Progress<'_>,
    ) -> Result<Self, ArchiveError> {
        let mut files = BTreeMap::new();
        let mut buffer = vec![0; 64 << 10];
        let summary = scan_with(name, reader, options, progress, &mut io::sink(), |entry, content| {
            let Some(path) = entry.rootfs_path() else { return Ok(()) };
            let mut hash = Sha512::new();
            loop {
                let count =
                    content.read(&mut buffer).map_err(|error| ArchiveError::io("cannot read", error))?;
                let read = buffer.get(..count).unwrap_or_default();
                if read.is_empty() {
                    break;
                }
                hash.update(read);
            }
            files.insert(path.to_vec(), (entry.clone(), hash.finalize().into()));
            Ok(())
        })?;
        Ok(Self { summary, files })
    }

    /// What the image is.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What differs in another image: the members of the manifest in its order, then the paths in theirs. How the archives are
    /// compressed and in which order their files stand does not matter. None when both are the same.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let members = manifest_differences(&self.summary.manifest, &other.summary.manifest);
        let mut all: Vec<Difference> = members.into_iter().map(Difference::Manifest).collect();
        let mut paths: BTreeMap<&[u8], Difference> = BTreeMap::new();
        for (path, mine) in &self.files {
            match other.files.get(path) {
                None => drop(paths.insert(path, Difference::OnlyFirst(path.clone()))),
                Some(theirs) => {
                    let fields = file_differences(mine, theirs);
                    if !fields.is_empty() {
                        paths.insert(path, Difference::File(path.clone(), fields));
                    }
                }
            }
        }
        for path in other.files.keys().filter(|path| !self.files.contains_key(*path)) {
            paths.insert(path, Difference::OnlySecond(path.clone()));
        }
        all.extend(paths.into_values());
        all
    }
}

fn file_differences((a, of_a): &(Entry, [u8; 64]), (b, of_b): &(Entry, [u8; 64])) -> Vec<&'static str> {
    if a.kind != b.kind {
        return vec!["type or target"];
    }
    let fields = [
        ("mode", a.mode == b.mode),
        ("user", a.uid == b.uid),
        ("group", a.gid == b.gid),
        ("time", (a.mtime, a.mtime_nanos) == (b.mtime, b.mtime_nanos)),
        ("attributes", a.xattrs == b.xattrs),
        ("content", of_a == of_b),
    ];
    fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

fn manifest_differences(a: &ImageManifest, b: &ImageManifest) -> Vec<&'static str> {
    let mut fields = vec![
        ("acVersion", a.ac_version == b.ac_version),
        ("name", a.name == b.name),
        ("labels", a.labels == b.labels),
    ];
    match (&a.app, &b.app) {
        (Some(a), Some(b)) => fields.extend([
            ("app.exec", a.exec == b.exec),
            ("app.eventHandlers", a.event_handlers == b.event_handlers),
            ("app.user", a.user == b.user),
            ("app.group", a.group == b.group),
            ("app.supplementaryGIDs", a.supplementary_gids == b.supplementary_gids),
            ("app.workingDirectory", a.working_directory == b.working_directory),
            ("app.environment", a.environment == b.environment),
            ("app.mountPoints", a.mount_points == b.mount_points),
            ("app.ports", a.ports == b.ports),
            ("app.isolators", a.isolators == b.isolators),
            ("app.userAnnotations", a.user_annotations == b.user_annotations),
            ("app.userLabels", a.user_labels == b.user_labels),
        ]),
        (a, b) => fields.push(("app", a.is_none() && b.is_none())),
    }
    fields.extend([
        ("annotations", a.annotations == b.annotations),
        ("dependencies", a.dependencies == b.dependencies),
        ("pathWhitelist", a.path_whitelist == b.path_whitelist),
    ]);
    fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

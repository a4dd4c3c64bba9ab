//! From an archive to a directory.
#![expect(clippy::disallowed_methods, reason = "extraction writes files; the feature `archive` says so")]

mod lookup;
mod newborn;
mod root;

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

pub(crate) use root::Root;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::{Entry, EntryKind, Progress, ScanOptions, Summary, scan_with};

/// What becomes of the properties that need privileges, or that give some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtractPolicy {
    /// Who owns the files.
    pub owners: OwnerPolicy,
    /// What becomes of device nodes.
    pub devices: DevicePolicy,
    /// What becomes of set-user-ID and set-group-ID bits.
    pub set_id: SetIdPolicy,
    /// What becomes of extended attributes.
    pub xattrs: XattrPolicy,
    /// Who looks up where a name leads. What is extracted is the same.
    pub lookup: Lookup,
}

impl ExtractPolicy {
    /// All as the archive has it, which needs root: for images that are run.
    pub const FAITHFUL: Self = Self {
        owners: OwnerPolicy::Keep,
        devices: DevicePolicy::Make,
        set_id: SetIdPolicy::Keep,
        xattrs: XattrPolicy::Keep,
        lookup: Lookup::Kernel,
    };

    /// What needs no privileges and gives none: for looking into an image.
    pub const PLAIN: Self = Self {
        owners: OwnerPolicy::Squash,
        devices: DevicePolicy::Skip,
        set_id: SetIdPolicy::Drop,
        xattrs: XattrPolicy::Drop,
        lookup: Lookup::Kernel,
    };
}

/// Who owns what is extracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerPolicy {
    /// Whom the archive names, by number.
    Keep,
    /// Who extracts.
    Squash,
}

/// What becomes of device nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DevicePolicy {
    /// They are made, which needs root.
    Make,
    /// They are left out.
    Skip,
    /// They are an error.
    Refuse,
}

/// What becomes of set-user-ID and set-group-ID bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetIdPolicy {
    /// They stay.
    Keep,
    /// They are dropped.
    Drop,
    /// They are an error.
    Refuse,
}

/// What becomes of extended attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XattrPolicy {
    /// `user.*` and `security.capability` are set; all others belong to a machine, not to an image, and are dropped.
    Keep,
    /// All are dropped.
    Drop,
}

/// Who looks up where the names of an image lead, when they lead through its symbolic links and by `..`: always within the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// The kernel, by openat2(2) with `RESOLVE_IN_ROOT`; where that is not to be had (before Linux 5.6, under an older sandbox), as
    /// [`Lookup::ByHand`].
    Kernel,
    /// This crate, one component after the other: for sandboxes that kill whoever makes a call that they do not know. Nobody else may
    /// move directories of the tree meanwhile.
    ByHand,
}

/// Extracts an archive to `directory`, which gets `manifest` and `rootfs` and must not have them yet.
///
/// Nothing is written outside `directory/rootfs`, whatever the archive says: names are looked up with that directory as their
/// root ([`Lookup`]), so a link to `/etc` is the image's own. When it fails, what has been
/// extracted stays.
///
/// # Errors
///
/// As [`super::scan`]; when a file cannot be made; and when the policy refuses an entry.
pub fn extract(
    name: &str,
    reader: impl Read + Send,
    directory: &Path,
    options: &ScanOptions,
    policy: &ExtractPolicy,
    progress: Progress<'_>,
) -> Result<Summary, ArchiveError> {
    extract_and_copy(name, reader, directory, options, policy, progress, &mut std::io::sink())
}

pub(crate) fn extract_and_copy(
    name: &str,
    reader: impl Read + Send,
    directory: &Path,
    options: &ScanOptions,
    policy: &ExtractPolicy,
    progress: Progress<'_>,
    tar: &mut dyn std::io::Write,
) -> Result<Summary, ArchiveError> {
    let rootfs = directory.join("rootfs");
    let doing = |path: &Path, error: std::io::Error| {
        ArchiveError::io(format!("cannot make `{}`", path.display()), error).of(name)
    };
    fs::create_dir(&rootfs).map_err(|error| doing(&rootfs, error))?;
    let handle = File::open(&rootfs).map_err(|error| doing(&rootfs, error))?;
    let mut root = Root::new(handle.as_fd(), policy).map_err(|error| error.of(name))?;
    let manifest_path = directory.join("manifest");
    let summary = scan_with(name, reader, options, progress, tar, |entry, content| {
        if entry.path == b"manifest" {
            let mut file = File::create_new(&manifest_path).map_err(|error| doing(&manifest_path, error))?;
            std::io::copy(content, &mut file).map_err(|error| doing(&manifest_path, error))?;
            return Ok(());
        }
        root.put(entry, content)
    })?;
    root.finish().map_err(|error| error.of(name))?;
    Ok(summary)
}

/// Applies a policy to an entry: its mode, or `None` when it is left out.
pub(super) fn admit(entry: &Entry, policy: &ExtractPolicy) -> Result<Option<u32>, ArchiveError> {
    let refused =
        |what: &str| Err(ArchiveError::new(ArchiveErrorKind::Refused, format!("{what} is refused")));
    if matches!(entry.kind, EntryKind::CharDevice(..) | EntryKind::BlockDevice(..)) {
        match policy.devices {
            DevicePolicy::Make => {}
            DevicePolicy::Skip => return Ok(None),
            DevicePolicy::Refuse => return refused("a device node"),
        }
    }
    // On a directory the set-group-ID bit only hands its group down.
    let set_id = entry.mode & 0o6000 != 0 && entry.kind == EntryKind::File;
    match policy.set_id {
        SetIdPolicy::Drop if set_id => Ok(Some(entry.mode & 0o1777)),
        SetIdPolicy::Refuse if set_id => refused("a set-user-ID or set-group-ID bit"),
        _ => Ok(Some(entry.mode)),
    }
}

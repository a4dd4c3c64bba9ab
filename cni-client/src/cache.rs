//! Where attachments are stored between ADD and DEL (feature `exec`).
//!
//! One file for each attachment, named by its [key](AttachmentKey), which never collides. It grows by whole lines and is never
//! written over, so that a process that is killed, or a disk that is full, leaves what was known before. Locks keep operations of
//! other processes on the same container, and GC of the same network, away.
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

mod error;
mod libcni;
mod lock;
mod record;
mod spoken;

pub use error::CacheError;
pub use libcni::{list_libcni, load_libcni, remove_libcni};
pub use lock::{Access, Lock, Patience};
pub use record::Record;

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::attachment::{Attachment, AttachmentKey};
use crate::name::{ContainerId, NetworkName};

use error::Doing;

/// A temporary file that is as old as this was left behind by a process that was killed.
const STALE: Duration = Duration::from_secs(60);

/// A folder with records.
///
/// ```no_run
/// use cni_client::cache::Cache;
///
/// let cache = Cache::open("/run/podkit/cni")?;
/// for attachment in cache.list()?.attachments {
///     println!("{}", attachment.key());
/// }
/// # Ok::<(), cni_client::cache::CacheError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    synced: bool,
}

/// What a folder holds.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct Listing {
    /// The attachments, sorted by their keys.
    pub attachments: Vec<Attachment>,
    /// The files that are no records, with the reason; they stand in nobody's way.
    pub problems: Vec<CacheError>,
}

impl Cache {
    /// Opens a folder, and makes it (for its owner alone) when it is not there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, CacheError> {
        let folder = folder.into();
        let cache = Self { folder, synced: false };
        for folder in [cache.folder.clone(), cache.locks()] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(|source| CacheError::io(Doing::Open, &folder, source))?;
        }
        Ok(cache)
    }

    /// Waits for the disk with each record, file and folder. Without it a power cut can lose the last ones; it also takes
    /// namespaces and interfaces with it, but not leases.
    #[must_use]
    pub const fn synced(mut self) -> Self {
        self.synced = true;
        self
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stores an attachment in place of what was there under its key. Hold the [lock](Cache::lock_container) of its
    /// container.
    ///
    /// # Errors
    ///
    /// When the file cannot be written; what was there stays.
    pub fn store(&self, attachment: &Attachment) -> Result<(), CacheError> {
        record::replace(self, attachment)
    }

    /// Stores an attachment that is not there yet; results are added as they come. Hold the [lock](Cache::lock_container) of its
    /// container.
    ///
    /// # Errors
    ///
    /// When there is a record under its key, and when the file cannot be written.
    pub fn begin(&self, attachment: &Attachment) -> Result<Record, CacheError> {
        Record::begin(self, attachment)
    }

    /// The attachment with a key; `None` when there is no record.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and when it is no record (empty after a crash, say).
    pub fn load(&self, key: &AttachmentKey) -> Result<Option<Attachment>, CacheError> {
        record::read(&self.file(key))
    }

    /// Forgets an attachment; one that is not there is forgotten already. Hold the [lock](Cache::lock_container) of its
    /// container.
    ///
    /// # Errors
    ///
    /// When the file cannot be removed.
    pub fn remove(&self, key: &AttachmentKey) -> Result<(), CacheError> {
        record::remove(self, key)
    }

    /// All attachments.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read. A file that is no record is one of the [problems](Listing::problems).
    pub fn list(&self) -> Result<Listing, CacheError> {
        let mut listing = list(
            &self.folder,
            |name| name.strip_suffix(".json").is_some_and(|n| !n.starts_with('.')),
            // Between the opening and the reading a file may have become the record of another attachment.
            |file| Ok(record::read(file)?.filter(|attachment| self.file(&attachment.key()) == file)),
        )?;
        listing.attachments.sort_by_key(Attachment::key);
        Ok(listing)
    }

    /// Removes what a process that was killed has left half-written.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or a file not be removed.
    pub fn sweep(&self) -> Result<(), CacheError> {
        let folder = |source| CacheError::io(Doing::Read, &self.folder, source);
        for entry in fs::read_dir(&self.folder).map_err(folder)? {
            let entry = entry.map_err(folder)?;
            let name = entry.file_name();
            let is_temporary =
                name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".tmp"));
            let age = || entry.metadata().and_then(|m| m.modified()).ok()?.elapsed().ok();
            if is_temporary && age().is_some_and(|age| age > STALE) {
                let file = entry.path();
                fs::remove_file(&file).map_err(|source| CacheError::io(Doing::Remove, &file, source))?;
            }
        }
        Ok(())
    }

    /// Waits until no other process works on a container; a [`Duration`] is patience, too.
    ///
    /// Never take two of them, but by [`Cache::lock_containers`]: they may be one.
    ///
    /// # Errors
    ///
    /// When patience is at its end, and when the lock's file cannot be made.
    pub fn lock_container<'a>(
        &self,
        container: &ContainerId,
        patience: impl Into<Patience<'a>>,
    ) -> Result<Lock, CacheError> {
        Lock::of_container(&self.stripe(container_stripe(container)), container, patience.into())
    }

    /// Waits until no other process works on any of these containers, with this much patience for each.
    ///
    /// # Errors
    ///
    /// As [`Cache::lock_container`].
    pub fn lock_containers<'a, 'b>(
        &self,
        containers: impl IntoIterator<Item = &'a ContainerId>,
        patience: impl Into<Patience<'b>>,
    ) -> Result<Vec<Lock>, CacheError> {
        let patience = patience.into();
        // In order, so that two that do this never wait for each other.
        let stripes: BTreeMap<u64, &ContainerId> =
            containers.into_iter().map(|container| (container_stripe(container), container)).collect();
        let locks = stripes
            .into_iter()
            .map(|(stripe, container)| Lock::of_container(&self.stripe(stripe), container, patience));
        locks.collect()
    }

    /// Waits until a network may be used: shared for ADD and DEL, exclusively for GC.
    ///
    /// # Errors
    ///
    /// When patience is at its end, and when the lock's file cannot be made.
    pub fn lock_network<'a>(
        &self,
        network: &NetworkName,
        access: Access,
        patience: impl Into<Patience<'a>>,
    ) -> Result<Lock, CacheError> {
        let stripe = lock::stripe(network.as_str(), lock::NETWORKS);
        Lock::of_network(&self.network_stripe(stripe), access, patience.into())
    }

    fn locks(&self) -> PathBuf {
        self.folder.join("lock")
    }

    fn stripe(&self, stripe: u64) -> PathBuf {
        self.folder.join(format!("lock/containers:{stripe:02}"))
    }

    fn network_stripe(&self, stripe: u64) -> PathBuf {
        self.folder.join(format!("lock/networks:{stripe:02}"))
    }

    /// A file that no record needs at the moment: whoever holds the lock of the same number may make it one.
    fn spare(&self, stripe: u64) -> PathBuf {
        self.folder.join(format!("lock/spare:{stripe:02}"))
    }

    fn file(&self, key: &AttachmentKey) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }

    fn temporary(&self, key: &AttachmentKey) -> PathBuf {
        self.folder.join(format!(".{key}.tmp"))
    }
}

/// The number of a container's lock.
fn container_stripe(container: &ContainerId) -> u64 {
    lock::stripe(container.as_str(), lock::CONTAINERS)
}

/// The records of a folder: those with a name that counts, each as `read` reads it.
fn list(
    folder: &Path,
    wanted: impl Fn(&str) -> bool,
    read: impl Fn(&Path) -> Result<Option<Attachment>, CacheError>,
) -> Result<Listing, CacheError> {
    let error = |source| CacheError::io(Doing::Read, folder, source);
    let mut listing = Listing::default();
    for entry in fs::read_dir(folder).map_err(error)? {
        let file = entry.map_err(error)?.path();
        let name = file.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(&wanted) || !file.is_file() {
            continue;
        }
        match read(&file) {
            Ok(attachment) => listing.attachments.extend(attachment),
            Err(problem) => listing.problems.push(problem),
        }
    }
    Ok(listing)
}

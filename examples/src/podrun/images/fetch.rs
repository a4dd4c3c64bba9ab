//! Images from registries.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context;
use appc_spec::oci::{self, Imported, Pick, Source};
use appc_spec::store::{Store, StoredImage};
use pod_core::image::{Platform, Reference};
use pod_core::registry::{Client, Layout, Progress as Step};
use rustix::fs::{FlockOperation, flock};

use crate::progress::Progress;

/// Fetches an image from its registry, unless the store has what the name stands for there; and whether it did not.
///
/// What has come of an image stays in `fetching` until it is whole: the next try goes on there.
pub(super) fn fetch(
    store: &Store,
    fetching: &Path,
    client: &Client,
    name: &Reference<'_>,
) -> anyhow::Result<(StoredImage, bool)> {
    let platform = Platform::of_this_program();
    let folder = Folder::lock(fetching, name)?;
    let root = client.image(name).for_platform(platform.clone()).resolve()?;
    if let Some(image) = known(store, name, &root.digest.to_string())? {
        folder.remove()?;
        return Ok((image, false));
    }
    pull(client, name, &platform, &Layout::create(&folder.path)?)?;
    let source = Source::open(&folder.path)?;
    let bar = Progress::new(format!("importing {}", name.familiar()), 0);
    let options = oci::ImportOptions::new(SystemTime::now()).named(name);
    let pick = Pick::named(name.to_string(), platform);
    let imported = oci::import(store, &source, &pick, &options, &|done| bar.set(done))?;
    tell_not_carried(&imported);
    folder.remove()?;
    Ok((imported.image, imported.is_new))
}

fn pull(client: &Client, name: &Reference<'_>, platform: &Platform, layout: &Layout) -> anyhow::Result<()> {
    let bar = Progress::new(format!("fetching {}", name.familiar()), 0);
    let blobs = Mutex::new(BTreeMap::new());
    let told = |step: Step<'_>| {
        if let Step::Advanced { blob, done } = step {
            let mut blobs = blobs.lock().unwrap_or_else(PoisonError::into_inner);
            blobs.insert(blob.digest.to_string(), done);
            bar.set(blobs.values().sum());
        }
    };
    client.image(name).for_platform(platform.clone()).progress(&told).pull(layout)?;
    Ok(())
}

/// The image that the store has by that name and digest: the name stands for it from now on.
fn known(store: &Store, name: &Reference<'_>, digest: &str) -> anyhow::Result<Option<StoredImage>> {
    let Some(id) = store.reference(&format!("{}@{digest}", name.name()))? else { return Ok(None) };
    let image = store.image(&id)?;
    if image.is_some() {
        store.set_reference(&name.to_string(), &id)?;
    }
    Ok(image)
}

/// Says what an image has and no manifest can say.
pub(super) fn tell_not_carried(imported: &Imported) {
    for left in &imported.not_carried {
        tracing::warn!(image = imported.names.first(), "not carried over: {left}");
    }
}

/// Takes away what fetches have left that were cut off. What is being fetched stays.
pub(super) fn sweep(fetching: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(fetching) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot list `{}`", fetching.display()))?,
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|ending| ending == "lock")
            && let Some(folder) = Folder::try_lock(&path)?
        {
            folder.remove()?;
        }
    }
    Ok(())
}

/// Where the parts of an image are gathered. Its lock is beside it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    lock_path: PathBuf,
    /// Held as long as this lives.
    _lock: File,
}

impl Folder {
    /// That of an image; waits for whoever fetches it now.
    fn lock(fetching: &Path, name: &Reference<'_>) -> anyhow::Result<Self> {
        fs::create_dir_all(fetching).with_context(|| format!("cannot make `{}`", fetching.display()))?;
        // No reference has a `+` but within a digest's algorithm, where no name has a `/` or `:`.
        let lock_path = fetching.join(format!("{}.lock", name.to_string().replace(['/', ':'], "+")));
        let doing = || format!("cannot lock `{}`", lock_path.display());
        loop {
            let lock = File::create(&lock_path).with_context(doing)?;
            flock(&lock, FlockOperation::LockExclusive).with_context(doing)?;
            if is_at(&lock, &lock_path).with_context(doing)? {
                return Ok(Self { path: lock_path.with_extension("d"), lock_path, _lock: lock });
            }
        }
    }

    /// One that nobody works on.
    fn try_lock(lock_path: &Path) -> anyhow::Result<Option<Self>> {
        let doing = || format!("cannot lock `{}`", lock_path.display());
        let lock = match File::open(lock_path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            lock => lock.with_context(doing)?,
        };
        let held = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let ours = held && is_at(&lock, lock_path).with_context(doing)?;
        Ok(ours.then(|| Self {
            path: lock_path.with_extension("d"),
            lock_path: lock_path.to_owned(),
            _lock: lock,
        }))
    }

    fn remove(self) -> anyhow::Result<()> {
        if self.path.exists() {
            let doing = || format!("cannot remove `{}`", self.path.display());
            fs::remove_dir_all(&self.path).with_context(doing)?;
        }
        let doing = || format!("cannot remove `{}`", self.lock_path.display());
        fs::remove_file(&self.lock_path).with_context(doing)
    }
}

/// Whether a file is still what its path names: whoever had its lock before may have removed it.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(fs::metadata(path).is_ok_and(|named| (named.dev(), named.ino()) == (found.dev(), found.ino())))
}

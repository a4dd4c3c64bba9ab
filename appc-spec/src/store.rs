//! A store of images on disk, shared by any number of processes.
//!
//! Images are kept by their ID as plain tars: an image is decompressed and hashed once, when it comes in, and rendering it
//! again or checking it needs no decoder. A rendered tree is a root file system ready to be the lower directory of an overlay.
//!
//! ```text
//! images/sha512-…/   tar, manifest, lock, and record.json, without which the image is not there
//! trees/deps-…/      rootfs/, lock, and tree.json, without which the tree is not there
//! references/…       a name that somebody gave an image
//! work/              what is being made; each maker holds a lock beside it
//! ```
//!
//! What is made is made in `work`, flushed, and appears by one rename. What is removed first loses its record, so a process
//! that is killed leaves either the whole or something that [`Store::gc`] takes away. Who uses an image or a tree holds a
//! shared lock on it ([`StoredImage`], [`RenderedTree`]); nothing is removed under such a lock. The locks are flock(2), and end
//! with the process.
#![expect(clippy::disallowed_methods, reason = "a store is files; the feature `store` says so")]

mod compare;
mod early_flush;
mod error;
mod gc;
mod image;
mod import;
mod lock;
mod parts;
mod reference;
mod removal;
mod tree;
mod workspace;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::{StoreError, StoreErrorKind};
pub use gc::{GcOptions, GcReport};
#[cfg(feature = "oci")]
pub(crate) use image::{CONFIG_DIGEST, ORIGINAL_NAME};
pub use image::{StoredImage, Verification};
pub use import::{ImportOptions, Imported};
pub use reference::FetchedFrom;
pub use tree::{RenderedTree, TreeId};

/// A store of images.
///
/// ```
/// use std::time::SystemTime;
///
/// use appc_spec::archive::{BuildOptions, ExtractPolicy, ImageBuilder};
/// use appc_spec::store::{ImportOptions, Store};
/// use appc_spec::{ImageManifest, Strength};
///
/// # let directory = tempfile::tempdir()?;
/// let store = Store::open(directory.path().join("store"))?;
///
/// let mut archive = Vec::new();
/// let manifest = ImageManifest::new("example.com/hello".parse()?);
/// ImageBuilder::new(manifest).file("hello", 0o644, "hi\n").write(&mut archive, &BuildOptions::reproducible())?;
///
/// let options = ImportOptions::new(Strength::Strict, SystemTime::now());
/// let imported = store.import("hello.aci", archive.as_slice(), &options, &mut |_| {})?;
///
/// let image = store.find(&"example.com/hello".parse()?)?.expect("it was just imported");
/// assert_eq!(image.id(), imported.image.id());
/// let tree = store.render(&image, &ExtractPolicy::PLAIN, &mut |_| {})?;
/// assert_eq!(std::fs::read(tree.rootfs().join("hello"))?, b"hi\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// Opens the store in a directory, which is made if it is missing. Only its owner may look into it: its trees have
    /// set-user-ID programs of strangers.
    ///
    /// # Errors
    ///
    /// When the directories cannot be made.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let store = Self { directory: directory.into() };
        for path in [store.directory.clone(), store.images(), store.trees(), store.references(), store.work()]
        {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&path)
                .map_err(|error| StoreError::io("make the directory", &path, error))?;
        }
        Ok(store)
    }

    /// The directory of the store.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn images(&self) -> PathBuf {
        self.directory.join("images")
    }

    fn trees(&self) -> PathBuf {
        self.directory.join("trees")
    }

    fn references(&self) -> PathBuf {
        self.directory.join("references")
    }

    fn work(&self) -> PathBuf {
        self.directory.join("work")
    }
}

/// Reads a record.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    serde_json::from_slice(&text).map_err(|error| StoreError::damaged("read the record", path, error))
}

/// Writes a record and flushes it.
fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::damaged("write the record", path, error))?;
    text.push(b'\n');
    write_file(path, &text)
}

/// Writes a file and flushes it.
fn write_file(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|error| StoreError::io("write", path, error))
}

/// Flushes what a directory says of its files.
fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| StoreError::io("flush", path, error))
}

/// The names in a directory, sorted. Those that are not UTF-8 are not ours.
fn names(directory: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::io("list", directory, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

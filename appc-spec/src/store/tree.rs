//! Rendered trees: root file systems ready to be used.
#![expect(clippy::disallowed_methods, reason = "it writes the tree; the feature `store` says so")]

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::compare::first_difference;
use super::image::StoredImage;
use super::workspace::Workspace;
use super::{Store, StoreError, lock, names, write_file, write_json};
use crate::archive::{ExtractPolicy, Progress, ScanOptions, extract};
use crate::{ImageId, ParseImageIdError, Strength};

/// The name of a rendered tree: `deps-` and a hash over the images that it is made of, in order, and how they were extracted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(Box<str>);

impl TreeId {
    fn new(images: &[&ImageId], policy: &ExtractPolicy) -> Self {
        let mut hash = Sha512::new();
        for id in images {
            hash.update(id.as_str());
            hash.update("\n");
        }
        hash.update(format!("{policy:?}\n"));
        let digest: [u8; 64] = hash.finalize().into();
        Self(format!("deps-{}", ImageId::from_digest(&digest)).into())
    }

    /// The text, which is a good name for a directory.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TreeId {
    type Err = ParseImageIdError;

    /// # Errors
    ///
    /// When the text is not `deps-sha512-` and 128 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Without the prefix the rest is no image ID either, which the error then says.
        text.strip_prefix("deps-").unwrap_or_default().parse::<ImageId>().map(|_| Self(text.into()))
    }
}

impl fmt::Display for TreeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What the store remembers of a tree.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TreeRecord {
    /// The images that it is made of, the uppermost first.
    pub(super) images: Vec<String>,
}

/// A rendered tree. As long as this value lives, no process removes it. Nobody may write to it.
#[derive(Debug)]
pub struct RenderedTree {
    id: TreeId,
    directory: PathBuf,
    lock: File,
}

impl RenderedTree {
    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &TreeId {
        &self.id
    }

    /// Its root directory.
    #[must_use]
    pub fn rootfs(&self) -> PathBuf {
        self.directory.join("rootfs")
    }

    /// When it was used last.
    #[must_use]
    pub fn last_used(&self) -> SystemTime {
        self.lock.metadata().and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl Store {
    pub(super) fn tree_directory(&self, id: &TreeId) -> PathBuf {
        self.trees().join(id.as_str())
    }

    pub(super) fn tree_ids(&self) -> Result<Vec<TreeId>, StoreError> {
        Ok(names(&self.trees())?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// The tree of an image, rendered if it is not there yet; marks both as used.
    ///
    /// # Errors
    ///
    /// When the image has dependencies, which are not supported yet; when it cannot be read or written.
    pub fn render(
        &self,
        image: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<RenderedTree, StoreError> {
        if let Some(dependency) = image.manifest().dependencies.first() {
            return Err(StoreError::dependencies(&image.manifest().name, &dependency.image_name));
        }
        image.mark_used()?;
        let id = TreeId::new(&[image.id()], policy);
        let target = self.tree_directory(&id);
        loop {
            if let Some(tree) = self.tree(&id)? {
                lock::touch(&tree.lock)
                    .map_err(|error| StoreError::io("set the time of", &target.join("lock"), error))?;
                return Ok(tree);
            }
            // What is there has lost its record: somebody was killed while removing it.
            self.finish_removal(&target)?;
            let work = Workspace::new(self)?;
            write_tree(work.path(), image, policy, progress)?;
            // The lock goes along with the file, so nobody can remove the tree between its arrival and our return.
            let lock = lock::shared(&work.path().join("lock"))?;
            if let Some(lock) = lock
                && work.publish(&target)?
            {
                tracing::debug!(image = %image.id(), tree = %id, "rendered");
                return Ok(RenderedTree { id, directory: target, lock });
            }
        }
    }

    /// The tree with this name, if it is rendered.
    ///
    /// # Errors
    ///
    /// When it cannot be locked.
    pub fn tree(&self, id: &TreeId) -> Result<Option<RenderedTree>, StoreError> {
        let directory = self.tree_directory(id);
        let Some(lock) = lock::shared(&directory.join("lock"))? else { return Ok(None) };
        let whole = directory.join("tree.json").exists();
        Ok(whole.then_some(RenderedTree { id: id.clone(), directory, lock }))
    }

    /// Renders an image once more and compares the result with its tree: names, types, modes, owners, times, links and contents.
    ///
    /// # Errors
    ///
    /// When there is no such tree, when it differs (the first difference is named), and when something cannot be read or
    /// written.
    pub fn verify_tree(
        &self,
        image: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let id = TreeId::new(&[image.id()], policy);
        let tree = self.tree(&id)?.ok_or_else(|| StoreError::no_tree(&id))?;
        let work = Workspace::new(self)?;
        write_tree(work.path(), image, policy, progress)?;
        let fresh = work.path().join("rootfs");
        match first_difference(&tree.rootfs(), &fresh)
            .map_err(|error| StoreError::io("compare", &tree.rootfs(), error))?
        {
            None => Ok(()),
            Some(difference) => Err(StoreError::differs(&id, difference)),
        }
    }
}

/// Writes a tree to a directory and flushes it.
fn write_tree(
    directory: &Path,
    image: &StoredImage,
    policy: &ExtractPolicy,
    progress: Progress<'_>,
) -> Result<(), StoreError> {
    let options = ScanOptions::new(Strength::Compat);
    let name = image.id().to_string();
    let summary = extract(&name, image.tar()?, directory, &options, policy, progress)
        .map_err(|error| StoreError::archive("render an image", error))?;
    if summary.image_id != *image.id() {
        return Err(StoreError::altered(image.id(), &summary.image_id));
    }
    // The image has the manifest already.
    let manifest = directory.join("manifest");
    fs::remove_file(&manifest).map_err(|error| StoreError::io("remove", &manifest, error))?;
    write_file(&directory.join("lock"), b"")?;
    // One flush for all files of the tree, before the record that vouches for them.
    let open = File::open(directory).map_err(|error| StoreError::io("open", directory, error))?;
    rustix::fs::syncfs(&open).map_err(|error| StoreError::io("flush", directory, error))?;
    write_json(&directory.join("tree.json"), &TreeRecord { images: vec![name] })
}

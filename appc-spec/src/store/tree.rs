//! Rendered trees: root file systems ready to be used.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::compare::first_difference;
use super::gc::remove_now;
use super::image::StoredImage;
use super::parts::Parts;
use super::workspace::Workspace;
use super::{Store, StoreError, lock, names};
use crate::archive::{ExtractPolicy, Progress};
use crate::render::RenderOrder;
use crate::{ImageId, ParseImageIdError};

/// The name of a rendered tree: `deps-` and a hash over the images that it is made of, in order, and how they were extracted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(Box<str>);

impl TreeId {
    /// The order with the manifests says all: a manifest says how many of those before it are its own.
    fn new(order: &RenderOrder, policy: &ExtractPolicy) -> Self {
        let mut hash = Sha512::new();
        for pass in order.passes() {
            hash.update(pass.image.as_str());
            hash.update("\n");
        }
        if !order.is_plain() {
            hash.update("planned\n");
        }
        // Who looks names up is no property of a tree.
        let ExtractPolicy { owners, devices, set_id, xattrs, lookup: _ } = policy;
        hash.update(format!("{owners:?} {devices:?} {set_id:?} {xattrs:?}\n"));
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

    /// The tree of an image and its dependencies, rendered if it is not there yet; marks all of them as used.
    ///
    /// # Errors
    ///
    /// When a dependency is not in the store or wrong; when an image cannot be read or the tree be written.
    pub fn render(
        &self,
        image: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<RenderedTree, StoreError> {
        let parts = self.parts(image)?;
        image.mark_used()?;
        parts.dependencies.iter().try_for_each(StoredImage::mark_used)?;
        let id = TreeId::new(&parts.order, policy);
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
            parts.write_tree(work.path(), image, policy, progress)?;
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
        let parts = self.parts(image)?;
        let id = TreeId::new(&parts.order, policy);
        let tree = self.tree(&id)?.ok_or_else(|| StoreError::no_tree(&id))?;
        let (_fresh, difference) = self.compare_tree(&tree, &parts, image, policy, progress)?;
        difference.map_or(Ok(()), |difference| Err(StoreError::differs(&id, difference)))
    }

    /// Renders an image once more, and puts the result in the place of its tree if that differs. Gives the first difference that
    /// there was; `None` when the tree is as it should be.
    ///
    /// # Errors
    ///
    /// When there is no such tree, when it differs and somebody uses it, and when something cannot be read or written.
    pub fn repair_tree(
        &self,
        image: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<Option<String>, StoreError> {
        let parts = self.parts(image)?;
        let id = TreeId::new(&parts.order, policy);
        let tree = self.tree(&id)?.ok_or_else(|| StoreError::no_tree(&id))?;
        let (fresh, difference) = self.compare_tree(&tree, &parts, image, policy, progress)?;
        if difference.is_some() {
            // Our own lock on it would keep it.
            drop(tree);
            let target = self.tree_directory(&id);
            if !remove_now(&target, "tree.json")? {
                return Err(StoreError::in_use(&id));
            }
            // When another process was faster, its tree is as fresh.
            fresh.publish(&target)?;
        }
        Ok(difference)
    }

    fn compare_tree(
        &self,
        tree: &RenderedTree,
        parts: &Parts,
        image: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<(Workspace, Option<String>), StoreError> {
        let work = Workspace::new(self)?;
        parts.write_tree(work.path(), image, policy, progress)?;
        let difference = first_difference(&tree.rootfs(), &work.path().join("rootfs"))
            .map_err(|error| StoreError::io("compare", &tree.rootfs(), error))?;
        Ok((work, difference))
    }
}

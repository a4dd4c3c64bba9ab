//! Taking away what nobody needs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::removal::remove_all;
use super::tree::TreeRecord;
use super::{Store, StoreError, TreeId, lock, read_json, workspace};
use crate::ImageId;

/// What is kept.
#[derive(Debug, Clone)]
pub struct GcOptions<'a> {
    /// Images that are in use, by whomever: also by pods that are prepared or have exited. Trees made of them are kept too, and all
    /// images that those trees are made of.
    pub images: &'a BTreeSet<ImageId>,
    /// Trees that are in use.
    pub trees: &'a BTreeSet<TreeId>,
    /// Images and trees are kept for so long after their last use.
    pub unused_for: Duration,
    /// The time that this is counted back from.
    pub now: SystemTime,
}

/// What was taken away.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct GcReport {
    /// Images.
    pub images: Vec<ImageId>,
    /// Trees.
    pub trees: Vec<TreeId>,
    /// Directories that killed processes left.
    pub leftovers: usize,
    /// References to images that the store no longer has.
    pub references: Vec<String>,
    /// What could not be taken away; the rest was.
    pub failures: Vec<StoreError>,
}

impl Store {
    /// Removes images and trees that have not been used for a while, what killed processes left, and references to images that
    /// are gone.
    ///
    /// What another process holds ([`super::StoredImage`], [`super::RenderedTree`]) stays, whatever the options say.
    ///
    /// # Errors
    ///
    /// When the store cannot be listed. What fails for one image or tree is in the report.
    pub fn gc(&self, options: &GcOptions<'_>) -> Result<GcReport, StoreError> {
        let mut report = GcReport { leftovers: workspace::sweep(self)?, ..GcReport::default() };
        let mut needed = options.images.clone();
        for id in self.tree_ids()? {
            let directory = self.tree_directory(&id);
            let removed = tree_images(&directory).and_then(|images| {
                let uses = images.iter().any(|image| options.images.contains(image));
                let keep = uses || options.trees.contains(&id);
                if keep {
                    // To be verified or made again, the tree needs all that it is made of.
                    needed.extend(images);
                }
                remove_unused(&directory, "tree.json", keep, options)
            });
            match removed {
                Ok(true) => report.trees.push(id),
                Ok(false) => {}
                Err(error) => report.failures.push(error),
            }
        }
        for id in self.image_ids()? {
            let directory = self.image_directory(&id);
            let keep = needed.contains(&id);
            match remove_unused(&directory, "record.json", keep, options) {
                Ok(true) => report.images.push(id),
                Ok(false) => {}
                Err(error) => report.failures.push(error),
            }
        }
        for (reference, id) in self.references_all()? {
            if !self.image_directory(&id).join("record.json").exists() {
                self.remove_reference(&reference)?;
                report.references.push(reference);
            }
        }
        Ok(report)
    }

    /// Removes an image and the trees that are made of it.
    ///
    /// # Errors
    ///
    /// When the store does not have it, when somebody uses it or one of the trees, and when a file cannot be removed.
    pub fn remove(&self, id: &ImageId) -> Result<(), StoreError> {
        let directory = self.image_directory(id);
        if !id.is_whole() || !directory.join("record.json").exists() {
            return Err(StoreError::not_found(id));
        }
        for tree in self.tree_ids()? {
            let directory = self.tree_directory(&tree);
            if tree_images(&directory)?.contains(id) && !remove_now(&directory, "tree.json")? {
                return Err(StoreError::in_use(&tree));
            }
        }
        if remove_now(&directory, "record.json")? { Ok(()) } else { Err(StoreError::in_use(id)) }
    }

    /// Finishes the removal of a directory that has lost its record; waits for whoever is at it.
    pub(super) fn finish_removal(&self, directory: &Path) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("remove", directory, error);
        let lock_path = directory.join("lock");
        let held = lock::exclusive(&lock_path)?;
        let record = ["record.json", "tree.json"].iter().any(|name| directory.join(name).exists());
        match held {
            // It was made anew while we waited.
            Some(_) if record => Ok(()),
            Some(_) => remove_all(directory).map_err(failed),
            // The lock goes last, so what has none is empty, and a rename takes its place; or it is a stranger's.
            None if directory.exists() && !record => match fs::remove_dir(directory) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error)),
                _ => Ok(()),
            },
            None => Ok(()),
        }
    }
}

/// The images that a tree is made of: none for one that is being removed. Where that cannot be told, the tree must stay.
fn tree_images(directory: &Path) -> Result<Vec<ImageId>, StoreError> {
    let path = directory.join("tree.json");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let record: TreeRecord = read_json(&path)?;
    Ok(record.images.iter().filter_map(|id| id.parse().ok()).collect())
}

fn remove_unused(
    directory: &Path,
    record: &str,
    keep: bool,
    options: &GcOptions<'_>,
) -> Result<bool, StoreError> {
    let lock_path = directory.join("lock");
    let whole = directory.join(record).exists();
    if whole && keep {
        return Ok(false);
    }
    if whole {
        let used = match fs::symlink_metadata(&lock_path).and_then(|found| found.modified()) {
            // Somebody has removed it meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            used => used.map_err(|error| StoreError::io("look at", &lock_path, error))?,
        };
        // A time in the future is not long ago.
        let since = options.now.duration_since(used).unwrap_or_default();
        if since < options.unused_for {
            return Ok(false);
        }
    }
    remove_now(directory, record)
}

/// Removes an image or a tree unless somebody holds it; returns whether it did. Removing needs no free space: the record is
/// unlinked first, the lock last.
pub(super) fn remove_now(directory: &Path, record: &str) -> Result<bool, StoreError> {
    let failed = |error| StoreError::io("remove", directory, error);
    let lock_path = directory.join("lock");
    let Some(_held) = lock::try_exclusive(&lock_path)? else {
        // The lock goes last, so what has none is empty: whoever removed it was killed right then. What is not empty is in use, or has
        // just been made anew.
        return Ok(fs::remove_dir(directory).is_ok());
    };
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    gone(fs::remove_file(directory.join(record))).map_err(failed)?;
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path != lock_path {
            remove_all(&path).map_err(failed)?;
        }
    }
    gone(fs::remove_file(&lock_path)).map_err(failed)?;
    gone(fs::remove_dir(directory)).map_err(failed)?;
    tracing::debug!(directory = %directory.display(), "removed");
    Ok(true)
}

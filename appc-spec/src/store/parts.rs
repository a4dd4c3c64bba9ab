//! What a tree is made of: an image and those that it depends on.
#![expect(clippy::disallowed_methods, reason = "it writes the tree; the feature `store` says so")]

use std::fs::{self, File};
use std::path::Path;

use super::image::StoredImage;
use super::tree::TreeRecord;
use super::{Store, StoreError, write_file, write_json};
use crate::archive::{ExtractPolicy, Progress, ScanOptions, extract, path_entries, render};
use crate::render::{Candidate, PathEntry, RenderLimits, RenderOrder, RenderPlan};
use crate::{AppString, Dependency, ImageId, Strength};

/// What a tree is made of; none of it can be removed meanwhile.
pub(super) struct Parts {
    pub(super) order: RenderOrder,
    pub(super) dependencies: Vec<StoredImage>,
}

impl Parts {
    fn image<'a>(&'a self, root: &'a StoredImage, id: &ImageId) -> Option<&'a StoredImage> {
        std::iter::once(root).chain(&self.dependencies).find(|image| image.id() == id)
    }

    fn plan(&self, root: &StoredImage, progress: Progress<'_>) -> Result<RenderPlan, StoreError> {
        let mut failure = None;
        let plan = RenderPlan::new(&self.order, &mut |id| {
            self.path_entries(root, id, progress).unwrap_or_else(|error| {
                failure.get_or_insert(error);
                Vec::new()
            })
        });
        match failure {
            Some(error) => Err(error),
            None => plan.map_err(|error| StoreError::render(root.id(), error)),
        }
    }

    fn path_entries(
        &self,
        root: &StoredImage,
        id: &ImageId,
        progress: Progress<'_>,
    ) -> Result<Vec<PathEntry>, StoreError> {
        let image = self.image(root, id).ok_or_else(|| StoreError::not_found(id))?;
        let options = ScanOptions::new(Strength::Compat);
        path_entries(id.as_str(), image.tar()?, &options, progress)
            .map(|(_, entries)| entries)
            .map_err(|error| StoreError::archive("read an image", error))
    }

    /// Writes a tree to a directory and flushes it.
    pub(super) fn write_tree(
        &self,
        directory: &Path,
        root: &StoredImage,
        policy: &ExtractPolicy,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        let options = ScanOptions::new(Strength::Compat);
        if self.order.is_plain() {
            let name = root.id().to_string();
            let summary = extract(&name, root.tar()?, directory, &options, policy, progress)
                .map_err(|error| StoreError::archive("render an image", error))?;
            if summary.image_id != *root.id() {
                return Err(StoreError::altered(root.id(), &summary.image_id));
            }
            // The image has the manifest already.
            let manifest = directory.join("manifest");
            fs::remove_file(&manifest).map_err(|error| StoreError::io("remove", &manifest, error))?;
        } else {
            let plan = self.plan(root, progress)?;
            let mut open = |id: &ImageId| {
                let image = self.image(root, id).ok_or(std::io::ErrorKind::NotFound)?;
                Ok(Box::new(image.tar().map_err(std::io::Error::other)?) as Box<dyn std::io::Read + Send>)
            };
            render(directory, &plan, &mut open, &options, policy, progress)
                .map_err(|error| StoreError::archive("render an image", error))?;
        }
        write_file(&directory.join("lock"), b"")?;
        // One flush for all files of the tree, before the record that vouches for them.
        let open = File::open(directory).map_err(|error| StoreError::io("open", directory, error))?;
        rustix::fs::syncfs(&open).map_err(|error| StoreError::io("flush", directory, error))?;
        let mut images: Vec<String> = Vec::new();
        for pass in self.order.passes().iter().rev() {
            let id = pass.image.to_string();
            if !images.contains(&id) {
                images.push(id);
            }
        }
        write_json(&directory.join("tree.json"), &TreeRecord { images })
    }
}

impl Store {
    /// What an image with its dependencies is made of, as far as they are in this store.
    ///
    /// # Errors
    ///
    /// When a dependency is not here, or the dependencies are wrong ([`RenderOrder::of`]); when the store cannot be read.
    pub fn render_order(&self, image: &StoredImage) -> Result<RenderOrder, StoreError> {
        Ok(self.parts(image)?.order)
    }

    /// Which path of an image's root file system comes from which of its dependencies, without making any of it.
    ///
    /// # Errors
    ///
    /// As [`Store::render_order`], and when an image cannot be read.
    pub fn render_plan(&self, image: &StoredImage, progress: Progress<'_>) -> Result<RenderPlan, StoreError> {
        self.parts(image)?.plan(image, progress)
    }

    pub(super) fn parts(&self, image: &StoredImage) -> Result<Parts, StoreError> {
        let root = Candidate::new(image.id().clone(), image.manifest().clone());
        let mut held: Vec<StoredImage> = Vec::new();
        let mut failure = None;
        let order = RenderOrder::of(root, &RenderLimits::STANDARD, &mut |wanted| {
            let found = self.fulfil(wanted).unwrap_or_else(|error| {
                failure.get_or_insert(error);
                None
            })?;
            let candidate = Candidate::new(found.id().clone(), found.manifest().clone())
                .with_sizes(found.archive_size(), found.tar_size());
            if !held.iter().any(|known| known.id() == found.id()) {
                held.push(found);
            }
            Some(candidate)
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(Parts {
                order: order.map_err(|error| StoreError::render(image.id(), error))?,
                dependencies: held,
            }),
        }
    }

    /// The image for a dependency: that of its ID, else the newest of its name and labels.
    fn fulfil(&self, wanted: &Dependency) -> Result<Option<StoredImage>, StoreError> {
        match &wanted.image_id {
            Some(id) if id.is_whole() => self.image(id),
            _ => {
                let labels = wanted.labels.iter();
                let app = labels.fold(AppString::new(wanted.image_name.clone()), |app, label| {
                    app.with_label(label.name.clone(), label.value.clone())
                });
                self.find(&app)
            }
        }
    }
}

//! Images on their way into the store.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use super::early_flush::EarlyFlush;
use super::image::{Record, StoredImage, Verification};
use super::workspace::Workspace;
use super::{Store, StoreError, lock, write_file, write_json};
use crate::archive::{Progress, ScanOptions, Summary, scan_with};
use crate::{AppString, ImageId, Strength};

/// How an image is imported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportOptions {
    /// How the archive is read.
    pub scan: ScanOptions,
    /// What is remembered as the time of import.
    pub now: SystemTime,
    /// The image that it must be.
    pub expected: Option<ImageId>,
    /// The name and labels that its manifest must have: those that were asked for (specification, discovery, "Validation").
    pub named: Option<AppString>,
    /// That its archive had a signature that was believed.
    pub verified: Option<Verification>,
}

impl ImportOptions {
    /// With this strength, this time and no expectations.
    #[must_use]
    pub const fn new(strength: Strength, now: SystemTime) -> Self {
        Self { scan: ScanOptions::new(strength), now, expected: None, named: None, verified: None }
    }

    /// The same, for exactly this image.
    #[must_use]
    pub fn expecting(mut self, id: ImageId) -> Self {
        self.expected = Some(id);
        self
    }

    /// The same, for an image of this name with these labels.
    #[must_use]
    pub fn named(mut self, app: AppString) -> Self {
        self.named = Some(app);
        self
    }

    /// The same, for an archive that had a signature that was believed.
    #[must_use]
    pub fn verified(mut self, verification: Verification) -> Self {
        self.verified = Some(verification);
        self
    }
}

/// An image that has come in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The image, held in the store.
    pub image: StoredImage,
    /// What its archive was.
    pub summary: Summary,
    /// Whether the store did not have it before.
    pub is_new: bool,
}

impl Store {
    /// Reads an archive once and keeps its image. `name` is what errors call the archive; `progress` is told the bytes read so
    /// far.
    ///
    /// Until it is wholly read, checked and flushed, nothing of it is to be seen. An image that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// When the archive is wrong, is not the expected image, or cannot be written.
    pub fn import(
        &self,
        name: &str,
        reader: impl Read + Send,
        options: &ImportOptions,
        progress: Progress<'_>,
    ) -> Result<Imported, StoreError> {
        let work = Workspace::new(self)?;
        let summary = write_image(work.path(), name, reader, options, progress)?;
        if let Some(expected) = options.expected.as_ref().filter(|expected| **expected != summary.image_id) {
            return Err(StoreError::wrong_image(name, expected, &summary.image_id));
        }
        if let Some(app) = &options.named
            && !app.fits(&summary.manifest)
        {
            return Err(StoreError::wrong_name(name, app, &summary.manifest));
        }
        let target = self.image_directory(&summary.image_id);
        // The lock goes along with the file, so nobody can remove the image between its arrival and our return.
        let mut held = lock::shared(&work.path().join("lock"))?;
        loop {
            if let Some(lock) = held.take() {
                if work.publish(&target)? {
                    tracing::debug!(image = %summary.image_id, name = %summary.manifest.name, "imported");
                    let image = self.open_image(&summary.image_id, lock)?;
                    return Ok(Imported { image, summary, is_new: true });
                }
                held = Some(lock);
            }
            if let Some(mut image) = self.image(&summary.image_id)? {
                if let Some(verification) = &options.verified {
                    image.remember(verification)?;
                }
                return Ok(Imported { image, summary, is_new: false });
            }
            // What is there has lost its record: somebody was killed while removing it.
            self.finish_removal(&target)?;
        }
    }
}

/// Writes the files of an image to a directory and flushes them.
fn write_image(
    directory: &Path,
    name: &str,
    reader: impl Read + Send,
    options: &ImportOptions,
    progress: Progress<'_>,
) -> Result<Summary, StoreError> {
    let path = directory.join("tar");
    let failed = |error| StoreError::io("write", &path, error);
    let file = File::create_new(&path).map_err(failed)?;
    let summary = std::thread::scope(|scope| {
        let mut tar = EarlyFlush::new(scope, file);
        // Whole pieces come, so there is nothing to gather.
        let summary = scan_with(name, reader, &options.scan, progress, &mut tar, |_, _| Ok(()))
            .map_err(|error| StoreError::archive("import an image", error))?;
        tar.finish().map_err(failed)?;
        Ok(summary)
    })?;
    write_file(&directory.join("manifest"), &summary.manifest_text)?;
    write_file(&directory.join("lock"), b"")?;
    write_json(
        &directory.join("record.json"),
        &Record::new(&summary, options.now, options.verified.as_ref()),
    )?;
    Ok(summary)
}

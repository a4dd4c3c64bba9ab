//! Names that somebody gave to images: what a user asked for when an image was fetched or made.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::workspace::Workspace;
use super::{Store, StoreError, names, read_json, sync_directory};
use crate::{ImageId, Strength};

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference: String,
    image_id: String,
}

impl Store {
    /// The file of a reference, whose text may be anything and of any length.
    fn reference_file(&self, reference: &str) -> PathBuf {
        let digest: [u8; 64] = Sha512::digest(reference.as_bytes()).into();
        self.references().join(ImageId::from_digest(&digest).digits())
    }

    /// Remembers that this text means this image. The image need not be in the store.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn set_reference(&self, reference: &str, id: &ImageId) -> Result<(), StoreError> {
        let path = self.reference_file(reference);
        let failed = |error: std::io::Error| StoreError::io("write the reference", &path, error);
        let record = Reference { reference: reference.to_owned(), image_id: id.to_string() };
        let text = serde_json::to_vec(&record).map_err(|error| failed(error.into()))?;
        // What a killed process leaves of it, gc finds there.
        let workspace = Workspace::new(self)?;
        let new = workspace.path().join("reference");
        let written = std::fs::File::create_new(&new)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&new, &path));
        written.map_err(failed)?;
        sync_directory(&self.references())
    }

    /// The image that this text means.
    ///
    /// # Errors
    ///
    /// When the reference cannot be read or is damaged.
    pub fn reference(&self, reference: &str) -> Result<Option<ImageId>, StoreError> {
        let path = self.reference_file(reference);
        if !path.exists() {
            return Ok(None);
        }
        let record: Reference = read_json(&path)?;
        ImageId::parse(&record.image_id, Strength::Strict)
            .map(Some)
            .map_err(|error| StoreError::damaged("read the reference", &path, error))
    }

    /// All references with their images, sorted by text. Damaged ones are left out.
    ///
    /// # Errors
    ///
    /// When the store cannot be listed.
    pub fn references_all(&self) -> Result<Vec<(String, ImageId)>, StoreError> {
        let mut all = Vec::new();
        for name in names(&self.references())? {
            let record: Result<Reference, StoreError> = read_json(&self.references().join(name));
            if let Ok(record) = record
                && let Ok(id) = record.image_id.parse()
            {
                all.push((record.reference, id));
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// Forgets a reference; nothing there is fine.
    ///
    /// # Errors
    ///
    /// When its file cannot be removed.
    pub fn remove_reference(&self, reference: &str) -> Result<(), StoreError> {
        let path = self.reference_file(reference);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io("remove the reference", &path, error))
            }
            _ => Ok(()),
        }
    }
}

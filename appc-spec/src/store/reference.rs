//! Names that somebody gave to images: what a user asked for when an image was fetched or made, and the URLs that images came from.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

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
    /// Of a URL: what its server said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fetched: Option<FetchedRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FetchedRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
    /// Seconds since 1970.
    at: u64,
}

/// What is remembered of a URL that an image was fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchedFrom {
    /// The image that was there.
    pub image_id: ImageId,
    /// The version of it, as the server calls it.
    pub etag: Option<String>,
    /// For how long it need not be asked for again.
    pub max_age: Option<Duration>,
    /// When it was asked for; whole seconds are kept.
    pub at: SystemTime,
}

impl FetchedFrom {
    /// That this image was there at that time.
    #[must_use]
    pub const fn new(image_id: ImageId, at: SystemTime) -> Self {
        Self { image_id, etag: None, max_age: None, at }
    }
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
        self.write_reference(reference, id, None)
    }

    /// Remembers what was fetched from a URL.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn set_fetched(&self, url: &str, from: &FetchedFrom) -> Result<(), StoreError> {
        let record = FetchedRecord {
            etag: from.etag.clone(),
            max_age: from.max_age.map(|age| age.as_secs()),
            at: from.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs(),
        };
        self.write_reference(url, &from.image_id, Some(record))
    }

    /// What was fetched from a URL. The image need not be in the store any more.
    ///
    /// # Errors
    ///
    /// When the record cannot be read or is damaged.
    pub fn fetched(&self, url: &str) -> Result<Option<FetchedFrom>, StoreError> {
        let Some((image_id, Some(record))) = self.read_reference(url)? else { return Ok(None) };
        let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(record.at));
        let at = at.unwrap_or(SystemTime::UNIX_EPOCH);
        let max_age = record.max_age.map(Duration::from_secs);
        Ok(Some(FetchedFrom { image_id, etag: record.etag, max_age, at }))
    }

    fn write_reference(
        &self,
        reference: &str,
        id: &ImageId,
        fetched: Option<FetchedRecord>,
    ) -> Result<(), StoreError> {
        let path = self.reference_file(reference);
        let failed = |error: std::io::Error| StoreError::io("write the reference", &path, error);
        let record = Reference { reference: reference.to_owned(), image_id: id.to_string(), fetched };
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
        Ok(self.read_reference(reference)?.map(|(id, _)| id))
    }

    fn read_reference(
        &self,
        reference: &str,
    ) -> Result<Option<(ImageId, Option<FetchedRecord>)>, StoreError> {
        let path = self.reference_file(reference);
        if !path.exists() {
            return Ok(None);
        }
        let record: Reference = read_json(&path)?;
        ImageId::parse(&record.image_id, Strength::Strict)
            .map(|id| Some((id, record.fetched)))
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

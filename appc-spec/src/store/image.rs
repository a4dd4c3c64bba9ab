//! Images in the store, and how they are found.
#![expect(clippy::disallowed_methods, reason = "it reads the image; the feature `store` says so")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pod_core::image::Reference;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, lock, names, read_json, sync_directory};
use crate::archive::{Progress, ScanOptions, Summary, scan};
use crate::{AcIdentifier, AppString, ImageId, ImageManifest, Json, Strength};

/// The annotation that has the digest of an image's configuration, in docker2aci's words its ID: only what came from Docker's formats has it.
pub(crate) const CONFIG_DIGEST: &str = "appc.io/docker/imageid";

/// The annotation that has what such an image was called, as a reference.
pub(crate) const ORIGINAL_NAME: &str = "appc.io/docker/originalname";

/// What the store remembers of an image, besides its manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    image_id: String,
    /// Bytes of the archive that it came in.
    archive_size: u64,
    /// Bytes of its tar.
    tar_size: u64,
    /// Seconds since 1970.
    imported_at: u64,
    /// What of that is less than a second, so that the newer of two is known.
    imported_nanos: u32,
    /// Whose signature it had, and for which name: the last one of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    verified: Vec<VerifiedRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct VerifiedRecord {
    name: String,
    key: String,
    /// Seconds since 1970.
    at: u64,
}

/// That an archive of an image had a signature that was believed, for the name that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The name that was asked for.
    pub name: AcIdentifier,
    /// The fingerprint of the key.
    pub key: String,
    /// When it was checked.
    pub at: SystemTime,
}

impl Verification {
    /// That a signature by this key was believed at that time, for this name.
    #[must_use]
    pub fn new(name: AcIdentifier, key: impl Into<String>, at: SystemTime) -> Self {
        Self { name, key: key.into(), at }
    }

    fn to_record(&self) -> VerifiedRecord {
        let since = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        VerifiedRecord { name: self.name.to_string(), key: self.key.clone(), at: since.as_secs() }
    }
}

impl Record {
    pub(super) fn new(summary: &Summary, now: SystemTime, verified: Option<&Verification>) -> Self {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            image_id: summary.image_id.to_string(),
            archive_size: summary.size,
            tar_size: summary.tar_size,
            imported_at: since.as_secs(),
            imported_nanos: since.subsec_nanos(),
            verified: verified.iter().map(|verified| verified.to_record()).collect(),
        }
    }

    fn imported(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::new(self.imported_at, self.imported_nanos)
    }
}

/// An image in the store. As long as this value lives, no process removes it.
#[derive(Debug)]
pub struct StoredImage {
    id: ImageId,
    manifest: ImageManifest,
    record: Record,
    directory: PathBuf,
    lock: File,
}

impl StoredImage {
    /// Its ID.
    #[must_use]
    pub const fn id(&self) -> &ImageId {
        &self.id
    }

    /// Its manifest.
    #[must_use]
    pub const fn manifest(&self) -> &ImageManifest {
        &self.manifest
    }

    /// How many bytes its tar has.
    #[must_use]
    pub const fn tar_size(&self) -> u64 {
        self.record.tar_size
    }

    /// How many bytes the archive had that it came in.
    #[must_use]
    pub const fn archive_size(&self) -> u64 {
        self.record.archive_size
    }

    /// When it was imported.
    #[must_use]
    pub fn imported(&self) -> SystemTime {
        self.record.imported()
    }

    /// When it was used last: marked or rendered, else imported.
    #[must_use]
    pub fn last_used(&self) -> SystemTime {
        self.lock.metadata().and_then(|found| found.modified()).unwrap_or_else(|_| self.imported())
    }

    /// Remembers that it is used now.
    ///
    /// # Errors
    ///
    /// When the time cannot be set.
    pub fn mark_used(&self) -> Result<(), StoreError> {
        lock::touch(&self.lock)
            .map_err(|error| StoreError::io("set the time of", &self.directory.join("lock"), error))
    }

    /// The signatures that were believed when it came in, or later ([`StoredImage::remember`]): one for each name and key. Whoever wants
    /// verified images only looks here; an image that was taken without being checked has none.
    #[must_use]
    pub fn verified(&self) -> Vec<Verification> {
        let read = |record: &VerifiedRecord| {
            let name = AcIdentifier::parse(&record.name, Strength::Compat).ok()?;
            let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(record.at))?;
            Some(Verification { name, key: record.key.clone(), at })
        };
        self.record.verified.iter().filter_map(read).collect()
    }

    /// Whether it was verified for this name, by one of these keys; whichever, if there are none.
    #[must_use]
    pub fn is_verified_for(&self, name: &AcIdentifier, keys: &[&str]) -> bool {
        let fits = |key: &str| keys.is_empty() || keys.contains(&key);
        self.verified().iter().any(|verified| verified.name == *name && fits(&verified.key))
    }

    /// Remembers a signature that was believed. The bytes that were signed must have been those of this image.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn remember(&mut self, verification: &Verification) -> Result<(), StoreError> {
        let new = verification.to_record();
        let path = self.directory.join("record.json");
        // What another process has remembered meanwhile stays.
        let mut record: Record = read_json(&path)?;
        record.verified.retain(|known| (&known.name, &known.key) != (&new.name, &new.key));
        record.verified.push(new);
        let failed = |error| StoreError::io("write", &path, error);
        let text = serde_json::to_vec_pretty(&record)
            .map_err(|error| StoreError::damaged("write the record", &path, error))?;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory).map_err(failed)?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        sync_directory(&self.directory)?;
        self.record = record;
        Ok(())
    }

    /// Its tar, to be read from the start.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn tar(&self) -> Result<File, StoreError> {
        let path = self.directory.join("tar");
        File::open(&path).map_err(|error| StoreError::io("open", &path, error))
    }

    /// Hashes its tar again.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what was imported.
    pub fn verify(&self, progress: Progress<'_>) -> Result<(), StoreError> {
        let name = self.directory.join("tar").display().to_string();
        let summary = scan(&name, self.tar()?, &ScanOptions::new(Strength::Compat), progress)
            .map_err(|error| StoreError::archive("read the stored image again", error))?;
        if summary.image_id == self.id {
            Ok(())
        } else {
            Err(StoreError::altered(&self.id, &summary.image_id))
        }
    }
}

impl Store {
    pub(super) fn image_directory(&self, id: &ImageId) -> PathBuf {
        self.images().join(id.as_str())
    }

    /// The image with this ID, if the store has it.
    ///
    /// # Errors
    ///
    /// When its files cannot be read or are damaged.
    pub fn image(&self, id: &ImageId) -> Result<Option<StoredImage>, StoreError> {
        // Only a whole ID is a name of ours; another one may have anything in it.
        if !id.is_whole() {
            return Ok(None);
        }
        let directory = self.image_directory(id);
        let Some(lock) = lock::shared(&directory.join("lock"))? else { return Ok(None) };
        if !directory.join("record.json").exists() {
            return Ok(None);
        }
        self.open_image(id, lock).map(Some)
    }

    /// The image whose lock is held.
    pub(super) fn open_image(&self, id: &ImageId, lock: File) -> Result<StoredImage, StoreError> {
        let directory = self.image_directory(id);
        let record = read_json(&directory.join("record.json"))?;
        let manifest = read_manifest(&directory.join("manifest"))?;
        Ok(StoredImage { id: id.clone(), manifest, record, directory, lock })
    }

    /// The image whose ID begins so: with or without `sha512-`, at least two digits.
    ///
    /// # Errors
    ///
    /// When the text is not the beginning of an image ID, fits no image or several, or the image is damaged.
    pub fn image_by_prefix(&self, prefix: &str) -> Result<StoredImage, StoreError> {
        let digits = prefix.strip_prefix("sha512-").unwrap_or(prefix);
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits.len() < 2 || digits.len() > 128 || !hexadecimal {
            return Err(StoreError::no_prefix(prefix));
        }
        let ids: Vec<ImageId> =
            self.image_ids()?.into_iter().filter(|id| id.digits().starts_with(digits)).collect();
        match ids.as_slice() {
            [id] => self.image(id)?.ok_or_else(|| StoreError::not_found(&prefix)),
            [] => Err(StoreError::not_found(&prefix)),
            _ => Err(StoreError::ambiguous(prefix, &ids)),
        }
    }

    /// The image of that name that has all these labels; of several, the one that was imported last.
    ///
    /// An image that is damaged is passed over.
    ///
    /// # Errors
    ///
    /// When the store cannot be listed.
    pub fn find(&self, app: &AppString) -> Result<Option<StoredImage>, StoreError> {
        self.newest(|image| app.fits(image.manifest()))
    }

    /// The image that somebody asks for by an App Container name: of those that fit ([`Store::find`]) and were made for App Container. What
    /// came from Docker's and OCI's formats has a manifest that says only where it is from, and is found by [`Store::named`].
    ///
    /// # Errors
    ///
    /// As [`Store::find`].
    pub fn app(&self, app: &AppString) -> Result<Option<StoredImage>, StoreError> {
        self.newest(|image| app.fits(image.manifest()) && !is_converted(image.manifest()))
    }

    /// The image that a pod means by a name: the one that came in by it, by domain, port, path, tag and digest ([`Store::set_reference`]);
    /// else the newest that was imported with exactly this name in its manifest.
    ///
    /// No name is made to fit: `registry:5000/a`, `registry-5000/a` and `docker.io/registry_5000/a` are three images. A name with a
    /// digest has only images that came in by it.
    ///
    /// # Errors
    ///
    /// When the reference is damaged or cannot be read, or the store cannot be listed.
    pub fn named(&self, name: &Reference<'_>) -> Result<Option<StoredImage>, StoreError> {
        if let Some(id) = self.reference(&name.to_string())?
            && let Some(image) = self.image(&id)?
        {
            return Ok(Some(image));
        }
        if name.digest().is_some() {
            return Ok(None);
        }
        let app = AppString::of_reference(name).ok();
        self.newest(|image| {
            let manifest = image.manifest();
            if is_converted(manifest) {
                // Who made an archive of it has kept what it was called.
                let from = manifest.annotations.value(ORIGINAL_NAME).map(Reference::parse);
                return from.is_some_and(|from| from.is_ok_and(|from| from.with_default_tag() == *name));
            }
            app.as_ref().is_some_and(|app| app.fits(manifest))
        })
    }

    /// Of all images that fit and are not damaged, the one that was imported last.
    pub(crate) fn newest(
        &self,
        fits: impl Fn(&StoredImage) -> bool,
    ) -> Result<Option<StoredImage>, StoreError> {
        let whole = self.list()?.into_iter().filter_map(Result::ok);
        Ok(whole.filter(|image| fits(image)).max_by_key(StoredImage::imported))
    }

    /// All images, sorted by ID; for a damaged one what is wrong with it.
    ///
    /// # Errors
    ///
    /// When the store cannot be listed.
    pub fn list(&self) -> Result<Vec<Result<StoredImage, StoreError>>, StoreError> {
        Ok(self.image_ids()?.iter().filter_map(|id| self.image(id).transpose()).collect())
    }

    /// The IDs of all images, also of those that somebody is removing.
    pub(super) fn image_ids(&self) -> Result<Vec<ImageId>, StoreError> {
        Ok(names(&self.images())?.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

/// Whether it came from Docker's or OCI's formats, by our hand or by docker2aci's.
fn is_converted(manifest: &ImageManifest) -> bool {
    manifest.annotations.value(CONFIG_DIGEST).is_some()
}

fn read_manifest(path: &Path) -> Result<ImageManifest, StoreError> {
    let text = fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    // How strictly it was read was decided when it came in.
    ImageManifest::from_json_slice(&text, Strength::Compat)
        .map_err(|error| StoreError::damaged("read the manifest", path, error))
}

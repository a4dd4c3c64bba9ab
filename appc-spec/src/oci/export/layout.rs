//! A layout that is written to.
#![expect(clippy::disallowed_methods, reason = "it writes the layout; the feature `oci` says so")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pod_core::image::{Algorithm, Descriptor, Digest, Hasher, Platform};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

use super::super::source::{CONTAINERD_NAME, REF_NAME};
use super::{OciError, OciErrorKind, whole_name};

const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// A directory as the OCI image specification has it ("Image Layout").
pub(super) struct LayoutWriter {
    root: PathBuf,
}

/// A blob that is in its place.
pub(super) struct Written {
    pub(super) digest: Digest<'static>,
    pub(super) size: u64,
}

impl LayoutWriter {
    /// Opens a layout, after making it if there is none.
    pub(super) fn open(root: &Path) -> Result<Self, OciError> {
        let this = Self { root: root.to_owned() };
        let make = || {
            fs::create_dir_all(root.join("blobs/sha256"))?;
            for (name, text) in
                [("index.json", r#"{"schemaVersion":2,"manifests":[]}"#), ("oci-layout", VERSION)]
            {
                if !root.join(name).exists() {
                    this.replace(name, text.as_bytes())?;
                }
            }
            fs::read(root.join("oci-layout"))
        };
        let text = make().map_err(|error| this.error(error))?;
        let version: Option<Value> = serde_json::from_slice(&text).ok();
        let version = version.as_ref().and_then(|value| value.get("imageLayoutVersion")?.as_str());
        if version.is_some_and(|version| version.starts_with("1.")) {
            return Ok(this);
        }
        let doing = format!("cannot write to the layout `{}`", root.display());
        Err(OciError::new(OciErrorKind::Format, doing, "its `oci-layout` has no imageLayoutVersion of 1"))
    }

    /// A blob that is to be written.
    pub(super) fn blob(&self) -> Result<BlobWriter<'_>, OciError> {
        let file =
            tempfile::NamedTempFile::new_in(self.root.join("blobs")).map_err(|error| self.error(error))?;
        Ok(BlobWriter { layout: self, file, hash: Hasher::new(Algorithm::Sha256), size: 0 })
    }

    /// Puts a small blob in its place.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<Written, OciError> {
        let mut blob = self.blob()?;
        blob.write_all(bytes).map_err(|error| self.error(error))?;
        blob.finish()
    }

    /// Adds a manifest to the index; another one of that name loses it.
    pub(super) fn name(
        &self,
        manifest: &Written,
        name: Option<&str>,
        platform: Option<Platform>,
    ) -> Result<Descriptor, OciError> {
        let media_type = super::config::MANIFEST_TYPE.to_owned();
        let mut descriptor = Descriptor::new(media_type, manifest.digest.clone(), manifest.size);
        descriptor.platform = platform;
        if let Some(name) = name {
            descriptor.annotations.insert(REF_NAME.to_owned(), name.to_owned());
            if let Some(whole) = whole_name(name) {
                descriptor.annotations.insert(CONTAINERD_NAME.to_owned(), whole);
            }
        }
        self.edit(&descriptor, name).map_err(|error| self.error(error))?;
        Ok(descriptor)
    }

    fn edit(&self, descriptor: &Descriptor, name: Option<&str>) -> io::Result<()> {
        // The lock is on a file that is never replaced.
        let lock = File::open(self.root.join("oci-layout"))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let mut index: Value = serde_json::from_slice(&fs::read(self.root.join("index.json"))?)?;
        let entry = serde_json::to_value(descriptor)?;
        let name_of = |entry: &Value| entry.get("annotations")?.get(REF_NAME)?.as_str().map(str::to_owned);
        match index.get_mut("manifests").and_then(Value::as_array_mut) {
            Some(manifests) => {
                manifests
                    .retain(|known| *known != entry && (name.is_none() || name_of(known).as_deref() != name));
                manifests.push(entry);
            }
            None => index = json!({"schemaVersion": 2, "manifests": [entry]}),
        }
        self.replace("index.json", &serde_json::to_vec(&index)?)
    }

    /// Puts a file in its place at once.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.root)?;
        file.write_all(bytes)?;
        readable(file.as_file())?;
        file.as_file().sync_all()?;
        file.persist(self.root.join(name)).map_err(|error| error.error)?;
        File::open(&self.root)?.sync_all()
    }

    fn error(&self, error: io::Error) -> OciError {
        OciError::io(format!("cannot write to the layout `{}`", self.root.display()), error)
    }
}

/// Layouts are given away: they are as readable as a file that anyone makes, not as a temporary one.
fn readable(file: &File) -> io::Result<()> {
    rustix::fs::fchmod(file, rustix::fs::Mode::from_raw_mode(0o644)).map_err(io::Error::from)
}

/// A blob that is being written. It is seen only when it is finished.
pub(super) struct BlobWriter<'a> {
    layout: &'a LayoutWriter,
    file: tempfile::NamedTempFile,
    hash: Hasher,
    size: u64,
}

impl BlobWriter<'_> {
    pub(super) fn finish(self) -> Result<Written, OciError> {
        let digest = self.hash.finish();
        let place = self.layout.root.join("blobs/sha256").join(digest.encoded());
        let publish = || {
            readable(self.file.as_file())?;
            self.file.as_file().sync_all()?;
            self.file.persist(&place).map_err(|error| error.error)?;
            place.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        publish().map_err(|error| self.layout.error(error))?;
        Ok(Written { digest, size: self.size })
    }
}

impl Write for BlobWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

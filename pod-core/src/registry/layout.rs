//! An OCI image layout on disk (OCI image specification, "Image Layout").
#![expect(clippy::disallowed_methods, reason = "feature `registry` keeps what it pulls in files")]

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::ingest::Ingest;
use super::{Cancel, Error, ErrorKind};
use crate::image::{Descriptor, Digest, MAX_MANIFEST_SIZE, Manifest, Reference};

/// The annotation of an image's name in `index.json`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What the file `oci-layout` says.
const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// A directory of images: blobs by their digests, and an index of names.
///
/// Names are kept whole, as in `registry.example:5000/team/app:1`, so that no two images are mistaken for one another.
/// A blob appears under its digest only when it is complete and checked. Several processes may write to one layout at once.
/// What is under way is in the directory `ingest`; a later pull goes on where it ended.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Opens a layout.
    ///
    /// # Errors
    ///
    /// There is no file `oci-layout`, or it is of another version than 1.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let path = root.join("oci-layout");
        let doing = format!("cannot open the image layout `{}`", root.display());
        let text = fs::read(&path).map_err(|error| Error::io(&*doing, error))?;
        let version = serde_json::from_slice::<serde_json::Value>(&text).ok();
        let version =
            version.as_ref().and_then(|value| value.get("imageLayoutVersion")).and_then(|v| v.as_str());
        match version {
            Some(version) if version.starts_with("1.") => Ok(Self { root }),
            Some(version) => Err(Error::new(
                ErrorKind::Malformed,
                doing,
                format!("imageLayoutVersion: `{}`", version.escape_debug()),
            )),
            None => Err(Error::new(ErrorKind::Malformed, doing, "`oci-layout` has no imageLayoutVersion")),
        }
    }

    /// Opens a layout, after making it if there is none.
    ///
    /// # Errors
    ///
    /// The directory cannot be made, or is a layout of another version.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let layout = Self { root };
        let doing = format!("cannot make the image layout `{}`", layout.root.display());
        let make = || {
            fs::create_dir_all(layout.root.join("blobs/sha256"))?;
            fs::create_dir_all(layout.ingest_folder())?;
            // Each appears whole or not at all, and what is there stays.
            for (name, text) in
                [("index.json", r#"{"schemaVersion":2,"manifests":[]}"#), ("oci-layout", VERSION)]
            {
                if !layout.root.join(name).exists() {
                    layout.replace(name, text.as_bytes(), false)?;
                }
            }
            Ok(())
        };
        make().map_err(|error| Error::io(doing, error))?;
        Self::open(layout.root)
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a blob is, or will be.
    #[must_use]
    pub fn blob_path(&self, digest: &Digest<'_>) -> PathBuf {
        // The grammar of digests has neither `/` nor a name of dots alone.
        self.root.join("blobs").join(digest.algorithm()).join(digest.encoded())
    }

    /// Whether a blob is there, complete.
    #[must_use]
    pub fn has(&self, blob: &Descriptor) -> bool {
        fs::metadata(self.blob_path(&blob.digest)).is_ok_and(|data| data.is_file() && data.len() == blob.size)
    }

    /// Reads a small blob, such as a manifest or a configuration, and checks its size and digest.
    ///
    /// # Errors
    ///
    /// It is not there, is larger than [`MAX_MANIFEST_SIZE`], or is not what its descriptor says.
    pub fn read(&self, blob: &Descriptor) -> Result<Vec<u8>, Error> {
        let doing = format!("cannot read `{}` of the layout `{}`", blob.digest, self.root.display());
        if blob.size > MAX_MANIFEST_SIZE {
            let detail = format!("it has {} bytes, more than {MAX_MANIFEST_SIZE}", blob.size);
            return Err(Error::new(ErrorKind::Malformed, doing, detail));
        }
        let read = || {
            let mut bytes = Vec::new();
            File::open(self.blob_path(&blob.digest))?.take(blob.size + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read().map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::caused(ErrorKind::NotFound, &*doing, error),
            _ => Error::io(&*doing, error),
        })?;
        if bytes.len() as u64 != blob.size || !blob.digest.matches(&bytes) {
            return Err(Error::new(ErrorKind::Corrupt, doing, "its bytes do not have that size and digest"));
        }
        Ok(bytes)
    }

    /// Reads and parses a manifest.
    ///
    /// # Errors
    ///
    /// As [`Layout::read`], and when it is no [`Manifest`].
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, Error> {
        let bytes = self.read(descriptor)?;
        let served = Some(descriptor.media_type.as_str());
        Manifest::parse(&bytes, served).map_err(|error| {
            Error::caused(
                ErrorKind::Malformed,
                format!("cannot read the manifest `{}`", descriptor.digest),
                error,
            )
        })
    }

    /// Opens a blob.
    pub(super) fn open_blob(&self, blob: &Descriptor) -> Result<File, Error> {
        let doing = || format!("cannot read `{}` of the layout `{}`", blob.digest, self.root.display());
        let file = File::open(self.blob_path(&blob.digest)).map_err(|error| Error::io(doing(), error))?;
        let size = file.metadata().map_err(|error| Error::io(doing(), error))?.len();
        if size == blob.size {
            Ok(file)
        } else {
            Err(Error::new(ErrorKind::Corrupt, doing(), format!("it has {size} bytes, not {}", blob.size)))
        }
    }

    /// Stores a small blob whose digest was checked by the caller.
    pub(super) fn store(&self, blob: &Descriptor, bytes: &[u8], cancel: &Cancel) -> Result<(), Error> {
        if let Some(mut ingest) = Ingest::begin(self, blob, cancel)? {
            ingest.restart()?;
            ingest.write(bytes)?;
            ingest.finish()?;
        }
        Ok(())
    }

    /// Gives an image a name; another image of that name loses it.
    ///
    /// # Errors
    ///
    /// `index.json` cannot be read, locked or written.
    pub fn set(&self, name: &Reference<'_>, image: &Descriptor) -> Result<(), Error> {
        let mut entry = image.clone();
        entry.annotations.insert(REF_NAME.to_owned(), name.to_string());
        let entry = serde_json::to_value(entry).map_err(|error| self.index_error(error))?;
        self.edit(|manifests| {
            manifests.retain(|entry| name_of(entry).is_none_or(|other| !is_name(other, name)));
            manifests.push(entry);
        })
    }

    /// Takes a name away; the blobs stay.
    ///
    /// # Errors
    ///
    /// As [`Layout::set`].
    pub fn unset(&self, name: &Reference<'_>) -> Result<(), Error> {
        self.edit(|manifests| {
            manifests.retain(|entry| name_of(entry).is_none_or(|other| !is_name(other, name)))
        })
    }

    /// The image of that name.
    ///
    /// # Errors
    ///
    /// There is none, or `index.json` cannot be read.
    pub fn find(&self, name: &Reference<'_>) -> Result<Descriptor, Error> {
        let found = self.images()?.into_iter().find(|(other, _)| is_name(other, name));
        found.map(|(_, image)| image).ok_or_else(|| {
            let doing = format!("cannot find `{name}` in the layout `{}`", self.root.display());
            Error::new(ErrorKind::NotFound, doing, "no image has that name")
        })
    }

    /// All images and their names as they stand in `index.json`; the name is empty where there is none.
    ///
    /// # Errors
    ///
    /// `index.json` cannot be read or is malformed.
    pub fn images(&self) -> Result<Vec<(String, Descriptor)>, Error> {
        let index = self.read_index()?;
        let entries = index.get("manifests").and_then(|manifests| manifests.as_array());
        let read = |entry: &serde_json::Value| {
            let image: Descriptor =
                serde_json::from_value(entry.clone()).map_err(|error| self.index_error(error))?;
            Ok((name_of(entry).unwrap_or_default().to_owned(), image))
        };
        entries.into_iter().flatten().map(read).collect()
    }

    pub(super) fn ingest_folder(&self) -> PathBuf {
        self.root.join("ingest")
    }

    fn edit(&self, change: impl FnOnce(&mut Vec<serde_json::Value>)) -> Result<(), Error> {
        let doing = || format!("cannot change the index of the layout `{}`", self.root.display());
        let io = |error| Error::io(doing(), error);
        // The lock is on a file that is never replaced.
        let lock = File::open(self.root.join("oci-layout")).map_err(io)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| Error::io(doing(), error.into()))?;
        let mut index = self.read_index()?;
        let Some(manifests) = index.get_mut("manifests").and_then(|manifests| manifests.as_array_mut())
        else {
            return Err(Error::new(ErrorKind::Malformed, doing(), "`index.json` has no list `manifests`"));
        };
        change(manifests);
        let text = serde_json::to_vec(&index).map_err(|error| self.index_error(error))?;
        self.replace("index.json", &text, true).map_err(io)
    }

    fn read_index(&self) -> Result<serde_json::Value, Error> {
        let path = self.root.join("index.json");
        let bytes =
            fs::read(&path).map_err(|error| Error::io(format!("cannot read `{}`", path.display()), error))?;
        serde_json::from_slice(&bytes).map_err(|error| self.index_error(error))
    }

    fn index_error(&self, error: serde_json::Error) -> Error {
        Error::caused(
            ErrorKind::Malformed,
            format!("cannot read `{}`", self.root.join("index.json").display()),
            error,
        )
    }

    /// Puts a file in its place at once.
    fn replace(&self, name: &str, bytes: &[u8], may_exist: bool) -> io::Result<()> {
        let mut file = tempfile_in(&self.ingest_folder(), name)?;
        file.1.write_all(bytes)?;
        file.1.sync_all()?;
        let place = self.root.join(name);
        if may_exist {
            fs::rename(&file.0, &place)?;
        } else {
            // Another process may have been faster: then its file is as good.
            let linked = fs::hard_link(&file.0, &place);
            fs::remove_file(&file.0)?;
            match linked {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        File::open(&self.root)?.sync_all()
    }
}

fn tempfile_in(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(folder)?;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{name}.{}.{number}", std::process::id()));
    let file = File::create(&path)?;
    Ok((path, file))
}

fn name_of(entry: &serde_json::Value) -> Option<&str> {
    entry.get("annotations")?.get(REF_NAME)?.as_str()
}

/// Whether a name as it is written means the same image. A bare tag, as other tools write it, means only itself.
fn is_name(written: &str, name: &Reference<'_>) -> bool {
    written.contains('/') && Reference::parse(written).is_ok_and(|written| written == *name)
}

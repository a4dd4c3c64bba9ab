//! Blobs on their way into a layout: one writer each, resumable, visible only when they are whole.
#![expect(clippy::disallowed_methods, reason = "feature `registry` keeps what it pulls in files")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{Cancel, Error, ErrorKind, Layout};
use crate::image::{Descriptor, Digest, Hasher};

/// How often a lock that another writer holds is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(25);

/// A blob that is being written, under a lock that only we hold.
pub(super) struct Ingest<'a> {
    blob: &'a Descriptor,
    file: File,
    path: PathBuf,
    place: PathBuf,
    hasher: Hasher,
    length: u64,
}

impl<'a> Ingest<'a> {
    /// Takes the one place to write a blob, after waiting for another writer to finish or give up. `None` when the blob is there.
    pub(super) fn begin(
        layout: &Layout,
        blob: &'a Descriptor,
        cancel: &Cancel,
    ) -> Result<Option<Self>, Error> {
        let doing = format!("cannot store `{}` in the layout `{}`", blob.digest, layout.root().display());
        let hasher = Hasher::of(&blob.digest).ok_or_else(|| {
            let detail = format!(
                "the algorithm `{}` is not known, so it could not be checked",
                blob.digest.algorithm()
            );
            Error::new(ErrorKind::Refused, &*doing, detail)
        })?;
        let io = |error| Error::io(&*doing, error);
        let path =
            layout.ingest_folder().join(format!("{}-{}", blob.digest.algorithm(), blob.digest.encoded()));
        let place = layout.blob_path(&blob.digest);
        loop {
            if layout.has(blob) {
                return Ok(None);
            }
            for folder in [Some(layout.ingest_folder().as_path()), place.parent()].into_iter().flatten() {
                fs::create_dir_all(folder).map_err(io)?;
            }
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(io)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) if cancel.wait(LOCK_INTERVAL) => continue,
                Err(Errno::WOULDBLOCK) => return Err(Error::cancelled(&*doing)),
                Err(error) => return Err(io(error.into())),
            }
            // The writer before us may have moved this very file to its place: then the path is another file's, or nobody's.
            let ours = file.metadata().map_err(io)?;
            match fs::metadata(&path) {
                Ok(there) if there.ino() == ours.ino() && there.dev() == ours.dev() => {}
                _ => continue,
            }
            let mut ingest = Self { blob, file, path, place, hasher, length: 0 };
            ingest.take_up().map_err(|error| Error::io(doing, error))?;
            return Ok(Some(ingest));
        }
    }

    /// How many bytes are there.
    pub(super) const fn len(&self) -> u64 {
        self.length
    }

    /// Forgets the bytes that are there.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.hasher = Hasher::of(&self.blob.digest).unwrap_or_else(|| self.hasher.clone());
        self.length = 0;
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(|error| self.error(error))
    }

    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// There are more than the descriptor says, or the file cannot be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let length = self.length + bytes.len() as u64;
        if length > self.blob.size {
            let detail = format!("more than its {} bytes came", self.blob.size);
            return Err(Error::new(ErrorKind::Corrupt, self.doing(), detail));
        }
        self.file.write_all(bytes).map_err(|error| self.error(error))?;
        self.hasher.update(bytes);
        self.length = length;
        Ok(())
    }

    /// The digest of the bytes that are there.
    pub(super) fn digest(&self) -> Digest<'static> {
        self.hasher.clone().finish()
    }

    /// Whether all bytes are there and are the right ones.
    pub(super) fn is_good(&self) -> bool {
        self.length == self.blob.size && self.digest() == self.blob.digest
    }

    /// Shows the blob to the world, after checking it once more.
    pub(super) fn finish(self) -> Result<(), Error> {
        if !self.is_good() {
            return Err(Error::new(
                ErrorKind::Corrupt,
                self.doing(),
                "its bytes do not have that size and digest",
            ));
        }
        let publish = || {
            self.file.sync_all()?;
            fs::rename(&self.path, &self.place)?;
            self.place.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        publish().map_err(|error| self.error(error))
    }

    /// Goes on from what an earlier writer left.
    fn take_up(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = self.file.read(&mut buffer)?;
            let bytes = buffer.get(..count).unwrap_or_default();
            self.length += count as u64;
            if self.length > self.blob.size {
                self.length = 0;
                self.hasher = Hasher::of(&self.blob.digest).unwrap_or_else(|| self.hasher.clone());
                self.file.set_len(0)?;
                return self.file.rewind();
            }
            if count == 0 {
                return self.file.seek(SeekFrom::Start(self.length)).map(drop);
            }
            self.hasher.update(bytes);
        }
    }

    fn doing(&self) -> String {
        format!("cannot store `{}`", self.blob.digest)
    }

    fn error(&self, error: io::Error) -> Error {
        Error::io(format!("cannot write `{}`", self.path.display()), error)
    }
}

//! A layer, read once: unpacked, checked, and its files listed.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use pod_core::image::{Algorithm, Digest, Hasher};

use super::source::{Blob, Cursor, LayerSource};
use super::{OciError, OciErrorKind, feed};
use crate::archive::{ArchiveError, ArchiveErrorKind, Compression, Entry, Limits, Skip, TarReader};

/// How many bytes go through at once.
const CHUNK: usize = 256 << 10;

/// A file of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LayerEntry {
    pub(super) entry: Entry,
    /// Where its content begins in the plain tar.
    pub(super) offset: u64,
}

/// A layer whose digests were checked.
#[derive(Debug)]
pub(super) struct Layer {
    /// Its plain tar.
    tar: Blob,
    pub(super) diff_id: Digest<'static>,
    pub(super) entries: Vec<LayerEntry>,
}

impl Layer {
    /// The content of a file.
    pub(super) fn content(&self, offset: u64, size: u64) -> Cursor {
        self.tar.part(offset, size).reader()
    }
}

/// What all layers of an image share.
pub(super) struct Reading<'a> {
    /// Where temporary files are made. They have no name, so nothing stays when the process is killed.
    pub(super) scratch: &'a Path,
    pub(super) limits: &'a Limits,
    /// How many bytes of plain tar were read.
    pub(super) plain: AtomicU64,
    /// How many files were met.
    pub(super) entries: AtomicU64,
    /// How many bytes of the layers, as they lie in the source, were read.
    pub(super) done: AtomicU64,
    pub(super) progress: &'a (dyn Fn(u64) + Sync),
}

/// What was read of a plain tar.
struct Listed {
    entries: Vec<LayerEntry>,
    diff_id: Digest<'static>,
    size: u64,
    spool: Option<BufWriter<File>>,
}

impl Reading<'_> {
    /// Reads a layer to its end. One that is compressed is unpacked in a thread of its own, while this one hashes and keeps it.
    pub(super) fn layer(&self, source: &LayerSource) -> Result<Layer, OciError> {
        let fault = Fault { source };
        let hasher = |digest: &Digest<'_>| {
            let unknown = || format!("`{}` is no algorithm that can be checked", digest.algorithm());
            Hasher::of(digest).ok_or_else(|| fault.corrupt(unknown()))
        };
        let hash = source.digest.as_ref().map(hasher).transpose()?;
        let plain_hash = source.diff_id.as_ref().map(hasher).transpose()?;
        let plain_hash = plain_hash.unwrap_or_else(|| Hasher::new(Algorithm::Sha256));
        let plain = source.bytes.plain().map_err(|error| fault.io(error))?;
        let reader = source.bytes.reader().map_err(|error| fault.io(error))?;
        let mut stored = Stored { reader, hash, size: 0, reading: self };
        let (listed, undone, checked) = if plain.is_some() {
            let listed = self.list(&mut stored, None, plain_hash, source);
            (listed, Ok(()), stored.check(source))
        } else {
            let spool = tempfile::tempfile_in(self.scratch).map_err(|error| {
                OciError::io(format!("cannot make a temporary file in `{}`", self.scratch.display()), error)
            })?;
            std::thread::scope(|scope| {
                let (mut feed, intake) = feed::pipe();
                let decoder = scope.spawn(move || {
                    let undone = Compression::undo(&mut stored)
                        .and_then(|(_, mut plain)| feed.copy(&mut plain))
                        .and_then(|()| feed.finish());
                    (undone, stored.check(source))
                });
                let listed = self.list(intake, Some(spool), plain_hash, source);
                let (undone, checked) =
                    decoder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (listed, undone, checked)
            })
        };
        let limit = listed.as_ref().is_err_and(|error| error.kind() == OciErrorKind::Limit);
        // Bytes that are not the promised ones may well be no tar: then that is what is wrong.
        if let Some(detail) = checked.map_err(|error| fault.io(error))?.filter(|_| !limit) {
            return Err(fault.corrupt(detail));
        }
        match undone {
            // Who reads has given up, and says why.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(fault.io(error)),
            _ => {}
        }
        let Listed { entries, diff_id, size, spool } = listed?;
        if let Some(promised) = source.diff_id.as_ref().filter(|promised| **promised != diff_id) {
            let detail = format!("its plain tar is `{diff_id}`, and the configuration has `{promised}`");
            return Err(fault.corrupt(detail));
        }
        let tar = match spool {
            Some(spool) => Blob::of(spool.into_inner().map_err(|error| fault.io(error.into_error()))?, size),
            None => match plain {
                Some(plain) => plain.clone(),
                None => return Err(fault.corrupt("its plain tar was not kept".to_owned())),
            },
        };
        Ok(Layer { tar, diff_id, entries })
    }

    /// Reads a plain tar to its end, and keeps it in a file if one is given.
    fn list(
        &self,
        reader: impl Read,
        spool: Option<File>,
        hash: Hasher,
        source: &LayerSource,
    ) -> Result<Listed, OciError> {
        let fault = Fault { source };
        let most = source.bytes.size().saturating_mul(self.limits.ratio).max(self.limits.ratio_from);
        let spool = spool.map(|file| BufWriter::with_capacity(CHUNK, file));
        let plain = Plain { reader, hash, spool, size: 0, most, reading: self };
        let mut tar = TarReader::new(plain, self.limits);
        let entries = self.entries(&mut tar).map_err(|error| fault.archive(error))?;
        let mut plain = tar.into_source();
        // What follows the end mark belongs to the digest too.
        plain.skip(u64::MAX).map_err(|error| fault.io(error))?;
        Ok(Listed { entries, diff_id: plain.hash.finish(), size: plain.size, spool: plain.spool })
    }

    fn entries<R: Read>(&self, tar: &mut TarReader<Plain<'_, R>>) -> Result<Vec<LayerEntry>, ArchiveError> {
        let mut entries = Vec::new();
        while let Some(raw) = tar.next()? {
            if self.entries.fetch_add(1, Ordering::Relaxed) >= self.limits.entries {
                let message = format!("the image has more than {} files", self.limits.entries);
                return Err(ArchiveError::new(ArchiveErrorKind::Limit, message));
            }
            entries.push(LayerEntry { entry: raw.entry, offset: tar.source().size });
        }
        Ok(entries)
    }
}

/// What is wrong with a layer, in words.
#[derive(Clone, Copy)]
struct Fault<'a> {
    source: &'a LayerSource<'a>,
}

impl Fault<'_> {
    fn doing(self) -> String {
        format!("cannot read the layer `{}`", self.source.name.escape_debug())
    }

    fn corrupt(self, detail: String) -> OciError {
        OciError::new(OciErrorKind::Corrupt, self.doing(), detail)
    }

    fn io(self, error: io::Error) -> OciError {
        match error.kind() {
            io::ErrorKind::FileTooLarge => OciError::caused(OciErrorKind::Limit, self.doing(), error),
            _ => OciError::io(self.doing(), error),
        }
    }

    fn archive(self, error: ArchiveError) -> OciError {
        OciError::caused(kind_of(&error), self.doing(), error.of(&self.source.name))
    }
}

/// The bytes of a layer as they lie in the source, hashed.
struct Stored<'a> {
    reader: Box<dyn Read + Send + 'a>,
    hash: Option<Hasher>,
    size: u64,
    reading: &'a Reading<'a>,
}

impl Read for Stored<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if let Some(hash) = &mut self.hash {
            hash.update(buffer.get(..count).unwrap_or_default());
        }
        self.size += count as u64;
        let done = self.reading.done.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        (self.reading.progress)(done);
        Ok(count)
    }
}

impl Skip for Stored<'_> {}

impl Stored<'_> {
    /// Reads the rest. What is wrong with the digest, if anything is.
    fn check(mut self, source: &LayerSource) -> io::Result<Option<String>> {
        self.skip(u64::MAX)?;
        if self.size != source.bytes.size() {
            let more = if self.size > source.bytes.size() { "more than" } else { "fewer than" };
            return Ok(Some(format!("it has {more} {} bytes", source.bytes.size())));
        }
        let (Some(promised), Some(hash)) = (&source.digest, self.hash) else { return Ok(None) };
        let found = hash.finish();
        Ok((found != *promised).then(|| format!("its digest is `{found}`")))
    }
}

fn kind_of(error: &ArchiveError) -> OciErrorKind {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    match error.kind() {
        ArchiveErrorKind::Limit => OciErrorKind::Limit,
        ArchiveErrorKind::Io if source.is_some_and(|source| source.kind() == io::ErrorKind::FileTooLarge) => {
            OciErrorKind::Limit
        }
        ArchiveErrorKind::Io => OciErrorKind::Io,
        _ => OciErrorKind::Format,
    }
}

/// The plain tar of a layer: hashed, held to the limits, and kept if it is not yet a file.
struct Plain<'a, R> {
    reader: R,
    hash: Hasher,
    spool: Option<BufWriter<File>>,
    size: u64,
    /// How many bytes a compressed layer of that size may become.
    most: u64,
    reading: &'a Reading<'a>,
}

impl<R: Read> Read for Plain<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.hash.update(read);
        self.size += count as u64;
        let all = self.reading.plain.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if self.size > self.most || all > self.reading.limits.size {
            let limits = self.reading.limits;
            let message = format!(
                "it is unpacked more than {} times as large, or the image larger than {} bytes",
                limits.ratio, limits.size
            );
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        if let Some(spool) = &mut self.spool {
            spool.write_all(read)?;
        }
        Ok(count)
    }
}

impl<R: Read> Skip for Plain<'_, R> {
    /// What is skipped is hashed and kept too.
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(count).unwrap_or(CHUNK))];
        let mut skipped = 0;
        while skipped < count {
            let most = usize::try_from(count - skipped).unwrap_or(CHUNK).min(buffer.len());
            match self.read(buffer.get_mut(..most).unwrap_or_default()) {
                Ok(0) => break,
                Ok(read) => skipped += read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(skipped)
    }
}

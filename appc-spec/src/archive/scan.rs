//! One pass over the bytes of an archive.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{ArchiveError, ArchiveErrorKind};
use super::layout::Layout;
use super::pipeline::{Counted, Pieces};
use super::tar_reader::{Skip, TarReader};
use super::{Compression, Entry, Limits, Progress};
use crate::{ImageId, ImageManifest, Json, Strength};

/// How an archive is read.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// How its manifest is held to the specification.
    pub strength: Strength,
    /// How much it may make us do.
    pub limits: Limits,
}

impl ScanOptions {
    /// With this strength and [`Limits::STANDARD`].
    #[must_use]
    pub const fn new(strength: Strength) -> Self {
        Self { strength, limits: Limits::STANDARD }
    }
}

/// What an archive is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The hash of its uncompressed tar.
    pub image_id: ImageId,
    /// Its manifest.
    pub manifest: ImageManifest,
    /// The text of its manifest.
    pub manifest_text: Vec<u8>,
    /// How it is compressed.
    pub compression: Compression,
    /// How many bytes the archive has.
    pub size: u64,
    /// How many bytes its uncompressed tar has.
    pub tar_size: u64,
    /// How many entries it has, the manifest and `rootfs` included.
    pub entries: u64,
}

/// Reads an archive once, and checks it: compression, layout, manifest.
///
/// `name` is what errors call the archive; `progress` is told the bytes read so far.
///
/// # Errors
///
/// When reading fails, when the bytes are no tar or broken, when the layout is not that of an image (another file at the top,
/// no entry for `rootfs`, a path twice, an absolute path or one with `..`, a hard link out of `rootfs`), when the manifest is
/// wrong, and when a limit is exceeded.
///
/// ```
/// use appc_spec::archive::{BuildOptions, ImageBuilder, ScanOptions, scan};
/// use appc_spec::{ImageManifest, Strength};
///
/// let mut bytes = Vec::new();
/// let manifest = ImageManifest::new("example.com/empty".parse()?);
/// let built = ImageBuilder::new(manifest).write(&mut bytes, &BuildOptions::reproducible())?;
///
/// let summary = scan("empty.aci", bytes.as_slice(), &ScanOptions::new(Strength::Strict), &mut |_| {})?;
/// assert_eq!(summary.image_id, built.image_id);
/// assert_eq!(summary.manifest.name.as_str(), "example.com/empty");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scan(
    name: &str,
    reader: impl Read + Send,
    options: &ScanOptions,
    progress: Progress<'_>,
) -> Result<Summary, ArchiveError> {
    scan_with(name, reader, options, progress, &mut io::sink(), |_, _| Ok(()))
}

/// Reads an archive once as [`scan`] does, writes its uncompressed tar to `tar`, and calls `visit` with each entry and its
/// content, which it need not read. An entry is checked before it is visited, the archive as a whole only at the end.
///
/// # Errors
///
/// As [`scan`], and with whatever `visit` returns.
pub fn scan_with(
    name: &str,
    reader: impl Read + Send,
    options: &ScanOptions,
    progress: Progress<'_>,
    tar: &mut dyn Write,
    visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), ArchiveError>,
) -> Result<Summary, ArchiveError> {
    run(reader, options, progress, tar, visit).map_err(|error| error.of(name))
}

fn run(
    reader: impl Read + Send,
    options: &ScanOptions,
    progress: Progress<'_>,
    tar: &mut dyn Write,
    mut visit: impl FnMut(&Entry, &mut dyn Read) -> Result<(), ArchiveError>,
) -> Result<Summary, ArchiveError> {
    let size = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let source = Counted::new(reader, &size);
        let (compression, plain) =
            Compression::undo(source).map_err(|error| ArchiveError::io("cannot read", error))?;
        let pieces = Pieces::start(scope, Box::new(plain))
            .map_err(|error| ArchiveError::io("cannot read", error).in_compression(compression))?;
        let limits = &options.limits;
        let watched = Watched {
            pieces,
            piece: Arc::default(),
            at: 0,
            size: 0,
            source_size: &size,
            limits,
            progress,
            tar,
            failure: None,
        };
        walk(watched, compression, options, &mut visit)
    })
}

/// Looks at the tar, entry by entry.
fn walk(
    watched: Watched<'_, '_>,
    compression: Compression,
    options: &ScanOptions,
    visit: &mut dyn FnMut(&Entry, &mut dyn Read) -> Result<(), ArchiveError>,
) -> Result<Summary, ArchiveError> {
    let limits = &options.limits;
    let mut reader = TarReader::new(watched, limits).with_sparse_files();
    let mut layout = Layout::default();
    let mut manifest = None;
    let mut entries = 0;
    let walked = (|| -> Result<(), ArchiveError> {
        while let Some(mut raw) = reader.next()? {
            layout.check(&mut raw.entry)?;
            entries += 1;
            if raw.entry.path == b"manifest" {
                let text = manifest_text(&mut reader, &raw.entry, limits)?;
                visit(&raw.entry, &mut text.as_slice()).map_err(|error| error.at(&raw.entry.path))?;
                let parsed = ImageManifest::from_json_slice(&text, options.strength)
                    .map_err(ArchiveError::manifest)?;
                manifest = Some((parsed, text));
            } else {
                visit(&raw.entry, &mut reader).map_err(|error| error.at(&raw.entry.path))?;
            }
        }
        layout.finish()
    })();
    let mut watched = reader.into_source();
    walked.map_err(|error| watched.failure.take().unwrap_or(error).in_compression(compression))?;
    // What follows the end mark belongs to the tar, and so to its hash.
    if let Err(error) = watched.drain() {
        let error = ArchiveError::io("cannot read", error);
        return Err(watched.failure.take().unwrap_or(error).in_compression(compression));
    }
    let (manifest, manifest_text) =
        manifest.ok_or_else(|| ArchiveError::new(ArchiveErrorKind::Layout, "there is no `manifest`"))?;
    let (size, tar_size) = (watched.source_size.load(Ordering::Relaxed), watched.size);
    Ok(Summary {
        image_id: ImageId::from_digest(&watched.pieces.digest()),
        manifest,
        manifest_text,
        compression,
        size,
        tar_size,
        entries,
    })
}

fn manifest_text(reader: &mut impl Read, entry: &Entry, limits: &Limits) -> Result<Vec<u8>, ArchiveError> {
    if entry.size > limits.manifest {
        let message = format!("the manifest has {} bytes, more than {}", entry.size, limits.manifest);
        return Err(ArchiveError::new(ArchiveErrorKind::Limit, message).at(&entry.path));
    }
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(|error| ArchiveError::io("cannot read", error))?;
    Ok(text)
}

impl ArchiveError {
    /// The same error, naming the compression when reading failed under one.
    fn in_compression(self, compression: Compression) -> Self {
        if self.kind() != ArchiveErrorKind::Io
            || compression == Compression::None
            || self.message() != "cannot read"
        {
            return self;
        }
        self.with_message(ArchiveErrorKind::Format, format!("cannot undo its {compression} compression"))
    }
}

/// Holds what is read to the limits, writes it on, and reports how far it is.
struct Watched<'a, 'scope> {
    pieces: Pieces<'scope>,
    /// What is left of this one is read next.
    piece: Arc<Vec<u8>>,
    at: usize,
    size: u64,
    source_size: &'a AtomicU64,
    limits: &'a Limits,
    progress: Progress<'a>,
    tar: &'a mut dyn Write,
    /// The error behind the last `io::Error`, when it was not a read that failed.
    failure: Option<ArchiveError>,
}

impl Watched<'_, '_> {
    /// Takes the next piece; `false` at the end.
    fn next_piece(&mut self) -> io::Result<bool> {
        let Some(piece) = self.pieces.next()? else { return Ok(false) };
        let source_size = self.source_size.load(Ordering::Relaxed);
        (self.progress)(source_size);
        self.size += piece.len() as u64;
        if self.size > self.limits.size {
            let message = format!("its tar has more than {} bytes", self.limits.size);
            self.failure = Some(ArchiveError::new(ArchiveErrorKind::Limit, message));
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let allowed = source_size.saturating_mul(self.limits.ratio).max(self.limits.ratio_from);
        if self.size > allowed {
            let message = format!("its tar is more than {} times larger than it", self.limits.ratio);
            self.failure = Some(ArchiveError::new(ArchiveErrorKind::Limit, message));
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if let Err(error) = self.tar.write_all(&piece) {
            let kind = error.kind();
            self.failure = Some(ArchiveError::io("cannot write its tar", error));
            return Err(kind.into());
        }
        self.piece = piece;
        self.at = 0;
        Ok(true)
    }

    fn drain(&mut self) -> io::Result<()> {
        while self.next_piece()? {}
        Ok(())
    }
}

impl Skip for Watched<'_, '_> {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let mut skipped = 0;
        while skipped < count {
            let left = self.piece.len().saturating_sub(self.at) as u64;
            if left == 0 {
                if !self.next_piece()? {
                    break;
                }
                continue;
            }
            let step = left.min(count - skipped);
            // It is at most what is left of a piece.
            self.at = self.at.saturating_add(usize::try_from(step).unwrap_or(usize::MAX));
            skipped += step;
        }
        Ok(skipped)
    }
}

impl Read for Watched<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.piece.len() && !self.next_piece()? {
            return Ok(0);
        }
        let mut rest = self.piece.get(self.at..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

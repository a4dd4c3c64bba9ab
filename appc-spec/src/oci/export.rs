//! From an image of the store to an OCI layout.

mod config;
mod layout;

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use pod_core::image::{Algorithm, Descriptor, Digest, Hasher, Reference};

use super::{NotCarried, OciError, OciErrorKind};
use crate::archive::{Entry, EntryKind, Limits, ScanOptions, TarWriter, scan_with};
use crate::store::{Store, StoredImage};
use crate::{ImageId, Strength};
use layout::{LayoutWriter, Written};

/// An image that has gone out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// Its manifest in the layout.
    pub manifest: Descriptor,
    /// What the App Container manifest says and the configuration cannot.
    pub not_carried: Vec<NotCarried>,
}

/// Adds an image of the store to an OCI layout, which is made if there is none, with one gzip layer. `name` is what it is called there: a
/// whole name, or a tag as skopeo and podman look for.
///
/// The same image gives the same bytes each time.
///
/// # Errors
///
/// The image is not in the store, depends on others, or has a whitelist: its files are then not its own alone. A file's name begins with
/// `.wh.`, which would take another one away. The layout is of another version, or cannot be written.
pub fn export(store: &Store, id: &ImageId, layout: &Path, name: Option<&str>) -> Result<Exported, OciError> {
    let doing = || format!("cannot export the image `{id}`");
    let image = store
        .image(id)
        .map_err(|error| OciError::store(doing(), error))?
        .ok_or_else(|| OciError::new(OciErrorKind::NotFound, doing(), "it is not in the store"))?;
    let manifest = image.manifest();
    if let Some(dependency) = manifest.dependencies.first() {
        let detail = format!("it depends on `{}`, so its files are not its own alone", dependency.image_name);
        return Err(OciError::new(OciErrorKind::Unsupported, doing(), detail));
    }
    if !manifest.path_whitelist.is_empty() {
        let detail = "it has a `pathWhitelist`, so not all of its files count";
        return Err(OciError::new(OciErrorKind::Unsupported, doing(), detail));
    }
    let writer = LayoutWriter::open(layout)?;
    let (layer, diff_id) = layer(&image, &writer).map_err(|failure| failure.into_error(doing()))?;
    let converted = config::of(manifest, diff_id)?;
    let config = writer.put(&converted.text)?;
    let text = config::manifest(&config, &layer);
    let written = writer.put(&text)?;
    let descriptor = writer.name(&written, name, converted.platform)?;
    Ok(Exported { manifest: descriptor, not_carried: converted.not_carried })
}

/// Why a layer was not written.
enum Failure {
    Archive(crate::archive::ArchiveError),
    Io(io::Error),
    Oci(OciError),
}

impl Failure {
    fn into_error(self, doing: String) -> OciError {
        match self {
            Self::Archive(error) => OciError::caused(OciErrorKind::Store, doing, error),
            Self::Io(error) => OciError::io(doing, error),
            Self::Oci(error) => error,
        }
    }
}

/// The files of an image as a layer; it and the digest of its plain tar.
fn layer(image: &StoredImage, writer: &LayoutWriter) -> Result<(Written, Digest<'static>), Failure> {
    let tar = image.tar().map_err(|error| Failure::Oci(OciError::store("cannot read the image", error)))?;
    let out = writer.blob().map_err(Failure::Oci)?;
    let hash = Hasher::new(Algorithm::Sha256);
    // Neither name nor time stand in the header.
    let plain =
        Plain { out: GzEncoder::new(BufWriter::with_capacity(256 << 10, out), Compression::default()), hash };
    let mut layer = TarWriter::new(plain);
    let mut scan = ScanOptions::new(Strength::Compat);
    scan.limits = Limits { ratio: u64::MAX, ..Limits::STANDARD };
    let mut failed = None;
    let name = image.id().to_string();
    scan_with(&name, tar, &scan, &mut |_| {}, &mut io::sink(), |entry, content| {
        put(&mut layer, entry, content, &mut failed)
    })
    .map_err(|error| match failed {
        Some(failure) => failure,
        None => Failure::Archive(error),
    })?;
    let plain = layer.finish().map_err(Failure::Io)?;
    let diff_id = plain.hash.finish();
    let out = plain.out.finish().map_err(Failure::Io)?;
    let blob = out.into_inner().map_err(|error| Failure::Io(error.into_error()))?;
    let written = blob.finish().map_err(Failure::Oci)?;
    Ok((written, diff_id))
}

fn put(
    layer: &mut TarWriter<impl Write>,
    entry: &Entry,
    content: &mut dyn Read,
    failed: &mut Option<Failure>,
) -> Result<(), crate::archive::ArchiveError> {
    let Some(path) = entry.rootfs_path() else { return Ok(()) };
    let refused = |message: String| {
        crate::archive::ArchiveError::new(crate::archive::ArchiveErrorKind::Refused, message)
    };
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name.starts_with(b".wh.") {
        return Err(refused("in a layer a name that begins with `.wh.` takes another one away".to_owned()));
    }
    let mut entry = entry.clone();
    entry.path = if path.is_empty() { b".".to_vec() } else { path.to_vec() };
    if let EntryKind::HardLink(target) = &mut entry.kind {
        *target = target.strip_prefix(b"rootfs/").unwrap_or(target).to_vec();
    }
    layer.put(&entry, content).map_err(|error| {
        let message = "cannot write the layer";
        let shown = crate::archive::ArchiveError::io(message, io::Error::from(error.kind()));
        failed.get_or_insert(Failure::Io(error));
        shown
    })
}

/// A plain tar on its way to being compressed.
struct Plain<W: Write> {
    out: GzEncoder<W>,
    hash: Hasher,
}

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The name as it stands in an index; containerd and Docker want the whole one apart.
fn whole_name(name: &str) -> Option<String> {
    name.contains(['/', ':'])
        .then(|| Reference::parse(name).ok().map(|name| name.with_default_tag().to_string()))
        .flatten()
}

//! The same image with another manifest.

use std::error::Error;
use std::io::{Read, Write};

use super::build::{BuildOptions, Built};
use super::error::{ArchiveError, ArchiveErrorKind};
use super::tar_writer::TarWriter;
use super::{Entry, Progress, ScanOptions, Summary, build, scan_with};
use crate::{ImageManifest, Json};

/// Copies an archive with another manifest: its files stay as they are, in their order, and so does the place of the manifest.
/// Only what the options say of compression, owners and times is changed as well ([`super::Owner::Keep`], [`super::Times::Keep`]).
/// Gives what was read and what was written.
///
/// # Errors
///
/// As [`super::scan`] for what is read; with what `change` returns; when writing fails, and for [`super::Compression::Zstd`].
pub fn rewrite(
    name: &str,
    reader: impl Read + Send,
    out: impl Write,
    scan: &ScanOptions,
    options: &BuildOptions,
    change: &mut dyn FnMut(ImageManifest) -> Result<ImageManifest, Box<dyn Error + Send + Sync>>,
    progress: Progress<'_>,
) -> Result<(Summary, Built), ArchiveError> {
    let output =
        build::Output::new(out, options.compression).map_err(|error| cannot_write(error).of(name))?;
    let mut tar = TarWriter::new(output);
    let summary = scan_with(name, reader, scan, progress, &mut std::io::sink(), |entry, content| {
        if entry.path != b"manifest" {
            return tar.put(&build::stamped(entry.clone(), options), content).map_err(cannot_write);
        }
        let mut text = Vec::new();
        content.read_to_end(&mut text).map_err(|error| ArchiveError::io("cannot read", error))?;
        let manifest =
            ImageManifest::from_json_slice(&text, scan.strength).map_err(ArchiveError::manifest)?;
        let manifest = change(manifest).map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Manifest, "the manifest cannot be changed so").because(error)
        })?;
        let text = manifest.to_json(options.strength).into_bytes();
        let entry = Entry { size: text.len() as u64, ..build::stamped(entry.clone(), options) };
        tar.put(&entry, &mut text.as_slice()).map_err(cannot_write)
    })?;
    let built = tar.finish().and_then(build::Output::finish).map_err(|error| cannot_write(error).of(name))?;
    Ok((summary, built))
}

fn cannot_write(error: impl Error + Send + Sync + 'static) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Io, "cannot write its copy").because(Box::new(error))
}

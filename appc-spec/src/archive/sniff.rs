//! What an archive is, by its beginning.

use std::io::Read;

use super::tar_reader::{Skip, TarReader};
use super::{Compression, Limits};

struct Beginning<R>(R);

impl<R: Read> Read for Beginning<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: Read> Skip for Beginning<R> {}

/// Whether an archive begins as an image does (specification, "Image Layout"): its first entry is `manifest` or in `rootfs`. Tars that are
/// images of other formats begin otherwise. Only the first header is read, and what cannot be read is no image.
///
/// ```
/// use appc_spec::archive::{BuildOptions, ImageBuilder, begins_as_image};
/// use appc_spec::ImageManifest;
///
/// let mut archive = Vec::new();
/// let manifest = ImageManifest::new("example.com/hello".parse()?);
/// ImageBuilder::new(manifest).write(&mut archive, &BuildOptions::reproducible())?;
/// assert!(begins_as_image(archive.as_slice()));
/// assert!(!begins_as_image(&b"apiVersion: v1"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn begins_as_image(archive: impl Read) -> bool {
    let Ok((_, plain)) = Compression::undo(archive) else { return false };
    match TarReader::new(Beginning(plain), &Limits::STANDARD).next() {
        Ok(Some(first)) => {
            let path = first.entry.path.as_slice();
            let path = path.strip_prefix(b"./").unwrap_or(path);
            path == b"manifest" || path == b"rootfs" || path.starts_with(b"rootfs/")
        }
        _ => false,
    }
}

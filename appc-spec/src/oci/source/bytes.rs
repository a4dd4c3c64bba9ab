//! The bytes of a layer, which are here or on their way.

use std::fmt;
use std::io::{self, Read};

use pod_core::image::Descriptor;

use super::Blob;
use crate::archive::Compression;
use crate::oci::LayerStreams;

/// The bytes of a layer.
pub(in crate::oci) enum Bytes<'a> {
    /// They are here.
    Kept(Blob),
    /// They come from elsewhere, and only once.
    Coming { layer: Box<Descriptor>, from: &'a dyn LayerStreams },
}

impl Bytes<'_> {
    /// How many there are, or should be.
    pub(in crate::oci) const fn size(&self) -> u64 {
        match self {
            Self::Kept(blob) => blob.size(),
            Self::Coming { layer, .. } => layer.size,
        }
    }

    pub(in crate::oci) fn reader(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            Self::Kept(blob) => Ok(Box::new(blob.reader())),
            // One byte more shows that there are too many.
            Self::Coming { layer, from } => {
                Ok(Box::new(from.open(layer)?.take(layer.size.saturating_add(1))))
            }
        }
    }

    /// They themselves, if they are here and a plain tar: then no copy is needed.
    pub(in crate::oci) fn plain(&self) -> io::Result<Option<&Blob>> {
        let Self::Kept(blob) = self else { return Ok(None) };
        let mut start = Vec::new();
        blob.reader().take(6).read_to_end(&mut start)?;
        Ok((Compression::of(&start) == Compression::None).then_some(blob))
    }
}

impl fmt::Debug for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept(blob) => f.debug_tuple("Kept").field(blob).finish(),
            Self::Coming { layer, .. } => f.debug_tuple("Coming").field(layer).finish(),
        }
    }
}

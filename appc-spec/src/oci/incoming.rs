//! An image that comes from elsewhere while it is imported.

use std::fmt;
use std::io::{self, Read};

use pod_core::image::{Descriptor, Digest, ImageManifest};

use super::image_config::ImageConfig;
use super::source::{Bytes, LayerSource, Picked, with_diff_ids};
use super::{OciError, OciErrorKind};

/// Somebody who gives layers as they come: a registry, say.
pub trait LayerStreams: Sync {
    /// A layer from its start. Its bytes need not be checked; threads of their own read several layers at once.
    ///
    /// # Errors
    ///
    /// When it is known already that the layer cannot be had.
    fn open(&self, layer: &Descriptor) -> io::Result<Box<dyn Read + Send + '_>>;
}

/// An image that comes from elsewhere while it is imported: its manifest and configuration are here, its layers are read as they come and
/// need no room in their compressed form.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// What errors call the image.
    pub name: &'a str,
    /// The digest of its manifest.
    pub digest: &'a Digest<'a>,
    /// The digests of the indexes that led to it: its name with one of these means it too.
    pub indexes: &'a [Digest<'static>],
    /// Its manifest, which has that digest.
    pub manifest: &'a ImageManifest,
    /// Its configuration; the digest is checked.
    pub config: &'a [u8],
    /// Where its layers come from; their digests are checked.
    pub layers: &'a dyn LayerStreams,
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, digest, indexes, .. } = self;
        f.debug_struct("Incoming")
            .field("name", name)
            .field("digest", digest)
            .field("indexes", indexes)
            .finish_non_exhaustive()
    }
}

impl<'a> Incoming<'a> {
    pub(super) fn pick(&self) -> Result<Picked<'a>, OciError> {
        let doing = || format!("cannot read the image `{}`", self.name.escape_debug());
        let error = |kind, detail: String| OciError::new(kind, doing(), detail);
        let config_digest = &self.manifest.config.digest;
        if !config_digest.matches(self.config) {
            let detail = format!("its configuration does not have the digest `{config_digest}`");
            return Err(error(OciErrorKind::Corrupt, detail));
        }
        let config: ImageConfig = serde_json::from_slice(self.config)
            .map_err(|error| OciError::caused(OciErrorKind::Format, doing(), error))?;
        let layer = |layer: &Descriptor| LayerSource::coming(layer, self.layers, &error);
        let picked = Picked {
            names: Vec::new(),
            digest: self.digest.clone().into_owned(),
            indexes: self.indexes.to_vec(),
            config,
            config_digest: config_digest.clone(),
            annotations: self.manifest.annotations.clone(),
            layers: self.manifest.layers.iter().map(layer).collect::<Result<_, _>>()?,
        };
        with_diff_ids(picked, &error)
    }
}

impl<'a> LayerSource<'a> {
    fn coming(
        layer: &Descriptor,
        from: &'a dyn LayerStreams,
        error: &dyn Fn(OciErrorKind, String) -> OciError,
    ) -> Result<Self, OciError> {
        super::source::check_layer(layer, error)?;
        Ok(Self {
            name: layer.digest.to_string(),
            bytes: Bytes::Coming { layer: Box::new(layer.clone()), from },
            digest: Some(layer.digest.clone()),
            diff_id: None,
        })
    }
}

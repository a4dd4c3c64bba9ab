//! What `docker save` writes (Docker image specification 1.2, "Combined Image JSON + Filesystem Changeset Format").

use pod_core::image::{Digest, Platform};
use serde::Deserialize;

use super::{Bytes, LayerSource, Listing, Picked, Place, Source, SourceImage, with_diff_ids};
use crate::oci::image_config::ImageConfig;
use crate::oci::{OciError, OciErrorKind};

/// An image of `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DockerImage {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

pub(super) fn images(source: &Source) -> Result<Vec<Listing>, OciError> {
    let images: Vec<DockerImage> = source.json("manifest.json", &source.small("manifest.json")?)?;
    images
        .into_iter()
        .map(|image| {
            let bytes = config(source, &image)?;
            let names = image.repo_tags.clone().unwrap_or_default();
            let shown = SourceImage { names, digest: Digest::sha256(&bytes), platform: None };
            Ok(Listing { shown, place: Place::Docker(image) })
        })
        .collect()
}

pub(super) fn pick(
    source: &Source,
    image: &DockerImage,
    platform: &Platform,
) -> Result<Option<Picked<'static>>, OciError> {
    let bytes = config(source, image)?;
    let config: ImageConfig = source.json(&image.config, &bytes)?;
    if !config.fits(platform) {
        return Ok(None);
    }
    let layers = image.layers.iter().flatten().map(|name| {
        Ok(LayerSource {
            name: name.clone(),
            bytes: Bytes::Kept(source.needed(name)?),
            digest: None,
            diff_id: None,
        })
    });
    let layers = layers.collect::<Result<_, OciError>>()?;
    with_diff_ids(Picked::by_config(config, &bytes, layers), &|kind, detail| source.error(kind, detail))
        .map(Some)
}

/// The configuration. Its file is called by its digest, which is checked.
fn config(source: &Source, image: &DockerImage) -> Result<Vec<u8>, OciError> {
    let bytes = source.small(&image.config)?;
    let name = image.config.rsplit('/').next().unwrap_or_default();
    let name = name.strip_suffix(".json").unwrap_or(name);
    let promised = Digest::try_from(format!("sha256:{name}")).ok();
    if promised.is_none_or(|promised| promised.matches(&bytes)) {
        return Ok(bytes);
    }
    let detail = format!("the bytes of `{}` do not have that digest", image.config.escape_debug());
    Err(source.error(OciErrorKind::Corrupt, detail))
}

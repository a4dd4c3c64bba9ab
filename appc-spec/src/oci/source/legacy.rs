//! What `docker save` wrote before version 1.10 (Docker image specification 1.0).

use std::collections::{BTreeMap, BTreeSet};

use pod_core::image::{Digest, Platform};

use super::{Bytes, LayerSource, Listing, Picked, Place, Source, SourceImage};
use crate::oci::image_config::ImageConfig;
use crate::oci::{OciError, OciErrorKind};

/// How many layers one image may have. Docker's own storage never had more than 127.
const MAX_LAYERS: usize = 1024;

/// `repositories`: the uppermost layer by name and tag.
type Repositories = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn images(source: &Source) -> Result<Vec<Listing>, OciError> {
    let repositories: Repositories = source.json("repositories", &source.small("repositories")?)?;
    let mut by_layer: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (repository, tags) in repositories {
        for (tag, id) in tags {
            by_layer.entry(id).or_default().push(format!("{repository}:{tag}"));
        }
    }
    by_layer
        .into_iter()
        .map(|(id, names)| {
            let (_, bytes) = layer(source, &id)?;
            let shown = SourceImage { names, digest: Digest::sha256(&bytes), platform: None };
            Ok(Listing { shown, place: Place::Legacy(id) })
        })
        .collect()
}

pub(super) fn pick(
    source: &Source,
    top: &str,
    platform: &Platform,
) -> Result<Option<Picked<'static>>, OciError> {
    let (config, bytes) = layer(source, top)?;
    if !config.fits(platform) {
        return Ok(None);
    }
    let mut layers = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = Some(top.to_owned());
    while let Some(id) = next.filter(|id| !id.is_empty()) {
        if !seen.insert(id.clone()) {
            let detail = format!("the layer `{id}` stands below itself");
            return Err(source.error(OciErrorKind::Format, detail));
        }
        if layers.len() == MAX_LAYERS {
            return Err(source.error(OciErrorKind::Limit, format!("it has more than {MAX_LAYERS} layers")));
        }
        let (config, _) = layer(source, &id)?;
        let name = format!("{id}/layer.tar");
        layers.push(LayerSource {
            bytes: Bytes::Kept(source.needed(&name)?),
            name,
            digest: None,
            diff_id: None,
        });
        next = config.parent;
    }
    layers.reverse();
    Ok(Some(Picked::by_config(config, &bytes, layers)))
}

/// What a layer says of itself.
fn layer(source: &Source, id: &str) -> Result<(ImageConfig, Vec<u8>), OciError> {
    // An identifier is part of a path (CVE-2016-7569).
    if id.len() != 64 || !id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        let detail = format!("`{}` is no layer's identifier of 64 hexadecimal digits", id.escape_debug());
        return Err(source.error(OciErrorKind::Format, detail));
    }
    let name = format!("{id}/json");
    let bytes = source.small(&name)?;
    Ok((source.json(&name, &bytes)?, bytes))
}

//! OCI's image layout (OCI image specification, "Image Layout").

use pod_core::image::{Descriptor, Digest, MAX_MANIFEST_SIZE, Manifest, Platform};
use serde::Deserialize;

use super::{
    Blob, Bytes, LayerSource, Listing, Picked, Place, Source, SourceImage, check_layer, with_diff_ids,
};
use crate::oci::image_config::ImageConfig;
use crate::oci::{OciError, OciErrorKind};

/// The annotation of an image's name.
pub(in crate::oci) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Where Docker and containerd put the whole name, because [`REF_NAME`] has only the tag there.
pub(in crate::oci) const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// How deep indexes may stand in indexes.
const MAX_DEPTH: usize = 4;

/// How many manifests and indexes are looked at for one image.
const MAX_LOOKS: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    image_layout_version: String,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

pub(super) fn images(source: &Source) -> Result<Vec<Listing>, OciError> {
    let version: Version = source.json("oci-layout", &source.small("oci-layout")?)?;
    if !version.image_layout_version.starts_with("1.") {
        let detail =
            format!("imageLayoutVersion: `{}` is not 1", version.image_layout_version.escape_debug());
        return Err(source.error(OciErrorKind::Format, detail));
    }
    let index: Index = source.json("index.json", &source.small("index.json")?)?;
    let listings = index.manifests.unwrap_or_default().into_iter().map(|descriptor| {
        let name = [CONTAINERD_NAME, REF_NAME].iter().find_map(|key| descriptor.annotations.get(*key));
        let shown = SourceImage {
            names: name.cloned().into_iter().collect(),
            digest: descriptor.digest.clone(),
            platform: descriptor.platform.clone(),
        };
        Listing { shown, place: Place::Descriptor(descriptor) }
    });
    Ok(listings.collect())
}

pub(super) fn pick(
    source: &Source,
    descriptor: &Descriptor,
    platform: &Platform,
) -> Result<Option<Picked<'static>>, OciError> {
    within(source, descriptor, platform, &mut Search { indexes: Vec::new(), looks: 0 })
}

struct Search {
    /// The indexes that led here.
    indexes: Vec<Digest<'static>>,
    /// How many documents were read.
    looks: usize,
}

/// The image behind a descriptor, the best one of an index.
fn within(
    source: &Source,
    descriptor: &Descriptor,
    platform: &Platform,
    search: &mut Search,
) -> Result<Option<Picked<'static>>, OciError> {
    search.looks += 1;
    if search.indexes.len() > MAX_DEPTH || search.looks > MAX_LOOKS {
        let detail = format!(
            "more than {MAX_DEPTH} indexes stand in one another, or more than {MAX_LOOKS} manifests in all"
        );
        return Err(source.error(OciErrorKind::Limit, detail));
    }
    let bytes = document(source, descriptor)?;
    let served = Some(descriptor.media_type.as_str());
    let manifest = Manifest::parse(&bytes, served).map_err(|error| {
        let doing = format!(
            "cannot read the manifest `{}` of the image `{}`",
            descriptor.digest,
            source.path.display()
        );
        OciError::caused(OciErrorKind::Format, doing, error)
    })?;
    let image = match manifest {
        Manifest::Index(index) => {
            search.indexes.push(descriptor.digest.clone());
            let order = platform.choose(index.manifests.iter().map(|image| image.platform.as_ref()));
            for child in order.into_iter().filter_map(|place| index.manifests.get(place)) {
                // Layouts of one image of an index keep the whole index.
                if source.file(&path(&child.digest))?.is_none() {
                    continue;
                }
                if let Some(picked) = within(source, child, platform, search)? {
                    return Ok(Some(picked));
                }
            }
            search.indexes.pop();
            return Ok(None);
        }
        Manifest::Image(image) => image,
        _ => return Err(source.error(OciErrorKind::Unsupported, "its manifest is of an unknown sort")),
    };
    let config: ImageConfig = source.json(&path(&image.config.digest), &document(source, &image.config)?)?;
    if descriptor.platform.is_none() && !config.fits(platform) {
        return Ok(None);
    }
    let layers = image.layers.iter().map(|layer| layer_of(source, layer)).collect::<Result<_, _>>()?;
    let picked = Picked {
        names: Vec::new(),
        digest: descriptor.digest.clone(),
        config_digest: image.config.digest.clone(),
        indexes: search.indexes.clone(),
        config,
        annotations: image.annotations,
        layers,
    };
    with_diff_ids(picked, &|kind, detail| source.error(kind, detail)).map(Some)
}

/// Where a blob is. The grammar of digests has neither `/` nor a name of dots alone.
fn path(digest: &Digest<'_>) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.encoded())
}

fn blob(source: &Source, descriptor: &Descriptor) -> Result<Blob, OciError> {
    let blob = source.needed(&path(&descriptor.digest))?;
    if blob.size() == descriptor.size {
        return Ok(blob);
    }
    let detail = format!("`{}` has {} bytes, not {}", descriptor.digest, blob.size(), descriptor.size);
    Err(source.error(OciErrorKind::Corrupt, detail))
}

/// A manifest or configuration, whose digest is checked.
fn document(source: &Source, descriptor: &Descriptor) -> Result<Vec<u8>, OciError> {
    let blob = blob(source, descriptor)?;
    let doing = || format!("cannot read `{}` of the image `{}`", descriptor.digest, source.path.display());
    if blob.size() > MAX_MANIFEST_SIZE {
        let detail = format!("it has {} bytes, more than {MAX_MANIFEST_SIZE}", blob.size());
        return Err(OciError::new(OciErrorKind::Limit, doing(), detail));
    }
    let bytes = blob.bytes(MAX_MANIFEST_SIZE).map_err(|error| OciError::io(doing(), error))?;
    if descriptor.digest.matches(&bytes) {
        return Ok(bytes);
    }
    Err(OciError::new(OciErrorKind::Corrupt, doing(), "its bytes do not have that digest"))
}

fn layer_of(source: &Source, layer: &Descriptor) -> Result<LayerSource<'static>, OciError> {
    check_layer(layer, &|kind, detail| source.error(kind, detail))?;
    Ok(LayerSource {
        name: layer.digest.to_string(),
        bytes: Bytes::Kept(blob(source, layer)?),
        digest: Some(layer.digest.clone()),
        diff_id: None,
    })
}

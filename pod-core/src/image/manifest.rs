//! Manifests and indexes, of OCI and of Docker (OCI image specification; Docker image manifest version 2, schema 2).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Digest, Platform};

/// The media types of manifests that are understood, in the order of preference.
pub const MANIFEST_TYPES: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The largest manifest that is read, in bytes: the distribution specification's lower bound for what registries must take.
pub const MAX_MANIFEST_SIZE: u64 = 4 << 20;

/// Something in a registry or a layout: its type, digest and size (OCI image specification, "Content Descriptors").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Descriptor {
    /// The media type. An entry of an old layout may lack it.
    #[serde(default)]
    pub media_type: String,
    /// What its bytes hash to.
    pub digest: Digest<'static>,
    /// How many bytes it has.
    pub size: u64,
    /// Where else the bytes can be had. Such layers are not fetched from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// For which machine the image is, in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

impl Descriptor {
    /// A descriptor with nothing but the three required members.
    #[must_use]
    pub const fn new(media_type: String, digest: Digest<'static>, size: u64) -> Self {
        Self { media_type, digest, size, urls: Vec::new(), annotations: BTreeMap::new(), platform: None }
    }

    /// Whether it is an index of other manifests.
    #[must_use]
    pub fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), OCI_INDEX | DOCKER_LIST)
    }
}

/// A manifest as a registry serves it: one image, or an index of images for several platforms.
///
/// ```
/// use pod_core::image::Manifest;
///
/// let text = br#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}"#;
/// assert!(matches!(Manifest::parse(text, None)?, Manifest::Index(_)));
///
/// let error = Manifest::parse(br#"{"schemaVersion": 1, "fsLayers": []}"#, None).unwrap_err();
/// assert_eq!(error.to_string(), "schemaVersion 1 is not supported: it has no digests of its parts");
/// # Ok::<(), pod_core::image::ManifestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "there are few of them at a time")]
pub enum Manifest {
    /// One image.
    Image(ImageManifest),
    /// Images for several platforms.
    Index(ImageIndex),
}

/// A manifest of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageManifest {
    /// The media type.
    pub media_type: String,
    /// The image's configuration.
    pub config: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// Free annotations.
    pub annotations: BTreeMap<String, String>,
}

/// An index, which Docker calls a manifest list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageIndex {
    /// The media type.
    pub media_type: String,
    /// The manifests, or further indexes.
    pub manifests: Vec<Descriptor>,
    /// Free annotations.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u32>,
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    fs_layers: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Reads a manifest. `content_type` is the type under which it was served or referred to; it must agree with the
    /// document's own.
    ///
    /// A document that could be read both as an image and as an index is refused, whatever its type (CVE-2021-41190).
    ///
    /// # Errors
    ///
    /// What is not JSON or lacks a member; Docker's schema 1; a type that is no manifest's or differs from `content_type`;
    /// `manifests` in an image, or `layers` in an index.
    pub fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Self, ManifestError> {
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|error| ManifestError(Fault::Json(error.to_string())))?;
        if raw.fs_layers.is_some() || raw.schema_version == Some(1) {
            return Err(ManifestError(Fault::Schema1));
        }
        if raw.schema_version != Some(2) {
            return Err(ManifestError(Fault::Version(raw.schema_version)));
        }
        let media_type = media_type(raw.media_type, content_type, raw.manifests.is_some())?;
        let annotations = raw.annotations.unwrap_or_default();
        match (media_type.as_str(), raw.config, raw.layers, raw.manifests) {
            (OCI_INDEX | DOCKER_LIST, None, None, Some(manifests)) => {
                Ok(Self::Index(ImageIndex { media_type, manifests, annotations }))
            }
            (OCI_MANIFEST | DOCKER_MANIFEST, Some(config), Some(layers), None) => {
                Ok(Self::Image(ImageManifest { media_type, config, layers, annotations }))
            }
            (OCI_INDEX | DOCKER_LIST, _, _, None) => Err(ManifestError(Fault::Missing("manifests"))),
            (OCI_MANIFEST | DOCKER_MANIFEST, None, _, None) => Err(ManifestError(Fault::Missing("config"))),
            (OCI_MANIFEST | DOCKER_MANIFEST, _, None, None) => Err(ManifestError(Fault::Missing("layers"))),
            (OCI_INDEX | DOCKER_LIST | OCI_MANIFEST | DOCKER_MANIFEST, ..) => {
                Err(ManifestError(Fault::Ambiguous))
            }
            _ => Err(ManifestError(Fault::MediaType(media_type))),
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        match self {
            Self::Image(image) => &image.media_type,
            Self::Index(index) => &index.media_type,
        }
    }
}

/// The document's own type, which the one it was served under must agree with. OCI documents may leave it out.
fn media_type(own: Option<String>, served: Option<&str>, is_index: bool) -> Result<String, ManifestError> {
    let served = served.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    // Types that say nothing about the document, which plain file servers give.
    let served = served.filter(|text| {
        !matches!(text.as_str(), "" | "application/json" | "text/plain" | "application/octet-stream")
    });
    match (own.filter(|own| !own.is_empty()), served) {
        (Some(own), Some(served)) if own != served => Err(ManifestError(Fault::Disagree(own, served))),
        (Some(own), _) => Ok(own),
        (None, Some(served)) => Ok(served),
        (None, None) => Ok(if is_index { OCI_INDEX } else { OCI_MANIFEST }.to_owned()),
    }
}

/// Why a document is no manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestError(Fault);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    Ambiguous,
    Disagree(String, String),
    Json(String),
    MediaType(String),
    Missing(&'static str),
    Schema1,
    Version(Option<u32>),
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Fault::Ambiguous => f.write_str("it has members of an image and of an index"),
            Fault::Disagree(own, served) => {
                write!(
                    f,
                    "mediaType: `{}`, but it was served as `{}`",
                    own.escape_debug(),
                    served.escape_debug()
                )
            }
            Fault::Json(error) => write!(f, "not a manifest: {error}"),
            Fault::MediaType(text) => {
                write!(f, "mediaType: `{}` is no manifest that is understood", text.escape_debug())
            }
            Fault::Missing(field) => write!(f, "{field}: missing"),
            Fault::Schema1 => f.write_str("schemaVersion 1 is not supported: it has no digests of its parts"),
            Fault::Version(Some(version)) => write!(f, "schemaVersion: must be 2, not {version}"),
            Fault::Version(None) => f.write_str("schemaVersion: missing"),
        }
    }
}

impl std::error::Error for ManifestError {}

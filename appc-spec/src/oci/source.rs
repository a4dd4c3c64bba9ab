//! Where images of Docker's and OCI's formats come from.

mod blob;
mod bytes;
mod docker;
mod layout;
mod legacy;
mod members;

use std::path::{Path, PathBuf};

use pod_core::image::{Descriptor, Digest, Platform, Reference};
use serde::de::DeserializeOwned;

pub(super) use blob::{Blob, Cursor};
pub(super) use bytes::Bytes;
pub(super) use layout::{CONTAINERD_NAME, REF_NAME};

use super::image_config::ImageConfig;
use super::{OciError, OciErrorKind, Pick};
use crate::archive::Limits;
use docker::DockerImage;
use members::Members;

/// The largest document that is read, in bytes. Docker's `manifest.json` has a line for each layer of each image.
const MAX_DOCUMENT: u64 = 16 << 20;

/// A layout directory or an archive with images.
///
/// ```no_run
/// use appc_spec::oci::Source;
///
/// let source = Source::open("busybox.tar")?;
/// for image in source.images() {
///     println!("{} {}", image.names.join(" "), image.digest);
/// }
/// # Ok::<(), appc_spec::oci::OciError>(())
/// ```
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    format: SourceFormat,
    files: Files,
    images: Vec<Listing>,
}

/// How a [`Source`] is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceFormat {
    /// A directory as the OCI image specification has it ("Image Layout").
    OciLayout,
    /// Such a directory as one tar.
    OciArchive,
    /// What `docker save`, `podman save` and `skopeo copy … docker-archive:` write: a tar with `manifest.json`.
    DockerArchive,
    /// What `docker save` wrote before version 1.10: a tar with `repositories`, whose layers know the one below. Nothing in it has a
    /// digest.
    LegacyArchive,
}

/// An image of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceImage {
    /// What it is called there, as it is written: whole names, and in layouts also bare tags. Often there is none.
    pub names: Vec<String>,
    /// In a layout the digest of its manifest or index; in Docker's archives that of its configuration, which Docker calls the image's ID.
    pub digest: Digest<'static>,
    /// For which machine it is, where the source says so without being searched.
    pub platform: Option<Platform>,
}

/// Where the files of a source are.
#[derive(Debug)]
enum Files {
    Folder(PathBuf),
    Tar(Members),
}

/// An image, and where to begin to read it.
#[derive(Debug)]
struct Listing {
    shown: SourceImage,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Descriptor(Descriptor),
    Docker(DockerImage),
    /// The identifier of the uppermost layer.
    Legacy(String),
}

/// An image that was picked: its configuration, and its layers from the lowest on.
#[derive(Debug)]
pub(super) struct Picked<'a> {
    /// As in [`SourceImage::names`].
    pub(super) names: Vec<String>,
    /// Of the manifest, or of the configuration where there is none.
    pub(super) digest: Digest<'static>,
    /// Of the indexes that lead to it.
    pub(super) indexes: Vec<Digest<'static>>,
    pub(super) config: ImageConfig,
    /// Of the configuration.
    pub(super) config_digest: Digest<'static>,
    /// Annotations of the manifest.
    pub(super) annotations: std::collections::BTreeMap<String, String>,
    pub(super) layers: Vec<LayerSource<'a>>,
}

impl Picked<'static> {
    /// One of a format without manifests, where the configuration stands for it.
    fn by_config(config: ImageConfig, bytes: &[u8], layers: Vec<LayerSource<'static>>) -> Self {
        let digest = Digest::sha256(bytes);
        Self {
            names: Vec::new(),
            digest: digest.clone(),
            indexes: Vec::new(),
            config,
            config_digest: digest,
            annotations: std::collections::BTreeMap::new(),
            layers,
        }
    }
}

/// A layer as it lies in a source.
#[derive(Debug)]
pub(super) struct LayerSource<'a> {
    /// What errors call it.
    pub(super) name: String,
    pub(super) bytes: Bytes<'a>,
    /// What its bytes must hash to.
    pub(super) digest: Option<Digest<'static>>,
    /// What its plain tar must hash to.
    pub(super) diff_id: Option<Digest<'static>>,
}

impl Source {
    /// Opens a layout directory or an archive, and finds out which it is. An archive may be compressed as a whole.
    ///
    /// # Errors
    ///
    /// There is nothing, or nothing of these formats: neither a directory with `oci-layout` nor a tar with `oci-layout`, `manifest.json` or
    /// `repositories`. A document of it is malformed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OciError> {
        Self::open_within(path, &Limits::STANDARD)
    }

    /// The same with other limits.
    ///
    /// # Errors
    ///
    /// As [`Source::open`].
    pub fn open_within(path: impl Into<PathBuf>, limits: &Limits) -> Result<Self, OciError> {
        let path = path.into();
        let files = if path.is_dir() {
            Files::Folder(path.clone())
        } else {
            let archive = Blob::open(&path).map_err(|error| {
                OciError::io(format!("cannot open the image `{}`", path.display()), error)
            })?;
            Files::Tar(Members::read(&path, archive, limits)?)
        };
        let is_folder = matches!(files, Files::Folder(_));
        let mut source = Self { path, format: SourceFormat::OciLayout, files, images: Vec::new() };
        // Docker's own archives have been layouts too since version 25. Then every part of them has a digest.
        if source.file("oci-layout")?.is_some() {
            source.format = if is_folder { SourceFormat::OciLayout } else { SourceFormat::OciArchive };
            source.images = layout::images(&source)?;
        } else if !is_folder && source.file("manifest.json")?.is_some() {
            source.format = SourceFormat::DockerArchive;
            source.images = docker::images(&source)?;
        } else if !is_folder && source.file("repositories")?.is_some() {
            source.format = SourceFormat::LegacyArchive;
            source.images = legacy::images(&source)?;
        } else {
            let detail = if is_folder {
                "a directory is an image when it has `oci-layout`"
            } else {
                "an archive is an image when it has `oci-layout`, `manifest.json` or `repositories`"
            };
            return Err(source.error(OciErrorKind::Format, detail));
        }
        Ok(source)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is laid out.
    #[must_use]
    pub const fn format(&self) -> SourceFormat {
        self.format
    }

    /// Its images, in its own order.
    pub fn images(&self) -> impl ExactSizeIterator<Item = &SourceImage> {
        self.images.iter().map(|listing| &listing.shown)
    }

    /// The image that is meant.
    pub(super) fn pick(&self, pick: &Pick) -> Result<Picked<'static>, OciError> {
        let candidates = self.candidates(pick.image.as_deref())?;
        let order = pick.platform.choose(candidates.iter().map(|listing| listing.shown.platform.as_ref()));
        for listing in order.into_iter().filter_map(|place| candidates.get(place)) {
            let picked = match &listing.place {
                Place::Descriptor(descriptor) => layout::pick(self, descriptor, &pick.platform)?,
                Place::Docker(image) => docker::pick(self, image, &pick.platform)?,
                Place::Legacy(id) => legacy::pick(self, id, &pick.platform)?,
            };
            if let Some(mut picked) = picked {
                picked.names.clone_from(&listing.shown.names);
                return Ok(picked);
            }
        }
        let has: Vec<String> = candidates
            .iter()
            .filter_map(|listing| listing.shown.platform.as_ref())
            .map(|p| format!("`{p}`"))
            .collect();
        let has = if has.is_empty() { "another one".to_owned() } else { has.join(", ") };
        let detail = format!("no image for `{}`: what is there is for {has}", pick.platform);
        Err(self.error(OciErrorKind::Platform, detail))
    }

    /// The entries that a name stands for. They are one image, for several platforms perhaps.
    fn candidates(&self, name: Option<&str>) -> Result<Vec<&Listing>, OciError> {
        let found: Vec<&Listing> = match name {
            None => self.images.iter().collect(),
            Some(name) => {
                // As it is written goes before what it means: a bare tag looks like a name on Docker Hub.
                let as_written: Vec<_> =
                    self.images.iter().filter(|image| image.shown.names.iter().any(|n| n == name)).collect();
                if as_written.is_empty() {
                    self.images.iter().filter(|image| image.shown.is_called(name)).collect()
                } else {
                    as_written
                }
            }
        };
        let mut names: Vec<_> = found.iter().map(|image| &image.shown.names).collect();
        names.dedup();
        let same_image =
            names.len() < 2 && (found.len() < 2 || found.iter().all(|image| image.shown.platform.is_some()));
        let one_content =
            found.iter().all(|image| Some(&image.shown.digest) == found.first().map(|f| &f.shown.digest));
        let listed = || {
            let names = self.images.iter().map(|image| match image.shown.names.as_slice() {
                [] => format!("`{}`", image.shown.digest),
                names => names
                    .iter()
                    .map(|name| format!("`{}`", name.escape_debug()))
                    .collect::<Vec<_>>()
                    .join(" or "),
            });
            names.collect::<Vec<_>>().join(", ")
        };
        match (found.is_empty(), name) {
            (true, None) => Err(self.error(OciErrorKind::NotFound, "it has no image")),
            (true, Some(name)) => {
                let detail = format!("it has no image `{}`, but {}", name.escape_debug(), listed());
                Err(self.error(OciErrorKind::NotFound, detail))
            }
            (false, _) if same_image || one_content => Ok(found),
            (false, None) => {
                Err(self.error(OciErrorKind::Ambiguous, format!("it has several images: {}", listed())))
            }
            (false, Some(name)) => {
                let detail = format!("several of its images are called `{}`", name.escape_debug());
                Err(self.error(OciErrorKind::Ambiguous, detail))
            }
        }
    }

    fn error(&self, kind: OciErrorKind, detail: impl Into<String>) -> OciError {
        OciError::new(kind, format!("cannot read the image `{}`", self.path.display()), detail)
    }

    /// A file by its name.
    fn file(&self, name: &str) -> Result<Option<Blob>, OciError> {
        match &self.files {
            Files::Tar(members) => Ok(members.file(name)),
            Files::Folder(folder) => match Blob::open(&folder.join(name)) {
                Ok(blob) => Ok(Some(blob)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => {
                    Err(OciError::io(format!("cannot read `{}`", folder.join(name).display()), error))
                }
            },
        }
    }

    /// A file that must be there.
    fn needed(&self, name: &str) -> Result<Blob, OciError> {
        self.file(name)?.ok_or_else(|| {
            self.error(OciErrorKind::NotFound, format!("it has no file `{}`", name.escape_debug()))
        })
    }

    /// A whole file that is not large.
    fn small(&self, name: &str) -> Result<Vec<u8>, OciError> {
        let doing =
            || format!("cannot read `{}` of the image `{}`", name.escape_debug(), self.path.display());
        self.needed(name)?.bytes(MAX_DOCUMENT).map_err(|error| match error.kind() {
            std::io::ErrorKind::FileTooLarge => OciError::caused(OciErrorKind::Limit, doing(), error),
            _ => OciError::io(doing(), error),
        })
    }

    fn json<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, OciError> {
        serde_json::from_slice(bytes).map_err(|error| {
            let doing =
                format!("cannot read `{}` of the image `{}`", name.escape_debug(), self.path.display());
            OciError::caused(OciErrorKind::Format, doing, error)
        })
    }
}

impl SourceImage {
    /// Whether a name or digest means this image.
    fn is_called(&self, name: &str) -> bool {
        if name == self.digest.as_str() {
            return true;
        }
        let Ok(wanted) = Reference::parse(name) else { return false };
        if wanted.digest().is_some_and(|digest| digest != self.digest) {
            return false;
        }
        let tag = wanted.tag().unwrap_or("latest");
        self.names.iter().any(|written| {
            // A bare tag means only itself.
            written.contains(['/', ':'])
                && Reference::parse(written).is_ok_and(|known| {
                    known.domain() == wanted.domain()
                        && known.path() == wanted.path()
                        && (wanted.digest().is_some() && wanted.tag().is_none()
                            || known.tag().unwrap_or("latest") == tag)
                })
        })
    }
}

/// Pairs layers with the digests of their plain tars.
pub(super) fn with_diff_ids<'a>(
    mut picked: Picked<'a>,
    error: &dyn Fn(OciErrorKind, String) -> OciError,
) -> Result<Picked<'a>, OciError> {
    let Some(rootfs) = &picked.config.rootfs else {
        let detail = "its configuration has no `rootfs`: it is no image that runs".to_owned();
        return Err(error(OciErrorKind::Format, detail));
    };
    let diff_ids = rootfs.diff_ids.clone().unwrap_or_default();
    if diff_ids.len() != picked.layers.len() {
        let detail = format!(
            "its configuration names {} layers in `rootfs.diff_ids`, its manifest {}",
            diff_ids.len(),
            picked.layers.len()
        );
        return Err(error(OciErrorKind::Format, detail));
    }
    for (layer, diff_id) in picked.layers.iter_mut().zip(diff_ids) {
        layer.diff_id = Some(diff_id);
    }
    Ok(picked)
}

/// Whether a layer is what can be unpacked.
pub(super) fn check_layer(
    layer: &Descriptor,
    error: &dyn Fn(OciErrorKind, String) -> OciError,
) -> Result<(), OciError> {
    let media_type = layer.media_type.as_str();
    let is_tar = media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.");
    if is_tar && !media_type.contains("encrypted") {
        return Ok(());
    }
    let (digest, media_type) = (&layer.digest, media_type.escape_debug());
    let detail = format!("the layer `{digest}` of type `{media_type}` is no tar of files");
    Err(error(OciErrorKind::Unsupported, detail))
}

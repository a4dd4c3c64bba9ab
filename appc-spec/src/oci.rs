//! Images of Docker's and OCI's formats, into the store and back (OCI image specification 1.1; Docker image specification 1.2).
//!
//! A [`Source`] is a layout directory, as pulls leave it, or an archive of `docker save`, `podman save` or `skopeo copy`. [`import`] puts one of
//! its images into a [`Store`], checked by all digests that there are:
//!
//! ```no_run
//! use std::time::SystemTime;
//!
//! use appc_spec::oci::{self, ImportOptions, Pick, Source};
//! use appc_spec::store::Store;
//! use pod_core::image::Platform;
//!
//! let store = Store::open("/var/lib/podkit/store")?;
//! let source = Source::open("busybox.tar")?;
//! let pick = Pick::the_only_one(Platform::of_this_program());
//! let imported = oci::import(&store, &source, &pick, &ImportOptions::new(SystemTime::now()), &|_| {})?;
//! println!("{} is {}", imported.names.join(" "), imported.image.id());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The layers become one root file system, with whiteouts and opaque directories carried out, and the configuration becomes an image manifest:
//!
//! | configuration | manifest |
//! |---|---|
//! | `Entrypoint`, `Cmd` | `exec`; apart in annotations |
//! | `Env`, `WorkingDir` | `environment`, `workingDirectory`, made absolute |
//! | `User` | `user`, `group`, `supplementaryGIDs`, from the image's own `/etc/passwd` and `/etc/group`; as written in an annotation |
//! | `ExposedPorts`, `Volumes` | `ports` (`80-tcp`, `8000-8010-tcp` with a count), `mountPoints` (`volume-var-lib-db`) |
//! | `Labels`, the manifest's annotations | `userLabels`, `userAnnotations` |
//! | `StopSignal`, `Healthcheck`, `Shell`, `OnBuild` | annotations `appc.io/docker/…` |
//! | `created`, `author`, `comment` | annotations `created`, `authors`, `docker-comment` |
//! | `os`, `architecture`, `variant`, the tag | labels `os`, `arch`, `version` |
//!
//! [`export`] is the way back: an image of the store becomes an OCI layout that skopeo and podman take.
//!
//! What a manifest cannot say is in [`Imported::not_carried`], never dropped in silence. The history stays behind.
//!
//! **Stored images are found by their full name and digest**, as [`Store::reference`] keeps them: `registry:5000/a:1`,
//! `registry:5000/a@sha256:…` and both. The name in the manifest says only where an image is from: several images may have it.

mod convert;
mod error;
mod export;
mod feed;
mod image_config;
mod incoming;
mod keep;
mod layer;
mod names;
mod read;
mod source;
mod squash;
mod tree;

use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

use pod_core::image::{Digest, Platform, Reference};

pub use convert::NotCarried;
pub use error::{OciError, OciErrorKind};
pub use export::{Exported, export};
pub use incoming::{Incoming, LayerStreams};
pub use source::{Source, SourceFormat, SourceImage};

use crate::archive::Limits;
use crate::store::{Store, StoredImage};
use crate::{ImageManifest, Json, Strength};
use keep::{Keeper, Kept};
use names::Names;
use source::Picked;

/// Which image of a [`Source`] is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pick {
    /// What it is called there: as it is written, by a name that means the same, or by digest. `None` when there is only one.
    pub image: Option<String>,
    /// For which machine.
    pub platform: Platform,
}

impl Pick {
    /// The one image that there is, for this machine.
    #[must_use]
    pub const fn the_only_one(platform: Platform) -> Self {
        Self { image: None, platform }
    }

    /// The image of that name, for this machine.
    #[must_use]
    pub fn named(image: impl Into<String>, platform: Platform) -> Self {
        Self { image: Some(image.into()), platform }
    }
}

/// How an image is imported.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ImportOptions {
    /// What is remembered as the time of import.
    pub now: SystemTime,
    /// What the image is called in the store. Unless it is said, the whole names that the source has for it; a bare tag is none.
    pub name: Option<Reference<'static>>,
    /// What becomes of the layers.
    pub layers: Layers,
    /// How much the image may make us do, all layers together.
    pub limits: Limits,
}

/// What becomes of the layers of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layers {
    /// They become one image.
    Squashed,
    /// Each becomes an image that depends on the one below, so that images share what they have in common. A file that is in one layer a
    /// hard link to one of a lower layer becomes a copy of it.
    Apart,
}

impl ImportOptions {
    /// At this time, as one image, under the source's own names, within [`Limits::STANDARD`].
    #[must_use]
    pub const fn new(now: SystemTime) -> Self {
        Self { now, name: None, layers: Layers::Squashed, limits: Limits::STANDARD }
    }

    /// The same, under this name.
    #[must_use]
    pub fn named(mut self, name: &Reference<'_>) -> Self {
        self.name = Some(name.clone().into_owned());
        self
    }

    /// The same, with this to become of the layers.
    #[must_use]
    pub const fn layers(mut self, layers: Layers) -> Self {
        self.layers = layers;
        self
    }
}

/// An image that has come in.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The image, held in the store.
    pub image: StoredImage,
    /// By which references the store has it now.
    pub names: Vec<String>,
    /// The digest of its manifest, or of its configuration where the source has no manifest.
    pub digest: Digest<'static>,
    /// What its manifest does not say. Empty when the store had it under that name and digest, and nothing was read.
    pub not_carried: Vec<NotCarried>,
    /// Whether the store did not have it before.
    pub is_new: bool,
}

/// Puts an image into the store. `progress` is told how many bytes of the layers were read, by several threads.
///
/// Every layer is read once: unpacked, checked against the digests of its bytes and of its plain tar, and its files listed. An image that the
/// store has under the same name and digest is not read again. For a while the store's directory has compressed layers as plain tars, without
/// names, so that nothing of them outlives the process.
///
/// # Errors
///
/// No image of the source is meant, or several; none is for the platform. A digest or size is wrong; a layer is no tar, has an entry with
/// `..` or a hard link to nothing, or would take more than the limits allow. The configuration's platform or user is none of App
/// Container's. The store cannot be written.
pub fn import(
    store: &Store,
    source: &Source,
    pick: &Pick,
    options: &ImportOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Imported, OciError> {
    let picked = source.pick(pick)?;
    import_picked(store, &source.path().display().to_string(), &picked, options, progress)
}

/// Puts an image into the store while it comes from elsewhere. All else is as in [`import`]: each layer is read once, and nothing of the image is
/// to be seen before all of it was checked.
///
/// # Errors
///
/// As [`import`], and when a layer does not come whole.
pub fn import_incoming(
    store: &Store,
    incoming: &Incoming<'_>,
    options: &ImportOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Imported, OciError> {
    import_picked(store, incoming.name, &incoming.pick()?, options, progress)
}

fn import_picked(
    store: &Store,
    name: &str,
    picked: &Picked<'_>,
    options: &ImportOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Imported, OciError> {
    let names = Names::of(picked, options);
    let wants = |image: &StoredImage| {
        let has_layers = !image.manifest().dependencies.is_empty();
        has_layers == (options.layers == Layers::Apart && picked.layers.len() > 1)
    };
    if let Some(image) = names.known(store)?.filter(wants) {
        names.remember(store, &image)?;
        return Ok(Imported {
            image,
            names: names.references(),
            digest: picked.digest.clone(),
            not_carried: Vec::new(),
            is_new: false,
        });
    }
    let (layers, tree) = read::read(store.directory(), name, picked, options, progress)?;
    let converted = convert::manifest(picked, names.first(), &tree, &layers)?;
    let keeper = Keeper { store, options, name: name.to_owned() };
    let Kept { image, is_new } = match options.layers {
        Layers::Squashed => keeper.squashed(&converted, &tree, &layers)?,
        Layers::Apart => keeper.layered(&converted, picked, &layers)?,
    };
    names.remember(store, &image)?;
    tracing::debug!(image = %image.id(), digest = %picked.digest, "imported");
    Ok(Imported {
        image,
        names: names.references(),
        digest: picked.digest.clone(),
        not_carried: converted.not_carried,
        is_new,
    })
}

/// An image that was written as an App Container archive.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// The manifest that it has.
    pub manifest: ImageManifest,
    /// As [`Imported::digest`].
    pub digest: Digest<'static>,
    /// What its manifest does not say.
    pub not_carried: Vec<NotCarried>,
}

/// Writes an image as an App Container archive, a plain tar, without a store. Temporary files without names are made in `scratch`.
///
/// # Errors
///
/// As [`import`]; when `out` cannot be written; and for [`Layers::Apart`], which one archive cannot be.
pub fn write_aci(
    source: &Source,
    pick: &Pick,
    options: &ImportOptions,
    scratch: &Path,
    out: impl Write,
) -> Result<Written, OciError> {
    let doing = || format!("cannot convert the image `{}`", source.path().display());
    if options.layers == Layers::Apart {
        return Err(OciError::new(
            OciErrorKind::Unsupported,
            doing(),
            "an archive is one image, not one for each layer",
        ));
    }
    let picked = source.pick(pick)?;
    let names = Names::of(&picked, options);
    let (layers, tree) =
        read::read(scratch, &source.path().display().to_string(), &picked, options, &|_| {})?;
    let converted = convert::manifest(&picked, names.first(), &tree, &layers)?;
    let text = converted.manifest.to_json(Strength::Strict);
    squash::write(out, &text, &tree, &layers, |_| true).map_err(|error| OciError::io(doing(), error))?;
    Ok(Written { manifest: converted.manifest, digest: picked.digest, not_carried: converted.not_carried })
}

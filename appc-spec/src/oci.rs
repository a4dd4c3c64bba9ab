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
//! What a manifest cannot say is in [`Imported::not_carried`], never dropped in silence. The history stays behind.
//!
//! **Stored images are found by their full name and digest**, as [`Store::reference`] keeps them: `registry:5000/a:1`,
//! `registry:5000/a@sha256:…` and both. The name in the manifest says only where an image is from: several images may have it.

mod convert;
mod error;
mod feed;
mod image_config;
mod layer;
mod source;
mod squash;
mod tree;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use pod_core::image::{Digest, Platform, Reference};

pub use convert::NotCarried;
pub use error::{OciError, OciErrorKind};
pub use source::{Source, SourceFormat, SourceImage};

use crate::archive::{Limits, ScanOptions};
use crate::store::{self, Store, StoredImage};
use crate::{ImageManifest, Json, Strength};
use layer::{Layer, Reading};
use source::Picked;
use tree::Tree;

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
    /// How much the image may make us do, all layers together.
    pub limits: Limits,
}

impl ImportOptions {
    /// At this time, under the source's own names, within [`Limits::STANDARD`].
    #[must_use]
    pub const fn new(now: SystemTime) -> Self {
        Self { now, name: None, limits: Limits::STANDARD }
    }

    /// The same, under this name.
    #[must_use]
    pub fn named(mut self, name: &Reference<'_>) -> Self {
        self.name = Some(name.clone().into_owned());
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
/// store has under the same name and digest is not read again.
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
    let names = Names::of(&picked, options);
    if let Some(image) = names.known(store)? {
        names.remember(store, &image)?;
        return Ok(Imported {
            image,
            names: names.references(),
            digest: picked.digest,
            not_carried: Vec::new(),
            is_new: false,
        });
    }
    let (layers, tree) = read(store, source, &picked, options, progress)?;
    let converted = convert::manifest(&picked, names.first(), &tree, &layers)?;
    let (image, is_new) =
        keep(store, &converted.manifest, &tree, &layers, options, &source.path().display().to_string())?;
    names.remember(store, &image)?;
    tracing::debug!(image = %image.id(), digest = %picked.digest, "imported");
    Ok(Imported {
        image,
        names: names.references(),
        digest: picked.digest,
        not_carried: converted.not_carried,
        is_new,
    })
}

/// Reads all layers, several at once, and puts them over one another.
fn read(
    store: &Store,
    source: &Source,
    picked: &Picked,
    options: &ImportOptions,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(Vec<Layer>, Tree), OciError> {
    let reading = Reading {
        scratch: store.directory(),
        limits: &options.limits,
        plain: AtomicU64::new(0),
        entries: AtomicU64::new(0),
        done: AtomicU64::new(0),
        progress,
    };
    let layers = in_parallel(picked.layers.len(), |index| {
        picked.layers.get(index).map(|layer| reading.layer(layer)).transpose()
    })?;
    let mut tree = Tree::default();
    for (layer, from) in layers.iter().zip(&picked.layers) {
        tree.apply(&layer.entries).map_err(|error| {
            let doing = format!(
                "cannot put the layer `{}` of `{}` in its place",
                from.name.escape_debug(),
                source.path().display()
            );
            OciError::caused(OciErrorKind::Format, doing, error)
        })?;
    }
    Ok((layers, tree))
}

/// Does something for each number below `count`, on all processors. The results are in order; of several failures the first one to
/// happen counts.
fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<Option<T>, OciError> + Sync,
) -> Result<Vec<T>, OciError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(count);
    let next = AtomicUsize::new(0);
    let results = Mutex::new((Vec::new(), None));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = work(index);
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    match result {
                        Ok(done) => results.0.extend(done.map(|done| (index, done))),
                        Err(error) => {
                            results.1.get_or_insert(error);
                            next.store(count, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let (mut done, failure) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    match failure {
        Some(error) => Err(error),
        None => Ok(done.into_iter().map(|(_, done)| done).collect()),
    }
}

/// Writes the image in one thread while the store reads it in another.
fn keep(
    store: &Store,
    manifest: &ImageManifest,
    tree: &Tree,
    layers: &[Layer],
    options: &ImportOptions,
    name: &str,
) -> Result<(StoredImage, bool), OciError> {
    let doing = || format!("cannot keep the image `{name}`");
    let text = manifest.to_json(Strength::Strict);
    let mut scan = ScanOptions::new(Strength::Compat);
    // The layers were held to them one by one; what they make together has one manifest, and a name for each file, more.
    scan.limits = Limits { ratio: u64::MAX, ..options.limits.clone() };
    let store_options =
        store::ImportOptions { scan, ..store::ImportOptions::new(Strength::Compat, options.now) };
    let (mut feed, intake) = feed::pipe();
    let (written, kept) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            squash::write(&mut feed, &text, tree, layers, |_, _| true).and_then(|()| feed.finish())
        });
        let kept = store.import(name, intake, &store_options, &mut |_| {});
        (writer.join(), kept)
    });
    match (written, kept) {
        // The store gave up first.
        (Ok(Err(error)), Err(kept)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Err(OciError::store(doing(), kept))
        }
        (Ok(Err(error)), _) => Err(OciError::io(doing(), error)),
        (_, Err(kept)) => Err(OciError::store(doing(), kept)),
        (_, Ok(kept)) => Ok((kept.image, kept.is_new)),
    }
}

/// What an image is called in the store.
struct Names {
    names: Vec<Reference<'static>>,
    digest: Digest<'static>,
    indexes: Vec<Digest<'static>>,
}

impl Names {
    fn of(picked: &Picked, options: &ImportOptions) -> Self {
        let names = match &options.name {
            Some(name) => vec![name.clone()],
            None => picked
                .names
                .iter()
                // A bare tag is a name of nothing outside its layout.
                .filter(|written| written.contains(['/', ':']))
                .filter_map(|written| Reference::parse(written).ok().map(Reference::into_owned))
                .collect(),
        };
        Self { names, digest: picked.digest.clone(), indexes: picked.indexes.clone() }
    }

    fn first(&self) -> Option<&Reference<'static>> {
        self.names.first()
    }

    /// Name with tag and digest: what this very image is called.
    fn exact(&self) -> Vec<String> {
        if self.names.is_empty() {
            return vec![self.digest.to_string()];
        }
        self.names.iter().map(|name| format!("{}@{}", tagged(name), self.digest)).collect()
    }

    fn references(&self) -> Vec<String> {
        let mut all = self.exact();
        for name in &self.names {
            if name.tag().is_some() || name.digest().is_none() {
                all.push(tagged(name));
            }
            all.extend(
                [&self.digest]
                    .into_iter()
                    .chain(&self.indexes)
                    .map(|digest| format!("{}@{digest}", name.name())),
            );
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The image, if the store has it under the first of its names and its digest.
    fn known(&self, store: &Store) -> Result<Option<StoredImage>, OciError> {
        let Some(exact) = self.exact().into_iter().next() else { return Ok(None) };
        let doing = || format!("cannot look for `{exact}`");
        match store.reference(&exact).map_err(|error| OciError::store(doing(), error))? {
            Some(id) => store.image(&id).map_err(|error| OciError::store(doing(), error)),
            None => Ok(None),
        }
    }

    fn remember(&self, store: &Store, image: &StoredImage) -> Result<(), OciError> {
        self.references().iter().try_for_each(|reference| {
            store
                .set_reference(reference, image.id())
                .map_err(|error| OciError::store(format!("cannot remember `{reference}`"), error))
        })
    }
}

/// The name with its tag and without its digest; without both it is `latest`.
fn tagged(name: &Reference<'_>) -> String {
    match (name.tag(), name.digest()) {
        (None, Some(_)) => name.name().to_string(),
        (tag, _) => format!("{}:{}", name.name(), tag.unwrap_or("latest")),
    }
}

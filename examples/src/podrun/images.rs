//! Where the images of a pod come from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use appc_spec::archive::{BuildOptions, Compression};
use appc_spec::store::{GcOptions, ImportOptions, RenderedTree, Store, StoredImage};
use appc_spec::{ImageId, Strength, lower};
use pod_core::image::{PullDecision, Reference};
use pod_core::lifecycle::{ImageFailure, Pull};
use pod_core::pod::App;
use pod_engine::{AppRoot, RootFs, RootFsError};

use super::annotation::Wishes;
use super::user;
use crate::host_image;
use crate::progress::Progress;

/// The images of this machine for the containers of one pod.
#[derive(Debug)]
pub(super) struct Images {
    store: Store,
    wishes: Wishes,
    /// What was made of programs of this machine, by the image's name. The programs are looked at once in a pod's life: a restart
    /// waits for no image, also where imagePullPolicy is Always.
    made: BTreeMap<String, ImageId>,
    /// What the pod uses: nobody removes it while this process lives.
    held: Vec<(StoredImage, RenderedTree)>,
}

/// The store of a data directory.
pub(super) fn store(data_dir: &Path) -> anyhow::Result<Store> {
    Ok(Store::open(data_dir.join("store"))?)
}

/// Takes away what killed podruns left in the store of a data directory. Every whole image stays.
pub(super) fn sweep(data_dir: &Path) -> anyhow::Result<()> {
    let (images, trees) = (BTreeSet::new(), BTreeSet::new());
    let options =
        GcOptions { images: &images, trees: &trees, unused_for: Duration::MAX, now: SystemTime::now() };
    store(data_dir)?.gc(&options)?;
    Ok(())
}

impl Images {
    pub(super) fn new(store: Store, wishes: Wishes) -> Self {
        Self { store, wishes, made: BTreeMap::new(), held: Vec::new() }
    }

    /// The image that a container asks for, and what it took to have it.
    fn image(&mut self, app: &App) -> Result<(StoredImage, Option<Pull>), RootFsError> {
        let name = Reference::parse(&app.image).map_err(|error| RootFsError {
            failure: ImageFailure::InvalidName,
            message: format!("InvalidImageName: `{}`: {error}", app.image),
        })?;
        let name = name.with_default_tag();
        let present = self.find(&name).map_err(|error| pull_failed(&app.image, &error))?;
        let present = match present {
            Some(image) if self.made.get(&app.image) == Some(image.id()) => return Ok((image, None)),
            present => present,
        };
        match (app.pull_policy.decide(present.is_some()), present) {
            (PullDecision::Use, Some(image)) => Ok((image, None)),
            (PullDecision::Missing | PullDecision::Use, _) => Err(RootFsError {
                failure: ImageFailure::NeverPull,
                message: format!(
                    "ErrImageNeverPull: image `{}` is not in the store, and imagePullPolicy is Never",
                    app.image
                ),
            }),
            (PullDecision::Pull, _) => {
                let began = Instant::now();
                let image = self.make(&app.image, &name).map_err(|error| pull_failed(&app.image, &error))?;
                self.made.insert(app.image.clone(), image.id().clone());
                let pull = Pull { took: began.elapsed(), size: image.tar_size() };
                Ok((image, Some(pull)))
            }
        }
    }

    /// The image of that name in the store: what was made for this very name, else what was imported with it in its manifest.
    fn find(&self, name: &Reference<'_>) -> anyhow::Result<Option<StoredImage>> {
        if let Some(id) = self.store.reference(&name.to_string())?
            && let Some(image) = self.store.image(&id)?
        {
            return Ok(Some(image));
        }
        Ok(self.store.find(&lower::app_string(name)?)?)
    }

    /// Makes an image of programs of this machine.
    fn make(&self, image: &str, name: &Reference<'_>) -> anyhow::Result<StoredImage> {
        let programs = self.wishes.programs(image).context(
            "it is not in the store, and there is no registry yet: make a file of it (`acitool build`) and take that in \
             (`podrun image import FILE`), or have it made of programs of this machine by the annotation \
             `podkit.dev/copy-exec.CONTAINER`",
        )?;
        let programs: Vec<_> = programs.iter().collect();
        let builder = host_image::builder(&lower::app_string(name)?, &programs, &[])?;
        let mut archive =
            tempfile::tempfile_in(self.store.directory()).context("cannot make a temporary file")?;
        // Nobody keeps these bytes as they are, so there is no need to make them small.
        let options = BuildOptions::reproducible().compression(Compression::None);
        let mut progress = Progress::new(format!("making {image}"), 0);
        let mut out = BufWriter::new(Counted { out: &mut archive, count: 0, progress: &mut progress });
        let built = builder.write(&mut out, &options)?;
        drop(out);
        archive.rewind().context("cannot rewind a temporary file")?;
        progress = Progress::new(format!("importing {image}"), built.size);
        let options = ImportOptions::new(Strength::Strict, SystemTime::now());
        let imported = self.store.import(image, &mut archive, &options, &mut |done| progress.set(done))?;
        self.store.set_reference(&name.to_string(), imported.image.id())?;
        tracing::info!(image, id = %imported.image.id(), new = imported.is_new, "made of programs of this machine");
        Ok(imported.image)
    }

    /// The root file system that an image is.
    fn render(&mut self, name: &str, image: StoredImage, pull: Option<Pull>) -> anyhow::Result<AppRoot> {
        let progress = Progress::new(format!("unpacking {name}"), image.tar_size());
        let tree = self.store.render(&image, &user::extract_policy(), &mut |done| progress.set(done))?;
        let lowered = lower::image(image.manifest())?;
        if !lowered.not_carried.is_empty() {
            tracing::warn!(
                image = name,
                "the pod decides itself what its image has in {}",
                lowered.not_carried.join(", ")
            );
        }
        let root = AppRoot {
            image_id: image.id().to_string(),
            layers: vec![tree.rootfs()],
            config: lowered.config,
            pull,
        };
        self.held.push((image, tree));
        Ok(root)
    }
}

impl RootFs for Images {
    fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
        let (image, pull) = self.image(app)?;
        self.render(&app.image, image, pull).map_err(|error| pull_failed(&app.image, &error))
    }
}

fn pull_failed(image: &str, error: &anyhow::Error) -> RootFsError {
    RootFsError { failure: ImageFailure::Pull, message: format!("ErrImagePull: image `{image}`: {error:#}") }
}

/// Tells how much was written.
struct Counted<'a, W> {
    out: W,
    count: u64,
    progress: &'a mut Progress,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.count += count as u64;
        self.progress.set(self.count);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

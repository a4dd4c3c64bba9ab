//! Images and options become a pod: by an App Container pod manifest, as rkt does it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow};
use appc_spec::lower::{self, LoweredPod, PodSettings};
use appc_spec::store::StoredImage;
use appc_spec::{ImageId, ImageManifest, Json, List, PodManifest, Strength};
use pod_core::lifecycle::Pull;
use pod_core::pod::Uuid;

use super::image_args::{ImageArgs, Variables};
use super::images::Supply;
use super::pod_args::PodArgs;
use super::wanted::ImageAt;

/// An image of a pod, with what the command line says of it.
#[derive(Debug)]
pub(super) struct ImageWish {
    pub(super) image: ImageAt,
    pub(super) options: ImageArgs,
    /// The arguments of its program.
    pub(super) arguments: Vec<OsString>,
}

/// A pod of images that are all in the store.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) manifest: PodManifest,
    images: BTreeMap<ImageId, ImageManifest>,
    /// What was pulled for it.
    pub(super) pulls: BTreeMap<ImageId, Pull>,
    /// Nobody removes the images while this lives.
    pub(super) held: Vec<StoredImage>,
}

/// Has all images, and makes the manifest of a pod of them.
pub(super) fn compose(supply: &Supply, pod: &PodArgs, wishes: &[ImageWish]) -> anyhow::Result<Composed> {
    let mut manifest = PodManifest::new();
    manifest.volumes = List::from(pod.volume.clone());
    let variables = Variables { given: pod.variables()?, inherited: pod.inherited() };
    let (mut images, mut pulls, mut held) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for wish in wishes {
        let (image, pull) = supply.wanted(&wish.image, pod.pull_policy())?;
        let app = match wish.options.app_name() {
            Some(name) => manifest.add_image_as(name.clone(), image.id(), image.manifest()),
            None => manifest.add_image(image.id(), image.manifest()),
        };
        let app =
            app.context("two apps of a pod have two names: `--name` behind the image gives it another")?;
        wish.options.apply(app, image.manifest(), &words(&wish.arguments)?, &variables)?;
        pulls.extend(pull.map(|pull| (image.id().clone(), pull)));
        images.insert(image.id().clone(), image.manifest().clone());
        held.push(image);
    }
    fill(&mut manifest, &images);
    Ok(Composed { manifest, images, pulls, held })
}

/// The pod of a manifest that somebody wrote.
pub(super) fn written(supply: &Supply, path: &Path) -> anyhow::Result<Composed> {
    let name = path.display();
    let text = fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
    let mut manifest =
        PodManifest::from_json_slice(&text, Strength::Strict).map_err(|error| anyhow!("{name}:{error}"))?;
    let (mut images, mut held) = (BTreeMap::new(), Vec::new());
    for (index, app) in manifest.apps.iter().enumerate() {
        let image = supply.store().image(&app.image.id)?;
        let image = image.with_context(|| {
            format!("`{name}`: apps[{index}].image.id: the store has no image `{}`", app.image.id)
        })?;
        images.insert(image.id().clone(), image.manifest().clone());
        held.push(image);
    }
    fill(&mut manifest, &images);
    Ok(Composed { manifest, images, pulls: BTreeMap::new(), held })
}

/// Gives an empty volume to each mount point that has none.
fn fill(manifest: &mut PodManifest, images: &BTreeMap<ImageId, ImageManifest>) {
    let made = manifest.fill_mount_points(images);
    if !made.is_empty() {
        let made: Vec<_> = made.iter().map(ToString::to_string).collect();
        tracing::info!("volumes that images want and nobody gave, which are empty: {}", made.join(", "));
    }
}

impl Composed {
    /// The pod in the engine's words. `directory` is where its seccomp profiles are going to be.
    pub(super) fn lower(&self, pod: &PodArgs, uid: Uuid, directory: &Path) -> anyhow::Result<LoweredPod> {
        let first = self.manifest.apps.first().map_or("pod", |app| app.name.as_str());
        let mut settings = PodSettings::new(format!("{first}-{:08x}", uid.as_fields().0), uid);
        settings.ipc = pod.ipc();
        settings.seccomp_directory = directory.to_owned();
        let lowered = lower::pod(&self.manifest, &self.images, &settings).map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
            anyhow!("the pod cannot be run:\n  {}", lines.join("\n  "))
        })?;
        if !lowered.ignored.is_empty() {
            tracing::warn!("isolators that are not applied: {}", lowered.ignored.join(", "));
        }
        Ok(lowered)
    }
}

fn words(arguments: &[OsString]) -> anyhow::Result<Vec<String>> {
    let word = |word: &OsString| {
        word.to_str().map(ToOwned::to_owned).with_context(|| format!("`{}` is not UTF-8", word.display()))
    };
    arguments.iter().map(word).collect()
}

//! The images of a pod, for the engine.

mod fetch;
mod make;
mod road;
mod supply;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;
use appc_spec::store::{RenderedTree, StoredImage};
use appc_spec::{ImageId, lower};
use pod_core::image::{PullDecision, Reference};
use pod_core::lifecycle::{ImageFailure, Pull};
use pod_core::pod::{App, ImageConfig};
use pod_engine::{AppRoot, Interrupt, RootFs, RootFsError};

use super::annotation::Wishes;
use super::compose::Composed;
use super::user;
use crate::progress::Progress;
use road::Road;
pub(super) use supply::Supply;

/// The images of this machine for the apps of one pod.
#[derive(Debug)]
pub(super) struct Images {
    supply: Supply,
    wishes: Wishes,
    /// What was made of programs of this machine, by the image's name. The programs are looked at once in a pod's life: a restart
    /// waits for no image, also where imagePullPolicy is Always.
    made: BTreeMap<String, ImageId>,
    /// What the pulls came to that have been done before the engine asked.
    pulls: BTreeMap<ImageId, Pull>,
    /// Images that have not been asked for yet: nobody removes them meanwhile.
    kept: Vec<StoredImage>,
    /// What the pod uses: nobody removes it while this process lives.
    held: Vec<(StoredImage, RenderedTree)>,
}

impl Images {
    pub(super) fn new(supply: Supply, wishes: Wishes) -> Self {
        Self {
            supply,
            wishes,
            made: BTreeMap::new(),
            pulls: BTreeMap::new(),
            kept: Vec::new(),
            held: Vec::new(),
        }
    }

    /// For a pod of images that are in the store already.
    pub(super) fn stored(supply: Supply, pod: Composed) -> Self {
        Self { pulls: pod.pulls, kept: pod.held, ..Self::new(supply, Wishes::default()) }
    }

    /// The image that an app asks for, and what it took to have it.
    fn image(&mut self, app: &App) -> Result<(StoredImage, Option<Pull>), RootFsError> {
        let invalid = |message: String| RootFsError {
            failure: ImageFailure::InvalidName,
            message: format!("InvalidImageName: `{}`: {message}", app.image),
        };
        let name = Reference::parse(&app.image).map_err(|error| invalid(error.to_string()))?;
        let failed = |error| pull_failed(&app.image, &error);
        let programs = self.wishes.programs(&app.image).is_some();
        let road = match programs {
            true => Road::Registry(name.with_default_tag()),
            false => self.supply.road(&app.image).map_err(failed)?,
        };
        let present = self.supply.present(&road).map_err(failed)?;
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
                let image = self.pull(&app.image, &road).map_err(failed)?;
                let pull = Pull { took: began.elapsed(), size: image.tar_size() };
                Ok((image, Some(pull)))
            }
        }
    }

    fn pull(&mut self, image: &str, road: &Road) -> anyhow::Result<StoredImage> {
        match (self.wishes.programs(image), road) {
            (Some(programs), Road::Registry(name)) => {
                let made = make::make(self.supply.store(), name, programs)?;
                self.made.insert(image.to_owned(), made.id().clone());
                Ok(made)
            }
            _ => Ok(self.supply.bring(road)?.0),
        }
    }

    /// An image of a pod that says itself what its images say of their processes.
    fn by_id(&mut self, id: &ImageId) -> anyhow::Result<AppRoot> {
        let image =
            self.supply.store().image(id)?.with_context(|| format!("image `{id}` is not in the store"))?;
        let pull = self.pulls.remove(id);
        self.kept.retain(|kept| kept.id() != id);
        let name = image.manifest().name.to_string();
        // An App Container manifest has no place for the one thing that is left to say.
        let stop_signal = lower::image(image.manifest())?.config.stop_signal;
        self.render(&name, image, ImageConfig { stop_signal, ..ImageConfig::default() }, pull)
    }

    fn by_name(&mut self, name: &str, image: StoredImage, pull: Option<Pull>) -> anyhow::Result<AppRoot> {
        let lowered = lower::image(image.manifest())?;
        if !lowered.not_carried.is_empty() {
            tracing::warn!(
                image = name,
                "the pod decides itself what its image has in {}",
                lowered.not_carried.join(", ")
            );
        }
        self.render(name, image, lowered.config, pull)
    }

    /// The root file system that an image is.
    fn render(
        &mut self,
        name: &str,
        image: StoredImage,
        config: ImageConfig,
        pull: Option<Pull>,
    ) -> anyhow::Result<AppRoot> {
        let progress = Progress::new(format!("unpacking {name}"), image.tar_size());
        let tree =
            self.supply.store().render(&image, &user::extract_policy(), &mut |done| progress.set(done))?;
        let root = AppRoot { image_id: image.id().to_string(), layers: vec![tree.rootfs()], config, pull };
        // A restart asks again, for as long as the pod lives: each image is held once.
        if !self.held.iter().any(|(held, _)| held.id() == image.id()) {
            self.held.push((image, tree));
        }
        Ok(root)
    }
}

impl RootFs for Images {
    fn root(&mut self, app: &App) -> Result<AppRoot, RootFsError> {
        let root = match app.image.parse::<ImageId>() {
            Ok(id) if id.is_whole() => self.by_id(&id),
            _ => {
                let (image, pull) = self.image(app)?;
                self.by_name(&app.image, image, pull)
            }
        };
        root.map_err(|error| pull_failed(&app.image, &error))
    }

    fn interrupt(&mut self) -> Option<Interrupt> {
        let cancel = self.supply.cancel();
        Some(Box::new(move || cancel.cancel()))
    }
}

fn pull_failed(image: &str, error: &anyhow::Error) -> RootFsError {
    RootFsError { failure: ImageFailure::Pull, message: format!("ErrImagePull: image `{image}`: {error:#}") }
}

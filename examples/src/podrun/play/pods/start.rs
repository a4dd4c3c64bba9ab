//! One pod of the store becomes one of the engine, with a monitor in the background.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::Context;
use k8s_model::core::Pod;
use k8s_model::expand::Objects;
use k8s_model::lower;
use pod_core::lifecycle::ImageFailure;
use pod_core::pod::PodSpec;
use pod_engine::Engine;
use uuid::Uuid;

use crate::podrun::annotation::Wishes;
use crate::podrun::background;
use crate::podrun::cli::Global;
use crate::podrun::images::Images;
use crate::podrun::network::NetworkArgs;
use crate::podrun::node;
use crate::podrun::pod;
use crate::podrun::pull_secrets::PullSecrets;

/// A pod that is about to be started.
pub(super) struct Start {
    spec: PodSpec,
    images: Images,
    /// For the pulls of its restarts.
    secrets: PullSecrets,
    /// Whether something of it is left from an earlier time.
    again: bool,
}

/// Why a pod was not started: it waits for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::podrun::play) struct NotStarted {
    /// The reason that its containers wait for.
    pub(super) reason: String,
    /// The reason of the event.
    pub(super) event: &'static str,
    pub(super) message: String,
    /// The container that is in the way.
    pub(super) container: Option<String>,
    /// The image that could not be had.
    pub(super) image: Option<String>,
}

impl NotStarted {
    fn new(reason: &str, event: &'static str, message: String) -> Self {
        Self { reason: reason.to_owned(), event, message, container: None, image: None }
    }

    /// The same while its image is not tried again yet.
    pub(super) fn backed_off(self) -> Self {
        let image = self.image.as_deref().unwrap_or_default();
        let message = format!("Back-off pulling image \"{image}\": {}", self.message);
        Self { reason: "ImagePullBackOff".to_owned(), event: "BackOff", message, ..self }
    }

    fn create(error: impl Into<anyhow::Error>) -> Self {
        Self::new("CreateContainerError", "Failed", format!("{:#}", error.into()))
    }

    fn of_engine(spec: &PodSpec, error: pod_engine::Error) -> Self {
        let Some((app, failure)) = error.image_failure() else { return Self::create(error) };
        let image = spec.app(app).map(|app| app.image.clone());
        let reason = match failure {
            ImageFailure::Pull => "ErrImagePull",
            ImageFailure::NeverPull => "ErrImageNeverPull",
            ImageFailure::InvalidName => "InvalidImageName",
        };
        let container = Some(app.to_string());
        // Only what was tried is tried again later.
        let image = image.filter(|_| failure == ImageFailure::Pull);
        let message = format!("{:#}", anyhow::Error::from(error));
        Self { container, image, ..Self::new(reason, "Failed", message) }
    }
}

impl Start {
    /// Finds out what there is to run.
    pub(super) fn new(
        global: &Global,
        wanted: &Pod,
        uid: Uuid,
        objects: &Objects,
        again: bool,
    ) -> Result<Self, NotStarted> {
        let settings = node::settings().map_err(NotStarted::create)?;
        let config = |problems: Vec<String>| {
            NotStarted::new("CreateContainerConfigError", "Failed", problems.join("; "))
        };
        let mut spec = lower::pod(wanted, uid, &settings, objects)
            .map_err(|problems| config(problems.iter().map(ToString::to_string).collect()))?;
        let wishes = Wishes::of(&spec).map_err(|complaints| {
            config(complaints.iter().map(|wrong| format!("{}: {}", wrong.field, wrong.message)).collect())
        })?;
        let secrets = PullSecrets::of(wanted, objects);
        let make = || -> anyhow::Result<Images> {
            pod::join(global, &NetworkArgs::default(), &mut spec)?;
            let supply = global.supply(&global.engine()?)?;
            Ok(Images::new(supply.with_secrets(secrets.keyring()?), wishes))
        };
        let images = make().map_err(NotStarted::create)?;
        Ok(Self { spec, images, secrets, again })
    }

    /// Prepares and starts it: it runs when this returns, or it is over already.
    pub(super) fn run(mut self, global: &Global, engine: &Engine) -> Result<(), NotStarted> {
        if self.again {
            super::remove(global, engine, self.spec.uid)
                .map_err(|why| NotStarted::new("CreateContainerError", "FailedCreatePodSandBox", why))?;
        }
        let prepared = engine
            .prepare(&self.spec, &mut self.images)
            .map_err(|error| NotStarted::of_engine(&self.spec, error))?;
        self.secrets.keep(&prepared).map_err(NotStarted::create)?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0("podrun");
        background::monitor_arguments(global, engine, self.spec.uid, &mut command)
            .context("cannot start a monitor")
            .map_err(NotStarted::create)?;
        let started = engine.start(prepared, &mut command);
        started.map(|_| ()).map_err(|error| NotStarted::of_engine(&self.spec, error))
    }
}

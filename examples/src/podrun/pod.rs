//! What is to run, from the command line: a manifest of Kubernetes, one of App Container, or images.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use appc_spec::lower::{LoweredPod, SeccompFile};
use pod_core::pod::{PodSpec, Uuid};
use pod_engine::{Engine, Network as _, Prepared};

use super::annotation::Wishes;
use super::arguments::ImageWords;
use super::cli::{Global, PodWhat};
use super::compose::{self, ImageWish};
use super::image_args::ImageArgs;
use super::images::{Images, Supply};
use super::manifest::{self, Manifest};
use super::network::NetworkArgs;
use super::pod_args::PodArgs;
use super::pull_secrets::PullSecrets;
use super::wanted::Wanted;

/// What is to run.
#[derive(Debug)]
pub(super) enum Pod {
    /// A Kubernetes Pod, and what it asks of podrun.
    Kubernetes(Box<Manifest>),
    /// An App Container pod manifest.
    Manifest(PathBuf, PodArgs),
    /// Images.
    Images(Vec<ImageWish>, PodArgs),
}

/// What the engine needs to prepare a pod.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) spec: PodSpec,
    pub(super) images: Images,
    pub(super) profiles: Profiles,
    pub(super) secrets: PullSecrets,
}

/// Reads what the command line says. `None` when a manifest is wrong, which the user has been told then.
pub(super) fn read(global: &Global, what: &PodWhat, words: &[ImageWords]) -> anyhow::Result<Option<Pod>> {
    if let Some(path) = &what.pod_manifest {
        only_pod_options(&path.display().to_string(), &what.options, None)?;
        return Ok(Some(Pod::Manifest(path.clone(), what.of_images.clone())));
    }
    let wanted = what.what.iter().map(|argument| Wanted::of(argument)).collect::<anyhow::Result<Vec<_>>>()?;
    if let [Wanted::Manifest(file)] = wanted.as_slice() {
        only_pod_options(&file.display().to_string(), &what.options, words.first())?;
        let read = manifest::read(global, file)?;
        let Some(mut pod) = read else { return Ok(None) };
        join(global, &what.network, &mut pod.spec)?;
        return Ok(Some(Pod::Kubernetes(Box::new(pod))));
    }
    let wishes = wishes(wanted, what, words)?;
    Ok(Some(Pod::Images(wishes, what.of_images.clone())))
}

/// Makes a pod join its networks, and sees that it can.
pub(super) fn join(global: &Global, network: &NetworkArgs, spec: &mut PodSpec) -> anyhow::Result<()> {
    network.apply(spec)?;
    global.networks().check(spec).map_err(|error| anyhow!(error))
}

/// A manifest says itself what its containers are.
fn only_pod_options(manifest: &str, before: &ImageArgs, behind: Option<&ImageWords>) -> anyhow::Result<()> {
    let nothing = ImageWords::default();
    let behind = behind.unwrap_or(&nothing);
    if let Some(option) = behind.options.first() {
        bail!("`{}` is for images: the manifest `{manifest}` says itself what it runs", option.display());
    }
    if !behind.arguments.is_empty() {
        bail!("arguments behind `--` are for images: the manifest `{manifest}` says itself what it runs");
    }
    if *before != ImageArgs::default() {
        bail!("options of images do not go with the manifest `{manifest}`, which says itself what it runs");
    }
    Ok(())
}

fn wishes(wanted: Vec<Wanted>, what: &PodWhat, words: &[ImageWords]) -> anyhow::Result<Vec<ImageWish>> {
    let one = wanted.len() == 1;
    if !one && what.options != what.options.for_all() {
        bail!("with several images an option of one stands behind it: `podrun run IMAGE --exec=…`");
    }
    let mut wishes = Vec::new();
    for (index, wanted) in wanted.into_iter().enumerate() {
        let Wanted::Image(image) = wanted else {
            bail!("a manifest is a whole pod: it stands alone, without images beside it");
        };
        let ImageWords { options, arguments } = words.get(index).cloned().unwrap_or_default();
        let options = ImageArgs::read(&options)?.over(&what.options);
        wishes.push(ImageWish { image, options, arguments });
    }
    Ok(wishes)
}

impl Pod {
    /// Everything that the engine needs; images are had by now.
    pub(super) fn ready(
        self,
        global: &Global,
        engine: &Engine,
        network: &NetworkArgs,
    ) -> anyhow::Result<Ready> {
        let supply = global.supply(engine)?;
        let (composed, options) = match self {
            Self::Kubernetes(pod) => {
                let Manifest { spec, wishes, secrets } = *pod;
                let images = Images::new(supply.with_secrets(secrets.keyring()?), wishes);
                return Ok(Ready { spec, images, profiles: Profiles::default(), secrets });
            }
            Self::Manifest(path, options) => (compose::written(&supply, &path)?, options),
            Self::Images(wishes, options) => (compose::compose(&supply, &options, &wishes)?, options),
        };
        let uid = Uuid::new_v4();
        let directory = Profiles::directory(engine.data_dir(), &uid.to_string());
        let LoweredPod { mut spec, seccomp, .. } = composed.lower(&options, uid, &directory)?;
        join(global, network, &mut spec)?;
        let (images, secrets) = (Images::stored(supply, composed), PullSecrets::default());
        Ok(Ready { spec, images, profiles: Profiles(seccomp), secrets })
    }
}

/// The images of a pod that was prepared before.
pub(super) fn images_again(supply: Supply, prepared: &Prepared) -> anyhow::Result<Images> {
    let wishes = Wishes::of(prepared.spec()).map_err(|complaints| {
        let complaints: Vec<_> = complaints
            .iter()
            .map(|complaint| format!("{}: {}", complaint.field, complaint.message))
            .collect();
        anyhow!("{}", complaints.join("; "))
    })?;
    let secrets = PullSecrets::kept(prepared)?;
    Ok(Images::new(supply.with_secrets(secrets.keyring()?), wishes))
}

/// The seccomp profiles of a pod.
#[derive(Debug, Default)]
pub(super) struct Profiles(Vec<SeccompFile>);

impl Profiles {
    fn directory(data_dir: &Path, pod: &str) -> PathBuf {
        data_dir.join("seccomp").join(pod)
    }

    /// Writes them, once the pod is there: what belongs to no pod is removed.
    pub(super) fn write(&self) -> anyhow::Result<()> {
        for file in &self.0 {
            let doing = || format!("cannot write `{}`", file.path.display());
            if let Some(parent) = file.path.parent() {
                fs::create_dir_all(parent).with_context(doing)?;
            }
            fs::write(&file.path, &file.json).with_context(doing)?;
        }
        Ok(())
    }

    /// Removes those of pods that are no more.
    pub(super) fn sweep(engine: &Engine) -> anyhow::Result<()> {
        let all = engine.data_dir().join("seccomp");
        let Ok(entries) = fs::read_dir(&all) else { return Ok(()) };
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        // Looked at after the names were read: a pod that is being prepared has its directory before its profiles.
        let pods: Vec<_> = engine.pods()?.iter().map(|pod| pod.uid.to_string()).collect();
        for name in names.iter().filter(|name| !pods.iter().any(|pod| *name == pod.as_str())) {
            let path = all.join(name);
            fs::remove_dir_all(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
        }
        Ok(())
    }
}

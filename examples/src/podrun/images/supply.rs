//! Where images come from: the store, files, registries, discovery.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use appc_spec::archive::begins_as_image;
use appc_spec::oci::{self, OciErrorKind, Pick, Source};
use appc_spec::store::{GcOptions, ImportOptions, Store, StoredImage};
use appc_spec::{AcName, AppString, ImageId, Strength};
use pod_core::image::{Keyring, Platform, PullPolicy, Reference};
use pod_core::lifecycle::Pull;
use pod_core::registry::Cancel;

use super::fetch;
use super::road::Road;
use crate::discovery::DiscoveryArgs;
use crate::podrun::wanted::ImageAt;
use crate::progress::Progress;
use crate::registry::RegistryArgs;

/// Where images come from.
#[derive(Debug)]
pub(in crate::podrun) struct Supply {
    store: Store,
    /// Where images are while they come from registries.
    fetching: PathBuf,
    pub(super) registries: RegistryArgs,
    pub(super) discovery: DiscoveryArgs,
    /// The credentials that a pod brings along.
    secrets: Keyring,
    /// Makes pulls give up.
    cancel: Cancel,
}

impl Supply {
    /// That of a data directory.
    pub(in crate::podrun) fn open(
        data_dir: &Path,
        registries: &RegistryArgs,
        discovery: &DiscoveryArgs,
    ) -> anyhow::Result<Self> {
        let store = Store::open(data_dir.join("store"))?;
        Ok(Self {
            store,
            fetching: data_dir.join("fetching"),
            registries: registries.clone(),
            discovery: discovery.clone(),
            secrets: Keyring::new(),
            cancel: Cancel::new(),
        })
    }

    /// What makes pulls give up.
    pub(super) fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// The same for a pod that brings credentials: they are tried before this machine's own.
    pub(in crate::podrun) fn with_secrets(self, secrets: Keyring) -> Self {
        Self { secrets, ..self }
    }

    /// The store that they are kept in.
    pub(in crate::podrun) const fn store(&self) -> &Store {
        &self.store
    }

    /// Takes away what killed podruns left in the store. Every whole image stays.
    pub(in crate::podrun) fn sweep(&self) -> anyhow::Result<()> {
        let (images, trees) = (BTreeSet::new(), BTreeSet::new());
        let options =
            GcOptions { images: &images, trees: &trees, unused_for: Duration::MAX, now: SystemTime::now() };
        self.store.gc(&options)?;
        fetch::sweep(&self.fetching)
    }

    /// An image of the store by the beginning of its ID, or by its name.
    pub(in crate::podrun) fn stored(&self, text: &str) -> anyhow::Result<StoredImage> {
        let digits = text.strip_prefix("sha512-");
        let may_be_id = digits.unwrap_or(text).bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.by_name(text)? {
            Some(image) if digits.is_none() => Ok(image),
            _ if digits.is_some() || may_be_id => Ok(self.store.image_by_prefix(text)?),
            _ => bail!("no image in the store has the name or the ID `{text}`"),
        }
    }

    /// What a pod calls an image, for people: of an ID the name that the image has, or as much as tells IDs apart in practice.
    pub(in crate::podrun) fn shown(&self, image: &str) -> String {
        let Ok(id) = image.parse::<ImageId>() else { return image.to_owned() };
        match self.store.image(&id) {
            Ok(Some(stored)) => {
                let manifest = stored.manifest();
                let version = manifest.labels.value("version").map(|version| format!(":{version}"));
                format!("{}{}", manifest.name, version.unwrap_or_default())
            }
            _ => image.get(.."sha512-".len() + 12).unwrap_or(image).to_owned(),
        }
    }

    fn by_name(&self, text: &str) -> anyhow::Result<Option<StoredImage>> {
        if let Ok(name) = Reference::parse(text)
            && let Some(image) = self.store.named(&name.with_default_tag())?
        {
            return Ok(Some(image));
        }
        // An App Container name can say less, and more: any version will do, or one of that label.
        match text.parse::<AppString>() {
            Ok(name) => Ok(self.store.app(&name)?),
            Err(_) => Ok(None),
        }
    }

    /// An image from wherever it is, by the pull policy; and what it took, unless it was there.
    ///
    /// A file is named as it is: it is taken in whatever the policy says. The store knows it when it has it.
    pub(in crate::podrun) fn wanted(
        &self,
        image: &ImageAt,
        policy: PullPolicy,
    ) -> anyhow::Result<(StoredImage, Option<Pull>)> {
        let began = Instant::now();
        let (image, new) = match image {
            ImageAt::Id(prefix) => (self.store.image_by_prefix(prefix)?, false),
            ImageAt::Path(path, image) => self.take_in(path, image.as_deref(), Strength::Strict)?,
            ImageAt::Registry(name) => self.named(name, &self.registry(name)?, policy)?,
            ImageAt::App(app) => {
                let road = Road::Discovery { app: app.clone(), signed: true };
                let present = self.present(&road)?;
                self.by_policy(&app.to_string(), &road, present, policy)?
            }
            ImageAt::Name(name) => self.named(name, &self.road(name)?, policy)?,
        };
        let pull = new.then(|| Pull { took: began.elapsed(), size: image.tar_size() });
        Ok((image, pull))
    }

    fn registry(&self, name: &str) -> anyhow::Result<Road> {
        let reference = Reference::parse(name).with_context(|| format!("image `{name}`"))?;
        Ok(Road::Registry(reference.with_default_tag()))
    }

    fn named(&self, name: &str, road: &Road, policy: PullPolicy) -> anyhow::Result<(StoredImage, bool)> {
        let present = match road {
            Road::Registry(_) => self.by_name(name)?,
            Road::Discovery { .. } => self.present(road)?,
        };
        self.by_policy(name, road, present, policy)
    }

    /// Fetches an image from its registry; and whether the store did not have it.
    pub(in crate::podrun) fn fetch(&self, name: &Reference<'_>) -> anyhow::Result<(StoredImage, bool)> {
        fetch::fetch(
            &self.store,
            &self.fetching,
            &self.registries.client("podrun", self.secrets.clone())?,
            name,
            &self.cancel,
        )
    }

    /// Takes an image file or a layout directory into the store, or one image of it; and whether the store did not have it.
    pub(in crate::podrun) fn take_in(
        &self,
        path: &Path,
        image: Option<&str>,
        strength: Strength,
    ) -> anyhow::Result<(StoredImage, bool)> {
        if path.is_dir() || !begins_as_image(open(path)?) {
            match Source::open(path) {
                Ok(source) => return self.take_from(&source, image),
                // What is no image of any kind is said in the words of the one that has files only.
                Err(error) if path.is_dir() || error.kind() != OciErrorKind::Format => {
                    return Err(error.into());
                }
                Err(_) => {}
            }
        }
        if let Some(image) = image {
            bail!("`{}` is one image, and has none within that is called `{image}`", path.display());
        }
        let name = path.display().to_string();
        let file = open(path)?;
        let size = file.metadata().with_context(|| format!("cannot look at `{name}`"))?.len();
        let progress = Progress::new(format!("importing {name}"), size);
        let options = ImportOptions::new(strength, SystemTime::now());
        let imported = self.store.import(&name, file, &options, &mut |done| progress.set(done))?;
        Ok((imported.image, imported.is_new))
    }

    fn take_from(&self, source: &Source, image: Option<&str>) -> anyhow::Result<(StoredImage, bool)> {
        let platform = Platform::of_this_program();
        let pick = match image {
            Some(image) => Pick::named(image, platform),
            None => Pick::the_only_one(platform),
        };
        let progress = Progress::new(format!("importing {}", source.path().display()), 0);
        let options = oci::ImportOptions::new(SystemTime::now());
        let options = match local_name(source, image) {
            Some(name) => options.named(&name),
            None => options,
        };
        let imported = oci::import(&self.store, source, &pick, &options, &|done| progress.set(done))?;
        fetch::tell_not_carried(&imported);
        Ok((imported.image, imported.is_new))
    }
}

/// The name of an image that has none, or a bare tag: that of its file, at `localhost` as podman has it.
fn local_name(source: &Source, image: Option<&str>) -> Option<Reference<'static>> {
    let names = source.images().flat_map(|image| &image.names).map(String::as_str);
    let names: Vec<_> = image.map_or_else(|| names.collect(), |image| vec![image]);
    if names.iter().any(|name| name.contains(['/', ':'])) {
        return None;
    }
    let stem = source.path().file_stem()?.to_str()?;
    let name = AcName::sanitize(stem).ok()?;
    let tagged = format!("localhost/{name}:{}", names.first().unwrap_or(&"latest"));
    Reference::parse(&tagged).ok().map(Reference::into_owned)
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot open `{}`", path.display()))
}

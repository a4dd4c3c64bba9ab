//! Where images come from: the store, files, registries.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};
use appc_spec::store::{GcOptions, ImportOptions, Store, StoredImage};
use appc_spec::{AppString, Strength, lower};
use pod_core::image::{PullDecision, PullPolicy, Reference};
use pod_core::lifecycle::Pull;

use crate::podrun::wanted::ImageAt;
use crate::progress::Progress;

/// Where images come from.
#[derive(Debug)]
pub(in crate::podrun) struct Supply {
    store: Store,
}

impl Supply {
    /// That of a data directory.
    pub(in crate::podrun) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self { store: Store::open(data_dir.join("store"))? })
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
        Ok(())
    }

    /// The image of that name in the store: what came in by this very name, else what was imported with it in its manifest.
    pub(in crate::podrun) fn named(&self, name: &Reference<'_>) -> anyhow::Result<Option<StoredImage>> {
        if let Some(id) = self.store.reference(&name.to_string())?
            && let Some(image) = self.store.image(&id)?
        {
            return Ok(Some(image));
        }
        Ok(self.store.find(&lower::app_string(name)?)?)
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

    fn by_name(&self, text: &str) -> anyhow::Result<Option<StoredImage>> {
        if let Ok(name) = Reference::parse(text)
            && let Some(image) = self.named(&name.with_default_tag())?
        {
            return Ok(Some(image));
        }
        // An App Container name can say less, and more: any version will do, or one of that label.
        match text.parse::<AppString>() {
            Ok(name) => Ok(self.store.find(&name)?),
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
            ImageAt::Path(path) => self.take_in(path, Strength::Strict)?,
            ImageAt::Name(name) | ImageAt::Registry(name) => self.pulled(name, policy)?,
        };
        let pull = new.then(|| Pull { took: began.elapsed(), size: image.tar_size() });
        Ok((image, pull))
    }

    fn pulled(&self, name: &str, policy: PullPolicy) -> anyhow::Result<(StoredImage, bool)> {
        let present = self.by_name(name)?;
        match (policy.decide(present.is_some()), present) {
            (PullDecision::Use, Some(image)) => Ok((image, false)),
            (PullDecision::Missing | PullDecision::Use, _) => {
                bail!("image `{name}` is not in the store, and `--pull-policy` is `never`")
            }
            (PullDecision::Pull, _) => {
                bail!("image `{name}` is not in the store, and there is no registry yet")
            }
        }
    }

    /// Takes an image file into the store; and whether the store did not have it.
    pub(in crate::podrun) fn take_in(
        &self,
        path: &Path,
        strength: Strength,
    ) -> anyhow::Result<(StoredImage, bool)> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open `{name}`"))?;
        let size = file.metadata().with_context(|| format!("cannot look at `{name}`"))?.len();
        let progress = Progress::new(format!("importing {name}"), size);
        let options = ImportOptions::new(strength, SystemTime::now());
        let imported = self.store.import(&name, file, &options, &mut |done| progress.set(done))?;
        Ok((imported.image, imported.is_new))
    }
}

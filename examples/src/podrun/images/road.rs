//! On which road an image comes that is called by a name.

use std::time::SystemTime;

use anyhow::Context;
use appc_spec::AppString;
use appc_spec::fetch::{Client, Obtain};
use appc_spec::store::StoredImage;
use appc_spec::trust::Keystore;
use pod_core::image::{ParseReferenceError, PullDecision, PullPolicy, Reference};

use super::supply::Supply;
use crate::progress::Progress;

/// Where an image of some name comes from, if the store does not have it.
#[derive(Debug, Clone)]
pub(in crate::podrun) enum Road {
    /// From a registry.
    Registry(Reference<'static>),
    /// From where App Container discovery finds it.
    Discovery {
        app: AppString,
        /// Whether an image of the store counts only with a signature. What is fetched needs one in any case.
        signed: bool,
    },
}

impl Supply {
    /// The road of a name. That an App Container name is meant, a key for a prefix of it says, and that it can be nothing else.
    pub(in crate::podrun) fn road(&self, name: &str) -> anyhow::Result<Road> {
        let app = name.parse::<AppString>();
        if let Ok(app) = &app
            && self.discovery.keystore().singles_out(&app.name)?
        {
            return Ok(Road::Discovery { app: app.clone(), signed: true });
        }
        match (Reference::parse(name), app) {
            (Ok(reference), _) => Ok(Road::Registry(reference.with_default_tag())),
            (Err(_), Ok(app)) => Ok(Road::Discovery { app, signed: false }),
            (Err(error), Err(_)) => Err(invalid(name, error)),
        }
    }

    /// The image of the store that a name means; where its signature counts, only one that has it.
    pub(in crate::podrun) fn present(&self, road: &Road) -> anyhow::Result<Option<StoredImage>> {
        match road {
            Road::Registry(name) => Ok(self.store().named(name)?),
            Road::Discovery { app, signed: true } => self.obtain(app, |obtain| Ok(obtain.present(app)?)),
            Road::Discovery { app, signed: false } => Ok(self.store().app(app)?),
        }
    }

    /// Fetches an image; and whether the store did not have it.
    pub(in crate::podrun) fn bring(&self, road: &Road) -> anyhow::Result<(StoredImage, bool)> {
        match road {
            Road::Registry(name) => self.fetch(name),
            Road::Discovery { app, .. } => self.obtain(app, |obtain| {
                let bar = Progress::new(format!("fetching {app}"), 0);
                let obtained = obtain.fetch(app, &mut |_, done, _| bar.set(done))?;
                Ok((obtained.image, obtained.is_new))
            }),
        }
    }

    /// An image by the pull policy; and whether the store did not have it. `called` is what the user called it.
    pub(super) fn by_policy(
        &self,
        called: &str,
        road: &Road,
        present: Option<StoredImage>,
        policy: PullPolicy,
    ) -> anyhow::Result<(StoredImage, bool)> {
        match (policy.decide(present.is_some()), present) {
            (PullDecision::Use, Some(image)) => Ok((image, false)),
            (PullDecision::Missing | PullDecision::Use, _) => {
                anyhow::bail!("image `{called}` is not in the store, and `--pull-policy` is `never`")
            }
            (PullDecision::Pull, _) => self.bring(road).with_context(|| format!("image `{called}`")),
        }
    }

    fn obtain<T>(
        &self,
        app: &AppString,
        with: impl FnOnce(&Obtain<'_>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let client: Client = self.discovery.client(&self.registries)?;
        let keystore: Keystore = self.discovery.keystore();
        let keys = self.discovery.checks_signatures().then_some(&keystore);
        let obtain = Obtain::new(self.store(), &client, keys, SystemTime::now());
        tracing::debug!(%app, signed = keys.is_some(), "asked for by discovery");
        with(&obtain)
    }
}

fn invalid(name: &str, error: ParseReferenceError) -> anyhow::Error {
    anyhow::Error::from(error).context(format!("image `{name}`"))
}

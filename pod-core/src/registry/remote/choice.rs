//! Which image of an index is pulled.

use serde::Deserialize;

use super::{Fetched, Remote};
use crate::image::{Descriptor, ImageIndex, ImageManifest, Manifest, Platform};
use crate::registry::http::Session;
use crate::registry::login::Target;
use crate::registry::{Error, ErrorKind};

/// How deep indexes may stand in indexes.
const MAX_DEPTH: usize = 4;

/// The image that was chosen; its configuration if it had to be read.
pub(in crate::registry) struct Chosen {
    pub(in crate::registry) fetched: Fetched,
    pub(in crate::registry) manifest: ImageManifest,
    pub(in crate::registry) config: Option<Vec<u8>>,
}

impl Remote<'_> {
    /// The image for a platform (containerd `images.Manifest`): the best of an index; for one that names no platform, and for a
    /// manifest alone, the configuration decides.
    pub(in crate::registry) fn choose(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        root: &Fetched,
        platform: &Platform,
    ) -> Result<Chosen, Error> {
        let found = self.choose_within(session, targets, root.clone(), platform, 0)?;
        found.ok_or_else(|| {
            let has: Vec<_> = match &root.manifest {
                Manifest::Index(ImageIndex { manifests, .. }) => manifests
                    .iter()
                    .filter_map(|image| image.platform.as_ref())
                    .map(|p| format!("`{p}`"))
                    .collect(),
                Manifest::Image(_) => Vec::new(),
            };
            let detail = if has.is_empty() {
                "it is for another one".to_owned()
            } else {
                format!("it is for {}", has.join(", "))
            };
            Error::new(ErrorKind::Platform, format!("`{}` has no image for `{platform}`", self.name), detail)
        })
    }

    fn choose_within(
        &self,
        session: &Session<'_>,
        targets: &[Target],
        fetched: Fetched,
        platform: &Platform,
        depth: usize,
    ) -> Result<Option<Chosen>, Error> {
        if depth > MAX_DEPTH {
            let doing = format!("cannot choose an image of `{}`", self.name);
            return Err(Error::new(
                ErrorKind::Malformed,
                doing,
                format!("more than {MAX_DEPTH} indexes in one another"),
            ));
        }
        match fetched.manifest.clone() {
            Manifest::Index(index) => {
                let order = platform.choose(index.manifests.iter().map(|image| image.platform.as_ref()));
                for descriptor in order.into_iter().filter_map(|place| index.manifests.get(place)) {
                    let child = self.by_descriptor(session, targets, descriptor)?;
                    if let Some(chosen) = self.choose_within(session, targets, child, platform, depth + 1)? {
                        return Ok(Some(chosen));
                    }
                }
                Ok(None)
            }
            Manifest::Image(manifest) => {
                if fetched.descriptor.platform.is_some() {
                    return Ok(Some(Chosen { fetched, manifest, config: None }));
                }
                let config = self.small_blob(session, targets, &manifest.config)?;
                let is_for = config_platform(&config);
                let fits = is_for.as_ref().is_none_or(|image| platform.accepts(image));
                let fetched =
                    Fetched { descriptor: Descriptor { platform: is_for, ..fetched.descriptor }, ..fetched };
                Ok(fits.then_some(Chosen { fetched, manifest, config: Some(config) }))
            }
        }
    }
}

/// For which platform a configuration says it is; `None` when it says nothing, as that of an artifact.
fn config_platform(config: &[u8]) -> Option<Platform> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        os: String,
        #[serde(default)]
        architecture: String,
        #[serde(default)]
        variant: String,
    }
    let named: Named = serde_json::from_slice(config).ok()?;
    (!named.os.is_empty() || !named.architecture.is_empty())
        .then(|| Platform::new(&named.os, &named.architecture, &named.variant))
}

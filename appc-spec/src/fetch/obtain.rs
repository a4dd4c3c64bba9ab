//! Images by their App Container names, from the store or from where discovery finds them.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use super::{CacheInfo, Client, Downloaded, ObtainError, ObtainErrorKind, Signature, Told};
use crate::discovery::Endpoint;
use crate::render::RenderLimits;
use crate::store::{FetchedFrom, ImportOptions, Store, StoredImage, Verification};
use crate::trust::{Keyring, Keystore};
use crate::{AcIdentifier, AppString, Dependency, ImageId, Strength};

/// Has images by their App Container names.
///
/// ```no_run
/// use std::time::SystemTime;
///
/// use appc_spec::fetch::{Client, Obtain, Settings};
/// use appc_spec::store::Store;
/// use appc_spec::trust::Keystore;
///
/// let store = Store::open("/var/lib/podkit/store")?;
/// let (client, keys) = (Client::new(Settings::new()), Keystore::of_rkt());
/// let obtain = Obtain::new(&store, &client, Some(&keys), SystemTime::now());
/// let app = "example.com/reduce-worker:1.0.0".parse()?;
/// let image = match obtain.present(&app)? {
///     Some(image) => image,
///     None => obtain.fetch(&app, &mut |_, _, _| {})?.image,
/// };
/// println!("{}: {:?}", image.id(), image.verified());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Obtain<'a> {
    store: &'a Store,
    client: &'a Client,
    keys: Option<&'a Keystore>,
    strength: Strength,
    now: SystemTime,
}

/// An image that was had.
#[derive(Debug)]
#[non_exhaustive]
pub struct Obtained {
    /// The image, held in the store.
    pub image: StoredImage,
    /// Whether the store did not have it before.
    pub is_new: bool,
}

impl<'a> Obtain<'a> {
    /// Into this store, by this client. With a keystore only images count that somebody has signed who is believed for the name that was
    /// asked for; without one all do.
    #[must_use]
    pub const fn new(
        store: &'a Store,
        client: &'a Client,
        keys: Option<&'a Keystore>,
        now: SystemTime,
    ) -> Self {
        Self { store, client, keys, strength: Strength::Strict, now }
    }

    /// The same; manifests are held to the specification so.
    #[must_use]
    pub const fn strength(mut self, strength: Strength) -> Self {
        self.strength = strength;
        self
    }

    /// The newest image of the store that is what is asked for. Where signatures are checked, one that was verified for this very name by a
    /// key that would be believed now.
    ///
    /// # Errors
    ///
    /// When the store or the keys cannot be read.
    pub fn present(&self, app: &AppString) -> Result<Option<StoredImage>, ObtainError> {
        let believed = self.believed(&app.name)?;
        let found = self.store.newest(|image| app.fits(image.manifest()) && believed.has(image, &app.name));
        found.map_err(|error| ObtainError::store(&app.name, error))
    }

    /// The image that discovery finds by this name, with all that it depends on as far as that is not there yet. What the server says is still
    /// the newest is not fetched again.
    ///
    /// The labels `os` and `arch` are those of this machine unless others are asked for.
    ///
    /// # Errors
    ///
    /// When no key is believed for the name of the image or of a dependency: nobody is asked for it then. When it cannot be found or
    /// fetched; when its signature is not believed; when it is no image, or not the one that was asked for; when it cannot be kept.
    pub fn fetch(&self, app: &AppString, told: Told<'_>) -> Result<Obtained, ObtainError> {
        let obtained = self.one(app, None, told)?;
        let mut pending: Vec<Dependency> = obtained.image.manifest().dependencies.as_slice().to_vec();
        let (mut seen, mut held) = (BTreeSet::new(), Vec::new());
        while let Some(wanted) = pending.pop() {
            let labels = wanted.labels.iter();
            let app = labels.fold(AppString::new(wanted.image_name.clone()), |app, label| {
                app.with_label(label.name.clone(), label.value.clone())
            });
            if !seen.insert((app.to_string(), wanted.image_id.clone())) {
                continue;
            }
            if seen.len() > RenderLimits::STANDARD.passes {
                let message = format!(
                    "the image `{}` depends on more than {} others",
                    obtained.image.manifest().name,
                    RenderLimits::STANDARD.passes
                );
                return Err(ObtainError::new(ObtainErrorKind::Limit, message));
            }
            let image = match self.fulfilled(&app, wanted.image_id.as_ref())? {
                Some(image) => image,
                None => self.one(&app, wanted.image_id.as_ref(), told)?.image,
            };
            pending.extend(image.manifest().dependencies.iter().cloned());
            // Nobody removes it before all are there.
            held.push(image);
        }
        Ok(obtained)
    }

    /// The image of the store for a dependency.
    fn fulfilled(&self, app: &AppString, id: Option<&ImageId>) -> Result<Option<StoredImage>, ObtainError> {
        let Some(id) = id.filter(|id| id.is_whole()) else { return self.present(app) };
        let believed = self.believed(&app.name)?;
        let found = self.store.image(id).map_err(|error| ObtainError::store(&app.name, error))?;
        Ok(found.filter(|image| believed.has(image, &app.name)))
    }

    /// One image, without what it depends on.
    fn one(&self, app: &AppString, id: Option<&ImageId>, told: Told<'_>) -> Result<Obtained, ObtainError> {
        let name = &app.name;
        let believed = self.believed(name)?;
        if let Believed::By { keyring, .. } = &believed
            && keyring.is_empty()
        {
            let message = format!("no key is believed for the image `{name}`, so nobody can have signed it");
            return Err(ObtainError::new(ObtainErrorKind::NoKey, message));
        }
        let asked = app.clone().for_this_machine();
        let discovered =
            self.client.discover(&asked).map_err(|error| ObtainError::fetch(name.as_str(), error))?;
        let known = |endpoint: &Endpoint| self.known(endpoint, &asked, &believed);
        for endpoint in &discovered.found.endpoints {
            if let Some((image, cache, age)) = known(endpoint)
                && cache.is_fresh(age)
            {
                return Ok(Obtained { image, is_new: false });
            }
        }
        let stored = |error| ObtainError::store(name, error);
        let mut file = self.temporary(name)?;
        let signature = match &believed {
            Believed::Everybody => Signature::Unchecked,
            Believed::By { keyring, .. } => Signature::By(keyring, self.now),
        };
        let cached = |endpoint: &Endpoint| known(endpoint).map(|(_, cache, _)| cache);
        let downloaded = self.client.download(&discovered, signature, &cached, &mut file, told)?;
        let url = &downloaded.endpoint.image;
        let (image, is_new) = match known(&downloaded.endpoint).filter(|_| downloaded.is_known) {
            Some((image, ..)) => (image, false),
            None => self.import(&asked, id, &downloaded, &file)?,
        };
        let mut from = FetchedFrom::new(image.id().clone(), self.now);
        (from.etag, from.max_age) = (downloaded.cache.etag.clone(), downloaded.cache.max_age);
        self.store.set_fetched(url, &from).map_err(stored)?;
        Ok(Obtained { image, is_new })
    }

    fn import(
        &self,
        asked: &AppString,
        id: Option<&ImageId>,
        downloaded: &Downloaded,
        file: &File,
    ) -> Result<(StoredImage, bool), ObtainError> {
        let mut options = ImportOptions::new(self.strength, self.now).named(asked.clone());
        options.expected = id.filter(|id| id.is_whole()).cloned();
        options.verified = downloaded
            .signed
            .as_ref()
            .map(|signed| Verification::new(asked.name.clone(), signed.key.to_string(), self.now));
        let imported = self.store.import(&downloaded.endpoint.image, file, &options, &mut |_| {});
        let imported = imported.map_err(|error| ObtainError::store(&asked.name, error))?;
        Ok((imported.image, imported.is_new))
    }

    /// A file without a name, which goes away with the process.
    fn temporary(&self, name: &AcIdentifier) -> Result<File, ObtainError> {
        tempfile::tempfile_in(self.store.directory()).map_err(|error| ObtainError::file(name.as_str(), error))
    }

    /// What the store has from a place, if it would be taken now, what the server said of it, and how long ago.
    fn known(
        &self,
        endpoint: &Endpoint,
        asked: &AppString,
        believed: &Believed,
    ) -> Option<(StoredImage, CacheInfo, Duration)> {
        // Records that cannot be read only cost a download.
        let from = self.store.fetched(&endpoint.image).ok()??;
        let image = self.store.image(&from.image_id).ok()??;
        let is_it = asked.fits(image.manifest()) && believed.has(&image, &asked.name);
        let mut cache = CacheInfo::default();
        (cache.etag, cache.max_age) = (from.etag, from.max_age);
        // A clock that was set back makes nothing fresh.
        let age = self.now.duration_since(from.at).unwrap_or(Duration::MAX);
        is_it.then_some((image, cache, age))
    }

    fn believed(&self, name: &AcIdentifier) -> Result<Believed, ObtainError> {
        let Some(keystore) = self.keys else { return Ok(Believed::Everybody) };
        let keyring = keystore.keyring(name).map_err(|error| ObtainError::trust(name.as_str(), error))?;
        let valid =
            keyring.keys().filter(|key| key.check(self.now).is_ok()).map(|key| key.fingerprint().to_string());
        Ok(Believed::By { valid: valid.collect(), keyring })
    }
}

/// Whose signature an image must have.
enum Believed {
    Everybody,
    By {
        keyring: Keyring,
        /// The fingerprints of those of its keys that may sign now.
        valid: Vec<String>,
    },
}

impl Believed {
    /// Whether an image of the store is one that would be believed now.
    fn has(&self, image: &StoredImage, name: &AcIdentifier) -> bool {
        match self {
            Self::Everybody => true,
            // To the store no keys are all keys.
            Self::By { valid, .. } if valid.is_empty() => false,
            Self::By { valid, .. } => {
                let valid: Vec<_> = valid.iter().map(String::as_str).collect();
                image.is_verified_for(name, &valid)
            }
        }
    }
}

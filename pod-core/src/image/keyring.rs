//! Which credentials go with which image: the kubelet's keyring.

mod config;
mod credential;
mod credential_helper;
mod glob;
mod key;

use super::Reference;
use key::{Key, Url};

pub use config::{ConfigFormat, DockerConfig, EntryError, ReadConfigError};
pub use credential::{Credential, SecretText};
pub use credential_helper::{HelperAnswerError, HelperCall};

/// Credentials for registries, found by the name of an image (the kubelet's `credentialprovider`).
///
/// A key is `[scheme://]host[:port][/path]`. Each dot-separated part of the host may be a pattern of Go's `filepath.Match`; the
/// number of parts and the port must be equal, and the path must be the start of the image's path, as plain text: `/images` is
/// also for `/images2`. A leading `/v1/` or `/v2/` counts for nothing. All keys that match give candidates, in descending order
/// of the keys' text, so that a longer path comes before a shorter one. Docker's own key `index.docker.io` is for images of
/// `docker.io` when no other key matches.
///
/// ```
/// use pod_core::image::{ConfigFormat, DockerConfig, Keyring, Reference};
///
/// let node = br#"{"auths": {"*.example.com": {"auth": "bm9kZTpw"}, "r.example.com/team": {"auth": "dGVhbTpw"}}}"#;
/// let mut keyring = Keyring::new();
/// keyring.add(DockerConfig::read(ConfigFormat::ConfigJson, node)?);
///
/// let image = Reference::parse("r.example.com/team/app:2")?;
/// let keys: Vec<_> = keyring.lookup(&image).iter().map(|candidate| candidate.key()).collect();
/// assert_eq!(keys, ["r.example.com/team", "*.example.com"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Keyring {
    rings: Vec<Ring>,
    matching: HostMatching,
}

/// What was added between two calls of [`Keyring::then`]; one index in the kubelet.
#[derive(Debug, Clone, Default)]
struct Ring {
    /// Descending by key; entries with one key in the order in which they were added.
    entries: Vec<(Key, Credential)>,
    helpers: Vec<(String, String)>,
    stores: Vec<String>,
}

/// How the host of a key is compared with an image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostMatching {
    /// Part by part between the dots, as the kubelet's code does: `*.example` is not for `a.b.example`.
    #[default]
    Parts,
    /// As one pattern, as the Kubernetes documentation described it about 2020: a `*` may stand for several parts, so
    /// `*my-registry.io` is also for `sub.my-registry.io` and `a.sub.my-registry.io`.
    Whole,
}

/// The host under which Docker keeps the credentials of `docker.io`.
const DOCKER_HUB_KEY: &str = "index.docker.io";

impl Keyring {
    /// A keyring without credentials.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same keyring with another comparison of hosts.
    #[must_use]
    pub const fn with_host_matching(mut self, matching: HostMatching) -> Self {
        self.matching = matching;
        self
    }

    /// Adds the contents of a file. Its keys mix with those that are here already, and its credentials come after those
    /// under the same key.
    pub fn add(&mut self, config: DockerConfig) {
        if self.rings.is_empty() {
            self.rings.push(Ring::default());
        }
        let Some(ring) = self.rings.last_mut() else { return };
        ring.entries.extend(config.entries);
        ring.entries.sort_by(|(a, _), (b, _)| b.text().cmp(a.text()));
        ring.helpers.extend(config.helpers);
        ring.stores.extend(config.store);
    }

    /// This keyring, and after all its candidates those of another: a pod's pull secrets `then` the node's own files.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.rings.extend(other.rings);
        self
    }

    /// All credentials to try for an image, best first. Tag and digest make no difference.
    ///
    /// An empty answer is the only reason to pull anonymously. (A candidate of [`Login::Ask`] may turn out to have nothing.)
    #[must_use]
    pub fn lookup(&self, image: &Reference<'_>) -> Vec<Candidate<'_>> {
        self.lookup_repository(&image.name().to_string())
    }

    /// As [`Keyring::lookup`], for a text of domain and path such as `docker.io/library/nginx` or a mirror's
    /// `mirror.example:5000/library/nginx`.
    #[must_use]
    pub fn lookup_repository(&self, repository: &str) -> Vec<Candidate<'_>> {
        self.rings.iter().flat_map(|ring| ring.lookup(repository, self.matching)).collect()
    }
}

impl Ring {
    fn lookup(&self, repository: &str, matching: HostMatching) -> Vec<Candidate<'_>> {
        let host = repository.split('/').next().unwrap_or_default();
        let server = if is_docker_hub(repository) { "https://index.docker.io/v1/" } else { host };
        let is_asked = |key: &str| key == server || key == host || (server != host && key == DOCKER_HUB_KEY);
        let ask = |key, name: &str| Candidate { key, login: Login::Ask(HelperCall::new(name, server)) };

        let mut found: Vec<_> = self
            .helpers
            .iter()
            .filter(|(key, _)| is_asked(key))
            .map(|(key, name)| ask(key.as_str(), name))
            .collect();
        let known = |(key, credential)| {
            let key: &Key = key;
            Candidate { key: key.text(), login: Login::Known(credential) }
        };
        let before = found.len();
        if let Ok(url) = Url::parse(repository) {
            found.extend(
                self.entries
                    .iter()
                    .filter(|(key, _)| key.matches(&url, matching))
                    .map(|(k, c)| known((k, c))),
            );
        }
        if found.len() == before && is_docker_hub(repository) {
            found.extend(
                self.entries
                    .iter()
                    .filter(|(key, _)| key.text() == DOCKER_HUB_KEY)
                    .map(|(k, c)| known((k, c))),
            );
        }
        found.extend(self.stores.iter().map(|name| ask("credsStore", name)));
        found
    }
}

/// Whether a repository is Docker Hub's, in any of the ways of writing it: no domain, `docker.io` or `index.docker.io`.
fn is_docker_hub(repository: &str) -> bool {
    match repository.split_once('/') {
        None => !repository.is_empty(),
        Some(("docker.io" | DOCKER_HUB_KEY, _)) => true,
        Some((first, _)) => !first.is_empty() && !first.contains(['.', ':']),
    }
}

/// Something to try for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'k> {
    key: &'k str,
    login: Login<'k>,
}

impl<'k> Candidate<'k> {
    /// The key that matched, without scheme; `credsStore` for the store of all registries. Never a secret.
    #[must_use]
    pub const fn key(&self) -> &'k str {
        self.key
    }

    /// What to log in with.
    #[must_use]
    pub const fn login(&self) -> &Login<'k> {
        &self.login
    }
}

/// Credentials, or the helper that may have them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Login<'k> {
    /// These credentials stood in the file.
    Known(&'k Credential),
    /// The file names a helper; the answer is as good as an entry.
    Ask(HelperCall),
}

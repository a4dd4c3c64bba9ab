//! What a client is allowed and how it behaves, decided by its builder.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ureq::Agent;

use super::endpoint::Origin;
use crate::image::Keyring;

/// The settings of a [`Client`](super::Client).
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) keyring: Keyring,
    pub(super) silence: Duration,
    pub(super) retries: u32,
    /// `host[:port]` of registries, mirrors and token servers.
    pub(super) plain_http: Vec<String>,
    /// Mirrors of a domain, in order.
    pub(super) mirrors: BTreeMap<String, Vec<String>>,
    /// A registry and the token server that may see its credentials, as `host[:port]`.
    pub(super) realms: Vec<(String, String)>,
    #[cfg(feature = "registry-tls")]
    pub(super) roots: super::tls::Roots,
}

/// Where the images of `docker.io` are, and the host that hands out its tokens.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_REGISTRY: &str = "registry-1.docker.io";
const DOCKER_HUB_TOKENS: &str = "auth.docker.io";

impl Settings {
    pub(super) fn agent(&self) -> Agent {
        let config = Agent::config_builder()
            // The environment is the caller's: a proxy is not taken from it.
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("podkit/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .input_buffer_size(256 << 10)
            .output_buffer_size(256 << 10)
            .timeout_connect(Some(self.silence))
            .timeout_per_read(Some(self.silence))
            .timeout_per_write(Some(self.silence));
        #[cfg(feature = "registry-tls")]
        let config = config.tls_config(self.roots.config());
        config.build().into()
    }

    pub(super) fn allows_plain_http(&self, origin: &Origin) -> bool {
        self.plain_http.iter().any(|host| Origin::of_registry(host, false).as_ref() == Some(origin))
    }

    /// The registries to ask for a domain, mirrors first: origins, and whether each is the registry itself.
    pub(super) fn endpoints(&self, domain: &str) -> Vec<(Origin, bool)> {
        let home = if domain == DOCKER_HUB { DOCKER_HUB_REGISTRY } else { domain };
        let mirrors = self.mirrors.get(domain).into_iter().flatten().map(|mirror| (mirror.as_str(), false));
        let origin = |host: &str| {
            let plain = Origin::of_registry(host, false)?;
            if self.allows_plain_http(&plain) { Some(plain) } else { Origin::of_registry(host, true) }
        };
        mirrors
            .chain(std::iter::once((home, true)))
            .filter_map(|(host, is_home)| Some((origin(host)?, is_home)))
            .collect()
    }

    /// Whether a token server may see the credentials of a registry: it is the registry itself, or was said to belong to it.
    pub(super) fn trusts_realm(&self, registry: &Origin, realm: &Origin) -> bool {
        let is = |origin: &Origin, host: &str| {
            Origin::of_registry(host, origin.is_secure()).as_ref() == Some(origin)
        };
        // Never from TLS to plain HTTP.
        registry == realm
            || (realm.is_secure() || !registry.is_secure())
                && (is(registry, DOCKER_HUB_REGISTRY) && realm.is_secure() && is(realm, DOCKER_HUB_TOKENS)
                    || self.realms.iter().any(|(home, trusted)| is(registry, home) && is(realm, trusted)))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("keyring", &self.keyring)
            .field("silence", &self.silence)
            .field("retries", &self.retries)
            .field("plain_http", &self.plain_http)
            .field("mirrors", &self.mirrors)
            .field("realms", &self.realms)
            .finish_non_exhaustive()
    }
}

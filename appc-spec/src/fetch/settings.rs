//! What a client may do.
#![expect(clippy::disallowed_methods, reason = "`fetch` reads the system's certificate authorities")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{FetchError, FetchErrorKind};

/// Where Linux distributions keep the certificate authorities that they trust; the first that is there counts.
const SYSTEM: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What a client may do, and as whom.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Hosts to which plain http may go, with their port where it is not the usual one (`localhost:8080`). A page is asked for by
    /// https first.
    pub plain_http: Vec<String>,
    /// The value of the header `Authorization` for each host, with its port where it is not the usual one. It goes to no other
    /// host, wherever a server sends us.
    pub authorization: BTreeMap<String, String>,
    /// The port of the pages, where it is not the usual one.
    pub port: Option<u16>,
    /// How many redirects are followed.
    pub redirects: usize,
    /// For how long a server may say nothing.
    pub silence: Duration,
    /// The most bytes of a page.
    pub page_limit: u64,
    /// The most bytes of a signature, and of a file of keys.
    pub small_limit: u64,
    /// The most bytes of an image.
    pub image_limit: u64,
    authorities: Option<Arc<Vec<Certificate<'static>>>>,
}

impl std::fmt::Debug for Settings {
    /// Without what is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("plain_http", &self.plain_http)
            .field("authorization", &self.authorization.keys())
            .field("port", &self.port)
            .field("redirects", &self.redirects)
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Https only, the system's certificate authorities, no credentials, ten redirects, 30 seconds of silence, pages of 1 MiB,
    /// signatures and keys of 1 MiB, images of 16 GiB.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            plain_http: Vec::new(),
            authorization: BTreeMap::new(),
            port: None,
            redirects: 10,
            silence: Duration::from_secs(30),
            page_limit: 1 << 20,
            small_limit: 1 << 20,
            image_limit: 16 << 30,
            authorities: None,
        }
    }

    /// Believes these certificate authorities and no others, in PEM.
    ///
    /// # Errors
    ///
    /// When there is no certificate in the text.
    pub fn with_authorities(mut self, pem: &[u8]) -> Result<Self, FetchError> {
        let certificates = read(pem);
        if certificates.is_empty() {
            let message = "there is no PEM certificate";
            return Err(FetchError::new(FetchErrorKind::Malformed, "certificate authorities", message));
        }
        self.authorities = Some(Arc::new(certificates));
        Ok(self)
    }

    pub(super) fn agent(&self) -> Agent {
        let authorities = self.authorities.clone().unwrap_or_else(|| {
            let system = SYSTEM.iter().find_map(|path| std::fs::read(path).ok());
            Arc::new(system.map(|pem| read(&pem)).unwrap_or_default())
        });
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(authorities));
        Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("appc-spec/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_connect(Some(self.silence))
            .timeout_per_read(Some(self.silence))
            .timeout_per_write(Some(self.silence))
            .tls_config(tls.build())
            .build()
            .into()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

fn read(pem: &[u8]) -> Vec<Certificate<'static>> {
    let items = parse_pem(pem).filter_map(Result::ok);
    items.filter_map(|item| if let PemItem::Certificate(one) = item { Some(one) } else { None }).collect()
}

//! Images from and to OCI registries (OCI distribution specification 1.1), with the feature `registry`.
//!
//! A [`Client`] holds what is allowed: credentials, mirrors, who may be asked without TLS. [`Client::image`] names an image;
//! what is done with it (pull, push, inspect) is one blocking operation with its own connections, which a [`Cancel`] cuts.
//! Images are kept in a [`Layout`], where a blob can be seen only after its size and digest were checked.
//!
//! ```no_run
//! use pod_core::image::{Platform, Reference};
//! use pod_core::registry::{Client, Layout};
//!
//! let client = Client::builder().plain_http("127.0.0.1:5000").build();
//! let layout = Layout::create("/var/lib/images")?;
//! let name = Reference::parse("127.0.0.1:5000/busybox")?;
//!
//! let pulled = client.image(&name).for_platform(Platform::of_this_program()).pull(&layout)?;
//! println!("{} is {}", name, pulled.root.digest);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What keeps passwords where they belong:
//!
//! - Credentials go to the registry that they are for, and not along with a redirect.
//! - A token server on another host is asked without them, unless [`ClientBuilder::trust_realm`] says that the two belong together.
//!   (Docker Hub's is known.)
//! - Plain HTTP is used only for the hosts that [`ClientBuilder::plain_http`] names.
//!
//! TLS comes with the feature `registry-tls`. Certificates must come from an authority that the system trusts, or from
//! `ClientBuilder::authorities`. Proxies of the environment are not used.

#[cfg(not(unix))]
compile_error!("the feature `registry` locks and replaces files as Unix does");

mod blob;
mod challenge;
mod credential_helper;
mod endpoint;
mod error;
mod http;
mod ingest;
mod layout;
mod login;
mod progress;
mod pull;
mod push;
mod remote;
mod settings;
mod stream;
#[cfg(feature = "registry-tls")]
mod tls;
mod token;

use std::sync::Arc;
use std::time::Duration;

use crate::image::{Keyring, Reference};
use settings::Settings;

pub use challenge::{Challenge, ParseChallengeError};
pub use error::{Error, ErrorKind};
pub use layout::Layout;
pub use progress::{Cancel, Progress};
pub use pull::Pulled;
pub use remote::{Fetched, Inspected, Remote};
pub use stream::{BlobReader, Blobs};

/// A client of registries. It is cheap to clone and opens no connection by itself.
#[derive(Debug, Clone)]
pub struct Client(Arc<Settings>);

impl Client {
    /// Begins with no credentials, no mirrors, and TLS for everyone.
    pub fn builder() -> ClientBuilder {
        ClientBuilder(Settings {
            keyring: Keyring::new(),
            silence: Duration::from_secs(60),
            retries: 5,
            plain_http: Vec::new(),
            mirrors: std::collections::BTreeMap::new(),
            realms: Vec::new(),
            #[cfg(feature = "registry-tls")]
            roots: tls::Roots::default(),
        })
    }

    /// An image in its registry. Without tag and digest it is `latest`; with both the digest counts.
    pub fn image<'a>(&'a self, name: &'a Reference<'a>) -> Remote<'a> {
        Remote::new(&self.0, name)
    }
}

/// The settings of a [`Client`] to be.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientBuilder(Settings);

impl ClientBuilder {
    /// The credentials. The helpers that they name are run.
    pub fn keyring(mut self, keyring: Keyring) -> Self {
        self.0.keyring = keyring;
        self
    }

    /// Lets a registry, mirror or token server be asked without TLS: `host[:port]`, port 80 if there is none.
    pub fn plain_http(mut self, host: &str) -> Self {
        self.0.plain_http.push(host.to_owned());
        self
    }

    /// Asks a mirror, `host[:port]`, before the registry of that domain (`docker.io`), and before mirrors that are added later. Only
    /// credentials for the mirror's own name go there. Pushes go to the registry itself.
    pub fn mirror(mut self, domain: &str, mirror: &str) -> Self {
        self.0.mirrors.entry(domain.to_owned()).or_default().push(mirror.to_owned());
        self
    }

    /// Lets a token server see the credentials for a registry, both as `host[:port]`: `registry.gitlab.com` and `gitlab.com`. Tokens of
    /// a registry that is asked over TLS are never asked for without it.
    pub fn trust_realm(mut self, registry: &str, realm: &str) -> Self {
        self.0.realms.push((registry.to_owned(), realm.to_owned()));
        self
    }

    /// How long nothing may come from a server, a connection may take to be made, or a credential helper may think: 60 seconds unless
    /// it is said.
    pub const fn silence(mut self, limit: Duration) -> Self {
        self.0.silence = limit;
        self
    }

    /// How many times in a row something may fail that may pass, such as a broken connection: 5 unless it is said. A transfer that got on
    /// begins to count anew.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.0.retries = retries;
        self
    }

    /// The certificate authorities to believe instead of the system's, as PEM.
    ///
    /// # Errors
    ///
    /// There is no certificate in the text.
    #[cfg(feature = "registry-tls")]
    pub fn authorities(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.0.roots = tls::Roots::of_pem(pem)?;
        Ok(self)
    }

    /// The client.
    #[must_use]
    pub fn build(self) -> Client {
        Client(Arc::new(self.0))
    }
}

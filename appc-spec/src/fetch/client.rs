//! From a name to an image.

use std::io::Read;

use ureq::Agent;

use super::{Body, CacheInfo, FetchError, FetchErrorKind, Settings, http};
use crate::discovery::{Endpoint, Found, Page, pages};
use crate::{AcIdentifier, AppString};

/// Asks servers.
#[derive(Debug, Clone)]
pub struct Client {
    settings: Settings,
    agent: Agent,
}

/// What a page said of an image.
#[derive(Debug)]
#[non_exhaustive]
pub struct Discovered {
    /// The page, such as `example.com/project`.
    pub page: String,
    /// What it said.
    pub found: Found,
    /// The pages that were asked before.
    pub attempts: Vec<Attempt>,
}

/// A place that was asked in vain.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The page or the URL.
    pub place: String,
    /// What went wrong; `None` for a page that says nothing of the image.
    pub error: Option<FetchError>,
}

/// An image on its way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fetched {
    /// Where it comes from.
    pub endpoint: Endpoint,
    /// The image.
    pub body: Body,
    /// The endpoints that were asked before.
    pub attempts: Vec<Attempt>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedSignature {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// The server makes it while the image is fetched, and has to be asked again after that (rkt).
    Deferred,
}

impl Client {
    /// A client with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { agent: settings.agent(), settings }
    }

    /// Asks the pages of a name, from the name upwards, until one has a place for the image.
    ///
    /// A page that is not there (a status from 400 to 499 but 401) or says nothing of the image is passed over; anything else is an
    /// error, also a 401 and a server that fails: all pages are on one host.
    ///
    /// # Errors
    ///
    /// When a page cannot be had, and when none has a place.
    pub fn discover(&self, app: &AppString) -> Result<Discovered, FetchError> {
        self.walk(app, |found| !found.endpoints.is_empty(), "an image")
    }

    /// Asks the pages of a name, from the name upwards, until one says where its keys are.
    ///
    /// # Errors
    ///
    /// As [`Client::discover`].
    pub fn discover_keys(&self, name: &AcIdentifier) -> Result<Discovered, FetchError> {
        self.walk(&AppString::new(name.clone()), |found| !found.keys.is_empty(), "keys")
    }

    fn walk(
        &self,
        app: &AppString,
        enough: impl Fn(&Found) -> bool,
        what: &str,
    ) -> Result<Discovered, FetchError> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for page in pages(&app.name) {
            let error = match self.page(page) {
                Ok(html) => {
                    let found = html.find(app);
                    if enough(&found) {
                        return Ok(Discovered { page: page.to_owned(), found, attempts });
                    }
                    None
                }
                Err(error) if error.kind() == FetchErrorKind::NotFound => Some(error),
                Err(error) => return Err(error),
            };
            attempts.push(Attempt { place: page.to_owned(), error });
        }
        let asked: Vec<_> = attempts.iter().map(Attempt::told).collect();
        let message = format!("no page tells of {what}: {}", asked.join(", "));
        Err(FetchError::new(FetchErrorKind::Undiscovered, &app.to_string(), message))
    }

    /// The page of a name or of a path above one; by https, else by plain http where that is allowed.
    fn page(&self, page: &str) -> Result<Page, FetchError> {
        let (host, path) = page.split_once('/').map_or((page, ""), |(host, path)| (host, path));
        let host = self.settings.port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = if path.is_empty() { String::new() } else { format!("/{path}") };
        let url = |scheme: &str| format!("{scheme}://{host}{path}?ac-discovery=1");
        let bytes = match self.bytes(&url("https"), self.settings.page_limit) {
            Err(error)
                if error.kind() == FetchErrorKind::Network && self.settings.plain_http.contains(&host) =>
            {
                self.bytes(&url("http"), self.settings.page_limit)?
            }
            result => result?,
        };
        Ok(Page::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// The image from the first place that has it, of those that can be asked at all (http and https). With `known`, what the server
    /// said of the image that is there already, the answer may be that it is still the newest.
    ///
    /// # Errors
    ///
    /// When no place has it: with the last place's fault, whose text names the others.
    pub fn image(&self, discovered: &Discovered, known: Option<&CacheInfo>) -> Result<Fetched, FetchError> {
        let mut attempts: Vec<Attempt> = Vec::new();
        for endpoint in &discovered.found.endpoints {
            let url = &endpoint.image;
            match http::get(&self.agent, &self.settings, url, known, self.settings.image_limit) {
                Ok(Body::Deferred) => {
                    let error = FetchError::new(FetchErrorKind::Malformed, url, "status 202");
                    attempts.push(Attempt { place: url.clone(), error: Some(error) });
                }
                Ok(body) => return Ok(Fetched { endpoint: endpoint.clone(), body, attempts }),
                Err(error) => attempts.push(Attempt { place: url.clone(), error: Some(error) }),
            }
        }
        Err(Attempt::in_vain(&discovered.page, &attempts))
    }

    /// The signature at a place, as it is there.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or is too long.
    pub fn signature(&self, endpoint: &Endpoint) -> Result<FetchedSignature, FetchError> {
        let url = &endpoint.signature;
        match http::get(&self.agent, &self.settings, url, None, self.settings.small_limit)? {
            Body::Deferred => Ok(FetchedSignature::Deferred),
            body => read(body, url).map(FetchedSignature::Bytes),
        }
    }

    /// What is at a URL, as it comes; with `known` only if that is not the newest.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or says that it is longer than an image may be.
    pub fn get(&self, url: &str, known: Option<&CacheInfo>) -> Result<Body, FetchError> {
        http::get(&self.agent, &self.settings, url, known, self.settings.image_limit)
    }

    /// A file of keys.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or is too long.
    pub fn keys(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.bytes(url, self.settings.small_limit)
    }

    fn bytes(&self, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        read(http::get(&self.agent, &self.settings, url, None, limit)?, url)
    }
}

fn read(body: Body, url: &str) -> Result<Vec<u8>, FetchError> {
    let Body::New { mut reader, .. } = body else {
        return Err(FetchError::new(FetchErrorKind::Malformed, url, "the answer has no content"));
    };
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| FetchError::broken(url, error))?;
    Ok(bytes)
}

impl Attempt {
    #[cfg(feature = "trust")]
    pub(super) fn failed(endpoint: &Endpoint, error: FetchError) -> Self {
        Self { place: endpoint.image.clone(), error: Some(error) }
    }

    /// That no place of a page has an image: with the last place's fault, whose text names the others.
    pub(super) fn in_vain(page: &str, attempts: &[Self]) -> FetchError {
        let asked: Vec<_> = attempts.iter().map(Self::told).collect();
        let kind = attempts.last().and_then(|attempt| attempt.error.as_ref()).map(FetchError::kind);
        let message = format!("no place has it: {}", asked.join(", "));
        FetchError::new(kind.unwrap_or(FetchErrorKind::Undiscovered), page, message)
    }

    fn told(&self) -> String {
        match &self.error {
            None => format!("`{}` says nothing", self.place),
            Some(error) => {
                let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
                let text: Vec<_> =
                    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect();
                text.join(": ")
            }
        }
    }
}

//! One question, one answer.

use std::fmt;
use std::io::{self, Read};

use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, CACHE_CONTROL, ETAG, IF_NONE_MATCH, LOCATION};
use ureq::http::{HeaderName, Response, Uri};

use super::{CacheInfo, FetchError, FetchErrorKind, Settings};

/// What came of a question.
#[non_exhaustive]
pub enum Body {
    /// What is known already is the newest (status 304).
    NotModified(CacheInfo),
    /// The server will have it later (status 202, for signatures only).
    Deferred,
    /// The answer. Reading it fails when it is longer than it may be.
    New {
        /// Its bytes.
        reader: Box<dyn Read + Send>,
        /// What the server says of it.
        cache: CacheInfo,
        /// How many bytes it says that there are.
        size: Option<u64>,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotModified(cache) => f.debug_tuple("NotModified").field(cache).finish(),
            Self::Deferred => f.write_str("Deferred"),
            Self::New { cache, size, .. } => {
                f.debug_struct("New").field("cache", cache).field("size", size).finish_non_exhaustive()
            }
        }
    }
}

/// Where a URL leads: scheme and host with port.
struct Origin {
    secure: bool,
    /// As it was written, lower case, without the usual port.
    host: String,
}

impl Origin {
    fn of(url: &Uri) -> Option<Self> {
        let secure = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = url.authority()?;
        // A password in a URL would end in logs.
        if authority.as_str().contains('@') {
            return None;
        }
        let usual = if secure { 443 } else { 80 };
        let name = authority.host().to_ascii_lowercase();
        let host = match authority.port_u16().filter(|port| *port != usual) {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
        Some(Self { secure, host })
    }
}

/// Asks for a URL, and follows where the server sends us.
pub(super) fn get(
    agent: &Agent,
    settings: &Settings,
    url: &str,
    known: Option<&CacheInfo>,
    limit: u64,
) -> Result<Body, FetchError> {
    let failed = |kind, message: String| FetchError::new(kind, url, message);
    let mut at: Uri = url.parse().map_err(|error: ureq::http::uri::InvalidUri| {
        FetchError::caused(FetchErrorKind::Malformed, url, error)
    })?;
    let first = allowed(settings, &at, url)?;
    let mut at_home = true;
    for _ in 0..=settings.redirects {
        let origin = allowed(settings, &at, url)?;
        // Once somebody else has sent us somewhere, not even back home.
        at_home &= origin.host == first.host && origin.secure == first.secure;
        let credentials = settings.authorization.get(&first.host).filter(|_| at_home);
        let response = transmit(agent, &at, known, credentials, url)?;
        let status = response.status().as_u16();
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return answer(response, url, limit);
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        at = location.and_then(|location| resolve(&at, location)).ok_or_else(|| {
            failed(FetchErrorKind::Malformed, format!("`{}` redirects to no address", origin.host))
        })?;
    }
    Err(failed(FetchErrorKind::Refused, format!("more than {} redirects", settings.redirects)))
}

/// The origin of an address that we may connect to.
fn allowed(settings: &Settings, at: &Uri, url: &str) -> Result<Origin, FetchError> {
    let refused = |message: String| FetchError::new(FetchErrorKind::Refused, url, message);
    let origin =
        Origin::of(at).ok_or_else(|| refused(format!("`{at}` is no plain http or https address")))?;
    if !origin.secure && !settings.plain_http.contains(&origin.host) {
        return Err(refused(format!("plain http is not allowed for `{}`", origin.host)));
    }
    Ok(origin)
}

fn transmit(
    agent: &Agent,
    at: &Uri,
    known: Option<&CacheInfo>,
    credentials: Option<&String>,
    url: &str,
) -> Result<Response<ureq::Body>, FetchError> {
    let mut request = ureq::http::Request::get(at.clone());
    let etag = known.and_then(|known| known.etag.as_ref());
    for (name, value) in [(IF_NONE_MATCH, etag), (AUTHORIZATION, credentials)] {
        if let Some(value) = value {
            request = request.header::<HeaderName, _>(name, value);
        }
    }
    let request =
        request.body(()).map_err(|error| FetchError::caused(FetchErrorKind::Malformed, url, error))?;
    agent.run(request).map_err(|error| FetchError::caused(FetchErrorKind::Network, url, error))
}

fn answer(response: Response<ureq::Body>, url: &str, limit: u64) -> Result<Body, FetchError> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let cache = CacheInfo::of_headers(header(ETAG), header(CACHE_CONTROL));
    let status = response.status().as_u16();
    let kind = match status {
        200 => {
            let size = response.body().content_length();
            if let Some(size) = size.filter(|size| *size > limit) {
                let message = format!("it has {size} bytes, more than {limit}");
                return Err(FetchError::new(FetchErrorKind::TooLarge, url, message));
            }
            let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
            let reader = Box::new(Limited { reader, left: limit, limit, missing: size });
            return Ok(Body::New { reader, cache, size });
        }
        202 => return Ok(Body::Deferred),
        304 => return Ok(Body::NotModified(cache)),
        401 => FetchErrorKind::Unauthorized,
        400..=499 => FetchErrorKind::NotFound,
        500..=599 => FetchErrorKind::Server,
        _ => FetchErrorKind::Malformed,
    };
    Err(FetchError::new(kind, url, format!("status {status}")))
}

/// Where a redirect leads from an address (RFC 3986 §5).
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    if location.is_empty() {
        return None;
    }
    let scheme = base.scheme_str()?;
    let origin = format!("{scheme}://{}", base.authority()?);
    let text = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{origin}{location}")
    } else if location.starts_with('?') {
        format!("{origin}{}{location}", base.path())
    } else {
        let directory = base.path().rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{origin}{directory}/{location}")
    };
    text.parse().ok()
}

/// A reader that fails when there is more than there may be, or less than was announced.
struct Limited<R> {
    reader: R,
    left: u64,
    limit: u64,
    missing: Option<u64>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.missing.is_some_and(|missing| missing > 0) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server broke off"));
        }
        self.missing = self.missing.map(|missing| missing.saturating_sub(count as u64));
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, format!("there are more than {} bytes", self.limit))
        })?;
        Ok(count)
    }
}

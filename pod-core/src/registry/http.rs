//! Requests: redirects that leave passwords behind, logging in, trying again.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ureq::http::header::{AUTHORIZATION, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use ureq::http::{HeaderValue, Method, Response, Uri};
use ureq::{Agent, Body, SendBody};

use super::endpoint::{Origin, resolve};
use super::login::{Logins, Target};
use super::progress::Watch;
use super::settings::Settings;
use super::{Cancel, Challenge, Error, ErrorKind};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 10;

/// How many times one request logs in: more than anyone has credentials for one registry.
const MAX_LOGINS: usize = 32;

/// One operation's connections and logins.
pub(super) struct Session<'c> {
    pub(super) settings: &'c Settings,
    agent: Agent,
    cancel: Cancel,
    logins: Logins,
    /// One of the operation's threads has failed, so the others need not go on.
    stopped: AtomicBool,
    _watch: Watch,
}

/// A request, which may be sent several times.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: Uri,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) payload: Payload<'a>,
    /// What a failure is a failure of: "cannot …".
    pub(super) doing: &'a str,
}

pub(super) enum Payload<'a> {
    None,
    Bytes(&'a [u8]),
    /// Opened for each sending.
    Stream {
        size: u64,
        open: &'a (dyn Fn() -> Result<Box<dyn Read + 'a>, Error> + Sync),
    },
}

/// An answer, and who gave it.
pub(super) struct Answer {
    response: Response<Body>,
    pub(super) url: Uri,
    origin: Origin,
}

impl<'c> Session<'c> {
    pub(super) fn new(settings: &'c Settings, cancel: &Cancel) -> Self {
        let agent = settings.agent();
        let watch = cancel.watch(agent.clone());
        Self {
            settings,
            agent,
            cancel: cancel.clone(),
            logins: Logins::default(),
            stopped: AtomicBool::new(false),
            _watch: watch,
        }
    }

    pub(super) const fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.cancel.is_cancelled()
    }

    /// Sends a request to a registry, logged in as far as it asks for it. Any status but 401 is an answer.
    pub(super) fn send(&self, target: &Target, request: &Request<'_>) -> Result<Answer, Error> {
        for _ in 0..MAX_LOGINS {
            let (ticket, header) = self.logins.header(target);
            let answer = self.once(request, header.as_ref())?;
            // Only the registry itself may ask for the credentials that are its own.
            if answer.status() == 401 && answer.origin == target.origin {
                self.logins.refused(self, target, ticket, answer.challenges(request.doing)?)?;
                continue;
            }
            if answer.status() == 401 {
                let detail = format!(
                    "`{}`, to which `{}` redirects, wants credentials of its own",
                    answer.origin, target.origin
                );
                return Err(Error::new(ErrorKind::Unauthorized, request.doing, detail));
            }
            // Registries hide what one user may not see behind a 404; the kubelet tries its next credential then.
            let hidden = answer.status() == 404 && request.url.path().contains("/manifests/");
            if (answer.status() == 403 || hidden)
                && header.is_some()
                && self.logins.denied(self, target, ticket)?
            {
                continue;
            }
            self.logins.accepted(target, ticket);
            return Ok(answer);
        }
        Err(Error::new(
            ErrorKind::Unauthorized,
            request.doing,
            "the registry keeps asking for other credentials",
        ))
    }

    /// Sends a request without logging in, following redirects of what only reads. `authorization` goes to the request's own origin and no other.
    pub(super) fn once(
        &self,
        request: &Request<'_>,
        authorization: Option<&HeaderValue>,
    ) -> Result<Answer, Error> {
        let first = self.allowed(&request.url, request.doing)?;
        let (mut url, mut origin) = (request.url.clone(), first.clone());
        let mut left_home = false;
        for _ in 0..=MAX_REDIRECTS {
            // Once somebody else has sent us somewhere, not even back home.
            left_home |= origin != first;
            let response = self.transmit(request, &url, authorization.filter(|_| !left_home))?;
            let follows = matches!(request.method, Method::GET | Method::HEAD)
                && matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
            if !follows {
                return Ok(Answer { response, url, origin });
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            url = location.and_then(|location| resolve(&url, location)).ok_or_else(|| {
                Error::new(ErrorKind::Malformed, request.doing, format!("`{origin}` redirects to no address"))
            })?;
            origin = self.allowed(&url, request.doing)?;
        }
        Err(Error::new(ErrorKind::Malformed, request.doing, format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// How many times in a row something may fail. A mirror has one chance: there is somebody else to ask.
    pub(super) const fn retries(&self, is_home: bool) -> u32 {
        if is_home { self.settings.retries } else { 0 }
    }

    /// Tries again what failed for a reason that may pass, with growing waits.
    pub(super) fn retrying<T>(
        &self,
        is_home: bool,
        mut attempt: impl FnMut() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut failures = 0;
        loop {
            match attempt() {
                Err(error) if error.is_transient() && failures < self.retries(is_home) => {
                    self.pause(failures, &error)?;
                    failures += 1;
                }
                result => return result,
            }
        }
    }

    /// Waits before the next try, a fifth of a second first and then twice as long each time, at most half a minute.
    pub(super) fn pause(&self, failures: u32, error: &Error) -> Result<(), Error> {
        let wait =
            Duration::from_millis(200).saturating_mul(1 << failures.min(8)).min(Duration::from_secs(30));
        if self.cancel.wait(wait) { Ok(()) } else { Err(Error::cancelled(error.to_string())) }
    }

    /// The origin of an address that we may connect to.
    fn allowed(&self, url: &Uri, doing: &str) -> Result<Origin, Error> {
        let refused = |detail| Error::new(ErrorKind::Refused, doing, detail);
        let origin = Origin::of(url)
            .ok_or_else(|| refused("an address that is no plain http or https one".to_owned()))?;
        if !origin.is_secure() && !self.settings.allows_plain_http(&origin) {
            return Err(refused(format!("plain http is not allowed for `{}`", origin.authority())));
        }
        if origin.is_secure() && !cfg!(feature = "registry-tls") {
            return Err(refused(format!(
                "`{origin}` needs TLS, which this program was built without (`registry-tls`)"
            )));
        }
        Ok(origin)
    }

    fn transmit(
        &self,
        request: &Request<'_>,
        url: &Uri,
        authorization: Option<&HeaderValue>,
    ) -> Result<Response<Body>, Error> {
        let malformed = |error| Error::caused(ErrorKind::Malformed, request.doing, error);
        if self.cancel.is_cancelled() {
            return Err(Error::cancelled(request.doing));
        }
        let mut builder = ureq::http::Request::builder().method(request.method.clone()).uri(url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(HeaderName::from_static(name), value);
        }
        if let Some(header) = authorization {
            builder = builder.header(AUTHORIZATION, header);
        }
        let response = match &request.payload {
            Payload::None if matches!(request.method, Method::GET | Method::HEAD) => {
                self.agent.run(builder.body(()).map_err(malformed)?)
            }
            Payload::None => self.agent.run(builder.body(&[][..]).map_err(malformed)?),
            Payload::Bytes(bytes) => self.agent.run(builder.body(*bytes).map_err(malformed)?),
            Payload::Stream { size, open } => {
                let mut stream = open()?;
                let body = SendBody::from_reader(&mut *stream);
                self.agent.run(builder.header("content-length", *size).body(body).map_err(malformed)?)
            }
        };
        response.map_err(|error| self.failed(error, request.doing))
    }

    /// What a failure of the transport means.
    pub(super) fn failed(&self, error: ureq::Error, doing: &str) -> Error {
        if self.cancel.is_cancelled() {
            return Error::cancelled(doing);
        }
        match error {
            ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::PerWrite) => self.silent(doing),
            ureq::Error::Io(error) => self.failed_io(error, doing),
            error => Error::caused(ErrorKind::Network, doing, error),
        }
    }

    /// What a failure while reading a body means.
    pub(super) fn failed_io(&self, error: io::Error, doing: &str) -> Error {
        if self.cancel.is_cancelled() {
            return Error::cancelled(doing);
        }
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
        if let Some(ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::PerWrite)) = inner {
            return self.silent(doing);
        }
        // A certificate that is not believed is not believed the next time either.
        let kind =
            if error.kind() == io::ErrorKind::InvalidData { ErrorKind::Refused } else { ErrorKind::Network };
        Error::caused(kind, doing, error)
    }

    fn silent(&self, doing: &str) -> Error {
        Error::new(ErrorKind::Silent, doing, format!("nothing came for {:?}", self.settings.silence))
    }
}

impl Answer {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The body, as it comes.
    pub(super) fn into_reader(self) -> impl Read + Send + use<> {
        self.response.into_body().into_with_config().limit(u64::MAX).reader()
    }

    /// The whole body, of at most `limit` bytes.
    pub(super) fn read(self, session: &Session<'_>, limit: u64, doing: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.read_some(limit).map_err(|error| session.failed_io(error, doing))?;
        if bytes.len() as u64 > limit {
            return Err(Error::new(
                ErrorKind::Malformed,
                doing,
                format!("the answer is longer than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }

    /// The body, or one byte more than `limit` of it.
    fn read_some(self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.into_reader().take(limit + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The failure that a status means which the caller has no use for.
    pub(super) fn unexpected(self, doing: &str) -> Error {
        let status = self.status();
        let kind = match status {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Denied,
            404 | 410 => ErrorKind::NotFound,
            429 | 500..=599 => ErrorKind::Server,
            _ => ErrorKind::Malformed,
        };
        let wait = self.response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait =
            wait.map(|wait| format!(", to be tried again in {} s", wait.escape_debug())).unwrap_or_default();
        let codes = self.read_some(64 << 10).map(|body| error_codes(&body)).unwrap_or_default();
        Error::new(kind, doing, format!("status {status}{codes}{wait}"))
    }

    fn challenges(&self, doing: &str) -> Result<Vec<Challenge>, Error> {
        let mut all = Vec::new();
        for value in self.response.headers().get_all(WWW_AUTHENTICATE) {
            let text = String::from_utf8_lossy(value.as_bytes());
            all.extend(
                Challenge::parse_all(&text).map_err(|e| Error::caused(ErrorKind::Malformed, doing, e))?,
            );
        }
        Ok(all)
    }
}

/// The codes of a registry's error document, such as `MANIFEST_UNKNOWN`. Its free text may repeat what we sent, so it is not shown.
fn error_codes(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Document {
        errors: Vec<Fault>,
    }
    #[derive(serde::Deserialize)]
    struct Fault {
        code: String,
    }
    let Ok(document) = serde_json::from_slice::<Document>(body) else { return String::new() };
    let fits = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let codes: Vec<_> =
        document.errors.iter().map(|fault| fault.code.as_str()).filter(fits).take(4).collect();
    if codes.is_empty() { String::new() } else { format!(" ({})", codes.join(", ")) }
}

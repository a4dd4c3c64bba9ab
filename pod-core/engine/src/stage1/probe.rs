//! Asks an app by network, from inside its pod, as the kubelet does from the node (`pkg/probe/http`, `pkg/probe/tcp`).

mod grpc;

use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use pod_core::lifecycle::Outcome;
use pod_core::pod::{Handler, HttpHeader, HttpScheme};
use rustix::thread::LinkNameSpaceType;
use ureq::http::{self, StatusCode, Uri, header};
use ureq::{Agent, Error};

use super::report::{Failure, Report, Reporter, describe};
use super::{app, reaper};
use crate::plan::ProbePlan;

/// As much of an answer as the kubelet reads (`maxRespBodyLength`).
const MAX_BODY: u64 = 10 * 1024;
/// As many redirects as it follows (`RedirectChecker`).
const MAX_REDIRECTS: usize = 10;

/// What is wanted of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A status from 200 to 399.
    Probe,
    /// Any answer (`pkg/kubelet/lifecycle/handlers.go`, `runHTTPHandler`).
    Hook,
}

/// Joins the pod's network, gives up all rights and asks.
pub(crate) fn run(plan: &ProbePlan, purpose: Purpose, reporter: &Reporter) -> Result<(), Failure> {
    app::enter(plan.net.as_deref(), LinkNameSpaceType::Network)?;
    reaper::powerless(&reaper::nobody(), reporter)?;
    reporter.say(&Report::Ready);
    let limit = Duration::from_millis(plan.timeout_ms);
    let outcome = match &plan.handler {
        Handler::HttpGet { scheme, host, port, path, headers } => {
            let host = host.as_deref().unwrap_or(&plan.default_host);
            http_get(&url(*scheme, host, *port, path), headers, limit, purpose)
        }
        Handler::TcpSocket { host, port } => tcp(host.as_deref().unwrap_or(&plan.default_host), *port, limit),
        Handler::Grpc { port, service } => grpc_check(&plan.default_host, *port, service, limit),
        Handler::Exec { .. } => unsupported("a command by network"),
        Handler::Sleep { .. } => unsupported("sleep by network"),
    };
    reporter.say(&Report::Outcome(outcome));
    Ok(())
}

fn unsupported(what: &str) -> Outcome {
    Outcome::Error(format!("{what} is not supported here"))
}

/// Host and port as a URL has them: an IPv6 address in brackets.
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn url(scheme: HttpScheme, host: &str, port: u16, path: &str) -> String {
    let scheme = match scheme {
        HttpScheme::Http => "http",
        HttpScheme::Https => "https",
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    // A fragment is never sent.
    let path = path.split('#').next().unwrap_or_default();
    format!("{scheme}://{}{slash}{path}", authority(host, port))
}

fn tcp(host: &str, port: u16, limit: Duration) -> Outcome {
    connect(host, port, Instant::now() + limit).map_or_else(|outcome| outcome, |_| Outcome::Success)
}

/// The gRPC health check over plain HTTP/2, as the kubelet asks for it (`pkg/probe/grpc`).
fn grpc_check(host: &str, port: u16, service: &str, limit: Duration) -> Outcome {
    let deadline = Instant::now() + limit;
    match connect(host, port, deadline) {
        Ok(stream) => grpc::check(stream, &authority(host, port), service, deadline),
        Err(outcome) => outcome,
    }
}

/// A connection to the first address that takes one.
fn connect(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, Outcome> {
    let failed = |what: &str, error: &std::io::Error| {
        let reason = error.raw_os_error().map_or_else(|| error.to_string(), describe);
        Outcome::Failure(format!("dial tcp {}: {what}{reason}", authority(host, port)))
    };
    let addresses = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Err(failed("", &error)),
    };
    let mut last = Outcome::Failure(format!("dial tcp {}: no address", authority(host, port)));
    for address in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Outcome::TimedOut);
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => last = Outcome::TimedOut,
            Err(error) => last = failed("connect: ", &error),
        }
    }
    Err(last)
}

fn http_get(url: &str, headers: &[HttpHeader], limit: Duration, purpose: Purpose) -> Outcome {
    let config = Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        // Redirects are followed here: only to the same host.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .max_idle_connections(0)
        .user_agent("")
        .accept("");
    #[cfg(feature = "tls")]
    let config = config.tls_config(any_certificate());
    let config = config.build();
    let agent = Agent::new_with_config(config);
    match answer(&agent, url, headers, purpose) {
        Ok(_) if purpose == Purpose::Hook => Outcome::Success,
        Ok(status) if (200..400).contains(&status.as_u16()) => Outcome::Success,
        Ok(status) => Outcome::Failure(format!("HTTP probe failed with statuscode: {}", status.as_u16())),
        Err(Refusal::Request(reason)) => Outcome::Error(reason),
        Err(Refusal::Redirects) => Outcome::Failure(format!("Get \"{url}\": stopped after 10 redirects")),
        Err(Refusal::Exchange(Error::Timeout(_))) => Outcome::TimedOut,
        Err(Refusal::Exchange(Error::Io(error))) => {
            let reason = error.raw_os_error().map_or_else(|| error.to_string(), describe);
            Outcome::Failure(format!("Get \"{url}\": {reason}"))
        }
        Err(Refusal::Exchange(error)) => Outcome::Failure(format!("Get \"{url}\": {error}")),
    }
}

enum Refusal {
    /// It makes no request.
    Request(String),
    Redirects,
    Exchange(Error),
}

/// The status of the last answer on the way.
fn answer(agent: &Agent, url: &str, headers: &[HttpHeader], purpose: Purpose) -> Result<StatusCode, Refusal> {
    let mut uri: Uri =
        url.parse().map_err(|error| Refusal::Request(format!("`{url}` is no URL: {error}")))?;
    let first = uri.clone();
    for _ in 0..MAX_REDIRECTS {
        let request = request(&uri, headers, purpose).map_err(|error| Refusal::Request(error.to_string()))?;
        let mut response = agent.run(request).map_err(Refusal::Exchange)?;
        let status = response.status();
        let next = status
            .is_redirection()
            .then(|| response.headers().get(header::LOCATION))
            .flatten()
            .and_then(|location| resolve(&uri, location.to_str().ok()?));
        match next {
            Some(next) if next.host() == first.host() => uri = next,
            // Another host, or no place to go: as the kubelet, the answer counts as it is.
            _ => {
                let mut body = Vec::new();
                response
                    .body_mut()
                    .as_reader()
                    .take(MAX_BODY)
                    .read_to_end(&mut body)
                    .map_err(|error| Refusal::Exchange(Error::from(error)))?;
                return Ok(status);
            }
        }
    }
    Err(Refusal::Redirects)
}

/// A GET with the headers of the probe; its own `User-Agent`, `Accept` and `Host` take the place of ours, an empty one of none.
fn request(uri: &Uri, headers: &[HttpHeader], purpose: Purpose) -> Result<http::Request<()>, http::Error> {
    let mut request = http::Request::get(uri).header(header::CONNECTION, "close");
    let named = |name: &str| headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    if !named("user-agent") {
        let agent = match purpose {
            Purpose::Probe => concat!("podkit-probe/", env!("CARGO_PKG_VERSION")),
            Purpose::Hook => concat!("podkit-lifecycle/", env!("CARGO_PKG_VERSION")),
        };
        request = request.header(header::USER_AGENT, agent);
    }
    if !named("accept") {
        request = request.header(header::ACCEPT, "*/*");
    }
    for HttpHeader { name, value } in headers {
        let without = value.is_empty()
            && ["accept", "user-agent", "host"].contains(&name.to_ascii_lowercase().as_str());
        if !without {
            request = request.header(name, value);
        }
    }
    request.body(())
}

/// As the kubelet: whoever answers is believed.
#[cfg(feature = "tls")]
fn any_certificate() -> ureq::tls::TlsConfig {
    use std::sync::Arc;
    ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .disable_verification(true)
        .build()
}

/// Where a `Location` leads: a URL, or a path on the same server (RFC 9110 §10.2.2). Without TLS only plain HTTP is followed.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let scheme = base.scheme_str()?;
    let target: Uri = match location {
        location if location.contains("://") => location.parse().ok()?,
        location if location.starts_with("//") => format!("{scheme}:{location}").parse().ok()?,
        location => {
            let authority = base.authority()?;
            let path = if location.starts_with('/') {
                location.to_owned()
            } else if let Some(query) = location.strip_prefix('?') {
                format!("{}?{query}", base.path())
            } else {
                let directory = base.path().rsplit_once('/').map_or("", |(directory, _)| directory);
                format!("{directory}/{location}")
            };
            format!("{scheme}://{authority}{path}").parse().ok()?
        }
    };
    let scheme = target.scheme_str()?;
    (scheme == "http" || (cfg!(feature = "tls") && scheme == "https")).then_some(target)
}

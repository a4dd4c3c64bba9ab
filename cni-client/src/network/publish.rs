//! `--port`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A port of an app, by name, that a port of the host shall lead to: rkt's `--port=NAME:[HOSTIP:]HOSTPORT`.
///
/// rkt splits at every `:`, so that it refuses IPv6 addresses; here they stand in brackets.
///
/// ```
/// use cni_client::network::Publish;
///
/// let port: Publish = "http:127.0.0.1:8080".parse()?;
/// assert_eq!((port.name.as_str(), port.host_port), ("http", 8080));
/// assert_eq!("http:[::1]:8080".parse::<Publish>()?.to_string(), "http:[::1]:8080");
/// assert_eq!(
///     "http:0".parse::<Publish>().unwrap_err().to_string(),
///     "`0` at byte 5 is no port of the host: a number from 1 to 65535 is expected",
/// );
/// # Ok::<(), cni_client::network::ParsePublishError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Publish {
    /// The name of the app's port.
    pub name: String,
    /// The address of the host; `None` is every address.
    pub host_ip: Option<IpAddr>,
    /// The port of the host, 1 to 65535.
    pub host_port: u16,
}

impl FromStr for Publish {
    type Err = ParsePublishError;

    /// # Errors
    ///
    /// On a text without `:` (`8080`), an empty name (`:80`), an address that is none (`http:localhost:80`,
    /// `http:::1:80`), and a port that is none (`http:0`, `http:+80`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((name, rest)) = text.split_once(':') else { return Err(ParsePublishError(Kind::NoColon)) };
        if name.is_empty() {
            return Err(ParsePublishError(Kind::NoName));
        }
        let (address, port) =
            rest.rsplit_once(':').map_or((None, rest), |(address, port)| (Some(address), port));
        let at = name.len() + 1;
        let host_ip = match address {
            None => None,
            Some(address) => Some(host_ip(address).ok_or_else(|| bad(Kind::Address, at, address))?),
        };
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        let host_port = port.parse().ok().filter(|port| is_number && *port != 0);
        let host_port = host_port.ok_or_else(|| bad(Kind::Port, text.len() - port.len(), port))?;
        Ok(Self { name: name.to_owned(), host_ip, host_port })
    }
}

/// An address of the host: IPv6 in brackets, since it has colons itself.
fn host_ip(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse::<IpAddr>().ok().filter(IpAddr::is_ipv4),
    }
}

fn bad(kind: fn(usize, String) -> Kind, at: usize, what: &str) -> ParsePublishError {
    ParsePublishError(kind(at, what.to_owned()))
}

impl fmt::Display for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, host_ip, host_port } = self;
        match host_ip {
            Some(IpAddr::V4(ip)) => write!(f, "{name}:{ip}:{host_port}"),
            Some(IpAddr::V6(ip)) => write!(f, "{name}:[{ip}]:{host_port}"),
            None => write!(f, "{name}:{host_port}"),
        }
    }
}

/// Why a text publishes no port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsePublishError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NoColon,
    NoName,
    Address(usize, String),
    Port(usize, String),
}

impl fmt::Display for ParsePublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::NoColon => {
                f.write_str("the name of an app's port, `:` and a port of the host are expected")
            }
            Kind::NoName => f.write_str("the name of the app's port is empty"),
            Kind::Address(at, text) => write!(
                f,
                "`{}` at byte {at} is no address of the host: IPv4, or IPv6 in brackets, is expected",
                text.escape_debug()
            ),
            Kind::Port(at, text) => write!(
                f,
                "`{}` at byte {at} is no port of the host: a number from 1 to 65535 is expected",
                text.escape_debug()
            ),
        }
    }
}

impl std::error::Error for ParsePublishError {}

//! Keys of a credentials file: which images they are for (the kubelet's `credentialprovider`, on Go's `net/url`).

use std::borrow::Cow;
use std::fmt;

use super::HostMatching;
use super::glob::Glob;

/// A key as the kubelet files it: scheme and a leading `/v1` or `/v2` removed, then host, port and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// Host and path; the text that orders keys and that people are shown. Never a user name or password.
    text: String,
    parts: Option<Vec<Glob>>,
    whole: Option<Glob>,
    port: String,
    path: String,
}

impl Key {
    pub(super) fn parse(written: &str) -> Result<Self, KeyError> {
        let schemeless =
            written.strip_prefix("https://").or_else(|| written.strip_prefix("http://")).unwrap_or(written);
        let url = Url::parse(schemeless)?;
        let path = match url.path.as_bytes() {
            [b'/', b'v', b'1' | b'2', b'/', ..] => url.path.get(3..).unwrap_or_default(),
            _ => &url.path,
        };
        let text = if path == "/" { url.host.into_owned() } else { format!("{}{path}", url.host) };
        // The kubelet parses the filed key once more for each lookup: what was percent-encoded is decoded twice.
        let again = Url::parse(&text)?;
        let (host, port) = split_port(&again.host);
        let parts: Option<Vec<_>> = host.split('.').map(Glob::new).collect();
        if parts.is_none() {
            return Err(KeyError::Pattern);
        }
        let (whole, port, path) = (Glob::new(host), port.to_owned(), again.path.into_owned());
        Ok(Self { parts, whole, port, path, text })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the key is for the image `host[:port]/path`.
    pub(super) fn matches(&self, image: &Url<'_>, matching: HostMatching) -> bool {
        let (host, port) = split_port(&image.host);
        if port != self.port || !image.path.starts_with(&self.path) {
            return false;
        }
        match matching {
            HostMatching::Parts => {
                let Some(parts) = &self.parts else { return false };
                let mut given = host.split('.');
                parts.iter().all(|glob| given.next().is_some_and(|part| glob.matches(part)))
                    && given.next().is_none()
            }
            HostMatching::Whole => self.whole.as_ref().is_some_and(|glob| glob.matches(host)),
        }
    }
}

/// Why a key is for no image at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyError {
    Control,
    Escape,
    Host,
    Pattern,
    Port,
    UserInfo,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "the key has a control character",
            Self::Escape => "the key has a `%` that starts no escape which a URL may have there",
            Self::Host => "the host has a character that no URL's host may have",
            Self::Pattern => "the host is a malformed pattern: a `[` without its `]`, or an empty range",
            Self::Port => "what follows the host's last `:` is not a port number",
            Self::UserInfo => "the part before `@` has a character that no URL may have there",
        })
    }
}

/// Host and path of an address without scheme, as Go's `url.Parse` takes it apart.
#[derive(Debug)]
pub(super) struct Url<'a> {
    host: Cow<'a, str>,
    path: Cow<'a, str>,
}

impl<'a> Url<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, KeyError> {
        if text.bytes().any(|b| b.is_ascii_control()) {
            return Err(KeyError::Control);
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        decode(fragment, false)?;
        let text = text.split_once('?').map_or(text, |(before, _)| before);
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let host = match authority.rsplit_once('@') {
            None => authority,
            Some((user, host)) => {
                let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
                if !user.bytes().all(fits) {
                    return Err(KeyError::UserInfo);
                }
                decode(user, false)?;
                host
            }
        };
        Ok(Self { host: parse_host(host)?, path: decode(path, false)? })
    }
}

fn parse_host(host: &str) -> Result<Cow<'_, str>, KeyError> {
    let port = if host.starts_with('[') {
        let end = host.rfind(']').ok_or(KeyError::Host)?;
        host.get(end + 1..).unwrap_or_default()
    } else {
        host.rfind(':').and_then(|at| host.get(at..)).unwrap_or_default()
    };
    let fits =
        port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    if !fits {
        return Err(KeyError::Port);
    }
    decode(host, true)
}

/// Resolves percent escapes. A host may have them only for bytes beyond ASCII and for `%` itself, and few other characters.
fn decode(text: &str, host: bool) -> Result<Cow<'_, str>, KeyError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&b);
    if host && !text.bytes().all(fits) {
        return Err(KeyError::Host);
    }
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit =
            || bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(KeyError::Escape) };
        let value = high << 4 | low;
        if host && value.is_ascii() && value != b'%' {
            return Err(KeyError::Escape);
        }
        decoded.push(value);
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| KeyError::Escape)
}

/// Go's `net.SplitHostPort`, and where that fails the whole host with no port, as the kubelet does.
fn split_port(host: &str) -> (&str, &str) {
    let whole = (host, "");
    let Some((before, port)) = host.rsplit_once(':') else { return whole };
    let (name, inside) = match before.strip_prefix('[') {
        Some(inside) => match inside.strip_suffix(']') {
            Some(address) if !address.contains(']') => (address, address),
            _ => return whole,
        },
        None if before.contains(':') => return whole,
        None => (before, before),
    };
    if inside.contains(['[', ']']) || port.contains(['[', ']']) { whole } else { (name, port) }
}

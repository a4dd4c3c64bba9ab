//! Web addresses (specification, `homepage` and `documentation` annotations).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Strength;
use crate::json::Scalar;

/// An `http` or `https` URL, checked as far as the Go implementation checks it: scheme, host characters, escapes.
///
/// ```
/// use appc_spec::HttpUrl;
///
/// let url: HttpUrl = "https://example.com/docs".parse()?;
/// assert_eq!(url.as_str(), "https://example.com/docs");
/// assert_eq!(
///     "ftp://example.com".parse::<HttpUrl>().unwrap_err().to_string(),
///     "a URL begins with `http:` or `https:`"
/// );
/// # Ok::<(), appc_spec::ParseUrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpUrl(Box<str>);

/// Why a text is no web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseUrlError {
    kind: Kind,
    position: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Scheme,
    NoHost,
    Control(char),
    Host(char),
    Escape,
    Port,
}

impl fmt::Display for ParseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match self.kind {
            Kind::Scheme => f.write_str("a URL begins with `http:` or `https:`"),
            Kind::NoHost => f.write_str("a URL has no host"),
            Kind::Control(c) => {
                write!(
                    f,
                    "unexpected `{}` at byte {at} of a URL: it has no control characters",
                    c.escape_debug()
                )
            }
            Kind::Host(c) => {
                write!(
                    f,
                    "unexpected `{}` at byte {at} of a URL: a host has no such character",
                    c.escape_debug()
                )
            }
            Kind::Escape => {
                write!(
                    f,
                    "the `%` at byte {at} of a URL has no two hexadecimal digits after it that may stand there"
                )
            }
            Kind::Port => write!(f, "the port at byte {at} of a URL is not a number"),
        }
    }
}

impl std::error::Error for ParseUrlError {}

const fn error(kind: Kind, position: usize) -> ParseUrlError {
    ParseUrlError { kind, position }
}

impl HttpUrl {
    /// Reads a URL. The Go implementation takes one without a host (`http:`), and writes URLs in a normal form: scheme in
    /// lower case, the path escaped.
    ///
    /// # Errors
    ///
    /// On another scheme (`ftp://x`, `example.com`), control characters, a host with a space or another delimiter, a `%`
    /// without two hexadecimal digits, a port that is not a number; in [`Strength::Strict`] also on an empty host.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseUrlError> {
        if let Some((at, c)) = text.char_indices().find(|(_, c)| c.is_ascii_control()) {
            return Err(error(Kind::Control(c), at));
        }
        let (scheme, after) = text.split_once(':').ok_or(error(Kind::Scheme, 0))?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(error(Kind::Scheme, 0));
        }
        let base = text.len() - after.len();
        let (rest, fragment) = cut(after, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let has_host = check_authority(authority, base + 2)?;
        if strength.is_strict() && !has_host {
            return Err(error(Kind::NoHost, base));
        }
        check_escapes(path, base + rest.len() - path.len())?;
        if let Some(fragment) = fragment {
            check_escapes(fragment, text.len() - fragment.len())?;
        }
        let mut normal = format!("{scheme}:");
        // A path that does not begin with a slash is opaque, and stays as it is.
        if rest.starts_with("//") && !(authority.is_empty() && path.is_empty()) {
            normal.push_str("//");
            normal.push_str(authority);
        }
        normal.push_str(&escape(path));
        if let Some(query) = query {
            normal.push('?');
            normal.push_str(query);
        }
        if let Some(fragment) = fragment.filter(|fragment| !fragment.is_empty()) {
            normal.push('#');
            normal.push_str(&escape(fragment));
        }
        Ok(Self(normal.into()))
    }

    /// The text in normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Checks `user@host:port` and says whether there is a host.
fn check_authority(authority: &str, base: usize) -> Result<bool, ParseUrlError> {
    let host_at = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, host_port) = authority.split_at(host_at);
    check_escapes(user, base)?;
    let host = match host_port.rfind(']') {
        Some(end) => host_port.split_at(end + 1).0,
        None => host_port.split_at(host_port.rfind(':').unwrap_or(host_port.len())).0,
    };
    let port = host_port.get(host.len()..).unwrap_or_default();
    if let Some(digits) = port.strip_prefix(':').or_else(|| Some(port).filter(|port| !port.is_empty()))
        && (!port.starts_with(':') || !digits.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(error(Kind::Port, base + host_at + host.len()));
    }
    let bracketed = host.starts_with('[');
    if bracketed != host.ends_with(']') {
        return Err(error(Kind::Host('['), base + host_at));
    }
    for (at, c) in host.char_indices() {
        let at = base + host_at + at;
        let allowed = !c.is_ascii()
            || c.is_ascii_alphanumeric()
            || "-._~!$&'()*+,;=%\"<>".contains(c)
            || (bracketed && "[]:".contains(c));
        if !allowed {
            return Err(error(Kind::Host(c), at));
        }
    }
    check_escapes(host, base + host_at)?;
    // A host's escapes stand for bytes beyond ASCII only (RFC 6874 aside).
    match host
        .find('%')
        .filter(|at| host.as_bytes().get(at + 1).is_some_and(|byte| matches!(byte, b'0'..=b'7')))
    {
        Some(at) if !bracketed => Err(error(Kind::Escape, base + host_at + at)),
        _ => Ok(!host.is_empty()),
    }
}

fn check_escapes(text: &str, base: usize) -> Result<(), ParseUrlError> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(error(Kind::Escape, base + at));
        }
    }
    Ok(())
}

/// Escapes what may not stand in a path or fragment; what is escaped stays so.
fn escape(text: &str) -> Cow<'_, str> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%[]?".contains(byte);
    if text.as_bytes().iter().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if plain(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(out)
}

impl FromStr for HttpUrl {
    type Err = ParseUrlError;

    /// Reads a URL strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl AsRef<str> for HttpUrl {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Scalar for HttpUrl {
    type Error = ParseUrlError;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
        Self::parse(text, strength)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

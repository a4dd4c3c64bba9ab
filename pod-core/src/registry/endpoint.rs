//! Where requests go: origins, and addresses relative to others (RFC 6454; RFC 3986, section 5.2).

use std::fmt;

use ureq::http::Uri;

/// A scheme, a host and a port: what credentials are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    secure: bool,
    /// In lower case, an IPv6 address in brackets.
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an address; `None` when it is not HTTP, has no host, or has a user name in it.
    pub(super) fn of(url: &Uri) -> Option<Self> {
        let secure = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = url.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Some(Self { secure, host: authority.host().to_ascii_lowercase(), port })
    }

    /// The origin of a registry called `host[:port]`.
    pub(super) fn of_registry(authority: &str, secure: bool) -> Option<Self> {
        let scheme = if secure { "https" } else { "http" };
        format!("{scheme}://{authority}/").parse().ok().as_ref().and_then(Self::of)
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// `host[:port]`, without the scheme's own port.
    pub(super) fn authority(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

/// The address that `location` means in an answer from `base`.
pub(super) fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or_default();
    let scheme = base.scheme_str()?;
    let authority = base.authority()?;
    let has_scheme = location.split(['/', '?']).next().is_some_and(|first| first.contains(':'));
    let absolute = if has_scheme {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') || location.is_empty() {
        format!("{scheme}://{authority}{}{location}", base.path())
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    absolute.parse().ok()
}

/// Adds a parameter to an address.
pub(super) fn with_query(url: &Uri, name: &str, value: &str) -> Option<Uri> {
    let separator = if url.query().is_some() { '&' } else { '?' };
    format!("{url}{separator}{name}={}", encoded(value)).parse().ok()
}

/// A value as a query or a form has it.
pub(super) fn encoded(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::with_capacity(value.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Origin, resolve};

    #[test]
    fn addresses_relative_to_others() {
        let base = "https://a.example:8443/v2/x/blobs/uploads/1?state=2".parse().unwrap();
        let cases = [
            ("https://b.example/y", "https://b.example/y"),
            ("//b.example/y", "https://b.example/y"),
            ("/y?z", "https://a.example:8443/y?z"),
            ("y", "https://a.example:8443/v2/x/blobs/uploads/y"),
            ("?z", "https://a.example:8443/v2/x/blobs/uploads/1?z"),
            ("/y#z", "https://a.example:8443/y"),
            ("/v2/a:b", "https://a.example:8443/v2/a:b"),
        ];
        for (location, expected) in cases {
            assert_eq!(
                resolve(&base, location).map(|url| url.to_string()).as_deref(),
                Some(expected),
                "{location}"
            );
        }
    }

    #[test]
    fn origins_compare_by_scheme_host_and_port() {
        let origin = |text: &str| text.parse().ok().as_ref().and_then(Origin::of);
        assert_eq!(origin("https://A.example/x"), origin("https://a.example:443/y"));
        assert_ne!(origin("https://a.example/"), origin("http://a.example/"));
        assert_ne!(origin("https://a.example/"), origin("https://a.example:8443/"));
        assert_eq!(origin("https://user@a.example/"), None);
        assert_eq!(origin("ftp://a.example/"), None);
        assert_eq!(
            Origin::of_registry("[::1]:5000", false).map(|o| o.to_string()).as_deref(),
            Some("http://[::1]:5000")
        );
    }
}

//! Content digests (OCI image specification, "Digests").

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::grammar::count;

/// What something is called by its content: an algorithm and the encoded hash, as in `sha256:2cf2…`.
///
/// The registered algorithms are checked: lower-case hexadecimal digits of the right number. Others are kept as they are, if
/// they follow the grammar; [`Digest::registered`] tells them apart. Parsing borrows, `into_owned` keeps.
///
/// ```
/// use pod_core::image::{Algorithm, Digest};
///
/// let digest = Digest::parse("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?;
/// assert_eq!(digest.registered(), Some(Algorithm::Sha256));
/// assert_eq!(Digest::parse("md5:900150983cd24fb0")?.algorithm(), "md5");
/// assert_eq!(
///     Digest::parse("sha256:2cf2").unwrap_err().to_string(),
///     "a digest ends at byte 11: sha256 has 64 hexadecimal digits",
/// );
/// # Ok::<(), pod_core::image::ParseDigestError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest<'a>(Cow<'a, str>);

/// An algorithm that the OCI image specification, or the Go implementation of digests, registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256: 64 digits.
    Sha256,
    /// SHA-384: 96 digits.
    Sha384,
    /// SHA-512: 128 digits.
    Sha512,
}

impl Algorithm {
    /// The algorithm of that name: `sha256`, `sha384` or `sha512`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// How many hexadecimal digits its hash has.
    #[must_use]
    pub const fn digits(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

impl<'a> Digest<'a> {
    /// Reads a digest without copying it.
    ///
    /// # Errors
    ///
    /// Without a colon (`sha256`), with an empty or malformed algorithm (`:ab`, `SHA256:…`, `sha+:…`) or hash (`md5:`, `md5:a b`), and
    /// for a registered algorithm when the hash is not made of lower-case hexadecimal digits of its number (`sha256:2cf2`).
    pub fn parse(text: &'a str) -> Result<Self, ParseDigestError> {
        check(text).map(|()| Self(Cow::Borrowed(text)))
    }

    /// The digest of a finished hash; the name must be a registered algorithm's.
    #[cfg(feature = "verify")]
    pub(super) fn of_hash(algorithm: &str, hash: &[u8]) -> Digest<'static> {
        use fmt::Write as _;
        let mut text = format!("{algorithm}:");
        for byte in hash {
            let _ = write!(text, "{byte:02x}");
        }
        Digest(Cow::Owned(text))
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the algorithm: what is before the colon.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        self.0.split_once(':').map_or("", |(algorithm, _)| algorithm)
    }

    /// The hash: what is after the colon.
    #[must_use]
    pub fn encoded(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, encoded)| encoded)
    }

    /// The algorithm, if it is a registered one: then the hash was checked.
    #[must_use]
    pub fn registered(&self) -> Option<Algorithm> {
        Algorithm::from_name(self.algorithm())
    }

    /// The same digest, with text of its own.
    #[must_use]
    pub fn into_owned(self) -> Digest<'static> {
        Digest(Cow::Owned(self.0.into_owned()))
    }
}

/// Why a text is no digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDigestError {
    kind: Kind,
    found: Option<char>,
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Algorithm,
    Encoded,
    Hex(Algorithm),
}

impl ParseDigestError {
    /// The byte at which the text stops being a digest.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found {
            Some(c) => write!(f, "unexpected `{}` at byte {} of a digest", c.escape_debug(), self.position)?,
            None => write!(f, "a digest ends at byte {}", self.position)?,
        }
        match self.kind {
            Kind::Algorithm => f.write_str(": it is an algorithm such as `sha256`, a colon and the hash"),
            Kind::Encoded => f.write_str(": a hash is made of letters, digits, `=`, `_` and `-`"),
            Kind::Hex(algorithm) => {
                let name = match algorithm {
                    Algorithm::Sha256 => "sha256",
                    Algorithm::Sha384 => "sha384",
                    Algorithm::Sha512 => "sha512",
                };
                write!(f, ": {name} has {} hexadecimal digits", algorithm.digits())
            }
        }
    }
}

impl std::error::Error for ParseDigestError {}

fn check(text: &str) -> Result<(), ParseDigestError> {
    let stop = |kind, position| {
        let found = text.get(position..).and_then(|rest| rest.chars().next());
        Err(ParseDigestError { kind, found, position })
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let word =
            count(bytes.get(at..).unwrap_or_default(), |b| b.is_ascii_lowercase() || b.is_ascii_digit());
        at += word;
        match bytes.get(at) {
            Some(b'+' | b'.' | b'-' | b'_') if word > 0 => at += 1,
            Some(b':') if word > 0 => break,
            _ => return stop(Kind::Algorithm, at),
        }
    }
    let (name, hash) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    at += 1;
    if let Some(algorithm) = Algorithm::from_name(name) {
        let digits = count(hash.as_bytes(), |b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if digits < algorithm.digits() || digits < hash.len() || hash.len() > algorithm.digits() {
            return stop(Kind::Hex(algorithm), at + digits.min(algorithm.digits()));
        }
        return Ok(());
    }
    let length = count(hash.as_bytes(), |b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-'));
    if length == 0 || length < hash.len() { stop(Kind::Encoded, at + length) } else { Ok(()) }
}

impl FromStr for Digest<'static> {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Digest::parse(text).map(Digest::into_owned)
    }
}

impl TryFrom<String> for Digest<'_> {
    type Error = ParseDigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        check(&text).map(|()| Self(Cow::Owned(text)))
    }
}

impl From<Digest<'_>> for String {
    fn from(digest: Digest<'_>) -> Self {
        digest.0.into_owned()
    }
}

impl fmt::Display for Digest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

//! `CNI_NETNS`.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Where the container's network namespace is: a path such as `/run/netns/c1` or `/proc/42/ns/net`.
///
/// The specification calls it an isolation domain; outside Linux it may be another name. Nothing is looked up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Netns(String);

impl Netns {
    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The reference as a path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl FromStr for Netns {
    type Err = ParseNetnsError;

    /// # Errors
    ///
    /// On an empty text, and on a zero byte: an environment variable cannot carry it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseNetnsError(Kind::Empty));
        }
        match text.find('\0') {
            Some(at) => Err(ParseNetnsError(Kind::Zero(at))),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl TryFrom<&Path> for Netns {
    type Error = ParseNetnsError;

    /// # Errors
    ///
    /// As for text, and on a path that is not UTF-8: plugins repeat it in JSON.
    fn try_from(path: &Path) -> Result<Self, Self::Error> {
        path.to_str().ok_or(ParseNetnsError(Kind::NotUtf8))?.parse()
    }
}

impl fmt::Display for Netns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something is no reference to a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseNetnsError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    Zero(usize),
    NotUtf8,
}

impl fmt::Display for ParseNetnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Empty => f.write_str("a network namespace is empty"),
            Kind::Zero(at) => write!(f, "unexpected zero byte at byte {at} of a network namespace"),
            Kind::NotUtf8 => f.write_str("the path of a network namespace is not UTF-8"),
        }
    }
}

impl std::error::Error for ParseNetnsError {}

//! The version of the specification that a manifest is written for (specification, `acVersion`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Strength;
use crate::json::Scalar;

/// A semantic version, never `0.0.0`.
///
/// ```
/// use appc_spec::{AcVersion, Strength};
///
/// let version: AcVersion = "0.8.11".parse()?;
/// assert_eq!(version, AcVersion::CURRENT);
/// assert_eq!(AcVersion::parse("01.0.0-", Strength::Compat)?.to_string(), "1.0.0");
/// # Ok::<(), appc_spec::ParseVersionError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AcVersion(semver::Version);

/// Why a text is no version of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseVersionError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Zero,
    /// What the semver grammar says.
    Grammar(String),
}

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Zero => f.write_str("a version is never `0.0.0`"),
            Kind::Grammar(message) => write!(f, "a semantic version is wanted: {message}"),
        }
    }
}

impl std::error::Error for ParseVersionError {}

impl AcVersion {
    /// The version of the specification that this crate is written to.
    pub const CURRENT: Self = Self(semver::Version::new(0, 8, 11));

    /// Reads a version. The Go implementation also takes leading zeros and empty pre-release and build parts, and drops them.
    ///
    /// # Errors
    ///
    /// When the text is no semantic version (`1`, `v1.0.0`, `1.0.x`), or is `0.0.0`.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseVersionError> {
        let text = if strength.is_strict() { Cow::Borrowed(text) } else { normalise(text) };
        let version = semver::Version::parse(&text)
            .map_err(|error| ParseVersionError(Kind::Grammar(error.to_string())))?;
        if version == semver::Version::new(0, 0, 0) {
            return Err(ParseVersionError(Kind::Zero));
        }
        Ok(Self(version))
    }

    /// The first number. Versions with another one may mean something else by the same manifest.
    #[must_use]
    pub const fn major(&self) -> u64 {
        self.0.major
    }

    /// The second number.
    #[must_use]
    pub const fn minor(&self) -> u64 {
        self.0.minor
    }

    /// The third number.
    #[must_use]
    pub const fn patch(&self) -> u64 {
        self.0.patch
    }
}

/// Drops leading zeros of the numbers, and empty parts after `-` and `+`.
fn normalise(text: &str) -> Cow<'_, str> {
    let (rest, build) = text.split_once('+').unwrap_or((text, ""));
    let (numbers, pre) = rest.split_once('-').unwrap_or((rest, ""));
    let numbers: Vec<&str> = numbers
        .split('.')
        .map(|number| {
            let trimmed = number.trim_start_matches('0');
            if trimmed.is_empty() && !number.is_empty() { "0" } else { trimmed }
        })
        .collect();
    let mut normal = numbers.join(".");
    for (mark, part) in [('-', pre), ('+', build)] {
        if !part.is_empty() {
            normal.push(mark);
            normal.push_str(part);
        }
    }
    Cow::Owned(normal)
}

impl FromStr for AcVersion {
    type Err = ParseVersionError;

    /// Reads a version strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl fmt::Display for AcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Scalar for AcVersion {
    type Error = ParseVersionError;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
        Self::parse(text, strength)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

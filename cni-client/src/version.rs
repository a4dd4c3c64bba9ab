//! Versions of the specification, and the choice of one that everybody speaks.

mod choice;
mod supported;

pub use choice::{DeclaredVersions, VersionError};
pub use supported::SupportedVersions;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A version of the specification, such as 1.1.0.
///
/// Text has one to three dotted numbers (`1` is 1.0.0); no text at all is 0.1.0, which had no `cniVersion`.
///
/// ```
/// use cni_client::version::Version;
///
/// let version: Version = "0.4.0".parse()?;
/// assert!(version >= Version::V0_3_1 && version.has_check());
/// assert_eq!("1.0".parse::<Version>()?, Version::V1_0_0);
/// assert_eq!("".parse::<Version>()?, Version::V0_1_0);
/// # Ok::<(), cni_client::version::ParseVersionError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// 0.1.0: the first; results have one address of each family.
    pub const V0_1_0: Self = Self::new(0, 1, 0);
    /// 0.2.0: the verb `VERSION`.
    pub const V0_2_0: Self = Self::new(0, 2, 0);
    /// 0.3.0: lists of plugins; results with several addresses.
    pub const V0_3_0: Self = Self::new(0, 3, 0);
    /// 0.3.1: a correction of the text.
    pub const V0_3_1: Self = Self::new(0, 3, 1);
    /// 0.4.0: the verb `CHECK`; DEL is given the result of ADD.
    pub const V0_4_0: Self = Self::new(0, 4, 0);
    /// 1.0.0: lists only; addresses lose their `version`.
    pub const V1_0_0: Self = Self::new(1, 0, 0);
    /// 1.1.0: the verbs `STATUS` and `GC`; `cniVersions`.
    pub const V1_1_0: Self = Self::new(1, 1, 0);

    /// All that this crate speaks, oldest first.
    pub const KNOWN: [Self; 7] =
        [Self::V0_1_0, Self::V0_2_0, Self::V0_3_0, Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];
    /// The newest that this crate speaks.
    pub const CURRENT: Self = Self::V1_1_0;

    /// The version with these three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Whether this crate speaks it.
    #[must_use]
    pub fn is_known(self) -> bool {
        Self::KNOWN.contains(&self)
    }

    /// Whether plugins can be chained (from 0.3.0).
    #[must_use]
    pub fn has_chains(self) -> bool {
        self >= Self::V0_3_0
    }

    /// Whether there is CHECK, and DEL is given the result of ADD (from 0.4.0).
    #[must_use]
    pub fn has_check(self) -> bool {
        self >= Self::V0_4_0
    }

    /// Whether there are STATUS and GC (from 1.1.0).
    #[must_use]
    pub fn has_status_and_gc(self) -> bool {
        self >= Self::V1_1_0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for Version {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// # Errors
    ///
    /// On more than three parts (`1.0.0.0`), an empty part (`1.`, `1..0`), anything but digits (`v1`, `1.0-rc1`, `-1`), and
    /// a number beyond 32 bits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self::V0_1_0);
        }
        let mut numbers = [0; 3];
        let mut at = 0;
        let mut slots = numbers.iter_mut();
        for part in text.split('.') {
            let slot = slots.next().ok_or(ParseVersionError { kind: Kind::TooManyParts, at })?;
            *slot = number(part, at)?;
            at += part.len() + 1;
        }
        let [major, minor, patch] = numbers;
        Ok(Self { major, minor, patch })
    }
}

fn number(part: &str, start: usize) -> Result<u32, ParseVersionError> {
    let error = |kind, at| ParseVersionError { kind, at };
    if part.is_empty() {
        return Err(error(Kind::EmptyPart, start));
    }
    if let Some((at, c)) = part.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(error(Kind::Character(c), start + at));
    }
    part.parse().map_err(|_| error(Kind::TooLarge, start))
}

/// Why a text is no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseVersionError {
    kind: Kind,
    at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Character(char),
    EmptyPart,
    TooManyParts,
    TooLarge,
}

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at;
        match self.kind {
            Kind::Character(c) => {
                write!(
                    f,
                    "unexpected `{}` at byte {at} of a version: only digits and `.` are allowed",
                    c.escape_debug()
                )
            }
            Kind::EmptyPart => write!(f, "a number is missing at byte {at} of a version"),
            Kind::TooManyParts => {
                write!(f, "unexpected fourth number at byte {at} of a version: it has at most three")
            }
            Kind::TooLarge => write!(f, "the number at byte {at} of a version is too large"),
        }
    }
}

impl std::error::Error for ParseVersionError {}

//! The UUID of a pod (specification, "UUID Type").

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use pod_core::pod::Uuid;

use crate::Strength;
use crate::json::Scalar;

/// A UUID that is not nil, with or without its hyphens.
///
/// ```
/// use appc_spec::PodUuid;
///
/// let uuid: PodUuid = "6733C088A5074694AABFEDBE4FC5266F".parse()?;
/// assert_eq!(uuid.to_string(), "6733c088-a507-4694-aabf-edbe4fc5266f");
/// # Ok::<(), appc_spec::ParseUuidError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodUuid(Uuid);

/// Why a text is no UUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseUuidError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Length(usize),
    Digit(char, usize),
    Hyphen(usize),
    Nil,
}

impl fmt::Display for ParseUuidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Length(digits) => write!(f, "a UUID has 32 hexadecimal digits, not {digits}"),
            Kind::Digit(c, at) => write!(
                f,
                "unexpected `{}` at byte {at} of a UUID: a hexadecimal digit is wanted",
                c.escape_debug()
            ),
            Kind::Hyphen(at) => write!(
                f,
                "unexpected `-` at byte {at} of a UUID: hyphens stand after 8, 12, 16 and 20 digits, or nowhere"
            ),
            Kind::Nil => f.write_str("a UUID is never all zeros"),
        }
    }
}

impl std::error::Error for ParseUuidError {}

impl PodUuid {
    /// Reads a UUID. The Go implementation drops hyphens wherever they stand.
    ///
    /// # Errors
    ///
    /// On anything but 32 hexadecimal digits, on all zeros, and in [`Strength::Strict`] on hyphens in odd places.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseUuidError> {
        let mut value: u128 = 0;
        let mut digits = 0_usize;
        let hyphenated = text.len() > 32;
        for (at, c) in text.char_indices() {
            if c == '-' {
                if strength.is_strict() && !(hyphenated && matches!(at, 8 | 13 | 18 | 23)) {
                    return Err(ParseUuidError(Kind::Hyphen(at)));
                }
                continue;
            }
            let digit = c.to_digit(16).ok_or(ParseUuidError(Kind::Digit(c, at)))?;
            value = (value << 4) | u128::from(digit);
            digits += 1;
        }
        if digits != 32 || (strength.is_strict() && hyphenated && text.len() != 36) {
            return Err(ParseUuidError(Kind::Length(digits)));
        }
        if value == 0 { Err(ParseUuidError(Kind::Nil)) } else { Ok(Self(Uuid::from_u128(value))) }
    }
}

impl From<PodUuid> for Uuid {
    fn from(uuid: PodUuid) -> Self {
        uuid.0
    }
}

impl FromStr for PodUuid {
    type Err = ParseUuidError;

    /// Reads a UUID strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl fmt::Display for PodUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl Scalar for PodUuid {
    type Error = ParseUuidError;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
        Self::parse(text, strength)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

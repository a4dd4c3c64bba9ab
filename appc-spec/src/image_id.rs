//! Image IDs: the hash of an image's uncompressed tar (specification, "Image ID Type").

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Strength;
use crate::json::Scalar;

/// The prefix of every image ID.
const PREFIX: &str = "sha512-";

/// How many hexadecimal digits a whole SHA-512 has.
const DIGITS: usize = 128;

/// `sha512-` and the hash of an image's uncompressed tar in hexadecimal digits.
///
/// ```
/// use appc_spec::ImageId;
///
/// let id = ImageId::from_digest(&[0xab; 64]);
/// assert!(id.as_str().starts_with("sha512-abab"));
/// assert_eq!(id.as_str().parse::<ImageId>()?, id);
/// assert_eq!(
///     "sha512-ab".parse::<ImageId>().unwrap_err().to_string(),
///     "an image ID has 128 digits after `sha512-`, not 2"
/// );
/// # Ok::<(), appc_spec::ParseImageIdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageId(Box<str>);

/// Why a text is no image ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseImageIdError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Algorithm,
    Empty,
    Dash(usize),
    Digit(char, usize),
    Length(usize),
}

impl fmt::Display for ParseImageIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Algorithm => write!(f, "an image ID begins with `{PREFIX}`"),
            Kind::Empty => write!(f, "an image ID has nothing after `{PREFIX}`"),
            Kind::Dash(at) => write!(f, "unexpected `-` at byte {at} of an image ID: it has only one"),
            Kind::Digit(c, at) => write!(
                f,
                "unexpected `{}` at byte {at} of an image ID: 0-9 and a-f may stand there",
                c.escape_debug()
            ),
            Kind::Length(length) => {
                write!(f, "an image ID has {DIGITS} digits after `{PREFIX}`, not {length}")
            }
        }
    }
}

impl std::error::Error for ParseImageIdError {}

impl ImageId {
    /// Reads an image ID. The Go implementation checks neither digits nor length, as its own store writes shortened ones.
    ///
    /// # Errors
    ///
    /// On another algorithm (`sha256-ab`), a second `-`, and nothing after the prefix; in [`Strength::Strict`] also on
    /// anything but 128 lower-case hexadecimal digits.
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseImageIdError> {
        let digits = text.strip_prefix(PREFIX).ok_or(ParseImageIdError(Kind::Algorithm))?;
        if digits.is_empty() {
            return Err(ParseImageIdError(Kind::Empty));
        }
        if let Some(at) = digits.find('-') {
            return Err(ParseImageIdError(Kind::Dash(PREFIX.len() + at)));
        }
        if strength.is_strict() {
            check_digits(digits)?;
            if digits.len() != DIGITS {
                return Err(ParseImageIdError(Kind::Length(digits.len())));
            }
        }
        Ok(Self(text.into()))
    }

    /// The ID of a tar with this SHA-512.
    #[must_use]
    pub fn from_digest(digest: &[u8; 64]) -> Self {
        let mut text = String::with_capacity(PREFIX.len() + DIGITS);
        text.push_str(PREFIX);
        for byte in digest {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Self(text.into())
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after `sha512-`.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or(&self.0)
    }

    /// Whether it names exactly one image: 128 hexadecimal digits. Only [`Strength::Compat`] reads other ones.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.digits().len() == DIGITS && check_digits(self.digits()).is_ok()
    }

    /// Whether this ID, which may be shortened, fits a whole one.
    #[must_use]
    pub fn is_prefix_of(&self, whole: &Self) -> bool {
        whole.0.starts_with(&*self.0)
    }
}

fn check_digits(digits: &str) -> Result<(), ParseImageIdError> {
    match digits.char_indices().find(|(_, c)| !matches!(c, '0'..='9' | 'a'..='f')) {
        Some((at, c)) => Err(ParseImageIdError(Kind::Digit(c, PREFIX.len() + at))),
        None => Ok(()),
    }
}

impl FromStr for ImageId {
    type Err = ParseImageIdError;

    /// Reads an image ID strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl AsRef<str> for ImageId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Scalar for ImageId {
    type Error = ParseImageIdError;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
        Self::parse(text, strength)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

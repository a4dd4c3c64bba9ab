//! AC names and AC identifiers (specification, "AC Name Type" and "AC Identifier Type").

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Strength;
use crate::json::Scalar;

/// Why a text is no AC name or AC identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseNameError {
    grammar: Grammar,
    kind: Kind,
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Name,
    Identifier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    Character(char),
    Edge(char),
    Row(char, char),
    NothingLeft,
}

impl Grammar {
    const fn noun(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Identifier => "identifier",
        }
    }

    const fn separators(self) -> &'static str {
        match self {
            Self::Name => "-",
            Self::Identifier => "-._~/",
        }
    }

    const fn error(self, kind: Kind, position: usize) -> ParseNameError {
        ParseNameError { grammar: self, kind, position }
    }

    /// Checks in the order of the Go implementation: empty, characters, ends; then, if strict, separators in a row.
    fn check(self, text: &str, strength: Strength) -> Result<(), ParseNameError> {
        let bytes = text.as_bytes();
        let is_separator = |byte: u8| match self {
            Self::Name => byte == b'-',
            Self::Identifier => matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/'),
        };
        let stands = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || is_separator(byte);
        if let Some(at) = bytes.iter().position(|byte| !stands(*byte)) {
            // All before it is ASCII, so a character begins there.
            let c =
                text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
            return Err(self.error(Kind::Character(c), at));
        }
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return Err(self.error(Kind::Empty, 0));
        };
        for (byte, at) in [(*first, 0), (*last, bytes.len() - 1)] {
            if is_separator(byte) {
                return Err(self.error(Kind::Edge(char::from(byte)), at));
            }
        }
        if strength.is_strict() {
            for (at, pair) in bytes.windows(2).enumerate() {
                if let [a, b] = *pair
                    && is_separator(a)
                    && is_separator(b)
                {
                    return Err(self.error(Kind::Row(char::from(a), char::from(b)), at + 1));
                }
            }
        }
        Ok(())
    }

    fn sanitize(self, text: &str) -> Result<String, ParseNameError> {
        let replacement = match self {
            Self::Name => '-',
            Self::Identifier => '_',
        };
        let lower = text.to_lowercase();
        let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let mapped: String = lower
            .chars()
            .map(|c| if kept(c) || self.separators().contains(c) { c } else { replacement })
            .collect();
        let trimmed = mapped.trim_matches(|c| !kept(c));
        if trimmed.is_empty() { Err(self.error(Kind::NothingLeft, 0)) } else { Ok(trimmed.to_owned()) }
    }
}

impl ParseNameError {
    /// The byte at which the text breaks the rule.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (noun, separators, at) = (self.grammar.noun(), self.grammar.separators(), self.position);
        let article = if noun == "identifier" { "an" } else { "a" };
        match self.kind {
            Kind::Empty => write!(f, "{article} {noun} is empty"),
            Kind::Character(c) => write!(
                f,
                "unexpected `{}` at byte {at} of {article} {noun}: only a-z, 0-9 and `{separators}` may stand there",
                c.escape_debug()
            ),
            Kind::Edge(c) => write!(
                f,
                "unexpected `{c}` at byte {at} of {article} {noun}: it begins and ends with a letter or a digit"
            ),
            Kind::Row(a, b) => write!(
                f,
                "unexpected `{b}` at byte {at} of {article} {noun}: it follows `{a}`, and two separators never stand in a row"
            ),
            Kind::NothingLeft => write!(f, "nothing in the text may stand in {article} {noun}"),
        }
    }
}

impl std::error::Error for ParseNameError {}

macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $grammar:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Box<str>);

        impl $type {
            /// Reads it by the specification's grammar, or by the looser one of the Go implementation, which takes separators
            /// in a row (`a--b`).
            ///
            /// # Errors
            ///
            /// On an empty text, another character (`A`, a space), a separator at an end (`-a`), and in
            /// [`Strength::Strict`] on separators in a row.
            pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseNameError> {
                $grammar.check(text, strength).map(|()| Self(text.into()))
            }

            /// Makes one of any text as the Go implementation does: lower case, other characters replaced, ends trimmed. The
            /// result may hold separators in a row.
            ///
            /// # Errors
            ///
            /// When nothing is left (`!!!`).
            pub fn sanitize(text: &str) -> Result<Self, ParseNameError> {
                $grammar.sanitize(text).map(|text| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ParseNameError;

            /// Reads it by the specification's grammar.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text, Strength::Strict)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = ParseNameError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                *self.0 == *other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                *self.0 == **other
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Scalar for $type {
            type Error = ParseNameError;

            fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
                Self::parse(text, strength)
            }

            fn text(&self) -> Cow<'_, str> {
                Cow::Borrowed(&self.0)
            }
        }
    };
}

names! {
    /// The name of an app, a volume, a mount point or a port: `a-z`, `0-9` and single `-` inside (specification, "AC Name Type").
    ///
    /// ```
    /// use appc_spec::AcName;
    ///
    /// let name: AcName = "reduce-worker".parse()?;
    /// assert_eq!(name.as_str(), "reduce-worker");
    /// assert_eq!(
    ///     "Web".parse::<AcName>().unwrap_err().to_string(),
    ///     "unexpected `W` at byte 0 of a name: only a-z, 0-9 and `-` may stand there"
    /// );
    /// # Ok::<(), appc_spec::ParseNameError>(())
    /// ```
    AcName, Grammar::Name
}

names! {
    /// The name of an image, a label, an annotation or an isolator: `a-z`, `0-9` and single `-`, `.`, `_`, `~` or `/` inside
    /// (specification, "AC Identifier Type").
    ///
    /// ```
    /// use appc_spec::{AcIdentifier, Strength};
    ///
    /// let name: AcIdentifier = "example.com/reduce-worker".parse()?;
    /// assert_eq!(name.as_str(), "example.com/reduce-worker");
    /// // The specification's grammar has no two separators in a row; the Go implementation takes them.
    /// assert!("example.com/~bob".parse::<AcIdentifier>().is_err());
    /// assert!(AcIdentifier::parse("example.com/~bob", Strength::Compat).is_ok());
    /// # Ok::<(), appc_spec::ParseNameError>(())
    /// ```
    AcIdentifier, Grammar::Identifier
}

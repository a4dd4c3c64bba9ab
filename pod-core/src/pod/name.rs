//! Names of apps and volumes: safe as path components, the same grammar in Kubernetes and App Container.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name: a DNS label (RFC 1123 §2.1).
const MAX: usize = 63;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = ParseNameError;

            /// # Errors
            ///
            /// On an empty name, more than 63 bytes, a character other than `a-z`, `0-9` and `-` (`Web`, `a/b`, `..`), or a
            /// `-` at an end (`-a`).
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseNameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                check(&text).map(|()| Self(text))
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name of an app, unique in its pod: a DNS label (RFC 1123), 1 to 63 bytes.
    ///
    /// ```
    /// use pod_core::pod::AppName;
    ///
    /// let name: AppName = "web-1".parse()?;
    /// assert_eq!(name.as_str(), "web-1");
    /// assert_eq!(
    ///     "../web".parse::<AppName>().unwrap_err().to_string(),
    ///     "unexpected `.` at byte 0 of a name: only `a-z`, `0-9` and `-` are allowed",
    /// );
    /// # Ok::<(), pod_core::pod::ParseNameError>(())
    /// ```
    AppName
}

name! {
    /// The name of a volume, unique in its pod: a DNS label (RFC 1123), 1 to 63 bytes.
    VolumeName
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseNameError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    TooLong(usize),
    Character(char, usize),
    Edge(usize),
}

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Empty => f.write_str("a name is empty"),
            Kind::TooLong(length) => write!(f, "a name of {length} bytes is too long: at most {MAX}"),
            Kind::Character(c, at) => {
                write!(
                    f,
                    "unexpected `{}` at byte {at} of a name: only `a-z`, `0-9` and `-` are allowed",
                    c.escape_debug()
                )
            }
            Kind::Edge(at) => {
                write!(f, "unexpected `-` at byte {at} of a name: it begins and ends with `a-z` or `0-9`")
            }
        }
    }
}

impl std::error::Error for ParseNameError {}

fn check(text: &str) -> Result<(), ParseNameError> {
    let kind = if text.is_empty() {
        Kind::Empty
    } else if text.len() > MAX {
        Kind::TooLong(text.len())
    } else if let Some((at, c)) = text.char_indices().find(|(_, c)| !matches!(c, 'a'..='z' | '0'..='9' | '-'))
    {
        Kind::Character(c, at)
    } else if text.starts_with('-') {
        Kind::Edge(0)
    } else if text.ends_with('-') {
        Kind::Edge(text.len() - 1)
    } else {
        return Ok(());
    };
    Err(ParseNameError(kind))
}

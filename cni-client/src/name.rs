//! Names that become environment variables and path components: networks, containers, interfaces, plugins.
//!
//! The rules are those of libcni's `pkg/utils`, which are those of the specification (sections 1 and 2). Names that pass
//! cannot leave the folder that they are joined to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ErrorCode;

/// The longest interface name: `IFNAMSIZ` of the kernel without the terminating zero.
const MAX_INTERFACE_NAME: usize = 15;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:expr, $(#[$errors:meta])* $check:ident) => {
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

            $(#[$errors])*
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match $check(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(kind) => Err(ParseNameError { what: $what, kind }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseNameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
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
    /// The name of a network (specification section 1).
    ///
    /// ```
    /// use cni_client::name::NetworkName;
    ///
    /// let name: NetworkName = "dbnet".parse()?;
    /// assert_eq!(name.as_str(), "dbnet");
    /// assert_eq!(
    ///     "../evil".parse::<NetworkName>().unwrap_err().to_string(),
    ///     "unexpected `.` at byte 0 of a network name: it begins with a letter or a digit",
    /// );
    /// # Ok::<(), cni_client::name::ParseNameError>(())
    /// ```
    NetworkName, What::Network,
    /// # Errors
    ///
    /// On an empty name, one that does not begin with a letter or a digit (`-a`, `..`), or a character other than ASCII
    /// letters, digits, `_`, `.` and `-` (`a/b`, `ä`).
    check_word
}

name! {
    /// The identifier of a container, `CNI_CONTAINERID` (specification section 2).
    ContainerId, What::Container,
    /// # Errors
    ///
    /// On an empty identifier, one that does not begin with a letter or a digit (`_a`), or a character other than ASCII
    /// letters, digits, `_`, `.` and `-` (`a:b`). There is no limit of length.
    check_word
}

name! {
    /// The name of an interface in the container, `CNI_IFNAME`: what the kernel takes.
    InterfaceName, What::Interface,
    /// # Errors
    ///
    /// On an empty name, more than 15 bytes, `.` and `..`, or a `/`, a `:`, white space or a zero byte in it (`eth 0`).
    check_interface
}

name! {
    /// The `type` of a plugin: the name of its program, without a folder.
    PluginType, What::Plugin,
    /// # Errors
    ///
    /// On an empty name, `.` and `..`, or a `/`, a `\` or a zero byte in it (`../bridge`).
    check_file_name
}

impl InterfaceName {
    /// The name that rkt gives to the network with this index: `eth0`, `eth1` and so on.
    #[must_use]
    pub fn eth(index: u32) -> Self {
        // `eth4294967295` has 13 bytes.
        Self(format!("eth{index}"))
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseNameError {
    what: What,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Network,
    Container,
    Interface,
    Plugin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    TooLong(usize),
    Dots,
    First(char),
    Character(char, usize),
}

impl ParseNameError {
    /// The code that a plugin gives for the same fault (specification, "Error").
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match (self.what, &self.kind) {
            (What::Container, Kind::Empty) => ErrorCode::UnknownContainer,
            (What::Container | What::Interface, _) => ErrorCode::InvalidEnvironment,
            (What::Network | What::Plugin, _) => ErrorCode::InvalidConfig,
        }
    }
}

impl fmt::Display for ParseNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, rule) = match self.what {
            What::Network => ("a network name", "only letters, digits, `_`, `.` and `-` are allowed"),
            What::Container => ("a container ID", "only letters, digits, `_`, `.` and `-` are allowed"),
            What::Interface => ("an interface name", "`/`, `:`, white space and zero bytes are not allowed"),
            What::Plugin => ("a plugin type", "it is a file name, without a folder"),
        };
        match self.kind {
            Kind::Empty => write!(f, "{what} is empty"),
            Kind::TooLong(length) => {
                write!(f, "{what} of {length} bytes is too long: at most {MAX_INTERFACE_NAME}")
            }
            Kind::Dots => write!(f, "{what} is neither `.` nor `..`"),
            Kind::First(c) => {
                write!(
                    f,
                    "unexpected `{}` at byte 0 of {what}: it begins with a letter or a digit",
                    c.escape_debug()
                )
            }
            Kind::Character(c, at) => {
                write!(f, "unexpected `{}` at byte {at} of {what}: {rule}", c.escape_debug())
            }
        }
    }
}

impl std::error::Error for ParseNameError {}

fn check_word(text: &str) -> Result<(), Kind> {
    let first = text.chars().next().ok_or(Kind::Empty)?;
    if !first.is_ascii_alphanumeric() {
        return Err(Kind::First(first));
    }
    reject(text, |c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
}

fn check_interface(text: &str) -> Result<(), Kind> {
    check_dots(text)?;
    reject(text, |c| matches!(c, '/' | ':' | '\0') || c.is_whitespace())?;
    if text.len() > MAX_INTERFACE_NAME {
        return Err(Kind::TooLong(text.len()));
    }
    Ok(())
}

fn check_file_name(text: &str) -> Result<(), Kind> {
    check_dots(text)?;
    reject(text, |c| matches!(c, '/' | '\\' | '\0'))
}

fn check_dots(text: &str) -> Result<(), Kind> {
    match text {
        "" => Err(Kind::Empty),
        "." | ".." => Err(Kind::Dots),
        _ => Ok(()),
    }
}

fn reject(text: &str, bad: impl Fn(char) -> bool) -> Result<(), Kind> {
    match text.char_indices().find(|(_, c)| bad(*c)) {
        Some((at, c)) => Err(Kind::Character(c, at)),
        None => Ok(()),
    }
}

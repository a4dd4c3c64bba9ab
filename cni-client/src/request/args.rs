//! `CNI_ARGS`.

use std::fmt;
use std::str::FromStr;

/// Extra arguments of an attachment: pairs in order, written `K=V;K2=V2`.
///
/// A value may be empty and may hold `=`, `:` and `,`; stock plugins read only values without `=`.
///
/// ```
/// use cni_client::request::CniArgs;
///
/// let args: CniArgs = "IP=fd00::7;IgnoreUnknown=1".parse()?;
/// assert_eq!(args.get("IP"), Some("fd00::7"));
/// assert_eq!(
///     "IP".parse::<CniArgs>().unwrap_err().to_string(),
///     "`IP` at byte 0 of the arguments is no pair: a key, `=` and a value are expected",
/// );
/// # Ok::<(), cni_client::request::ParseArgsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CniArgs(Vec<(String, String)>);

impl CniArgs {
    /// No arguments.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends a pair.
    ///
    /// # Errors
    ///
    /// On an empty key, a key with `=`, and `;` or a zero byte in either.
    pub fn push(&mut self, key: &str, value: &str) -> Result<(), ParseArgsError> {
        let pair = format!("{key}={value}");
        if key.contains('=') || pair.contains(';') {
            return Err(ParseArgsError { pair, at: 0, kind: Kind::Separator });
        }
        self.0.push(parse_pair(&pair, 0)?);
        Ok(())
    }

    /// The value of a key; the last one when there are several, as plugins have it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there is no pair.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for CniArgs {
    type Err = ParseArgsError;

    /// # Errors
    ///
    /// On a part without `=` (`IP`, and the empty one after `IP=1;`), an empty key (`=1`), and a zero byte. No text at all is
    /// no arguments.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pairs = Vec::new();
        let mut at = 0;
        if text.is_empty() {
            return Ok(Self(pairs));
        }
        for part in text.split(';') {
            pairs.push(parse_pair(part, at)?);
            at += part.len() + 1;
        }
        Ok(Self(pairs))
    }
}

impl fmt::Display for CniArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, value)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ";" };
            write!(f, "{separator}{key}={value}")?;
        }
        Ok(())
    }
}

fn parse_pair(part: &str, at: usize) -> Result<(String, String), ParseArgsError> {
    let error = |kind| ParseArgsError { pair: part.to_owned(), at, kind };
    if part.contains('\0') {
        return Err(error(Kind::Zero));
    }
    match part.split_once('=') {
        None => Err(error(Kind::NoPair)),
        Some(("", _)) => Err(error(Kind::NoKey)),
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
    }
}

/// Why a text is no list of arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseArgsError {
    pair: String,
    at: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    NoPair,
    NoKey,
    Separator,
    Zero,
}

impl fmt::Display for ParseArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pair, at, kind } = self;
        let pair = pair.escape_debug();
        match kind {
            Kind::NoPair => {
                write!(
                    f,
                    "`{pair}` at byte {at} of the arguments is no pair: a key, `=` and a value are expected"
                )
            }
            Kind::NoKey => write!(f, "`{pair}` at byte {at} of the arguments has no key before `=`"),
            Kind::Separator => {
                write!(f, "`{pair}` cannot be an argument: `;` ends an argument and `=` ends its key")
            }
            Kind::Zero => write!(f, "`{pair}` at byte {at} of the arguments has a zero byte"),
        }
    }
}

impl std::error::Error for ParseArgsError {}

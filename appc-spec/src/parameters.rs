//! Values as they stand on a command line: `name,key=value,key=value`.

use std::fmt;

use crate::{ParseNameError, Strength};

/// Why a text is no `name,key=value,…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseParameterError {
    what: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NoValue(String),
    Unknown(String),
    Repeated(String),
    Missing(&'static str),
    Name(ParseNameError),
    Value { key: &'static str, message: String },
    Rule(String),
}

impl fmt::Display for ParseParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what;
        match &self.kind {
            Kind::NoValue(key) => write!(f, "the part `{key}` of {what} has no `=`"),
            Kind::Unknown(key) => write!(f, "{what} has no `{key}`"),
            Kind::Repeated(key) => write!(f, "the `{key}` of {what} stands there twice"),
            Kind::Missing(key) => write!(f, "{what} needs its `{key}`"),
            Kind::Name(error) => write!(f, "the name of {what}: {error}"),
            Kind::Value { key, message } => write!(f, "the `{key}` of {what}: {message}"),
            Kind::Rule(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ParseParameterError {}

/// A text taken apart at its commas.
pub(crate) struct Parameters<'a> {
    what: &'static str,
    pub(crate) name: &'a str,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Parameters<'a> {
    /// Takes `name,key=value,…` apart; keys are unique.
    pub(crate) fn split(what: &'static str, text: &'a str) -> Result<Self, ParseParameterError> {
        let error = |kind| ParseParameterError { what, kind };
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| error(Kind::NoValue(part.to_owned())))?;
            if key == "name" || pairs.iter().any(|(known, _)| *known == key) {
                return Err(error(Kind::Repeated(key.to_owned())));
            }
            pairs.push((key, value));
        }
        Ok(Self { what, name, pairs })
    }

    /// Refuses keys other than these.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, ParseParameterError> {
        match self.pairs.iter().find(|(key, _)| !known.contains(key)) {
            Some((key, _)) => Err(self.error(Kind::Unknown((*key).to_owned()))),
            None => Ok(self),
        }
    }

    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.pairs.iter().copied()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    pub(crate) fn number<T: std::str::FromStr>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, ParseParameterError> {
        self.get(key)
            .map(|text| {
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                text.parse()
                    .ok()
                    .filter(|_| plain)
                    .ok_or_else(|| self.value_error(key, format!("`{text}` is no number that fits")))
            })
            .transpose()
    }

    /// A boolean, in the forms that Go's `strconv.ParseBool` takes.
    pub(crate) fn boolean(&self, key: &'static str) -> Result<Option<bool>, ParseParameterError> {
        self.get(key)
            .map(|text| match text {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
                "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
                _ => Err(self.value_error(key, format!("`{text}` is neither `true` nor `false`"))),
            })
            .transpose()
    }

    pub(crate) fn ac_name(&self, strength: Strength) -> Result<crate::AcName, ParseParameterError> {
        crate::AcName::parse(self.name, strength).map_err(|error| self.name_error(error))
    }

    pub(crate) const fn name_error(&self, error: ParseNameError) -> ParseParameterError {
        self.error(Kind::Name(error))
    }

    pub(crate) const fn missing(&self, key: &'static str) -> ParseParameterError {
        self.error(Kind::Missing(key))
    }

    pub(crate) const fn value_error(&self, key: &'static str, message: String) -> ParseParameterError {
        self.error(Kind::Value { key, message })
    }

    pub(crate) fn rule(&self, message: impl fmt::Display) -> ParseParameterError {
        self.error(Kind::Rule(message.to_string()))
    }

    const fn error(&self, kind: Kind) -> ParseParameterError {
        ParseParameterError { what: self.what, kind }
    }
}

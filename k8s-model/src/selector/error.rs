//! Why a text is no selector.

use std::fmt;

/// A text that is no selector: in upstream's words, with the place where it stops making sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseSelectorError {
    position: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// A token that cannot stand here, outside a condition.
    Unexpected { found: String, expected: &'static str },
    /// The same inside a condition.
    InRequirement { found: String, expected: &'static str },
    /// A label or value that is not well formed.
    Malformed { field: &'static str, key: Option<String>, value: String, reason: String },
    /// A condition whose number of values does not suit its operator.
    Values { field: &'static str, reason: &'static str },
    /// An operator of the structured form that there is not.
    Operator(String),
    /// A term of a field selector without an operator.
    Term { selector: String, term: String },
    /// A backslash before something that needs none.
    Escape(String),
    /// A character of a field's value that must stand after a backslash.
    Unescaped(char),
}

impl ParseSelectorError {
    /// The byte of the text, from 0, where it stops making sense; 0 for the structured form.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }

    pub(super) fn unexpected(position: usize, found: &str, expected: &'static str) -> Self {
        Self { position, kind: Kind::Unexpected { found: found.to_owned(), expected } }
    }

    pub(super) fn in_requirement(position: usize, found: &str, expected: &'static str) -> Self {
        Self { position, kind: Kind::InRequirement { found: found.to_owned(), expected } }
    }

    pub(super) fn malformed(field: &'static str, key: Option<&str>, value: &str, reasons: &[String]) -> Self {
        let kind = Kind::Malformed {
            field,
            key: key.map(str::to_owned),
            value: value.to_owned(),
            reason: reasons.join("; "),
        };
        Self { position: 0, kind }
    }

    pub(super) const fn values(field: &'static str, reason: &'static str) -> Self {
        Self { position: 0, kind: Kind::Values { field, reason } }
    }

    pub(super) fn unknown_operator(operator: &str) -> Self {
        Self { position: 0, kind: Kind::Operator(operator.to_owned()) }
    }

    pub(super) fn term(position: usize, selector: &str, term: &str) -> Self {
        let kind = Kind::Term { selector: selector.to_owned(), term: term.to_owned() };
        Self { position, kind }
    }

    pub(super) fn escape(position: usize, sequence: &str) -> Self {
        Self { position, kind: Kind::Escape(sequence.to_owned()) }
    }

    pub(super) const fn unescaped(position: usize, character: char) -> Self {
        Self { position, kind: Kind::Unescaped(character) }
    }

    pub(super) const fn at(mut self, position: usize) -> Self {
        self.position = position;
        self
    }
}

impl fmt::Display for ParseSelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Unexpected { found, expected } => write!(f, "found '{found}', expected: {expected}"),
            Kind::InRequirement { found, expected } => {
                write!(f, "unable to parse requirement: found '{found}', expected: {expected}")
            }
            Kind::Malformed { field, key: None, value, reason } => {
                write!(f, "unable to parse requirement: {field}: Invalid value: {value:?}: {reason}")
            }
            Kind::Malformed { field, key: Some(key), value, reason } => {
                write!(f, "unable to parse requirement: {field}[{key}]: Invalid value: {value:?}: {reason}")
            }
            Kind::Values { field, reason } => write!(f, "unable to parse requirement: {field}: {reason}"),
            Kind::Operator(operator) => write!(f, "{operator:?} is not a valid label selector operator"),
            Kind::Term { selector, term } => {
                write!(f, "invalid selector: '{selector}'; can't understand '{term}'")
            }
            Kind::Escape(sequence) => {
                write!(f, "invalid field selector: invalid escape sequence: {sequence}")
            }
            Kind::Unescaped(character) => {
                write!(f, "invalid field selector: unescaped character in value: {character}")
            }
        }
    }
}

impl std::error::Error for ParseSelectorError {}

//! What is wrong with a document, and where.

use std::fmt;

/// Why a JSON document is not what it should be, with line, column and the path of the field.
///
/// ```
/// use cni_client::config::NetworkConfig;
///
/// let error = NetworkConfig::parse("{\"name\": \"n\",\n \"plugins\": [{\"type\": 7}]}").unwrap_err();
/// assert_eq!(error.to_string(), "2:23: plugins[0].type: expected a string, found a number");
/// assert_eq!((error.line(), error.column(), error.path()), (2, 23, "plugins[0].type"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    line: usize,
    column: usize,
    path: String,
    message: String,
}

impl JsonError {
    /// An error at a byte of a document.
    pub(super) fn at(document: &str, offset: usize, path: &str, message: String) -> Self {
        let before = document.as_bytes().get(..offset).unwrap_or(document.as_bytes());
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let in_line = before.rsplit(|b| *b == b'\n').next().unwrap_or(before);
        // Continuation bytes of UTF-8 do not start a character.
        let column = in_line.iter().filter(|b| **b & 0xC0 != 0x80).count() + 1;
        Self(Box::new(Inner { line, column, path: path.to_owned(), message }))
    }

    /// Bad syntax, as serde_json found it.
    pub(super) fn syntax(document: &str, error: &serde_json::Error) -> Self {
        let start: usize =
            document.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        Self::at(document, start + error.column().saturating_sub(1), "", message_of(error))
    }

    /// An error of a single value that has no document around it.
    pub(super) fn of_value(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line().max(1), error.column().max(1));
        Self(Box::new(Inner { line, column, path: String::new(), message: message_of(error) }))
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// The column in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.column
    }

    /// The field, as `plugins[1].ipam.type`; empty for the document itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

/// serde_json ends its texts with a place of its own, which is relative to what it was given.
pub(super) fn message_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text.get(..at).unwrap_or(&text).to_owned(),
        None => text,
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { line, column, path, message } = &*self.0;
        if path.is_empty() {
            write!(f, "{line}:{column}: {message}")
        } else {
            write!(f, "{line}:{column}: {path}: {message}")
        }
    }
}

impl std::error::Error for JsonError {}

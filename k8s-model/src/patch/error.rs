//! Why a patch cannot be applied.

use std::fmt;

use serde_json::Value;

/// A patch that cannot be applied: shown as `path: reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchError {
    path: String,
    reason: String,
}

impl PatchError {
    /// The place in the patch or the object: a field path for trees, `operations[1]` for JSON Patch; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub(super) fn new(path: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self { path: path.to_string(), reason: reason.into() }
    }

    pub(super) fn not_a_map(path: impl fmt::Display, found: &Value) -> Self {
        Self::new(path, format!("a mapping is wanted, not {}", kind_name(found)))
    }

    pub(super) fn not_a_list(path: impl fmt::Display, found: &Value) -> Self {
        Self::new(path, format!("a list is wanted, not {}", kind_name(found)))
    }
}

/// What a person calls the kind of a value.
pub(super) const fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for PatchError {}

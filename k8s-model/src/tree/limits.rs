//! How much a document may ask for.

use super::{Position, SyntaxError};

/// Bounds on a document, so that a hostile one is refused in little time and memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest document in bytes.
    pub bytes: usize,
    /// The deepest nesting of lists and mappings.
    pub depth: usize,
    /// The most nodes, those that aliases repeat counted each time.
    pub nodes: usize,
    /// The most bytes of text that aliases may repeat.
    pub alias_bytes: usize,
}

impl Default for Limits {
    /// 4 MiB (an API server takes 3), 100 levels, a million nodes, and a mebibyte repeated by aliases.
    fn default() -> Self {
        Self { bytes: 4 << 20, depth: 100, nodes: 1_000_000, alias_bytes: 1 << 20 }
    }
}

impl Limits {
    pub(super) fn too_deep(&self, at: Position) -> SyntaxError {
        SyntaxError::new(at, format!("the document is nested deeper than {} levels", self.depth))
    }
}

//! How closely a document is held to the specification.

/// How closely a document is held to the specification, when it is read and when it is written.
///
/// Every function that reads or writes a manifest takes one explicitly; `FromStr` of the scalar types is [`Strength::Strict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strength {
    /// The specification: unknown and repeated members, names with two separators in a row, image IDs that are not 128
    /// hexadecimal digits and the like are errors.
    Strict,
    /// What the Go implementation (appc/spec 0.8.11) takes and emits: member names in any case, the last of repeated members
    /// wins, unknown members are dropped, absent lists of a pod manifest are written as `null`, and `<`, `>` and `&` are
    /// escaped.
    Compat,
}

impl Strength {
    /// Whether this is [`Strength::Strict`].
    #[must_use]
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Strict)
    }
}

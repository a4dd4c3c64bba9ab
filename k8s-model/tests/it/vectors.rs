//! Reading the tables of `tests/vectors`.

use serde_json::Value;

/// The lines of a table, each a JSON value.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = Value> + '_ {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

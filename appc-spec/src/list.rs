//! A list that remembers whether it was written.

use crate::Strength;
use crate::json::{Codec, Fault, Node, Value, Writer, wrong_type};

/// A list that remembers whether it was written: the Go implementation writes an absent one as `null` in some places and an
/// empty one as `[]`, and image IDs depend on the bytes.
///
/// It is a slice to look at and a `Vec` to make it from; lists with the same items are equal.
#[derive(Debug, Clone)]
pub struct List<T> {
    items: Vec<T>,
    written: bool,
}

impl<T> List<T> {
    /// A list that is not there.
    #[must_use]
    pub const fn absent() -> Self {
        Self { items: Vec::new(), written: false }
    }

    /// Whether the document had it, even if empty.
    #[must_use]
    pub const fn is_written(&self) -> bool {
        self.written
    }

    /// The items.
    #[must_use]
    pub const fn as_slice(&self) -> &[T] {
        self.items.as_slice()
    }

    /// Adds an item at the end.
    pub fn push(&mut self, item: T) {
        self.items.push(item);
        self.written = true;
    }

    /// The items, to be changed.
    pub const fn as_mut_vec(&mut self) -> &mut Vec<T> {
        self.written = true;
        &mut self.items
    }
}

impl<T> Default for List<T> {
    /// A list that is not there.
    fn default() -> Self {
        Self::absent()
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, written: true }
    }
}

impl<T> From<List<T>> for Vec<T> {
    fn from(list: List<T>) -> Self {
        list.items
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from(Vec::from_iter(items))
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Codec> Codec for List<T> {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        match node.value {
            Value::Null => Ok(Self::absent()),
            Value::List(_) => Vec::decode(node, strength).map(Self::from),
            _ => Err(wrong_type(node, "a list")),
        }
    }

    fn encode(&self, out: &mut Writer) {
        if self.written || out.strength().is_strict() {
            out.list(&self.items);
        } else {
            out.raw("null");
        }
    }
}

//! The positioned tree: what a text says, each part with its line and column.
//!
//! YAML and JSON both become a [`Tree`], and typed decoding reads nothing else. A tree is one flat list in reading order, so it
//! costs one allocation however deep the document is, and a [`Node`] is a place in that list.
//!
//! YAML is read as Kubernetes' own Go library reads it (`sigs.k8s.io/yaml`, YAML 1.1): plain `yes`, `on` and `y` are booleans,
//! `0644` is 420, `<<` merges. See [`Tree::yaml`].

mod build;
mod documents;
mod json;
mod limits;
mod scalar;
mod split;
mod yaml;

pub use documents::documents;
pub use limits::Limits;
pub(crate) use scalar::plain_is_string;
pub(crate) use split::{Chunk, split};

use std::borrow::Cow;
use std::fmt;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Kind<'a> {
    /// `null`, `~`, or nothing at all.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// Any other number, as JSON writes it.
    Number(Cow<'a, str>),
    /// Text.
    String(Cow<'a, str>),
    /// A list; its elements follow.
    List {
        /// How many elements it has.
        len: u32,
        /// Where the list ends in the tree.
        end: u32,
    },
    /// A mapping; its keys and values follow in turn.
    Map {
        /// How many entries it has.
        len: u32,
        /// Where the mapping ends in the tree.
        end: u32,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Item<'a> {
    pub(crate) position: Position,
    pub(crate) kind: Kind<'a>,
}

/// A document as a tree of positioned nodes.
///
/// ```
/// use k8s_model::tree::{Limits, Tree};
///
/// let tree = Tree::yaml("spec:\n  hostNetwork: yes\n", &Limits::default())?;
/// let spec = tree.root().member("spec").unwrap();
/// let value = spec.member("hostNetwork").unwrap();
/// assert_eq!(value.as_bool(), Some(true));
/// assert_eq!(value.position().to_string(), "2:16");
/// # Ok::<(), k8s_model::tree::SyntaxError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    pub(crate) items: Vec<Item<'a>>,
    pub(crate) duplicates: Vec<Duplicate>,
}

/// A key that a mapping has twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// Where in the tree the second key is.
    pub(crate) index: u32,
    pub(crate) first: Position,
}

impl<'a> Tree<'a> {
    /// Reads one YAML document.
    ///
    /// Plain scalars are resolved by the rules of YAML 1.1 as `sigs.k8s.io/yaml` has them; a merge key (`<<`) is replaced by
    /// what it names, where the mapping's own keys win; anchors and aliases are expanded within the limits.
    ///
    /// # Errors
    ///
    /// On a text that is not YAML (`a: b: c`), that has a second document, whose mapping has a key that JSON cannot have (`~: 1`,
    /// `[a]: 1`), or that exceeds a limit.
    pub fn yaml(text: &'a str, limits: &Limits) -> Result<Self, SyntaxError> {
        yaml::read(text, 0, limits)
    }

    /// Reads the document of a part of a stream.
    pub(crate) fn chunk(chunk: Chunk<'a>, limits: &Limits) -> Result<Self, SyntaxError> {
        yaml::read(chunk.text, chunk.lines_before, limits)
    }

    /// Reads the documents of a JSON stream, which stand one after the other.
    pub(crate) const fn json_stream<'l>(text: &'a str, limits: &'l Limits) -> json::Stream<'a, 'l> {
        json::Stream::new(text, limits)
    }

    /// Reads one JSON document (RFC 8259).
    ///
    /// # Errors
    ///
    /// On a text that is not JSON (`{a: 1}`, `[1,]`), that goes on after its value, or that exceeds a limit.
    pub fn json(text: &'a str, limits: &Limits) -> Result<Self, SyntaxError> {
        json::read(text, limits)
    }

    /// The document itself.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { items: &self.items, index: 0 }
    }
}

/// A place in a [`Tree`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    items: &'t [Item<'t>],
    index: usize,
}

impl<'t> Node<'t> {
    /// What it is.
    #[must_use]
    pub fn kind(self) -> &'t Kind<'t> {
        self.items.get(self.index).map_or(&Kind::Null, |item| &item.kind)
    }

    /// Where it stands.
    #[must_use]
    pub fn position(self) -> Position {
        self.items.get(self.index).map_or(Position { line: 1, column: 1 }, |item| item.position)
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    /// The text, when it is text.
    #[must_use]
    pub fn as_str(self) -> Option<&'t str> {
        match self.kind() {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, when it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, when it is one of 64 bits.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.kind() {
            Kind::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The value of a key, when it is a mapping that has it; the last one, when it has it twice.
    #[must_use]
    pub fn member(self, key: &str) -> Option<Self> {
        self.entries().filter(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value).last()
    }

    /// The keys and values of a mapping, in their order; nothing for other kinds.
    #[must_use]
    pub fn entries(self) -> Entries<'t> {
        let left = match self.kind() {
            Kind::Map { len, .. } => *len,
            _ => 0,
        };
        Entries { next: self.first_child(), left }
    }

    /// The elements of a list, in their order; nothing for other kinds.
    #[must_use]
    pub fn elements(self) -> Elements<'t> {
        let left = match self.kind() {
            Kind::List { len, .. } => *len,
            _ => 0,
        };
        Elements { next: self.first_child(), left }
    }

    /// What a person calls its kind: `null`, `a boolean`, `a number`, `text`, `a list` or `a mapping`.
    #[must_use]
    pub fn kind_name(self) -> &'static str {
        match self.kind() {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) | Kind::Number(_) => "a number",
            Kind::String(_) => "text",
            Kind::List { .. } => "a list",
            Kind::Map { .. } => "a mapping",
        }
    }

    /// The same as untyped JSON. Of two equal keys the last one wins.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        use serde_json::Value as Any;
        match self.kind() {
            Kind::Null => Any::Null,
            Kind::Bool(value) => Any::Bool(*value),
            Kind::Int(value) => Any::from(*value),
            Kind::Number(text) => {
                serde_json::from_str(text).unwrap_or_else(|_| Any::String(text.to_string()))
            }
            Kind::String(text) => Any::String(text.to_string()),
            Kind::List { .. } => Any::Array(self.elements().map(Self::to_json).collect()),
            Kind::Map { .. } => Any::Object(
                self.entries()
                    .map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), value.to_json()))
                    .collect(),
            ),
        }
    }

    pub(crate) const fn index(self) -> usize {
        self.index
    }

    const fn first_child(self) -> Self {
        Node { items: self.items, index: self.index + 1 }
    }

    fn after(self) -> Self {
        let index = match self.kind() {
            Kind::List { end, .. } | Kind::Map { end, .. } => *end as usize,
            _ => self.index + 1,
        };
        Node { items: self.items, index }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.kind(), self.position())
    }
}

/// The entries of a mapping: [`Node::entries`].
#[derive(Debug, Clone)]
pub struct Entries<'t> {
    next: Node<'t>,
    left: u32,
}

impl<'t> Iterator for Entries<'t> {
    type Item = (Node<'t>, Node<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let key = self.next;
        let value = key.after();
        self.next = value.after();
        Some((key, value))
    }
}

/// The elements of a list: [`Node::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'t> {
    next: Node<'t>,
    left: u32,
}

impl<'t> Iterator for Elements<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let node = self.next;
        self.next = node.after();
        Some(node)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

/// Why a text is no tree, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub(crate) position: Position,
    pub(crate) message: String,
}

impl SyntaxError {
    pub(crate) fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }

    /// Where the text stops making sense.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// What is wrong there.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)
    }
}

impl std::error::Error for SyntaxError {}

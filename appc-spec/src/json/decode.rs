//! From a node of the tree to a checked value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::read::Member;
use super::{Codec, Node, Position, Value, Writer};
use crate::{ManifestError, ManifestErrorKind, Strength};

/// An error on its way out of the tree: each level that it leaves adds its part of the path.
#[derive(Debug)]
pub struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// Innermost first.
    path: Vec<Segment>,
    at: usize,
    kind: ManifestErrorKind,
    message: String,
}

#[derive(Debug)]
enum Segment {
    Member(Cow<'static, str>),
    Index(usize),
}

impl Fault {
    fn new(at: usize, kind: ManifestErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { path: Vec::new(), at, kind, message: message.into() }))
    }

    pub(crate) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self::new(at, ManifestErrorKind::Syntax, message)
    }

    /// The value at a node breaks a rule.
    pub(crate) fn value(node: &Node<'_>, message: impl fmt::Display) -> Self {
        Self::new(node.at, ManifestErrorKind::Value, message.to_string())
    }

    /// The same fault, seen from the object that has this member.
    pub(crate) fn within(mut self, member: impl Into<Cow<'static, str>>) -> Self {
        self.0.path.push(Segment::Member(member.into()));
        self
    }

    /// The same fault, seen from the list that has this item.
    pub(crate) fn within_item(mut self, index: usize) -> Self {
        self.0.path.push(Segment::Index(index));
        self
    }

    pub(super) fn into_error(self, text: &str) -> ManifestError {
        let Inner { path, at, kind, message } = *self.0;
        let mut shown = String::new();
        for segment in path.iter().rev() {
            match segment {
                Segment::Index(index) => {
                    // Writing to a string cannot fail.
                    let _ = write!(shown, "[{index}]");
                }
                Segment::Member(name) => {
                    if !shown.is_empty() {
                        shown.push('.');
                    }
                    shown.push_str(name);
                }
            }
        }
        ManifestError::new(Position::of(text, at), shown, kind, message)
    }
}

/// What JSON calls the type of a value.
const fn type_name(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Another type is wanted at a node.
pub(crate) fn wrong_type(node: &Node<'_>, wanted: &str) -> Fault {
    let found = type_name(&node.value);
    Fault::new(node.at, ManifestErrorKind::WrongType, format!("{wanted} is wanted, not {found}"))
}

/// The members of an object.
pub(crate) struct Object<'n, 'a> {
    node: &'n Node<'a>,
    members: &'n [Member<'a>],
    strength: Strength,
}

impl<'n, 'a> Object<'n, 'a> {
    /// Takes a node as an object with these members and no others.
    ///
    /// As Go's decoder does, `Compat` takes `null` for an object without members.
    pub(crate) fn new(node: &'n Node<'a>, strength: Strength, known: &[&'static str]) -> Result<Self, Fault> {
        let members = match &node.value {
            Value::Object(members) => members.as_slice(),
            Value::Null if !strength.is_strict() => &[],
            _ => return Err(wrong_type(node, "an object")),
        };
        if strength.is_strict() {
            for (index, member) in members.iter().enumerate() {
                if !known.contains(&member.key.as_ref()) {
                    return Err(unknown(member, known));
                }
                if members.iter().take(index).any(|earlier| earlier.key == member.key) {
                    let message = "the member stands here for the second time";
                    return Err(Fault::new(member.at, ManifestErrorKind::Repeated, message)
                        .within(member.key.to_string()));
                }
            }
        }
        Ok(Self { node, members, strength })
    }

    /// The member's node, unless it is absent or null.
    pub(crate) fn node_of(&self, name: &str) -> Option<&'n Node<'a>> {
        self.raw(name).filter(|node| !matches!(node.value, Value::Null))
    }

    /// The member's node, null or not.
    pub(crate) fn raw(&self, name: &str) -> Option<&'n Node<'a>> {
        let matches = |member: &&Member<'a>| {
            member.key == name || (!self.strength.is_strict() && folds_to(&member.key, name))
        };
        self.members.iter().rev().find(matches).map(|member| &member.node)
    }

    /// The member, or its default when it is absent or null.
    pub(crate) fn or_default<T: Codec + Default>(&self, name: &'static str) -> Result<T, Fault> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// The member, unless it is absent or null.
    pub(crate) fn optional<T: Codec>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        self.node_of(name)
            .map(|node| T::decode(node, self.strength).map_err(|fault| fault.within(name)))
            .transpose()
    }

    /// The member.
    pub(crate) fn required<T: Codec>(&self, name: &'static str) -> Result<T, Fault> {
        self.optional(name)?.ok_or_else(|| self.missing(name))
    }

    /// A member must be there and is not.
    pub(crate) fn missing(&self, name: &'static str) -> Fault {
        let (at, message) = match self.raw(name) {
            Some(node) => (node.at, "null stands where a value must be"),
            None => (self.node.at, "the member must be there"),
        };
        Fault::new(at, ManifestErrorKind::Missing, message).within(name)
    }

    /// The value of a member breaks a rule.
    pub(crate) fn invalid(&self, name: &'static str, message: impl fmt::Display) -> Fault {
        Fault::value(self.raw(name).unwrap_or(self.node), message).within(name)
    }
}

fn unknown(member: &Member<'_>, known: &[&'static str]) -> Fault {
    let near = known.iter().find(|name| folds_to(&member.key, name));
    let message = match near {
        Some(name) => format!("the specification has no such member; it is spelt `{name}`"),
        None => "the specification has no such member".to_owned(),
    };
    Fault::new(member.at, ManifestErrorKind::Unknown, message).within(member.key.to_string())
}

/// Whether a key is this name but for its case, as Go's `encoding/json` folds it: ASCII case, the Kelvin sign for `k` and the
/// long s for `s`.
fn folds_to(key: &str, name: &str) -> bool {
    // Both of those signs are longer than their letters.
    if key.len() <= name.len() || key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    let fold = |c: char| match c {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(fold).eq(name.chars().map(fold))
}

impl<T: Codec> Codec for Vec<T> {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        match &node.value {
            Value::Null if !strength.is_strict() => Ok(Self::new()),
            Value::List(nodes) => nodes
                .iter()
                .enumerate()
                .map(|(index, node)| T::decode(node, strength).map_err(|fault| fault.within_item(index)))
                .collect(),
            _ => Err(wrong_type(node, "a list")),
        }
    }

    fn encode(&self, out: &mut Writer) {
        out.list(self);
    }
}

/// A map of texts. In `Compat`, later members of the same name win.
pub(crate) fn decode_map(node: &Node<'_>, strength: Strength) -> Result<BTreeMap<String, String>, Fault> {
    let members = match &node.value {
        Value::Object(members) => members,
        Value::Null if !strength.is_strict() => return Ok(BTreeMap::new()),
        _ => return Err(wrong_type(node, "an object")),
    };
    let mut map = BTreeMap::new();
    for member in members {
        let value =
            String::decode(&member.node, strength).map_err(|fault| fault.within(member.key.to_string()))?;
        if map.insert(member.key.to_string(), value).is_some() && strength.is_strict() {
            let message = "the member stands here for the second time";
            return Err(
                Fault::new(member.at, ManifestErrorKind::Repeated, message).within(member.key.to_string())
            );
        }
    }
    Ok(map)
}

impl Codec for BTreeMap<String, String> {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        decode_map(node, strength)
    }

    fn encode(&self, out: &mut Writer) {
        out.object(|object| {
            for (name, value) in self {
                object.member(name, value);
            }
        });
    }
}

impl Codec for String {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        match &node.value {
            Value::Text(text) => Ok(text.clone().into_owned()),
            Value::Null if !strength.is_strict() => Ok(Self::new()),
            _ => Err(wrong_type(node, "a string")),
        }
    }

    fn encode(&self, out: &mut Writer) {
        out.text(self);
    }
}

impl Codec for bool {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        match node.value {
            Value::Bool(value) => Ok(value),
            Value::Null if !strength.is_strict() => Ok(false),
            _ => Err(wrong_type(node, "a boolean")),
        }
    }

    fn encode(&self, out: &mut Writer) {
        out.raw(if *self { "true" } else { "false" });
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl Codec for $type {
            fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
                match &node.value {
                    Value::Number(text) => text.parse().map_err(|_| {
                        let (min, max) = (Self::MIN, Self::MAX);
                        Fault::value(node, format!("`{text}` is not a whole number from {min} to {max}"))
                    }),
                    Value::Null if !strength.is_strict() => Ok(0),
                    _ => Err(wrong_type(node, "a number")),
                }
            }

            fn encode(&self, out: &mut Writer) {
                out.raw(&self.to_string());
            }
        }
    )*};
}

whole_numbers!(i64 u64);

/// A value that JSON has as a string with a grammar.
pub(crate) trait Scalar: Sized {
    type Error: fmt::Display;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error>;

    fn text(&self) -> Cow<'_, str>;
}

impl<T: Scalar> Codec for T {
    fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault> {
        let text = match &node.value {
            Value::Text(text) => text.as_ref(),
            Value::Null if !strength.is_strict() => "",
            _ => return Err(wrong_type(node, "a string")),
        };
        T::parse_as(text, strength).map_err(|error| Fault::value(node, error))
    }

    fn encode(&self, out: &mut Writer) {
        out.text(&self.text());
    }
}

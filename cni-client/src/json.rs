//! JSON kept as it was written.
//!
//! CNI asks a runtime to hand unknown members on unchanged. A tree of numbers cannot do that: integers beyond 2^53 lose
//! digits, large exponents overflow. [`Json`] therefore is a checked piece of JSON *text*, and [`Object`] an ordered list of
//! members with such text as values.

mod document;
mod error;
mod pretty;

pub(crate) use document::{Members, Node};
pub use error::JsonError;

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A well-formed JSON value, kept as text.
///
/// ```
/// use cni_client::json::Json;
///
/// let vlan: Json = "9007199254740993".parse()?;
/// assert_eq!(vlan.as_str(), "9007199254740993"); // beyond 2^53, and still exact
/// # Ok::<(), cni_client::json::JsonError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Box<str>);

impl Json {
    /// The value as JSON.
    ///
    /// # Errors
    ///
    /// On what JSON cannot hold: a map whose keys are no strings.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::trusted).map_err(|error| JsonError::of_value(&error))
    }

    /// A JSON string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::trusted(quoted(text))
    }

    /// The text, without white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value for people: a member or an item a line, `indent` blanks for each level, as Go's `json.MarshalIndent` does it.
    ///
    /// ```
    /// use cni_client::json::Json;
    ///
    /// let json: Json = r#"{"a":[1,{"b":"x, \"y\": {"}],"c":{},"d":[ ]}"#.parse()?;
    /// let lines = ["{", "  \"a\": [", "    1,", "    {", r#"      "b": "x, \"y\": {""#, "    }", "  ],", "  \"c\": {},", "  \"d\": []", "}"];
    /// assert_eq!(json.pretty(2), lines.join("\n"));
    /// # Ok::<(), cni_client::json::JsonError>(())
    /// ```
    #[must_use]
    pub fn pretty(&self, indent: usize) -> String {
        pretty::pretty(self.as_str(), indent)
    }

    /// Decodes the value into a type of the caller's.
    ///
    /// # Errors
    ///
    /// When the value has another shape than the type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.as_str()).map_err(|error| JsonError::of_value(&error))
    }

    pub(crate) fn into_text(self) -> String {
        self.0.into_string()
    }

    /// Text that this crate has checked, or composed from checked pieces.
    pub(crate) fn trusted(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }
}

impl FromStr for Json {
    type Err = JsonError;

    /// # Errors
    ///
    /// On text that is no JSON value (`{a: 1}`), or that holds more than one (`1 2`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Node::root(text).map(|node| node.to_json())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self::trusted(raw.get()))
    }
}

/// The members of a JSON object, in the order in which they were written, each name once.
///
/// ```
/// use cni_client::json::Object;
///
/// let object: Object = r#"{"mtu": 1500, "x": 1e400}"#.parse()?;
/// assert_eq!(object.get("x").unwrap().as_str(), "1e400");
/// assert_eq!(object.to_string(), r#"{"mtu":1500,"x":1e400}"#);
/// # Ok::<(), cni_client::json::JsonError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// No members.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many members there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// Sets a member: in its place when it is there, else at the end.
    pub fn insert(&mut self, name: impl Into<String>, value: Json) {
        let name = name.into();
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.remove(at).1)
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The object as one JSON value.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let length: usize = self.0.iter().map(|(name, value)| name.len() + value.0.len() + 4).sum();
        let mut text = String::with_capacity(length + 2);
        text.push('{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            push_quoted(&mut text, name);
            text.push(':');
            text.push_str(&value.0);
        }
        text.push('}');
        Json::trusted(text)
    }

    /// For a caller that has made sure that each name comes once.
    pub(crate) const fn from_unique(members: Vec<(String, Json)>) -> Self {
        Self(members)
    }

    /// Appends what is kept aside; members that are there already stay.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (name, value) in other.iter() {
            if self.get(name).is_none() {
                self.0.push((name.to_owned(), value.clone()));
            }
        }
    }
}

impl FromStr for Object {
    type Err = JsonError;

    /// # Errors
    ///
    /// On text that is no JSON object (`[]`), or names a member twice (`{"a":1,"a":2}`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Node::root(text)?.members()?.rest())
    }
}

impl fmt::Display for Object {
    /// Writes compact JSON; the values are as they were read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        json.as_str().parse().map_err(serde::de::Error::custom)
    }
}

/// A string as JSON writes it (RFC 8259 §7), with quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

fn push_quoted(to: &mut String, text: &str) {
    // Most names are plain.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        to.push('"');
        to.push_str(text);
        to.push('"');
    } else {
        to.push_str(&serde_json::Value::from(text).to_string());
    }
}

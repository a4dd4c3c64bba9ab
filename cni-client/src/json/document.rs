//! Walking a document without losing the place: every node knows where it stands.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::error::message_of;
use super::{Json, JsonError, Object};

/// One value of a document. Where it stands is looked for when something is wrong with it, and not before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'a> {
    document: &'a str,
    raw: &'a RawValue,
}

impl<'a> Node<'a> {
    /// Checks the syntax of the whole text; what the nodes say later is about shapes only.
    pub(crate) fn root(text: &'a str) -> Result<Self, JsonError> {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => Ok(Self { document: text, raw }),
            Err(error) => Err(JsonError::syntax(text, &error)),
        }
    }

    /// The same for bytes from outside.
    pub(crate) fn root_of_bytes(bytes: &'a [u8]) -> Result<Self, JsonError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::root(text),
            Err(error) => {
                let good =
                    bytes.get(..error.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("");
                Err(JsonError::at(good, good.len(), "", "not UTF-8".to_owned()))
            }
        }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.raw.get()
    }

    pub(crate) fn to_json(self) -> Json {
        Json::trusted(self.text())
    }

    /// An error about this value.
    pub(crate) fn fail(&self, message: impl fmt::Display) -> JsonError {
        JsonError::at(self.document, self.offset(), &self.path(), message.to_string())
    }

    pub(crate) fn is_null(&self) -> bool {
        self.text() == "null"
    }

    pub(crate) fn members(&self) -> Result<Members<'a>, JsonError> {
        self.expect("an object", '{')?;
        let entries: Entries<'a> =
            serde_json::from_str(self.text()).map_err(|error| self.fail(message_of(&error)))?;
        if let Some(raw) = twice(&entries.0) {
            return Err(Node { document: self.document, raw }.fail("this member is written twice"));
        }
        let node = |(name, raw)| (name, Node { document: self.document, raw });
        Ok(Members { object: *self, members: entries.0.into_iter().map(node).collect() })
    }

    pub(crate) fn items(&self) -> Result<Vec<Self>, JsonError> {
        self.expect("an array", '[')?;
        let raws: Vec<&'a RawValue> =
            serde_json::from_str(self.text()).map_err(|error| self.fail(message_of(&error)))?;
        Ok(raws.into_iter().map(|raw| Node { document: self.document, raw }).collect())
    }

    pub(crate) fn string(&self) -> Result<String, JsonError> {
        self.expect("a string", '"')?;
        self.decode()
    }

    pub(crate) fn boolean(&self) -> Result<bool, JsonError> {
        match self.text() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.fail(format_args!("expected a boolean, found {}", self.shape()))),
        }
    }

    /// An integer; a fraction, an exponent or one that is too large for the type is an error.
    pub(crate) fn integer<T: FromStr>(&self, range: &str) -> Result<T, JsonError> {
        let wrong =
            || self.fail(format_args!("expected an integer {range}, found `{}`", excerpt(self.text())));
        self.text().parse().map_err(|_| wrong())
    }

    /// A string with a grammar of its own.
    pub(crate) fn parsed<T>(&self) -> Result<T, JsonError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.string()?.parse().map_err(|error| self.fail(error))
    }

    fn decode<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.text()).map_err(|error| self.fail(message_of(&error)))
    }

    fn expect(&self, wanted: &str, first: char) -> Result<(), JsonError> {
        if self.text().starts_with(first) {
            return Ok(());
        }
        Err(self.fail(format_args!("expected {wanted}, found {}", self.shape())))
    }

    fn shape(&self) -> &'static str {
        match self.text().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    /// Where the value begins in the document: its text is a part of it.
    fn offset(&self) -> usize {
        start(self.raw).saturating_sub(self.document.as_ptr() as usize)
    }

    /// The way from the document's root to this value.
    fn path(&self) -> String {
        let mut path = String::new();
        let mut at: Option<&RawValue> = serde_json::from_str(self.document).ok();
        while let Some(around) = at.filter(|around| start(around) != start(self.raw)) {
            at = None;
            let holds =
                |raw: &RawValue| (start(raw)..start(raw) + raw.get().len()).contains(&start(self.raw));
            if let Ok(Entries(entries)) = serde_json::from_str(around.get()) {
                if let Some((name, raw)) = entries.into_iter().find(|(_, raw)| holds(raw)) {
                    path = child(&path, &name);
                    at = Some(raw);
                }
            } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(around.get())
                && let Some((index, raw)) = items.into_iter().enumerate().find(|(_, raw)| holds(raw))
            {
                path = format!("{path}[{index}]");
                at = Some(raw);
            }
        }
        path
    }
}

/// Where a value's text is in memory.
fn start(raw: &RawValue) -> usize {
    raw.get().as_ptr() as usize
}

/// The second value of a name that an object has twice.
fn twice<'a>(entries: &[(String, &'a RawValue)]) -> Option<&'a RawValue> {
    /// So many names are compared faster than they are hashed.
    const FEW: usize = 16;
    if entries.len() <= FEW {
        let mut before =
            entries.iter().enumerate().map(|(at, entry)| (entry, entries.get(..at).unwrap_or_default()));
        let found = before.find(|((name, _), before)| before.iter().any(|(other, _)| other == name));
        return found.map(|((_, raw), _)| *raw);
    }
    let mut seen = HashSet::with_capacity(entries.len());
    entries.iter().find(|(name, _)| !seen.insert(name.as_str())).map(|(_, raw)| *raw)
}

/// The members of an object, to be taken out one by one; the rest is kept.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    object: Node<'a>,
    members: Vec<(String, Node<'a>)>,
}

impl<'a> Members<'a> {
    /// Takes a member out; `null` counts as absent, as Go's decoder has it.
    pub(crate) fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let at = self.members.iter().position(|(n, _)| n == name)?;
        let (_, node) = self.members.remove(at);
        (!node.is_null()).then_some(node)
    }

    /// Takes a member out that must be there.
    pub(crate) fn required(&mut self, name: &str) -> Result<Node<'a>, JsonError> {
        self.take(name).ok_or_else(|| self.object.fail(format_args!("`{name}` is missing")))
    }

    /// A member with a grammar of its own.
    pub(crate) fn parsed<T>(&mut self, name: &str) -> Result<Option<T>, JsonError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.take(name).map(|node| node.parsed()).transpose()
    }

    /// A member that is text; absent and empty are the same.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, JsonError> {
        Ok(self.take(name).map(|node| node.string()).transpose()?.unwrap_or_default())
    }

    /// A member that is a list; absent and empty are the same.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        each: impl Fn(&Node<'a>) -> Result<T, JsonError>,
    ) -> Result<Vec<T>, JsonError> {
        let items = self.take(name).map(|node| node.items()).transpose()?.unwrap_or_default();
        items.iter().map(each).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(n, node)| n == name && !node.is_null())
    }

    /// What was not taken, as it was written.
    pub(crate) fn rest(self) -> Object {
        Object::from_unique(self.members.into_iter().map(|(name, node)| (name, node.to_json())).collect())
    }

    pub(crate) fn fail(&self, message: impl fmt::Display) -> JsonError {
        self.object.fail(message)
    }
}

impl<'a> IntoIterator for Members<'a> {
    type Item = (String, Node<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

fn child(path: &str, name: &str) -> String {
    if name.is_empty() || name.contains(['.', '[', '/', '"']) {
        format!("{path}[{}]", super::quoted(name))
    } else if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// A long value is cut in messages.
fn excerpt(text: &str) -> String {
    const LONG: usize = 40;
    if text.chars().count() <= LONG {
        return text.to_owned();
    }
    text.chars().take(LONG).chain("…".chars()).collect()
}

/// The members of an object with their texts, nothing decoded and nothing dropped.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(Collect).map(Entries)
    }
}

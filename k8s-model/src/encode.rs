//! Writing objects: JSON in Go's field order, and YAML that reads well.
//!
//! Empty members are left out as Go's `omitempty` does; a struct that is no pointer there is written even when it is empty
//! (`resources: {}`).

mod json;
mod yaml;

pub use json::Json;
pub use yaml::Yaml;

use std::fmt;

use crate::schema::Value;

/// Where an object is written to.
///
/// A value is one call of `null` to `string`, or what stands between `begin_…` and `end_…`; in a map each value follows its key.
pub trait Sink {
    /// Writes null.
    fn null(&mut self);
    /// Writes a truth value.
    fn bool(&mut self, value: bool);
    /// Writes a whole number.
    fn int(&mut self, value: i64);
    /// Writes a number as JSON has it.
    fn number(&mut self, text: &str);
    /// Writes text.
    fn string(&mut self, text: &str);
    /// Begins a map.
    fn begin_map(&mut self);
    /// Writes a key of a map.
    fn key(&mut self, key: &str);
    /// Ends a map.
    fn end_map(&mut self);
    /// Begins a list.
    fn begin_list(&mut self);
    /// Ends a list.
    fn end_list(&mut self);
}

/// Writes an object as compact JSON.
#[must_use]
pub fn to_json(value: &dyn Encode) -> String {
    let mut sink = Json::compact();
    value.encode_to(&mut sink);
    sink.finish()
}

/// Writes an object as JSON with line breaks and an indent of four, as `kubectl -o json` does.
#[must_use]
pub fn to_json_pretty(value: &dyn Encode) -> String {
    let mut sink = Json::pretty(4);
    value.encode_to(&mut sink);
    sink.finish()
}

/// Writes an object as a YAML document, without `---`.
#[must_use]
pub fn to_yaml(value: &dyn Encode) -> String {
    let mut sink = Yaml::new();
    value.encode_to(&mut sink);
    sink.finish()
}

/// What can be written as a whole: an [`Object`](crate::object::Object), each kind, and any [`Part`].
pub trait Encode {
    /// Writes it.
    fn encode_to(&self, sink: &mut dyn Sink);
}

/// A part of an object, to be written by itself.
#[derive(Clone, Copy)]
pub struct Part<'v>(pub &'v dyn Value);

impl Encode for Part<'_> {
    fn encode_to(&self, sink: &mut dyn Sink) {
        self.0.encode(sink);
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.0, f)
    }
}

/// Shows a value as its JSON: the types derive no `Debug` of their own, which would cost as much code as all the rest.
pub(crate) fn debug(value: &dyn Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let part = Part(value);
    f.write_str(&if f.alternate() { to_json_pretty(&part) } else { to_json(&part) })
}

/// Writes untyped JSON.
pub(crate) fn json_to(value: &serde_json::Value, sink: &mut dyn Sink) {
    use serde_json::Value as Any;
    match value {
        Any::Null => sink.null(),
        Any::Bool(value) => sink.bool(*value),
        Any::Number(number) => match number.as_i64() {
            Some(value) => sink.int(value),
            None => sink.number(&number.to_string()),
        },
        Any::String(text) => sink.string(text),
        Any::Array(elements) => {
            sink.begin_list();
            for element in elements {
                json_to(element, sink);
            }
            sink.end_list();
        }
        Any::Object(entries) => {
            sink.begin_map();
            for (key, value) in entries {
                sink.key(key);
                json_to(value, sink);
            }
            sink.end_map();
        }
    }
}

//! Values without parts: text, numbers, bytes, quantities, any JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pod_core::quantity::{Format, Quantity};

use super::{Shape, Value};
use crate::decode::Decoder;
use crate::encode::{self, Sink};
use crate::tree::{Kind, Node};

impl Value for String {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        if let Some(text) = decoder.text(node) {
            text.clone_into(self);
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.string(self);
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::String
    }
}

impl Value for bool {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        match node.kind() {
            Kind::Bool(value) => *self = *value,
            Kind::Null => {}
            _ => decoder.wrong_type(node, "`true` or `false`"),
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.bool(*self);
    }

    fn is_empty(&self) -> bool {
        !*self
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::Bool
    }
}

impl Value for i64 {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        if let Some(value) = decoder.integer(node, Self::MIN, Self::MAX) {
            *self = value;
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.int(*self);
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::Int64
    }
}

impl Value for i32 {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        let value = decoder.integer(node, Self::MIN.into(), Self::MAX.into());
        if let Some(value) = value.and_then(|value| Self::try_from(value).ok()) {
            *self = value;
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.int((*self).into());
    }

    fn is_empty(&self) -> bool {
        *self == 0
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::Int32
    }
}

/// Bytes, in base64 where they are written.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl std::fmt::Debug for Bytes {
    /// How many there are: they are often secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl Value for Bytes {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        let Some(text) = decoder.text(node) else { return };
        // As Go's decoder does, line breaks are passed over.
        let compact: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        match STANDARD.decode(compact) {
            Ok(bytes) => self.0 = bytes,
            Err(error) => {
                decoder.invalid(node, format!("this is not base64: {}", reason(&error.to_string())))
            }
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.string(&STANDARD.encode(&self.0));
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::Bytes
    }
}

/// The library's text in our form: no capital at the beginning, no full stop at the end.
fn reason(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl Value for Quantity {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        let number;
        let text = match node.kind() {
            Kind::String(text) | Kind::Number(text) => text.trim(),
            Kind::Int(value) => {
                number = value.to_string();
                &number
            }
            Kind::Null => return,
            _ => return decoder.wrong_type(node, "a quantity, such as `500m` or `64Mi`,"),
        };
        match text.parse() {
            Ok(quantity) => *self = quantity,
            Err(error) => decoder.invalid(node, error.to_string()),
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        sink.string(&self.to_string());
    }

    /// A quantity is a struct in Go.
    fn is_empty(&self) -> bool {
        false
    }

    fn initial() -> Self {
        Self::from_units(0, Format::DecimalSi)
    }

    fn shape() -> Shape {
        Shape::Quantity
    }
}

/// A number that no float holds, such as `1e400`, in a value or below it.
fn beyond(node: Node<'_>) -> Option<Node<'_>> {
    match node.kind() {
        Kind::Number(text) => serde_json::from_str::<serde_json::Number>(text).is_err().then_some(node),
        Kind::List { .. } => node.elements().find_map(beyond),
        Kind::Map { .. } => node.entries().find_map(|(_, value)| beyond(value)),
        _ => None,
    }
}

impl Value for serde_json::Value {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        if let Some(number) = beyond(node) {
            return decoder.invalid(number, "the number is too large: it cannot be kept".to_owned());
        }
        *self = node.to_json();
    }

    fn encode(&self, sink: &mut dyn Sink) {
        encode::json_to(self, sink);
    }

    fn is_empty(&self) -> bool {
        self.is_null()
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::Any
    }
}

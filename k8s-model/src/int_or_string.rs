//! A whole number or a text: `intstr.IntOrString` of `k8s.io/apimachinery`.

use std::fmt;

use crate::decode::Decoder;
use crate::encode::Sink;
use crate::schema::{Shape, Value};
use crate::tree::{Kind, Node};

/// A whole number of 32 bits, or a text such as a port's name or a percentage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A text.
    String(String),
}

impl Default for IntOrString {
    /// 0, as in Go.
    fn default() -> Self {
        Self::Int(0)
    }
}

impl From<i32> for IntOrString {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => fmt::Display::fmt(number, f),
            Self::String(text) => f.pad(text),
        }
    }
}

impl Value for IntOrString {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        match node.kind() {
            Kind::Int(_) => {
                let number = decoder.integer(node, i32::MIN.into(), i32::MAX.into());
                if let Some(number) = number.and_then(|number| i32::try_from(number).ok()) {
                    *self = Self::Int(number);
                }
            }
            Kind::String(text) => *self = Self::String(text.to_string()),
            Kind::Null => {}
            _ => decoder.wrong_type(node, "a whole number or text"),
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        match self {
            Self::Int(number) => sink.int((*number).into()),
            Self::String(text) => sink.string(text),
        }
    }

    /// A struct in Go.
    fn is_empty(&self) -> bool {
        false
    }

    fn initial() -> Self {
        Self::default()
    }

    fn shape() -> Shape {
        Shape::IntOrString
    }
}

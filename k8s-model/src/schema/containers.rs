//! Values with parts: pointers, lists and maps.

use std::collections::BTreeMap;

use super::{Shape, Value};
use crate::decode::Decoder;
use crate::encode::Sink;
use crate::tree::{Kind, Node};

impl<T: Value> Value for Option<T> {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        if node.is_null() {
            *self = None;
        } else {
            self.insert(T::initial()).decode(node, decoder);
        }
    }

    fn encode(&self, sink: &mut dyn Sink) {
        match self {
            Some(value) => value.encode(sink),
            None => sink.null(),
        }
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }

    fn initial() -> Self {
        None
    }

    fn shape() -> Shape {
        T::shape()
    }
}

impl<T: Value> Value for Box<T> {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        T::decode(self, node, decoder);
    }

    fn encode(&self, sink: &mut dyn Sink) {
        T::encode(self, sink);
    }

    fn is_empty(&self) -> bool {
        T::is_empty(self)
    }

    fn initial() -> Self {
        Self::new(T::initial())
    }

    fn shape() -> Shape {
        T::shape()
    }
}

/// A list whose elements are reached without their type.
trait List {
    fn restart(&mut self, len: usize);
    fn grow(&mut self) -> Option<&mut dyn Value>;
    fn element(&self, index: usize) -> Option<&dyn Value>;
}

impl<T: Value> List for Vec<T> {
    fn restart(&mut self, len: usize) {
        self.clear();
        self.reserve_exact(len);
    }

    fn grow(&mut self) -> Option<&mut dyn Value> {
        self.push(T::initial());
        self.last_mut().map(|last| last as &mut dyn Value)
    }

    fn element(&self, index: usize) -> Option<&dyn Value> {
        self.get(index).map(|element| element as &dyn Value)
    }
}

fn decode_list<'t>(list: &mut dyn List, node: Node<'t>, decoder: &mut Decoder<'t>) {
    match node.kind() {
        Kind::List { len, .. } => {
            list.restart(*len as usize);
            for (index, element) in node.elements().enumerate() {
                decoder.enter_index(index);
                if let Some(slot) = list.grow() {
                    slot.decode(element, decoder);
                }
                decoder.leave();
            }
        }
        Kind::Null => {}
        _ => decoder.wrong_type(node, "a list"),
    }
}

fn encode_list(list: &dyn List, sink: &mut dyn Sink) {
    sink.begin_list();
    let mut index = 0;
    while let Some(element) = list.element(index) {
        element.encode(sink);
        index += 1;
    }
    sink.end_list();
}

impl<T: Value> Value for Vec<T> {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        decode_list(self, node, decoder);
    }

    fn encode(&self, sink: &mut dyn Sink) {
        encode_list(self, sink);
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn initial() -> Self {
        Self::new()
    }

    fn shape() -> Shape {
        Shape::List(T::shape)
    }
}

/// A map whose values are reached without their type.
trait Map {
    fn restart(&mut self);
    fn slot(&mut self, key: &str) -> &mut dyn Value;
    fn visit(&self, visit: &mut dyn FnMut(&str, &dyn Value));
}

impl<T: Value> Map for BTreeMap<String, T> {
    fn restart(&mut self) {
        self.clear();
    }

    fn slot(&mut self, key: &str) -> &mut dyn Value {
        let slot = self.entry(key.to_owned()).or_insert_with(T::initial);
        // Of two equal keys the last one wins, whole.
        *slot = T::initial();
        slot
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, &dyn Value)) {
        for (key, value) in self {
            visit(key, value);
        }
    }
}

fn decode_map<'t>(map: &mut dyn Map, node: Node<'t>, decoder: &mut Decoder<'t>) {
    match node.kind() {
        Kind::Map { .. } => {
            map.restart();
            for (key, value) in node.entries() {
                let name = key.as_str().unwrap_or_default();
                decoder.enter_key(name);
                map.slot(name).decode(value, decoder);
                decoder.leave();
            }
        }
        Kind::Null => {}
        _ => decoder.wrong_type(node, "a mapping"),
    }
}

fn encode_map(map: &dyn Map, sink: &mut dyn Sink) {
    sink.begin_map();
    map.visit(&mut |key, value| {
        sink.key(key);
        value.encode(sink);
    });
    sink.end_map();
}

impl<T: Value> Value for BTreeMap<String, T> {
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
        decode_map(self, node, decoder);
    }

    fn encode(&self, sink: &mut dyn Sink) {
        encode_map(self, sink);
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn initial() -> Self {
        Self::new()
    }

    fn shape() -> Shape {
        Shape::Map(T::shape)
    }
}

//! Objects of kinds that are not modelled.

use serde_json::{Map, Value};

use crate::decode::Decoder;
use crate::encode::{self, Encode, Sink};
use crate::meta::ObjectMeta;
use crate::schema::{self, Value as _};
use crate::tree::{Kind, Node};

/// An object of a kind that is not modelled, kept whole: its metadata is checked, the rest is any JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Untyped {
    /// The version of its kind, with its group.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name, labels and the like.
    pub metadata: ObjectMeta,
    /// All other members.
    pub rest: Map<String, Value>,
}

impl Untyped {
    pub(super) fn decode_fields<'t>(&mut self, root: Node<'t>, decoder: &mut Decoder<'t>) {
        for (key, value) in root.entries() {
            match key.as_str().unwrap_or_default() {
                "apiVersion" | "kind" => {}
                "metadata" => {
                    decoder.enter_field("metadata");
                    match value.kind() {
                        Kind::Map { .. } | Kind::Null => self.metadata.decode(value, decoder),
                        _ => decoder.wrong_type(value, "a mapping"),
                    }
                    decoder.leave();
                }
                name => {
                    decoder.enter_name(name);
                    let mut any = Value::Null;
                    any.decode(value, decoder);
                    decoder.leave();
                    self.rest.insert(name.to_owned(), any);
                }
            }
        }
    }
}

impl Encode for Untyped {
    fn encode_to(&self, sink: &mut dyn Sink) {
        sink.begin_map();
        sink.key("kind");
        sink.string(&self.kind);
        sink.key("apiVersion");
        sink.string(&self.api_version);
        if self.metadata != ObjectMeta::default() {
            sink.key("metadata");
            schema::encode_struct(&self.metadata, sink);
        }
        for (name, value) in &self.rest {
            sink.key(name);
            encode::json_to(value, sink);
        }
        sink.end_map();
    }
}

//! Lists of objects.

use super::Object;
use crate::convert::OldVersion;
use crate::decode::{self, Decoder};
use crate::encode::{Encode, Sink};
use crate::meta::ListMeta;
use crate::schema::{self, Value};
use crate::tree::{Kind, Node};

/// Objects that stand in one document: `List` of `v1`, whose items say what they are, or a list of one kind, such as `PodList`.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// The version of the list, with its group.
    pub api_version: String,
    /// `List`, or the kind of the items and `List`.
    pub kind: String,
    /// What the list says of itself.
    pub metadata: ListMeta,
    /// The objects.
    pub items: Vec<Object>,
    /// The numbers and old versions that the items had where they were read; those that could not be read are left out.
    pub(crate) places: Vec<(usize, Option<&'static OldVersion>)>,
}

impl List {
    /// A list of objects of any kinds.
    #[must_use]
    pub fn of(items: Vec<Object>) -> Self {
        Self {
            api_version: "v1".into(),
            kind: "List".into(),
            metadata: ListMeta::default(),
            items,
            ..Self::default()
        }
    }

    /// The kind of the items, when all are of one.
    #[must_use]
    pub fn item_kind(&self) -> Option<&str> {
        self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())
    }

    pub(super) fn decode_fields<'t>(&mut self, root: Node<'t>, decoder: &mut Decoder<'t>) {
        let implied = self.item_kind().map(|kind| (self.api_version.clone(), kind.to_owned()));
        for (key, value) in root.entries() {
            match key.as_str().unwrap_or_default() {
                "apiVersion" | "kind" => {}
                "metadata" => {
                    decoder.enter_field("metadata");
                    self.metadata.decode(value, decoder);
                    decoder.leave();
                }
                "items" => {
                    decoder.enter_field("items");
                    self.items.clear();
                    self.places.clear();
                    match value.kind() {
                        Kind::List { .. } => {
                            for (index, item) in value.elements().enumerate() {
                                decoder.enter_index(index);
                                let implied = implied.as_ref().map(|(version, kind)| (&**version, &**kind));
                                if let Some(object) = decode::object(item, implied, decoder) {
                                    self.items.push(object);
                                    self.places.push((index, decoder.old_version()));
                                }
                                decoder.leave();
                            }
                        }
                        Kind::Null => {}
                        _ => decoder.wrong_type(value, "a list"),
                    }
                    decoder.leave();
                }
                name => {
                    let others = ["apiVersion", "kind", "metadata", "items"];
                    decoder.unknown_field(key, name, &[], &others);
                }
            }
        }
    }

    /// Whether an item is of the kind that the list says, so that it need not say it itself.
    fn implies(&self, item: &Object) -> bool {
        self.item_kind() == Some(item.kind()) && self.api_version == item.api_version()
    }
}

impl PartialEq for List {
    /// Where the items stood does not count.
    fn eq(&self, other: &Self) -> bool {
        self.api_version == other.api_version
            && self.kind == other.kind
            && self.metadata == other.metadata
            && self.items == other.items
    }
}

impl Encode for List {
    /// Items of a list of one kind are written without their type, as the API server does.
    fn encode_to(&self, sink: &mut dyn Sink) {
        sink.begin_map();
        sink.key("kind");
        sink.string(&self.kind);
        sink.key("apiVersion");
        sink.string(&self.api_version);
        sink.key("metadata");
        schema::encode_struct(&self.metadata, sink);
        sink.key("items");
        sink.begin_list();
        for item in &self.items {
            match item.fields() {
                Some(fields) if self.implies(item) => schema::encode_struct(fields, sink),
                _ => item.encode_to(sink),
            }
        }
        sink.end_list();
        sink.end_map();
    }
}

impl From<List> for Object {
    fn from(list: List) -> Self {
        Self::List(Box::new(list))
    }
}

impl From<super::Untyped> for Object {
    fn from(object: super::Untyped) -> Self {
        Self::Untyped(Box::new(object))
    }
}

//! How the types describe themselves.
//!
//! Each object type is declared once, field by field, with its name in JSON; the declaration makes a plain struct and a table of
//! its fields. Decoding, encoding and everything else that walks over an object reads that table through two small traits, so
//! the walking code exists once, however many types there are, and none of it is compiled into a crate that uses this one.
//!
//! The Rust type of a field follows from its Go type in `k8s.io/api`: `T` is `T`, `*T` is `Option<T>` (boxed where it is large
//! and rare), `[]T` is `Vec<T>`, `map[string]T` is `BTreeMap<String, T>`. As in Go, an empty text, list or map is the same as
//! none, and is left out when an object is written.

mod containers;
mod object;
mod open_enum;
mod scalars;

pub(crate) use object::object;
pub(crate) use open_enum::open_enum;
pub use scalars::Bytes;

use crate::decode::Decoder;
use crate::encode::Sink;
use crate::tree::{Kind, Node};

/// Something that stands in an object: it can be read from a tree and written to a [`Sink`].
pub trait Value {
    /// Takes the value of a node; a problem goes to the decoder and leaves what was there.
    fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>);

    /// Writes it.
    fn encode(&self, sink: &mut dyn Sink);

    /// Whether Go's `omitempty` leaves it out: false, 0, an empty text, list or map, an absent pointer; never a struct.
    fn is_empty(&self) -> bool;

    /// What it is before anything was said: empty.
    fn initial() -> Self
    where
        Self: Sized;

    /// What its type is.
    fn shape() -> Shape
    where
        Self: Sized;
}

/// A struct with a table of fields.
pub trait Struct {
    /// The table.
    fn info(&self) -> &'static StructInfo;

    /// The field of that number in the table.
    fn field(&self, index: usize) -> Option<&dyn Value>;

    /// The field of that number in the table, to be changed.
    fn field_mut(&mut self, index: usize) -> Option<&mut dyn Value>;
}

/// The table of a struct.
#[derive(Debug)]
pub struct StructInfo {
    /// The name of the Go type.
    pub name: &'static str,
    /// What it is, in a sentence or two with a blank before each line of the source; empty without the feature `docs`.
    pub doc: &'static str,
    /// The fields in Go's order.
    pub fields: &'static [FieldInfo],
}

/// A field of a struct.
#[derive(Debug)]
pub struct FieldInfo {
    /// The name in JSON.
    pub name: &'static str,
    /// What it is, in a sentence or two with a blank before each line of the source; empty without the feature `docs`.
    pub doc: &'static str,
    /// Whether it is written even when it is empty (Go has no `omitempty` there).
    pub always: bool,
    /// What its type is.
    pub shape: fn() -> Shape,
    /// What a strategic merge patch does with it.
    pub patch: Patch,
}

/// What a strategic merge patch does with a field: the tags `patchStrategy` and `patchMergeKey` of `k8s.io/api`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// A list is merged with the one that is there; without it, it is replaced.
    pub merge: bool,
    /// A mapping is replaced; without it, it is merged.
    pub replace: bool,
    /// Of a mapping, only the keys that the patch names in `$retainKeys` stay.
    pub retain_keys: bool,
    /// The field by which elements of a merged list are the same one; absent for lists of texts.
    pub key: Option<&'static str>,
}

impl Patch {
    /// No tag: lists are replaced, mappings merged.
    pub const NONE: Self = Self { merge: false, replace: false, retain_keys: false, key: None };
}

/// What a type is.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Shape {
    /// Text.
    String,
    /// A truth value.
    Bool,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// Bytes, in base64.
    Bytes,
    /// One of these texts, or another one.
    Enum(&'static [&'static str]),
    /// A quantity.
    Quantity,
    /// A whole number of 32 bits, or text.
    IntOrString,
    /// A point in time, to the second.
    Time,
    /// A point in time, to the microsecond.
    MicroTime,
    /// Any JSON.
    Any,
    /// A struct.
    Struct(&'static StructInfo),
    /// A list of such.
    List(fn() -> Self),
    /// A map from text to such.
    Map(fn() -> Self),
}

/// Kinds whose objects stand in others, where they may say what they are: the claims of a stateful set.
const EMBEDDED: &[&str] = &["PersistentVolumeClaim"];

/// Reads a mapping into a struct.
pub(crate) fn decode_struct<'t>(target: &mut dyn Struct, node: Node<'t>, decoder: &mut Decoder<'t>) {
    match node.kind() {
        Kind::Map { .. } => {
            let taken: &[&str] =
                if EMBEDDED.contains(&target.info().name) { &["apiVersion", "kind"] } else { &[] };
            decode_fields(target, node, decoder, taken);
        }
        Kind::Null => {}
        _ => decoder.wrong_type(node, "a mapping"),
    }
}

/// Reads the entries of a mapping into the fields of a struct, but for those whose names somebody else reads.
pub(crate) fn decode_fields<'t>(
    target: &mut dyn Struct,
    node: Node<'t>,
    decoder: &mut Decoder<'t>,
    taken: &[&'static str],
) {
    let fields = target.info().fields;
    // Keys mostly come in the order of the fields, so the search goes on where the last one ended.
    let mut next = 0;
    for (key, value) in node.entries() {
        let name = key.as_str().unwrap_or_default();
        let (before, from) = fields.split_at_checked(next).unwrap_or((&[], fields));
        let found = from
            .iter()
            .position(|field| field.name == name)
            .map(|at| at + before.len())
            .or_else(|| before.iter().position(|field| field.name == name));
        match found.and_then(|index| Some((index, fields.get(index)?, target.field_mut(index)?))) {
            Some((index, info, field)) => {
                next = index + 1;
                decoder.enter_field(info.name);
                field.decode(value, decoder);
                decoder.leave();
            }
            None if taken.contains(&name) => {}
            None => decoder.unknown_field(key, name, fields, taken),
        }
    }
}

/// Writes the entries of a struct.
pub(crate) fn encode_fields(source: &dyn Struct, sink: &mut dyn Sink) {
    for (index, info) in source.info().fields.iter().enumerate() {
        if let Some(field) = source.field(index)
            && (info.always || !field.is_empty())
        {
            sink.key(info.name);
            field.encode(sink);
        }
    }
}

/// Writes a struct.
pub(crate) fn encode_struct(source: &dyn Struct, sink: &mut dyn Sink) {
    sink.begin_map();
    encode_fields(source, sink);
    sink.end_map();
}

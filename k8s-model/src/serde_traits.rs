//! serde's traits, thin over the tree: a crate that uses them compiles a walk over a tree, and not the model.

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::decode::{Mode, decode_str};
use crate::encode::{Encode, to_json};
use crate::object::Object;
use crate::tree::{Kind, Limits, Node, Tree};

/// Gives a kind serde's traits.
macro_rules! serde_traits {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::serde_traits::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            /// Reads it strictly; the error has all problems.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let object = <Object as serde::Deserialize>::deserialize(deserializer)?;
                let found = object.kind().to_owned();
                Self::try_from(object)
                    .map_err(|_| serde::de::Error::custom(format_args!("a `{found}` is another kind")))
            }
        }
    };
}

pub(crate) use serde_traits;

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self, serializer)
    }
}

pub(crate) fn serialize<S: Serializer>(object: &dyn Encode, serializer: S) -> Result<S::Ok, S::Error> {
    let json = to_json(object);
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, nodes: usize::MAX, alias_bytes: usize::MAX };
    let tree = Tree::json(&json, &limits).map_err(S::Error::custom)?;
    tree.root().serialize(serializer)
}

impl<'de> Deserialize<'de> for Object {
    /// Reads it strictly; the error has all problems.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let any = serde_json::Value::deserialize(deserializer)?;
        from_value(&any).map_err(de::Error::custom)
    }
}

/// Reads an object from untyped JSON.
fn from_value(any: &serde_json::Value) -> Result<Object, String> {
    let decoded = decode_str(&any.to_string(), "", Mode::Strict);
    if decoded.has_errors() {
        let problems = decoded.problems.iter().map(|problem| match problem.path() {
            "" => problem.message().to_owned(),
            path => format!("{path}: {}", problem.message()),
        });
        return Err(problems.collect::<Vec<_>>().join("; "));
    }
    decoded
        .documents
        .into_iter()
        .next()
        .map(|document| document.object)
        .ok_or_else(|| "there is no object".into())
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(*value),
            Kind::Int(value) => serializer.serialize_i64(*value),
            Kind::Number(_) => self.to_json().serialize(serializer),
            Kind::String(text) => serializer.serialize_str(text),
            Kind::List { len, .. } => {
                let mut list = serializer.serialize_seq(Some(*len as usize))?;
                for element in self.elements() {
                    list.serialize_element(&element)?;
                }
                list.end()
            }
            Kind::Map { len, .. } => {
                let mut map = serializer.serialize_map(Some(*len as usize))?;
                for (key, value) in self.entries() {
                    map.serialize_entry(key.as_str().unwrap_or_default(), &value)?;
                }
                map.end()
            }
        }
    }
}

//! What a patch knows of a kind: its fields, and how their lists are merged.

use std::fmt;

use crate::object::KINDS;
use crate::schema::{Shape, StructInfo};

/// What is known of the fields of some part of an object.
#[derive(Clone, Copy)]
pub struct Schema(Part);

#[derive(Clone, Copy)]
enum Part {
    /// Nothing.
    Any,
    Struct(&'static StructInfo),
    /// A map from text to such values.
    Map(fn() -> Shape),
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Part::Any => f.write_str("Schema(any)"),
            Part::Struct(info) => write!(f, "Schema({})", info.name),
            Part::Map(_) => f.write_str("Schema(map)"),
        }
    }
}

/// How a list is merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListStrategy {
    /// The new list replaces the old one.
    Replace,
    /// The values of both, each once.
    Set,
    /// Elements with the same value of this member are merged.
    Map(&'static str),
}

/// How a field is merged, and what is known of what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// What is known of the value, or of the elements of a list.
    pub(super) schema: Schema,
    /// How a list is merged.
    pub(super) list: ListStrategy,
    /// Whether a mapping is replaced as a whole.
    pub(super) replaced: bool,
    /// Whether a diff says which members stay (`$retainKeys`).
    pub(super) retains_keys: bool,
}

impl Schema {
    /// What is known of nothing: mappings are merged, lists replaced.
    pub const ANY: Self = Self(Part::Any);

    /// What is known of a kind; of an `apiVersion` that is not known, what another version of the kind has.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Self {
        let of_kind = || KINDS.iter().filter(|known| known.kind == kind);
        of_kind()
            .find(|known| known.api_version == api_version)
            .or_else(|| of_kind().next())
            .and_then(|known| known.fields)
            .map_or(Self::ANY, |info| Self(Part::Struct(info)))
    }

    /// What is known of the kind that an untyped object says it is.
    #[must_use]
    pub fn of_object(object: &serde_json::Value) -> Self {
        let text = |name| object.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        Self::of(text("apiVersion"), text("kind"))
    }

    /// Whether anything is known.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !matches!(self.0, Part::Any)
    }

    /// How the list in a field is merged.
    ///
    /// ```
    /// use k8s_model::patch::{ListStrategy, Schema};
    ///
    /// let spec = Schema::of("v1", "Pod").member("spec");
    /// assert_eq!(spec.list_strategy("containers"), ListStrategy::Map("name"));
    /// assert_eq!(spec.list_strategy("tolerations"), ListStrategy::Replace);
    /// ```
    #[must_use]
    pub fn list_strategy(self, field: &str) -> ListStrategy {
        self.field(field).list
    }

    /// What is known of the value of a field, or of the elements of the list in it.
    #[must_use]
    pub fn member(self, field: &str) -> Self {
        self.field(field).schema
    }

    pub(super) fn field(self, name: &str) -> Field {
        let plain =
            |schema| Field { schema, list: ListStrategy::Replace, replaced: false, retains_keys: false };
        let info = match self.0 {
            Part::Any => return plain(Self::ANY),
            Part::Map(values) => return plain(Self::of_shape(values())),
            Part::Struct(info) => info,
        };
        let Some(field) = info.fields.iter().find(|field| field.name == name) else {
            return plain(Self::ANY);
        };
        let shape = (field.shape)();
        let is_list = matches!(shape, Shape::List(_));
        let list = match field.patch.key {
            _ if !field.patch.merge || !is_list => ListStrategy::Replace,
            Some(key) => ListStrategy::Map(key),
            None => ListStrategy::Set,
        };
        Field {
            schema: Self::of_shape(shape),
            list,
            replaced: field.patch.replace,
            retains_keys: field.patch.retain_keys,
        }
    }

    fn of_shape(shape: Shape) -> Self {
        Self(match shape {
            Shape::Struct(info) => Part::Struct(info),
            Shape::Map(values) => Part::Map(values),
            Shape::List(elements) => return Self::of_shape(elements()),
            _ => Part::Any,
        })
    }
}

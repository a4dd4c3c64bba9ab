//! Any object of a kind that is modelled, and the list of those kinds.

use crate::core::{ConfigMap, Pod, Secret};
use crate::decode::Decoder;
use crate::encode::{Encode, Sink};
use crate::meta::ObjectMeta;
use crate::schema::{self, Struct};
use crate::tree::Node;

/// A kind that is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KindInfo {
    /// The version, with its group: `v1`, `apps/v1`.
    pub api_version: &'static str,
    /// The kind: `Pod`.
    pub kind: &'static str,
    /// The resource in paths of the API: `pods`.
    pub plural: &'static str,
}

/// Makes [`Object`] and [`KINDS`]: `"apiVersion" Kind "plural",`.
macro_rules! kinds {
    ($($api_version:literal $kind:ident $plural:literal,)*) => {
        /// An object of a kind that is modelled.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Object {
            $(#[doc = concat!("A `", stringify!($kind), "` of `", $api_version, "`.")] $kind(Box<$kind>),)*
        }

        /// The kinds that are modelled.
        pub const KINDS: &[KindInfo] = &[
            $(KindInfo { api_version: $api_version, kind: stringify!($kind), plural: $plural },)*
        ];

        impl Object {
            /// An object of a kind with nothing in it; `None` when the kind is not modelled.
            #[must_use]
            pub fn empty(api_version: &str, kind: &str) -> Option<Self> {
                match (api_version, kind) {
                    $(($api_version, stringify!($kind)) => Some(Self::$kind(Box::default())),)*
                    _ => None,
                }
            }

            /// What is known of its kind.
            #[must_use]
            pub const fn info(&self) -> KindInfo {
                match self {
                    $(Self::$kind(_) => {
                        KindInfo { api_version: $api_version, kind: stringify!($kind), plural: $plural }
                    })*
                }
            }

            /// Its metadata.
            #[must_use]
            pub const fn metadata(&self) -> &ObjectMeta {
                match self { $(Self::$kind(object) => &object.metadata,)* }
            }

            /// Its metadata, to be changed.
            #[must_use]
            pub const fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self { $(Self::$kind(object) => &mut object.metadata,)* }
            }

            fn fields(&self) -> &dyn Struct {
                match self { $(Self::$kind(object) => &**object,)* }
            }

            fn fields_mut(&mut self) -> &mut dyn Struct {
                match self { $(Self::$kind(object) => &mut **object,)* }
            }
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(Box::new(object))
            }
        }

        impl Encode for $kind {
            fn encode_to(&self, sink: &mut dyn Sink) {
                encode(KindInfo { api_version: $api_version, kind: stringify!($kind), plural: $plural }, self, sink);
            }
        })*
    };
}

kinds! {
    "v1" ConfigMap "configmaps",
    "v1" Pod "pods",
    "v1" Secret "secrets",
}

impl Object {
    pub(crate) fn decode_fields<'t>(&mut self, root: Node<'t>, decoder: &mut Decoder<'t>) {
        schema::decode_fields(self.fields_mut(), root, decoder, &["apiVersion", "kind"]);
    }
}

impl Encode for Object {
    fn encode_to(&self, sink: &mut dyn Sink) {
        encode(self.info(), self.fields(), sink);
    }
}

/// Writes an object: its type first, as Go does.
fn encode(info: KindInfo, fields: &dyn Struct, sink: &mut dyn Sink) {
    sink.begin_map();
    sink.key("kind");
    sink.string(info.kind);
    sink.key("apiVersion");
    sink.string(info.api_version);
    schema::encode_fields(fields, sink);
    sink.end_map();
}

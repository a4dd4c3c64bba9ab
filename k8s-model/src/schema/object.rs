//! The declaration of an object type.

/// Declares structs of an API: `name: Type = "nameInJson",` for each field, in Go's order; `always` after the name in JSON
/// where Go writes the field even when it is empty; `[merge "key"]`, `[replace]` or `[retain_keys]` at the end for what a strategic
/// merge patch does with it; `as "GoName"` after the name of a struct where Go spells it otherwise.
macro_rules! object {
    ($(
        $(#[doc = $doc:literal])*
        pub struct $name:ident $(as $go:literal)? {
            $($(#[doc = $field_doc:literal])* pub $field:ident: $type:ty = $json:literal $($always:ident)? $([$($patch:ident)+ $($key:literal)?])?,)*
        }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Default)]
        pub struct $name {
            $($(#[doc = $field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// The table of its fields.
            pub const INFO: &'static $crate::schema::StructInfo = &$crate::schema::StructInfo {
                name: $crate::schema::object!(@name $name $($go)?),
                doc: $crate::schema::object!(@doc $($doc)*),
                fields: &[$($crate::schema::FieldInfo {
                    name: $json,
                    doc: $crate::schema::object!(@doc $($field_doc)*),
                    always: $crate::schema::object!(@always $($always)?),
                    shape: <$type as $crate::schema::Value>::shape,
                    patch: $crate::schema::object!(@patch $($($patch)+ $($key)?)?),
                }),*],
            };
        }

        impl $crate::schema::Struct for $name {
            fn info(&self) -> &'static $crate::schema::StructInfo {
                Self::INFO
            }

            #[allow(unused_assignments, unused_variables, unused_mut)]
            fn field(&self, index: usize) -> Option<&dyn $crate::schema::Value> {
                let mut number = 0;
                $(
                    if index == number {
                        return Some(&self.$field);
                    }
                    number += 1;
                )*
                None
            }

            #[allow(unused_assignments, unused_variables, unused_mut)]
            fn field_mut(&mut self, index: usize) -> Option<&mut dyn $crate::schema::Value> {
                let mut number = 0;
                $(
                    if index == number {
                        return Some(&mut self.$field);
                    }
                    number += 1;
                )*
                None
            }
        }

        impl $crate::schema::Value for $name {
            fn decode<'t>(&mut self, node: $crate::tree::Node<'t>, decoder: &mut $crate::decode::Decoder<'t>) {
                $crate::schema::decode_struct(self, node, decoder);
            }

            fn encode(&self, sink: &mut dyn $crate::encode::Sink) {
                $crate::schema::encode_struct(self, sink);
            }

            fn is_empty(&self) -> bool {
                false
            }

            fn initial() -> Self {
                Self::default()
            }

            fn shape() -> $crate::schema::Shape {
                $crate::schema::Shape::Struct(Self::INFO)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::encode::debug(self, f)
            }
        }
    )*};
    (@name $name:ident $go:literal) => { $go };
    (@name $name:ident) => { stringify!($name) };
    (@doc $($doc:literal)*) => { if cfg!(feature = "docs") { concat!($($doc),*) } else { "" } };
    (@always always) => { true };
    (@always) => { false };
    (@patch) => { $crate::schema::Patch::NONE };
    (@patch $($patch:ident)+ $($key:literal)?) => {
        $crate::schema::Patch { $($patch: true,)+ $(key: Some($key),)? ..$crate::schema::Patch::NONE }
    };
}

pub(crate) use object;

//! The declaration of an enum that the outside may extend.

/// Declares enums whose values are texts: `Variant = "text",` for each value that is known. `Unset` is the empty text, and
/// `Other` keeps a text that is not known.
macro_rules! open_enum {
    ($(
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[non_exhaustive]
        pub enum $name {
            /// The empty text: nothing was said.
            #[default]
            Unset,
            $($(#[$variant_doc])* $variant,)*
            /// A value that this version does not know.
            Other(String),
        }

        impl $name {
            /// The values that are known, in upstream's alphabetical order.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The text of the value.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    Self::Unset => "",
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// Whether nothing was said.
            #[must_use]
            pub const fn is_unset(&self) -> bool {
                matches!(self, Self::Unset)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    "" => Self::Unset,
                    $($text => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::schema::Value for $name {
            fn decode<'t>(&mut self, node: $crate::tree::Node<'t>, decoder: &mut $crate::decode::Decoder<'t>) {
                if let Some(text) = decoder.text(node) {
                    *self = Self::from(text);
                }
            }

            fn encode(&self, sink: &mut dyn $crate::encode::Sink) {
                sink.string(self.as_str());
            }

            fn is_empty(&self) -> bool {
                self.as_str().is_empty()
            }

            fn initial() -> Self {
                Self::default()
            }

            fn shape() -> $crate::schema::Shape {
                $crate::schema::Shape::Enum(Self::KNOWN)
            }
        }
    )*};
}

pub(crate) use open_enum;

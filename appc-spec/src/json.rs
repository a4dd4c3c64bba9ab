//! Manifests as JSON: one reader that keeps positions, repeated members and the text of numbers, and one writer.
//!
//! A manifest's errors name line, column and field, its isolator values are kept as they were written, and `Compat` has
//! rules of Go's decoder that no serde format has; so reading is a positioned tree and one `decode` for each type.

mod decode;
mod read;
mod write;

pub(crate) use decode::{Fault, Object, Scalar, decode_map, wrong_type};
pub(crate) use read::{Node, Position, Value};
pub(crate) use write::Writer;

use crate::{ManifestError, Strength};

/// A part of the specification's JSON: an image manifest, a pod manifest, or any type within them.
///
/// ```
/// use appc_spec::{Json, Port, Strength};
///
/// let port = Port::from_json(r#"{"name": "web", "protocol": "tcp", "port": 80}"#, Strength::Strict)?;
/// assert_eq!(port.port, 80);
/// assert_eq!(
///     port.to_json(Strength::Compat),
///     r#"{"name":"web","protocol":"tcp","port":80,"count":1,"socketActivated":false}"#
/// );
/// # Ok::<(), appc_spec::ManifestError>(())
/// ```
pub trait Json: sealed::Codec {
    /// Reads the value from a JSON text, which it must fill but for white space.
    ///
    /// # Errors
    ///
    /// When the text is not JSON, when a member is missing or of the wrong type, and when a value breaks a rule of the
    /// specification; in [`Strength::Strict`] also on unknown (`"bogus": 1`) and repeated members.
    fn from_json(text: &str, strength: Strength) -> Result<Self, ManifestError> {
        read::parse(text, strength)
            .and_then(|node| Self::decode(&node, strength))
            .map_err(|fault| fault.into_error(text))
    }

    /// Reads the value from bytes. In [`Strength::Compat`] what is not UTF-8 reads as U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`Json::from_json`], and in [`Strength::Strict`] when the bytes are not UTF-8.
    fn from_json_slice(bytes: &[u8], strength: Strength) -> Result<Self, ManifestError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::from_json(text, strength),
            Err(_) if !strength.is_strict() => Self::from_json(&String::from_utf8_lossy(bytes), strength),
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                let text = String::from_utf8_lossy(valid);
                Err(Fault::syntax(valid.len(), "the text is not UTF-8").into_error(&text))
            }
        }
    }

    /// The value as JSON on one line, members in the specification's order.
    fn to_json(&self, strength: Strength) -> String {
        let mut out = Writer::new(strength);
        self.encode(&mut out);
        out.finish()
    }

    /// The value as JSON indented by two spaces, with a line feed at the end.
    fn to_json_pretty(&self, strength: Strength) -> String {
        write::indent(&self.to_json(strength))
    }
}

impl<T: sealed::Codec> Json for T {}

pub(crate) mod sealed {
    use super::{Fault, Node, Writer};
    use crate::Strength;

    /// How a type is read from and written to JSON. Only this crate can name it, so [`super::Json`] is sealed.
    pub trait Codec: Sized {
        /// Reads it from a node of the tree.
        fn decode(node: &Node<'_>, strength: Strength) -> Result<Self, Fault>;

        /// Writes it.
        fn encode(&self, out: &mut Writer);
    }
}

pub(crate) use sealed::Codec;

//! From a text to its documents.

use std::sync::Arc;

use super::{Decoded, Decoder, Document, Mode, Origin, ProblemKind, nearest};
use crate::object::{KINDS, Object};
use crate::tree::{self, Limits, Node, Position, SyntaxError, Tree};

/// Decodes all documents of a YAML or JSON text, with the usual [`Limits`].
///
/// The label names the text in problems: a file name, or `-`. A text that begins with `{` is read as JSON, if its first document is JSON.
/// Documents that have nothing in them but comments are passed over.
#[must_use]
pub fn decode_str(text: &str, label: &str, mode: Mode) -> Decoded {
    decode_str_with(text, label, mode, &Limits::default())
}

/// Decodes all documents of a YAML or JSON text that comes as bytes: [`decode_str`], once they are UTF-8.
#[must_use]
pub fn decode_slice(bytes: &[u8], label: &str, mode: Mode) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => decode_str(text, label, mode),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let mut stream =
                Stream { label: label.into(), text: "".into(), mode, decoded: Decoded::default() };
            stream.not_utf8(&String::from_utf8_lossy(before));
            stream.decoded
        }
    }
}

/// Decodes all documents of a YAML or JSON text within limits that each document must keep.
#[must_use]
pub fn decode_str_with(text: &str, label: &str, mode: Mode, limits: &Limits) -> Decoded {
    let whole: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
    let mut stream =
        Stream { label: label.into(), text: Arc::clone(&whole), mode, decoded: Decoded::default() };
    if whole.trim_start().starts_with('{') {
        let mut read = 0;
        for (index, tree) in Tree::json_stream(&whole, limits).enumerate() {
            match tree {
                Ok(tree) => {
                    let origin = Origin::json(&stream.label, &stream.text, index + 1, index);
                    stream.document(&tree, origin);
                }
                // A flow mapping of YAML begins in the same way.
                Err(_) if index == 0 && is_yaml(&whole, limits) => break,
                Err(error) => stream.syntax(index + 1, &error),
            }
            read += 1;
        }
        if read > 0 {
            return stream.decoded;
        }
    }
    for (index, chunk) in tree::split(&whole).into_iter().enumerate() {
        match Tree::chunk(chunk, limits) {
            Ok(tree) => {
                let start = chunk.text.as_ptr() as usize - whole.as_ptr() as usize;
                let origin = Origin::yaml(&stream.label, &stream.text, index + 1, chunk, start);
                stream.document(&tree, origin);
            }
            Err(error) => stream.syntax(index + 1, &error),
        }
    }
    stream.decoded
}

fn is_yaml(text: &str, limits: &Limits) -> bool {
    tree::split(text).into_iter().all(|chunk| Tree::chunk(chunk, limits).is_ok())
}

struct Stream {
    label: Arc<str>,
    text: Arc<str>,
    mode: Mode,
    decoded: Decoded,
}

impl Stream {
    fn syntax(&mut self, document: usize, error: &SyntaxError) {
        let mut decoder = Decoder::new(self.mode, Arc::clone(&self.label), document);
        decoder.fatal(ProblemKind::Syntax, error.position(), "", error.message().to_owned());
        self.decoded.problems.extend(decoder.finish());
    }

    /// The text ends after what is given, with a byte that is not UTF-8.
    fn not_utf8(&mut self, before: &str) {
        let last = before.rsplit('\n').next().unwrap_or_default();
        let place = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let position = Position {
            line: place(before.matches('\n').count() + 1),
            column: place(last.chars().count() + 1),
        };
        let mut decoder = Decoder::new(self.mode, Arc::clone(&self.label), 1);
        decoder.fatal(ProblemKind::Syntax, position, "", "the text is not UTF-8 from here on".to_owned());
        self.decoded.problems.extend(decoder.finish());
    }

    fn document(&mut self, tree: &Tree<'_>, origin: Origin) {
        let root = tree.root();
        if root.is_null() {
            return;
        }
        let mut decoder = Decoder::new(self.mode, Arc::clone(&self.label), origin.document());
        decoder.duplicates(tree);
        if let Some(object) = object(root, &mut decoder) {
            self.decoded.documents.push(Document { object, origin });
        }
        self.decoded.problems.extend(decoder.finish());
    }
}

/// Reads an object, which says of what version and kind it is.
fn object<'t>(root: Node<'t>, decoder: &mut Decoder<'t>) -> Option<Object> {
    if root.entries().next().is_none() && !matches!(root.kind(), tree::Kind::Map { .. }) {
        decoder.wrong_type(root, "an object, which is a mapping,");
        return None;
    }
    let api_version = type_text(root, "apiVersion", decoder);
    let kind = type_text(root, "kind", decoder);
    let (kind, kind_node) = kind?;
    let versions: Vec<&str> =
        KINDS.iter().filter(|known| known.kind == kind).map(|known| known.api_version).collect();
    let Some(first) = versions.first() else {
        let version = api_version.map_or("", |(text, _)| text);
        decoder.fatal(ProblemKind::Kind, kind_node.position(), "kind", unknown_kind(kind, version));
        return None;
    };
    let wanted = match api_version {
        // Which one was meant is clear, so what else is wrong can be said too.
        None => first,
        Some((text, _)) if versions.contains(&text) => text,
        Some((text, node)) => {
            let message = format!("there is no `{kind}` in `{text}`; known is `{}`", versions.join("`, `"));
            decoder.fatal(ProblemKind::Kind, node.position(), "apiVersion", message);
            return None;
        }
    };
    let mut object = Object::empty(wanted, kind)?;
    object.decode_fields(root, decoder);
    Some(object)
}

/// The text of `apiVersion` or `kind`.
fn type_text<'t>(
    root: Node<'t>,
    name: &'static str,
    decoder: &mut Decoder<'t>,
) -> Option<(&'t str, Node<'t>)> {
    let example = if name == "kind" { "Pod" } else { "v1" };
    match root.member(name) {
        Some(node) if node.is_null() || node.as_str() == Some("") => {
            let message = format!("it is empty: each object names its own, such as `{example}`");
            decoder.fatal(ProblemKind::Kind, node.position(), name, message);
            None
        }
        Some(node) => match node.as_str() {
            Some(text) => Some((text, node)),
            None => {
                let message = format!("text is wanted, not {}", node.kind_name());
                decoder.fatal(ProblemKind::Kind, node.position(), name, message);
                None
            }
        },
        None => {
            let message = format!("it is missing: each object names its own, such as `{example}`");
            decoder.fatal(ProblemKind::Kind, root.position(), name, message);
            None
        }
    }
}

fn unknown_kind(kind: &str, version: &str) -> String {
    let known: Vec<String> =
        KINDS.iter().map(|known| format!("`{} {}`", known.api_version, known.kind)).collect();
    let meant = nearest::nearest(kind, KINDS.iter().map(|known| known.kind));
    match meant {
        Some(name) => format!("unknown kind `{kind}` of `{version}`, did you mean `{name}`?"),
        None => format!("unknown kind `{kind}` of `{version}`: known are {}", known.join(", ")),
    }
}

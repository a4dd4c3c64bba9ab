//! From a text to its documents.

use std::sync::Arc;

use super::identify::object;
use super::{Decoded, Decoder, Document, Mode, Origin, ProblemKind};
use crate::tree::{self, Limits, Position, SyntaxError, Tree};

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

/// What a file is, by its name: `kustomization.yaml` may leave out its version and kind.
fn implied(label: &str) -> Option<(&'static str, &'static str)> {
    let name = label.rsplit(['/', '\\']).next().unwrap_or_default();
    let kustomization = ["kustomization.yaml", "kustomization.yml", "Kustomization"].contains(&name);
    kustomization.then_some(("kustomize.config.k8s.io/v1beta1", "Kustomization"))
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
        if let Some(object) = object(root, implied(&self.label), &mut decoder) {
            let origin = origin.with_old_version(decoder.old_version());
            self.decoded.documents.push(Document { object, origin });
        }
        self.decoded.problems.extend(decoder.finish());
    }
}

//! An object together with where it came from.

use std::sync::Arc;

use super::{Problem, ProblemKind, Severity};
use crate::convert::OldVersion;
use crate::object::Object;
use crate::path;
use crate::tree::{Chunk, Limits, Node, Position, Tree};
use crate::validate::{self, FieldError};

/// An object that was read from a text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The object.
    pub object: Object,
    /// Where it stood.
    pub origin: Origin,
}

impl Document {
    /// The objects of a list, each where it stands; any other object is the only one. Lists in lists are unfolded too.
    #[must_use]
    pub fn unfold(self) -> Vec<Self> {
        let Object::List(list) = self.object else { return vec![self] };
        // A list that was changed by hand has no places for further items.
        let further = (list.places.len()..).map(|index| (index, None));
        let places = list.places.iter().copied().chain(further);
        let items = list.items.into_iter().zip(places);
        items
            .flat_map(|(object, (place, old_version))| {
                let base = path::join(&self.origin.base, &format!("items[{place}]"));
                Self { object, origin: Origin { base, old_version, ..self.origin.clone() } }.unfold()
            })
            .collect()
    }

    /// Validates the object ([`validate::validate`]), and says where each error stands.
    #[must_use]
    pub fn validate(&self) -> Vec<Problem> {
        self.problems(&validate::validate(&self.object))
    }

    /// Says where errors stand that were found in the object.
    #[must_use]
    pub fn problems(&self, errors: &[FieldError]) -> Vec<Problem> {
        let written: Vec<String> = errors.iter().map(|error| self.origin.written(&error.field)).collect();
        let errors = written.iter().zip(errors).map(|(field, error)| (field.as_str(), error.detail_line()));
        self.origin.problems(ProblemKind::Invalid, errors)
    }
}

/// Where a document stood: its text is kept, so that a field of it can be found again.
#[derive(Debug, Clone)]
pub struct Origin {
    label: Arc<str>,
    text: Arc<str>,
    document: usize,
    place: Place,
    /// The path of the object in its document; empty unless it stands in a list.
    base: String,
    old_version: Option<&'static OldVersion>,
}

#[derive(Debug, Clone)]
enum Place {
    /// The bytes of a YAML document, and how many lines come before.
    Yaml { start: usize, end: usize, lines_before: u32 },
    /// The number of a document in a JSON stream.
    Json(usize),
}

impl Origin {
    pub(super) fn yaml(
        label: &Arc<str>,
        text: &Arc<str>,
        document: usize,
        chunk: Chunk<'_>,
        start: usize,
    ) -> Self {
        let place = Place::Yaml { start, end: start + chunk.text.len(), lines_before: chunk.lines_before };
        Self {
            label: Arc::clone(label),
            text: Arc::clone(text),
            document,
            place,
            base: String::new(),
            old_version: None,
        }
    }

    pub(super) fn json(label: &Arc<str>, text: &Arc<str>, document: usize, index: usize) -> Self {
        Self {
            label: Arc::clone(label),
            text: Arc::clone(text),
            document,
            place: Place::Json(index),
            base: String::new(),
            old_version: None,
        }
    }

    /// The name of the text, as it was given to the decoder.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The old version that the object was written in; `None` when it was the one that is modelled.
    #[must_use]
    pub const fn old_version(&self) -> Option<&'static OldVersion> {
        self.old_version
    }

    /// The path of a field as the text has it: an object of an [old version](Self::old_version) may name it otherwise
    /// ([`OldVersion::field`]).
    #[must_use]
    pub fn written(&self, field: &str) -> String {
        self.old_version.map_or_else(|| field.to_owned(), |old| old.field(field))
    }

    pub(crate) const fn with_old_version(mut self, old: Option<&'static OldVersion>) -> Self {
        self.old_version = old;
        self
    }

    /// The number of the document in its stream, from 1.
    #[must_use]
    pub const fn document(&self) -> usize {
        self.document
    }

    /// Where a field stands, such as `spec.containers[0].image`; for one that is not there, where the nearest thing around it
    /// stands. The text is read again for it.
    #[must_use]
    pub fn position(&self, path: &str) -> Option<Position> {
        self.find(&[path::join(&self.base, path)]).into_iter().next().flatten()
    }

    /// The errors that fields have, each with its place: pairs of a path and of what is wrong.
    #[must_use]
    pub fn problems<'e>(
        &self,
        kind: ProblemKind,
        errors: impl IntoIterator<Item = (&'e str, String)>,
    ) -> Vec<Problem> {
        self.located(kind, Severity::Error, errors)
    }

    /// The same for what the user should know.
    #[must_use]
    pub fn warnings<'e>(
        &self,
        kind: ProblemKind,
        notes: impl IntoIterator<Item = (&'e str, String)>,
    ) -> Vec<Problem> {
        self.located(kind, Severity::Warning, notes)
    }

    fn located<'e>(
        &self,
        kind: ProblemKind,
        severity: Severity,
        errors: impl IntoIterator<Item = (&'e str, String)>,
    ) -> Vec<Problem> {
        let (paths, messages): (Vec<String>, Vec<String>) =
            errors.into_iter().map(|(path, message)| (path::join(&self.base, path), message)).unzip();
        if paths.is_empty() {
            return Vec::new();
        }
        let positions = self.find(&paths);
        paths
            .into_iter()
            .zip(messages)
            .zip(positions)
            .map(|((path, message), position)| Problem {
                severity,
                kind,
                label: Arc::clone(&self.label),
                document: self.document,
                position,
                path,
                message,
            })
            .collect()
    }

    fn find(&self, paths: &[String]) -> Vec<Option<Position>> {
        let find =
            |tree: &Tree<'_>| paths.iter().map(|path| Some(nearest_position(tree.root(), path))).collect();
        // The text was read before, so it can be read now.
        let limits =
            Limits { bytes: usize::MAX, depth: usize::MAX, nodes: usize::MAX, alias_bytes: usize::MAX };
        let tree = match self.place {
            Place::Yaml { start, end, lines_before } => self
                .text
                .get(start..end)
                .and_then(|text| Tree::chunk(Chunk { text, lines_before }, &limits).ok()),
            Place::Json(index) => Tree::json_stream(&self.text, &limits).nth(index).and_then(Result::ok),
        };
        tree.as_ref().map_or_else(|| vec![None; paths.len()], find)
    }
}

/// The place of a field, or of the innermost thing around it that is there.
pub(crate) fn nearest_position(root: Node<'_>, path: &str) -> Position {
    let mut node = root;
    let mut position = root.position();
    for step in path::steps(path) {
        let next = match step {
            path::Step::Name(name) => node.member(name),
            path::Step::InBrackets(text) => match text.parse::<usize>() {
                Ok(index) if node.elements().next().is_some() => node.elements().nth(index),
                _ => node.member(text),
            },
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
        position = node.position();
    }
    position
}

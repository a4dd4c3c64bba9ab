//! What typed decoding carries along: where it is, and what was wrong so far.

use std::fmt::Write;
use std::sync::Arc;

use super::document::nearest_position;
use super::nearest::nearest;
use super::{Mode, Problem, ProblemKind, Severity};
use crate::convert::OldVersion;
use crate::path;
use crate::schema::{FieldInfo, Shape};
use crate::tree::{Kind, Node, Position, Tree};

/// The most problems that are kept for one document.
const MAX_PROBLEMS: usize = 1000;

/// A step from a value into one of its parts.
#[derive(Debug, Clone, Copy)]
enum Step<'t> {
    Field(&'static str),
    Index(usize),
    Key(&'t str),
    /// A key of which nothing says whether it is a field or a key of a map.
    Name(&'t str),
}

/// Collects the problems of one document while its tree is read.
#[derive(Debug)]
pub struct Decoder<'t> {
    mode: Mode,
    label: Arc<str>,
    document: usize,
    steps: Vec<Step<'t>>,
    problems: Vec<Problem>,
    old_version: Option<&'static OldVersion>,
}

impl<'t> Decoder<'t> {
    pub(crate) const fn new(mode: Mode, label: Arc<str>, document: usize) -> Self {
        Self { mode, label, document, steps: Vec::new(), problems: Vec::new(), old_version: None }
    }

    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.position);
        self.problems
    }

    pub(crate) fn enter_field(&mut self, name: &'static str) {
        self.steps.push(Step::Field(name));
    }

    pub(crate) fn enter_index(&mut self, index: usize) {
        self.steps.push(Step::Index(index));
    }

    pub(crate) fn enter_key(&mut self, key: &'t str) {
        self.steps.push(Step::Key(key));
    }

    /// Enters a member of an object whose fields are not known.
    pub(crate) fn enter_name(&mut self, name: &'t str) {
        self.steps.push(Step::Name(name));
    }

    pub(crate) fn leave(&mut self) {
        self.steps.pop();
    }

    /// The text of a node; `None` for null, and for what is no text, which is a problem.
    pub fn text(&mut self, node: Node<'t>) -> Option<&'t str> {
        match node.kind() {
            Kind::String(text) => Some(text),
            Kind::Null => None,
            Kind::Bool(_) | Kind::Int(_) | Kind::Number(_) => {
                let message = format!("text is wanted, not {}: put it in quotes", node.kind_name());
                self.report(ProblemKind::WrongType, node.position(), None, message);
                None
            }
            _ => {
                self.wrong_type(node, "text");
                None
            }
        }
    }

    /// The whole number of a node; `None` for null, and for what is no such number, which is a problem.
    pub fn integer(&mut self, node: Node<'t>, min: i64, max: i64) -> Option<i64> {
        match node.kind() {
            Kind::Int(value) if (min..=max).contains(value) => Some(*value),
            Kind::Int(_) => {
                let message = format!("the number is out of range: from {min} to {max} is allowed");
                self.report(ProblemKind::WrongType, node.position(), None, message);
                None
            }
            Kind::Null => None,
            _ => {
                self.wrong_type(node, "a whole number");
                None
            }
        }
    }

    /// Notes that a node is not what is wanted there: `a list`, `text`.
    #[cold]
    pub fn wrong_type(&mut self, node: Node<'t>, wanted: &str) {
        let message = format!("{wanted} is wanted, not {}", node.kind_name());
        self.report(ProblemKind::WrongType, node.position(), None, message);
    }

    /// Notes that the text of a node does not have the form that is wanted there.
    #[cold]
    pub fn invalid(&mut self, node: Node<'t>, message: String) {
        self.report(ProblemKind::Malformed, node.position(), None, message);
    }

    #[cold]
    pub(crate) fn unknown_field(
        &mut self,
        key: Node<'t>,
        name: &'t str,
        fields: &[FieldInfo],
        others: &[&'static str],
    ) {
        let known = fields.iter().map(|field| field.name).chain(others.iter().copied());
        // Lost indentation brings fields one level up.
        let below = fields.iter().find(|field| has_field(&(field.shape)(), name));
        let message = match (nearest(name, known), below) {
            (Some(near), _) => format!("unknown field, did you mean `{near}`?"),
            (None, Some(field)) => format!("unknown field, did you mean `{}.{name}`?", field.name),
            (None, None) => "unknown field".to_owned(),
        };
        self.report(ProblemKind::UnknownField, key.position(), Some(Step::Name(name)), message);
    }

    /// Notes what is wrong with the object as a whole or with a field of it, whatever the mode; the empty name is the object.
    #[cold]
    pub(crate) fn fatal(&mut self, kind: ProblemKind, position: Position, name: &'t str, message: String) {
        let last = (!name.is_empty()).then_some(Step::Name(name));
        self.add(Severity::Error, kind, position, last, message);
    }

    /// Notes something that the user should know about a field of an object, whatever the mode.
    pub(crate) fn note(&mut self, object: Node<'t>, field: &str, kind: ProblemKind, message: String) {
        let problem = Problem {
            severity: Severity::Warning,
            kind,
            label: Arc::clone(&self.label),
            document: self.document,
            position: Some(nearest_position(object, field)),
            path: path::join(&self.path(None), field),
            message,
        };
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// Notes that the object was read from an old version.
    pub(crate) fn set_old_version(&mut self, old: Option<&'static OldVersion>) {
        self.old_version = old;
    }

    /// The old version that the object was read from which was read last.
    pub(crate) const fn old_version(&self) -> Option<&'static OldVersion> {
        self.old_version
    }

    /// Notes the keys that stand twice.
    pub(crate) fn duplicates(&mut self, tree: &'t Tree<'_>) {
        if !tree.duplicates.is_empty() {
            self.search(tree, tree.root());
            self.steps.clear();
        }
    }

    fn search(&mut self, tree: &'t Tree<'_>, node: Node<'t>) {
        for (key, value) in node.entries() {
            let name = key.as_str().unwrap_or_default();
            let found = tree.duplicates.binary_search_by_key(&key.index(), |other| other.index as usize);
            if let Some(found) = found.ok().and_then(|found| tree.duplicates.get(found)) {
                let message = format!("the key stands here again, after {}", found.first);
                self.report(ProblemKind::DuplicateKey, key.position(), Some(Step::Name(name)), message);
            }
            self.steps.push(Step::Name(name));
            self.search(tree, value);
            self.steps.pop();
        }
        for (index, element) in node.elements().enumerate() {
            self.steps.push(Step::Index(index));
            self.search(tree, element);
            self.steps.pop();
        }
    }

    fn report(&mut self, kind: ProblemKind, position: Position, last: Option<Step<'t>>, message: String) {
        let severity = match self.mode {
            Mode::Strict => Severity::Error,
            Mode::Lenient => Severity::Warning,
        };
        self.add(severity, kind, position, last, message);
    }

    fn add(
        &mut self,
        severity: Severity,
        kind: ProblemKind,
        position: Position,
        last: Option<Step<'t>>,
        message: String,
    ) {
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let full = self.problems.len() + 1 == MAX_PROBLEMS;
        let problem = Problem {
            severity,
            kind,
            label: Arc::clone(&self.label),
            document: self.document,
            position: Some(position),
            path: self.path(last),
            message: if full { format!("{message} (further problems are not shown)") } else { message },
        };
        self.problems.push(problem);
    }

    fn path(&self, last: Option<Step<'t>>) -> String {
        let mut path = String::new();
        for step in self.steps.iter().copied().chain(last) {
            match step {
                Step::Field(name) => push_name(&mut path, name),
                Step::Name(name) if is_field_like(name) => push_name(&mut path, name),
                Step::Key(key) | Step::Name(key) => push_in_brackets(&mut path, key),
                Step::Index(index) => push_in_brackets(&mut path, &index.to_string()),
            }
        }
        path
    }
}

/// Whether a type is a struct that has a field of that name.
fn has_field(shape: &Shape, name: &str) -> bool {
    matches!(shape, Shape::Struct(info) if info.fields.iter().any(|field| field.name == name))
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

fn push_in_brackets(path: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = write!(path, "[{}]", text.escape_debug());
}

fn is_field_like(key: &str) -> bool {
    !key.is_empty() && key.len() <= 64 && key.chars().all(char::is_alphanumeric)
}

//! Paths of fields as upstream writes them: `spec.containers[0].ports[1].name`, `spec.nodeSelector[disk]`.

use std::fmt;

/// A step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    Name(&'p str),
    /// An index or a key.
    InBrackets(&'p str),
}

/// The path of a field of what stands at a path.
pub(crate) fn join(base: &str, path: &str) -> String {
    match (base, path) {
        ("", path) => path.to_owned(),
        (base, "") => base.to_owned(),
        (base, path) if path.starts_with('[') => format!("{base}{path}"),
        (base, path) => format!("{base}.{path}"),
    }
}

/// The steps of a path.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (text, after) = inner.split_once(']').unwrap_or((inner, ""));
            rest = after;
            return Some(Step::InBrackets(text));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        Some(Step::Name(name))
    })
}

/// A path that grows from its root, and is written out only when something is wrong there.
#[derive(Clone, Copy)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Self>,
    step: Last<'p>,
}

#[derive(Clone, Copy)]
enum Last<'p> {
    Name(&'p str),
    Index(usize),
    Key(&'p str),
}

impl<'p> Path<'p> {
    /// The path of a field of the object.
    pub(crate) const fn new(name: &'p str) -> Self {
        Self { parent: None, step: Last::Name(name) }
    }

    /// The path of a field of what is here. The name may have several steps: `httpGet.port`.
    pub(crate) const fn child(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Last::Name(name) }
    }

    /// The path of an element of the list that is here.
    pub(crate) const fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Last::Index(index) }
    }

    /// The path of a value of the map that is here.
    pub(crate) const fn key(&'p self, key: &'p str) -> Self {
        Self { parent: Some(self), step: Last::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, f)?;
        }
        match self.step {
            Last::Name(name) if self.parent.is_some() => write!(f, ".{name}"),
            Last::Name(name) => f.write_str(name),
            Last::Index(index) => write!(f, "[{index}]"),
            Last::Key(key) => write!(f, "[{key}]"),
        }
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

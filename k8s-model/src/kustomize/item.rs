//! Objects while they are built, and paths into them.

use serde_json::{Map, Value};

use crate::registry::{self, Scope};

/// An object, and what it was called before.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The object.
    pub(super) value: Value,
    /// Its earlier names and namespaces, the first one first.
    pub(super) earlier: Vec<(String, String)>,
    /// Whether its name gets a hash of its content.
    pub(super) hashed: bool,
}

impl Item {
    pub(super) const fn new(value: Value) -> Self {
        Self { value, earlier: Vec::new(), hashed: false }
    }

    fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(super) fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Group and version.
    pub(super) fn group_version(&self) -> (&str, &str) {
        let version = self.api_version();
        version.split_once('/').unwrap_or(("", version))
    }

    pub(super) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(super) fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// Whether it lives in a namespace; of unknown kinds all do.
    pub(super) fn namespaced(&self) -> bool {
        registry::kind(self.api_version(), self.kind()).is_none_or(|info| info.scope != Scope::Cluster)
    }

    /// Whether it is called so, or was.
    pub(super) fn is_called(&self, name: &str, namespace: &str) -> bool {
        let same = |(a, b): (&str, &str)| a == name && spelled(b) == spelled(namespace);
        same((self.name(), self.namespace()))
            || self.earlier.iter().any(|(name, namespace)| same((name, namespace)))
    }

    /// Sets a text of the metadata, and remembers what it was called.
    pub(super) fn rename(&mut self, field: &str, text: String) {
        let before = (self.name().to_owned(), self.namespace().to_owned());
        if self.value["metadata"][field] != *text {
            self.earlier.push(before);
            self.value["metadata"][field] = text.into();
        }
    }
}

/// The default namespace may be left out.
fn spelled(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

/// Calls a function for each value at a path like `spec/containers[]/image`; `create` makes mappings on the way, but no elements.
pub(super) fn visit(value: &mut Value, path: &str, create: bool, found: &mut dyn FnMut(&mut Value)) {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let (name, many) = first.strip_suffix("[]").map_or((first, false), |name| (name, true));
    if create && !many && value.is_null() {
        *value = Value::Object(Map::new());
    }
    let Some(entries) = value.as_object_mut() else { return };
    if create && !many && !entries.contains_key(name) {
        entries.insert(name.to_owned(), Value::Null);
    }
    let Some(next) = entries.get_mut(name) else { return };
    let targets = if many {
        next.as_array_mut().map(|elements| elements.iter_mut().collect()).unwrap_or_default()
    } else {
        vec![next]
    };
    for target in targets {
        match rest {
            Some(rest) => visit(target, rest, create, found),
            None => found(target),
        }
    }
}

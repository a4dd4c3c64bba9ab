//! Objects in memory, kept as an API server keeps them.

mod deletion;
mod error;
mod stored;

pub use deletion::{FOREGROUND, ORPHAN};
pub(crate) use error::Named;
pub use error::StoreError;

use std::collections::BTreeMap;

use super::action::Action;
use super::at::{At, complete};
use super::world::World;
use crate::core::{FinalizerName, NamespacePhase, ObjectReference, PodPhase};
use crate::default::default;
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::registry::Scope;
use crate::time::Time;

/// What an object is found by. Keys are in the order of kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: String,
    /// The version of the kind, with its group.
    pub api_version: String,
    /// The namespace; empty for kinds that have none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl Key {
    /// The key of an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self {
            kind: object.kind().to_owned(),
            api_version: object.api_version().to_owned(),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
        }
    }
}

impl From<&ObjectReference> for Key {
    fn from(reference: &ObjectReference) -> Self {
        Self {
            kind: reference.kind.clone(),
            api_version: reference.api_version.clone(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
        }
    }
}

/// What became of an object, as a watch tells it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added(Object),
    /// It is another one than before.
    Modified(Object),
    /// It is gone; this is the last that was seen of it.
    Deleted(Object),
}

impl Change {
    /// The object.
    #[must_use]
    pub const fn object(&self) -> &Object {
        match self {
            Self::Added(object) | Self::Modified(object) | Self::Deleted(object) => object,
        }
    }
}

/// Objects in memory, and what an API server does when one is made, written or deleted: defaults, identifiers, generations, graceful
/// deletion, finalizers. It does not validate.
///
/// ```
/// use k8s_model::core::Pod;
/// use k8s_model::plan::store::{Key, Store};
/// use k8s_model::plan::At;
///
/// let mut store = Store::default();
/// let at = At::new("2026-11-25T12:00:00Z".parse()?, 1);
/// let mut pod = Pod::default();
/// pod.metadata.generate_name = "web-".to_owned();
/// let key = store.create(pod.into(), at)?;
/// assert!(key.name.starts_with("web-") && key.namespace == "default");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Store {
    objects: BTreeMap<Key, Object>,
    version: u64,
    changes: Option<Vec<Change>>,
}

impl Store {
    /// A store of objects that are there already, as they are.
    #[must_use]
    pub fn of(objects: impl IntoIterator<Item = Object>) -> Self {
        let objects = objects.into_iter().map(|object| (Key::of(&object), object)).collect();
        Self { objects, ..Self::default() }
    }

    /// Keeps what changes from now on, for [`take_changes`](Self::take_changes).
    pub fn watch(&mut self) {
        self.changes.get_or_insert_default();
    }

    /// What changed since the last time, the oldest first; nothing without [`watch`](Self::watch).
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// An object.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// All objects, in the order of their keys.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// All keys with their objects.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Object)> {
        self.objects.iter()
    }

    /// The objects as controllers see them.
    #[must_use]
    pub fn world(&self) -> World<'_> {
        World::new(self.objects())
    }

    /// Does what an action says. Reports are passed over: they are for people.
    ///
    /// # Errors
    ///
    /// As the functions for each of them.
    pub fn apply(&mut self, action: &Action, at: At) -> Result<(), StoreError> {
        match action {
            Action::Create(object) => self.create(object.clone(), at).map(|_| ()),
            Action::Update(object) => self.update(object.clone()),
            Action::UpdateStatus(object) => self.update_status(object),
            Action::Delete { object, options } => self.delete(object, options, at),
            Action::Report(_) => Ok(()),
        }
    }

    /// Makes an object: it gets its defaults, a name where only the beginning of one is given, the namespace `default` where its kind has
    /// namespaces and it names none, an identifier, and the moment.
    ///
    /// # Errors
    ///
    /// On a kind without metadata, on a name that is taken, and in a namespace that is on its way out.
    pub fn create(&mut self, mut object: Object, at: At) -> Result<Key, StoreError> {
        let namespaced = object.info().is_none_or(|info| info.scope == Scope::Namespaced);
        let Some(metadata) = object.metadata_mut() else {
            return Err(StoreError::NoMetadata(object.kind().to_owned()));
        };
        if namespaced && metadata.namespace.is_empty() {
            "default".clone_into(&mut metadata.namespace);
        }
        let purpose = format!("{}/{}{}", metadata.namespace, metadata.name, metadata.generate_name);
        if metadata.name.is_empty() && !metadata.generate_name.is_empty() {
            metadata.name = complete(&metadata.generate_name, at.draw(&purpose, self.version));
        }
        let key = Key::of(&object);
        if self.objects.contains_key(&key) {
            return Err(StoreError::AlreadyExists(key.into()));
        }
        if self.is_going(&key.namespace) {
            return Err(StoreError::NamespaceTerminating(key.into()));
        }
        if let Some(metadata) = object.metadata_mut() {
            self.fill(metadata, &purpose, at);
        }
        default(&mut object);
        prepare(&mut object);
        self.objects.insert(key.clone(), object.clone());
        self.tell(|| Change::Added(object));
        Ok(key)
    }

    /// Whether a namespace is on its way out. One that is not there is not asked for.
    fn is_going(&self, namespace: &str) -> bool {
        let key = Key {
            kind: "Namespace".to_owned(),
            api_version: "v1".to_owned(),
            namespace: String::new(),
            name: namespace.to_owned(),
        };
        let metadata = self.objects.get(&key).and_then(Object::metadata);
        metadata.is_some_and(|metadata| metadata.deletion_timestamp.is_some())
    }

    /// Takes an object in as it is, status and all, and fills in only what it lacks: defaults, the namespace, an identifier and the time of its
    /// creation. An object of that name is replaced.
    ///
    /// # Errors
    ///
    /// On a kind without metadata.
    pub fn admit(&mut self, mut object: Object, at: At) -> Result<Key, StoreError> {
        let namespaced = object.info().is_none_or(|info| info.scope == Scope::Namespaced);
        let Some(metadata) = object.metadata_mut() else {
            return Err(StoreError::NoMetadata(object.kind().to_owned()));
        };
        if namespaced && metadata.namespace.is_empty() {
            "default".clone_into(&mut metadata.namespace);
        }
        let is_new = metadata.uid.is_empty();
        if is_new {
            metadata.uid = at.uid(&format!("{}/{}", metadata.namespace, metadata.name), self.version);
            metadata.generation = metadata.generation.max(1);
        }
        metadata.creation_timestamp.get_or_insert_with(|| Time::from(at.now));
        metadata.resource_version = self.next_version();
        default(&mut object);
        if is_new {
            prepare(&mut object);
        }
        let key = Key::of(&object);
        self.objects.insert(key.clone(), object.clone());
        self.tell(|| Change::Added(object));
        Ok(key)
    }

    fn fill(&mut self, metadata: &mut ObjectMeta, purpose: &str, at: At) {
        metadata.uid = at.uid(purpose, self.version);
        metadata.creation_timestamp = Some(Time::from(at.now));
        metadata.deletion_timestamp = None;
        metadata.deletion_grace_period_seconds = None;
        metadata.generation = 1;
        metadata.resource_version = self.next_version();
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    /// Writes an object but for its status. When what is wanted of it changes, its generation grows. One that is being deleted goes
    /// when its last finalizer does.
    ///
    /// # Errors
    ///
    /// On an object that is not there, and on one that was written since it was read: its `resourceVersion` is another one.
    pub fn update(&mut self, object: Object) -> Result<(), StoreError> {
        let key = Key::of(&object);
        let stored = self.current(&key, &object)?;
        let Some(written) = stored::written(stored, object) else { return Ok(()) };
        self.put(key, written);
        Ok(())
    }

    /// Writes the status of an object, and nothing else.
    ///
    /// # Errors
    ///
    /// As for [`update`](Self::update).
    pub fn update_status(&mut self, object: &Object) -> Result<(), StoreError> {
        let key = Key::of(object);
        let mut written = self.current(&key, object)?.clone();
        if stored::copy_status(object, &mut written) {
            self.put(key, written);
        }
        Ok(())
    }

    /// The object as it is stored, when the one given is the same or newer.
    fn current(&self, key: &Key, object: &Object) -> Result<&Object, StoreError> {
        let stored = self.objects.get(key).ok_or_else(|| StoreError::NotFound(key.clone().into()))?;
        let version = |object: &Object| object.metadata().map(|metadata| metadata.resource_version.clone());
        let read = version(object).filter(|version| !version.is_empty());
        if read.is_some() && read != version(stored) {
            return Err(StoreError::Modified(key.clone().into()));
        }
        Ok(stored)
    }

    /// Stores what was written, or takes it away when nothing holds it any more.
    fn put(&mut self, key: Key, mut object: Object) {
        if deletion::is_done(&object) {
            self.objects.remove(&key);
            self.tell(|| Change::Deleted(object));
            return;
        }
        let version = self.next_version();
        if let Some(metadata) = object.metadata_mut() {
            metadata.resource_version = version;
        }
        self.objects.insert(key, object.clone());
        self.tell(|| Change::Modified(object));
    }

    fn tell(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.changes {
            changes.push(change());
        }
    }
}

/// What the server fills in beside defaults.
fn prepare(object: &mut Object) {
    match object {
        Object::Pod(pod) => {
            if pod.status.phase.is_unset() {
                pod.status.phase = PodPhase::Pending;
            }
            pod.status.qos_class = crate::resources::qos_class(&pod.spec);
        }
        Object::Job(job) => super::job::generate_selector(job),
        Object::Namespace(namespace) => {
            if namespace.spec.finalizers.is_empty() {
                namespace.spec.finalizers.push(FinalizerName::Kubernetes);
            }
            namespace.status.phase = NamespacePhase::Active;
        }
        _ => {}
    }
}

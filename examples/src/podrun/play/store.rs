//! The objects of a data directory: one file each, whole or not there, readable by any terminal at any moment.
//!
//! ```text
//! objects/lock         whoever writes holds it, for a moment
//! objects/reconciler   whoever reconciles holds it, for its life; its process identifier
//! objects/revision     the number of the last write
//! objects/wake         written after each write: who waits for changes watches it
//! objects/new/         files that are being written
//! objects/kept/RESOURCE/NAMESPACE/NAME
//! objects/begun/UUID   a pod that was begun for an object, until nothing of it is left
//! ```
//!
//! A process that dies between two of these leaves at most a file in `new`, and a number that no object has.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use k8s_model::encode::to_json;
use k8s_model::object::Object;
use k8s_model::registry::{KindInfo, Scope};
use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

/// Where objects without a namespace are: no namespace is called so.
const NO_NAMESPACE: &str = "_";

/// Which object is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// The resource: `pods`, `deployments.apps`.
    resource: String,
    /// Empty for what is in no namespace.
    namespace: String,
    name: String,
}

impl Key {
    /// The key of an object that was named on a command line.
    pub(super) fn new(info: &KindInfo, namespace: &str, name: &str) -> anyhow::Result<Self> {
        let namespace = if info.scope == Scope::Cluster { "" } else { namespace };
        for part in [namespace, name] {
            if part.contains(['/', '\0']) || matches!(part, "." | "..") || part.len() > 253 {
                bail!("`{}` is no name of an object", part.escape_debug());
            }
        }
        if name.is_empty() {
            bail!("an object without a name cannot be kept");
        }
        let resource = resource(info.group(), info.plural);
        Ok(Self { resource, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// The key of an object.
    pub(super) fn of(object: &Object) -> anyhow::Result<Self> {
        let info = k8s_model::registry::kind(object.api_version(), object.kind())
            .filter(|info| info.scope != Scope::None && !info.plural.is_empty());
        let Some(info) = info else {
            bail!(
                "`{}` of `{}`: only objects of Kubernetes' own kinds are kept",
                object.kind(),
                object.api_version()
            );
        };
        Self::new(info, object.namespace(), object.name())
    }

    fn path(&self, root: &Path) -> PathBuf {
        let namespace = if self.namespace.is_empty() { NO_NAMESPACE } else { &self.namespace };
        root.join("kept").join(&self.resource).join(namespace).join(&self.name)
    }
}

impl fmt::Display for Key {
    /// As kubectl says that something is not there: `deployments.apps "web"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\"", self.resource, self.name)
    }
}

/// A resource with its group: `pods`, `deployments.apps`.
pub(super) fn resource(group: &str, plural: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}

/// The objects of a data directory.
#[derive(Debug, Clone)]
pub(super) struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens the objects of a data directory, and makes the place for them.
    pub(super) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let root = data_dir.join("objects");
        for dir in ["new", "kept", "begun"].map(|name| root.join(name)) {
            fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        }
        let wake = root.join("wake");
        File::options()
            .append(true)
            .create(true)
            .open(&wake)
            .with_context(|| format!("cannot make `{}`", wake.display()))?;
        Ok(Self { root })
    }

    /// The file that is written after each change.
    pub(super) fn wake_file(&self) -> PathBuf {
        self.root.join("wake")
    }

    /// What a reconciler in the background says on its standard error.
    pub(super) fn log(&self) -> PathBuf {
        self.root.join("reconciler.log")
    }

    /// An object; `None` when it is not there.
    pub(super) fn read(&self, key: &Key) -> anyhow::Result<Option<Object>> {
        read(&key.path(&self.root))
    }

    /// All objects of a resource, in one namespace or in all, by namespace and name.
    pub(super) fn list(&self, resource: &str, namespace: Option<&str>) -> anyhow::Result<Vec<Object>> {
        let dir = self.root.join("kept").join(resource);
        let mut found = Vec::new();
        for own in names(&dir)? {
            if namespace.is_some_and(|wanted| own != wanted && own != NO_NAMESPACE) {
                continue;
            }
            for name in names(&dir.join(&own))? {
                // One that has gone since then is none.
                found.extend(read(&dir.join(&own).join(name))?);
            }
        }
        Ok(found)
    }

    /// All objects there are.
    pub(super) fn all(&self) -> anyhow::Result<Vec<Object>> {
        let mut all = Vec::new();
        for resource in names(&self.root.join("kept"))? {
            all.extend(self.list(&resource, None)?);
        }
        Ok(all)
    }

    /// Waits for whoever writes now, and keeps others from writing.
    pub(super) fn write(&self) -> anyhow::Result<Writer<'_>> {
        let path = self.root.join("lock");
        let doing = || format!("cannot lock `{}`", path.display());
        let lock = File::create(&path).with_context(doing)?;
        flock(&lock, FlockOperation::LockExclusive).with_context(doing)?;
        Ok(Writer { store: self, _lock: lock, wrote: false })
    }

    /// Becomes the one that reconciles; `None` when another process does.
    pub(super) fn reconcile(&self) -> anyhow::Result<Option<Reconciling>> {
        let path = self.root.join("reconciler");
        let doing = || format!("cannot lock `{}`", path.display());
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(doing)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            locked => locked.with_context(doing)?,
        }
        lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).with_context(doing)?;
        Ok(Some(Reconciling { _lock: lock }))
    }

    /// The process that reconciles, if one does.
    pub(super) fn reconciler(&self) -> anyhow::Result<Option<u32>> {
        let path = self.root.join("reconciler");
        let Ok(file) = File::open(&path) else { return Ok(None) };
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => {
                Ok(fs::read_to_string(&path).ok().and_then(|text| text.parse().ok()).or(Some(0)))
            }
            locked => {
                locked.with_context(|| format!("cannot look at `{}`", path.display()))?;
                Ok(None)
            }
        }
    }

    /// Notes that something of a pod may be there from now on.
    pub(super) fn begin(&self, uid: Uuid) -> anyhow::Result<()> {
        let path = self.root.join("begun").join(uid.to_string());
        File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(())
    }

    /// Notes that nothing of a pod is left.
    pub(super) fn ended(&self, uid: Uuid) -> anyhow::Result<()> {
        let path = self.root.join("begun").join(uid.to_string());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// The pods of which something may be there.
    pub(super) fn begun(&self) -> anyhow::Result<Vec<Uuid>> {
        Ok(names(&self.root.join("begun"))?.iter().filter_map(|name| name.parse().ok()).collect())
    }

    fn next_revision(&self) -> anyhow::Result<u64> {
        let path = self.root.join("revision");
        let last = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            text => {
                let text = text.with_context(|| format!("cannot read `{}`", path.display()))?;
                text.trim().parse::<u64>().with_context(|| format!("`{}` has no number", path.display()))?
            }
        };
        let next = last + 1;
        self.replace(&path, next.to_string().as_bytes(), Durability::Volatile)?;
        Ok(next)
    }

    fn replace(&self, path: &Path, bytes: &[u8], durability: Durability) -> anyhow::Result<()> {
        let doing = || format!("cannot write `{}`", path.display());
        // Only one writes at a time.
        let new = self.root.join("new").join("file");
        let mut file = File::create(&new).with_context(doing)?;
        file.write_all(bytes).with_context(doing)?;
        if durability == Durability::Synced {
            file.sync_all().with_context(doing)?;
        }
        fs::rename(&new, path).with_context(doing)
    }
}

/// Whether what is written must outlive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// What a user said.
    Synced,
    /// What follows from what users said, or was seen: a power loss ends what it tells of anyway.
    Volatile,
}

/// Holds the lock of those who reconcile, as long as it lives.
#[derive(Debug)]
pub(super) struct Reconciling {
    _lock: File,
}

/// Writes objects, and wakes whoever waits for that when it is dropped.
#[derive(Debug)]
pub(super) struct Writer<'s> {
    store: &'s Store,
    _lock: File,
    wrote: bool,
}

impl Writer<'_> {
    /// An object as it is now.
    pub(super) fn read(&self, key: &Key) -> anyhow::Result<Option<Object>> {
        self.store.read(key)
    }

    /// Keeps an object, in place of the one of its key that was there; its `resourceVersion` is new.
    pub(super) fn keep(&mut self, object: &mut Object, durability: Durability) -> anyhow::Result<()> {
        let key = Key::of(object)?;
        let path = key.path(&self.store.root);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
        }
        let revision = self.store.next_revision()?;
        if let Some(metadata) = object.metadata_mut() {
            metadata.resource_version = revision.to_string();
        }
        self.wrote = true;
        self.store.replace(&path, to_json(object).as_bytes(), durability)
    }

    /// Keeps an object no longer. What is not there is no failure.
    pub(super) fn remove(&mut self, key: &Key) -> anyhow::Result<()> {
        let path = key.path(&self.store.root);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            removed => removed.with_context(|| format!("cannot remove `{}`", path.display()))?,
        }
        self.wrote = true;
        // Directories that are empty go; one that is not stays.
        let _ = path.parent().map(fs::remove_dir);
        let _ = path.parent().and_then(Path::parent).map(fs::remove_dir);
        self.store.next_revision().map(|_| ())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.wrote {
            // Nobody is told then; who waits looks again by itself from time to time.
            let _ = File::options()
                .write(true)
                .open(self.store.wake_file())
                .and_then(|mut file| file.write_all(b"."))
                .inspect_err(|error| tracing::warn!(%error, "nobody is told of a change"));
        }
    }
}

fn names(dir: &Path) -> anyhow::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot list `{}`", dir.display()))?,
    };
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

fn read(path: &Path) -> anyhow::Result<Option<Object>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("`{}` is no object", path.display())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

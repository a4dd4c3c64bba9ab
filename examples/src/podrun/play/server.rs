//! What an API server does: objects are admitted, checked and kept. How they are kept is [`k8s_model::plan::store`]'s business.

use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::{Context, anyhow, bail};
use k8s_model::admission::{self, Cluster, Step, admit};
use k8s_model::core::{ObjectReference, Pod, Service};
use k8s_model::default::default;
use k8s_model::meta::{DeleteOptions, DeletionPropagation};
use k8s_model::object::Object;
use k8s_model::patch::{self, Outcome};
use k8s_model::plan::At;
use k8s_model::plan::store::{Change, Key as ModelKey, Store as Model, StoreError};
use k8s_model::registry::Scope;
use k8s_model::service::{Allocator, Ranges};
use k8s_model::validate::{FieldError, validate, validate_update};
use pod_core::Timestamp;
use uuid::Uuid;

use super::store::{Durability, Key, Store};

/// How objects are admitted. The others are of no use here: pods never leave the one node, and nobody counts quotas again or takes the
/// finalizers of storage away.
const STEPS: &[Step] =
    &[Step::NamespaceLifecycle, Step::LimitRanger, Step::ServiceAccount, Step::Priority, Step::RuntimeClass];

/// What a change of an object comes to.
pub(super) struct Kept {
    pub(super) object: Object,
    pub(super) outcome: Outcome,
    pub(super) warnings: Vec<String>,
}

/// The time.
pub(super) fn now() -> Timestamp {
    SystemTime::now().into()
}

/// This moment, and a seed for names.
pub(super) fn at() -> At {
    let (seed, _) = Uuid::new_v4().as_u64_pair();
    At::new(now(), seed)
}

/// Changes objects as one: nobody else writes meanwhile, and nothing is written when it fails.
pub(super) fn transact<T>(
    store: &Store,
    durability: Durability,
    work: impl FnOnce(&mut Model) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    transact_beside(store, durability, Vec::new(), work)
}

/// The same, with objects that are there without being kept.
pub(super) fn transact_beside<T>(
    store: &Store,
    durability: Durability,
    beside: Vec<Object>,
    work: impl FnOnce(&mut Model) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut writer = store.write()?;
    let mut model = Model::of(store.all()?.into_iter().chain(beside));
    model.watch();
    let done = work(&mut model)?;
    let mut last: BTreeMap<Key, Option<Object>> = BTreeMap::new();
    for change in model.take_changes() {
        let key = Key::of(change.object())?;
        match change {
            Change::Deleted(_) => last.insert(key, None),
            other => last.insert(key, Some(other.object().clone())),
        };
    }
    for (key, object) in last {
        match object {
            Some(mut object) => writer.keep(&mut object, durability)?,
            None => writer.remove(&key)?,
        }
    }
    Ok(done)
}

/// Takes a new object in, as it comes from outside.
pub(super) fn create(store: &Store, object: Object, durability: Durability) -> anyhow::Result<Object> {
    transact(store, durability, |model| take_in(model, object))
}

/// Admits a new object, and keeps it.
pub(super) fn take_in(model: &mut Model, mut object: Object) -> anyhow::Result<Object> {
    let namespaced = object.info().is_some_and(|info| info.scope == Scope::Namespaced);
    if let Some(metadata) = object.metadata_mut()
        && metadata.namespace.is_empty()
        && namespaced
    {
        "default".clone_into(&mut metadata.namespace);
    }
    default(&mut object);
    admission::without_status(&mut object);
    {
        let all: Vec<&Object> = model.objects().collect();
        let mut cluster = Cluster::default();
        cluster.extend(all.iter().copied());
        admit(&mut object, &mut cluster, STEPS).map_err(|refusal| anyhow!(refusal.answer(&object)))?;
        if let Object::Service(service) = &mut object {
            addresses(service, &all).map_err(|errors| invalid(service_name(service), &errors))?;
        }
    }
    refuse(&object, &validate(&object))?;
    let key = model.create(object, at())?;
    model.get(&key).cloned().with_context(|| format!("`{}` has gone", key.name))
}

fn service_name(service: &Service) -> String {
    format!("Service \"{}\"", service.metadata.name)
}

/// Gives a service its addresses and node ports.
fn addresses(service: &mut Service, all: &[&Object]) -> Result<(), Vec<FieldError>> {
    let mut allocator = Allocator::new(Ranges::default());
    for object in all {
        if let Object::Service(other) = object
            && (&other.metadata.namespace, &other.metadata.name)
                != (&service.metadata.namespace, &service.metadata.name)
        {
            // What others have was given to them.
            let _ = allocator.take(other);
        }
    }
    allocator.take(service)?;
    allocator.give(service).map_err(|error| vec![error])
}

fn invalid(what: String, errors: &[FieldError]) -> anyhow::Error {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [only] => anyhow!("{what} is invalid: {only}"),
        lines => anyhow!("{what} is invalid:\n* {}", lines.join("\n* ")),
    }
}

fn refuse(object: &Object, errors: &[FieldError]) -> anyhow::Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    Err(invalid(format!("{} \"{}\"", object.kind(), object.name()), errors))
}

/// Applies an object as it was written, without its defaults; it names its namespace.
pub(super) fn apply(store: &Store, object: &Object) -> anyhow::Result<Kept> {
    transact(store, Durability::Synced, |model| {
        let live = model.get(&ModelKey::of(object)).cloned();
        let as_value = |object: &Object| serde_json::to_value(object).context("an object that is no JSON");
        let live_value = live.as_ref().map(as_value).transpose()?;
        let applied = patch::apply(live_value.as_ref(), &as_value(object)?)?;
        let warnings = applied.warnings;
        let merged: Object =
            serde_json::from_value(applied.object).with_context(|| object.resource_name())?;
        let Some(live) = live else {
            let object = take_in(model, merged)?;
            return Ok(Kept { object, outcome: Outcome::Created, warnings });
        };
        if applied.outcome == Outcome::Unchanged {
            return Ok(Kept { object: live, outcome: Outcome::Unchanged, warnings });
        }
        let object = replace(model, merged, &live)?;
        Ok(Kept { object, outcome: Outcome::Configured, warnings })
    })
}

/// Writes an object in place of the one that is kept.
fn replace(model: &mut Model, mut new: Object, live: &Object) -> anyhow::Result<Object> {
    default(&mut new);
    if let (Object::Service(service), Object::Service(old)) = (&mut new, live) {
        admission::keep_addresses(service, old);
        let all: Vec<&Object> = model.objects().collect();
        addresses(service, &all).map_err(|errors| invalid(service_name(service), &errors))?;
    }
    refuse(&new, &validate_update(&new, live))?;
    let key = ModelKey::of(&new);
    model.update(new)?;
    model.get(&key).cloned().with_context(|| format!("`{}` has gone", key.name))
}

/// Changes what is wanted of an object; `true` is that it was changed.
pub(super) fn change(
    store: &Store,
    object: &Object,
    work: impl FnOnce(&mut Object, &Model) -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    transact(store, Durability::Synced, |model| {
        let key = ModelKey::of(object);
        let live = model.get(&key).cloned().ok_or_else(|| StoreError::NotFound(Box::new(key)))?;
        let mut new = live.clone();
        work(&mut new, model)?;
        if new == live {
            return Ok(false);
        }
        replace(model, new, &live).map(|_| true)
    })
}

/// Changes what was seen of an object, unless it has gone; `true` is that it was changed. What is wanted of it is not looked at.
pub(super) fn observe(store: &Store, key: &Key, work: impl FnOnce(&mut Object)) -> anyhow::Result<bool> {
    let mut writer = store.write()?;
    let Some(live) = writer.read(key)? else { return Ok(false) };
    let mut new = live.clone();
    work(&mut new);
    if new == live {
        return Ok(false);
    }
    writer.keep(&mut new, Durability::Volatile)?;
    Ok(true)
}

/// How objects are deleted.
#[derive(Debug, Clone, Default)]
pub(super) struct Deletion {
    /// The seconds that pods have to end, instead of what they say.
    pub(super) grace: Option<i64>,
    /// What becomes of what belongs to them; without it, it goes afterwards.
    pub(super) propagation: Option<DeletionPropagation>,
}

/// Begins the end of an object; `false` is that there is none.
pub(super) fn delete(store: &Store, key: &Key, how: &Deletion) -> anyhow::Result<bool> {
    transact(store, Durability::Synced, |model| {
        let found = model.objects().find(|object| Key::of(object).is_ok_and(|other| other == *key)).cloned();
        let Some(object) = found else { return Ok(false) };
        let options = DeleteOptions {
            // Nothing of a pod is forgotten before it has ended.
            grace_period_seconds: how.grace.map(|grace| grace.max(1)),
            propagation_policy: Some(how.propagation.clone().unwrap_or(DeletionPropagation::Background)),
            ..DeleteOptions::default()
        };
        model.delete(&reference(&object), &options, at())?;
        Ok(true)
    })
}

/// Forgets a pod that has ended.
pub(super) fn forget(store: &Store, pod: &Pod) -> anyhow::Result<()> {
    let object = Object::from(pod.clone());
    let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
    transact(store, Durability::Volatile, |model| match model.delete(&reference(&object), &options, at()) {
        Err(StoreError::NotFound(_)) => Ok(()),
        done => Ok(done?),
    })
}

pub(super) fn reference(object: &Object) -> ObjectReference {
    ObjectReference {
        kind: object.kind().to_owned(),
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        api_version: object.api_version().to_owned(),
        ..ObjectReference::default()
    }
}

/// The identifier of a pod, which is its name for the engine.
pub(super) fn uuid_of(pod: &Pod) -> anyhow::Result<Uuid> {
    match pod.metadata.uid.parse() {
        Ok(uid) => Ok(uid),
        Err(error) => bail!("pod `{}` has no identifier: {error}", pod.metadata.name),
    }
}

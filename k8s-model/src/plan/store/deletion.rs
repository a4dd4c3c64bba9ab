//! How objects go.

use super::{Key, Store, StoreError};
use crate::core::{NamespacePhase, ObjectReference, Pod};
use crate::meta::{DeleteOptions, DeletionPropagation, ObjectMeta};
use crate::object::Object;
use crate::plan::at::At;
use crate::plan::pods::{is_over, seconds};
use crate::time::Time;

/// The finalizer of an object whose dependents go first.
pub const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of an object whose dependents stay.
pub const ORPHAN: &str = "orphan";

impl Store {
    /// Deletes an object, or begins to: a pod on a node has its grace period, and what has finalizers waits for them.
    ///
    /// # Errors
    ///
    /// On an object that is not there, and on one with another identifier or version than the preconditions say.
    pub fn delete(
        &mut self,
        object: &ObjectReference,
        options: &DeleteOptions,
        at: At,
    ) -> Result<(), StoreError> {
        let key = Key::from(object);
        let Some(stored) = self.objects.get(&key) else { return Err(StoreError::NotFound(key.into())) };
        check(&key, stored.metadata(), options)?;
        let mut object = stored.clone();
        mark(&mut object, options, at);
        if object != *stored || is_done(&object) {
            self.put(key, object);
        }
        Ok(())
    }
}

fn check(key: &Key, metadata: Option<&ObjectMeta>, options: &DeleteOptions) -> Result<(), StoreError> {
    let (Some(wanted), Some(metadata)) = (options.preconditions.as_deref(), metadata) else { return Ok(()) };
    match &wanted.uid {
        Some(uid) if *uid != metadata.uid => {
            let (wanted, found) = (uid.clone(), metadata.uid.clone());
            return Err(StoreError::OtherUid { key: key.clone().into(), wanted, found });
        }
        _ => {}
    }
    match &wanted.resource_version {
        Some(version) if *version != metadata.resource_version => {
            Err(StoreError::Modified(key.clone().into()))
        }
        _ => Ok(()),
    }
}

/// Marks an object as one that is to go.
fn mark(object: &mut Object, options: &DeleteOptions, at: At) {
    let grace = match object {
        Object::Pod(pod) => pod_grace(pod, options),
        _ => 0,
    };
    let propagation = options.propagation_policy.clone().or_else(|| usual(object));
    let Some(metadata) = object.metadata_mut() else { return };
    let shorter = metadata.deletion_grace_period_seconds.is_none_or(|before| grace < before);
    if metadata.deletion_timestamp.is_none() || shorter {
        metadata.deletion_timestamp = Some(Time::from(at.now + seconds(grace)));
        metadata.deletion_grace_period_seconds = Some(grace);
    }
    if let Some(propagation) = propagation {
        metadata.finalizers.retain(|finalizer| ![FOREGROUND, ORPHAN].contains(&finalizer.as_str()));
        let holds = match propagation {
            DeletionPropagation::Foreground => Some(FOREGROUND),
            DeletionPropagation::Orphan => Some(ORPHAN),
            _ => None,
        };
        metadata.finalizers.extend(holds.map(str::to_owned));
    }
    if let Object::Namespace(namespace) = object {
        namespace.status.phase = NamespacePhase::Terminating;
    }
}

/// A pod that is on no node, or over, needs no time.
fn pod_grace(pod: &Pod, options: &DeleteOptions) -> i64 {
    if pod.spec.node_name.is_empty() || is_over(pod) {
        return 0;
    }
    options.grace_period_seconds.or(pod.spec.termination_grace_period_seconds).unwrap_or(30).max(0)
}

/// What becomes of dependents when nothing is said: those of the oldest kinds stay, others are left to what was said before.
const fn usual(object: &Object) -> Option<DeletionPropagation> {
    match object {
        Object::ReplicationController(_) | Object::Job(_) => Some(DeletionPropagation::Orphan),
        _ => None,
    }
}

/// Whether an object that is to go is held by nothing any more.
pub(super) fn is_done(object: &Object) -> bool {
    let Some(metadata) = object.metadata() else { return false };
    let over = match object {
        Object::Pod(_) => metadata.deletion_grace_period_seconds == Some(0),
        Object::Namespace(namespace) => namespace.spec.finalizers.is_empty(),
        _ => true,
    };
    metadata.deletion_timestamp.is_some() && metadata.finalizers.is_empty() && over
}

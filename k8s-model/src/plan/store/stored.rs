//! What a write changes of a stored object.

use crate::object::Object;

/// For the kinds that have a status.
macro_rules! with_status {
    ($($kind:ident),*) => {
        /// Copies the status of one object to another of the same kind; whether it was another one.
        pub(super) fn copy_status(from: &Object, to: &mut Object) -> bool {
            match (from, to) {
                $((Object::$kind(from), Object::$kind(to)) if from.status != to.status => {
                    to.status.clone_from(&from.status);
                    true
                })*
                _ => false,
            }
        }
    };
}

/// For the kinds whose generation counts.
macro_rules! with_spec {
    ($($kind:ident),*) => {
        /// Whether something else is wanted of one object than of the other.
        fn wants_other(a: &Object, b: &Object) -> bool {
            match (a, b) {
                $((Object::$kind(a), Object::$kind(b)) => a.spec != b.spec,)*
                _ => false,
            }
        }
    };
}

with_status!(
    Pod,
    ReplicationController,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Namespace,
    Node,
    Service,
    PersistentVolume,
    PersistentVolumeClaim,
    Ingress,
    PodDisruptionBudget,
    HorizontalPodAutoscaler
);
with_spec!(
    Pod,
    ReplicationController,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Ingress,
    NetworkPolicy,
    PodDisruptionBudget
);

/// An object as it is stored when it is written: what only the server writes stays. `None` when nothing changes.
pub(super) fn written(stored: &Object, mut object: Object) -> Option<Object> {
    copy_status(stored, &mut object);
    let (Some(before), Some(metadata)) = (stored.metadata(), object.metadata_mut()) else { return None };
    metadata.uid.clone_from(&before.uid);
    metadata.creation_timestamp = before.creation_timestamp;
    metadata.deletion_timestamp = before.deletion_timestamp;
    metadata.deletion_grace_period_seconds = before.deletion_grace_period_seconds;
    metadata.generation = before.generation;
    metadata.resource_version.clone_from(&before.resource_version);
    if *stored == object {
        return None;
    }
    if wants_other(stored, &object)
        && let Some(metadata) = object.metadata_mut()
    {
        metadata.generation += 1;
    }
    Some(object)
}

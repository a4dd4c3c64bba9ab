//! Claims and the volumes that they get: which one fits, how both are bound, what becomes of a volume when its claim is gone, and where a
//! pod with claims can run.
//!
//! ```
//! use k8s_model::volume_binding::Storage;
//! # use k8s_model::decode::{Mode, decode_str};
//! # use k8s_model::object::Object;
//! # let text = "
//! # apiVersion: v1
//! # kind: PersistentVolume
//! # metadata: {name: task-pv-volume, labels: {type: local}}
//! # spec: {storageClassName: manual, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /mnt/data}}
//! # ---
//! # apiVersion: v1
//! # kind: PersistentVolumeClaim
//! # metadata: {name: task-pv-claim, namespace: default, uid: '1'}
//! # spec: {storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}}
//! # ";
//! # let decoded = decode_str(text, "claim.yaml", Mode::Strict);
//! let mut storage = Storage::default();
//! for document in decoded.documents {
//!     storage.take(document.object);
//! }
//! let plan = storage.reconcile();
//! assert_eq!(plan.claims[0].spec.volume_name, "task-pv-volume");
//! assert_eq!(plan.claims[0].status.phase.as_str(), "Bound");
//! assert_eq!(plan.volumes[0].status.phase.as_str(), "Bound");
//! ```
//!
//! [`Storage::reconcile`] is the controller: it returns the objects as they should be, and what somebody else has to do. [`PodVolumes`] is the
//! scheduler's part, for [`Cluster::place_where`](crate::schedule::Cluster::place_where). [`access_conflict`] says which pods cannot use a
//! volume at once, [`Expansion`] how a claim grows.
//!
//! Source: `pkg/controller/volume/persistentvolume` and `pkg/scheduler/framework/plugins/volumebinding` of Kubernetes 1.36. What is left out:
//! populators and clones of volumes, capacities that drivers publish, and volumes of old in-tree plugins by zone.

mod access;
mod expansion;
mod matching;
mod plan;
mod pod_volumes;
mod storage;

pub use access::{AccessConflict, Use, access_conflict};
pub use expansion::Expansion;
pub(crate) use matching::OLD_CLASS;
pub use matching::{Mismatch, best_match, claim_class, volume_class};
pub use plan::{Plan, Severity, Step};
pub use pod_volumes::{Binding, PodVolumes, PodVolumesError};
pub use storage::{Storage, default_class};

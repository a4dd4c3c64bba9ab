//! Where a pod with claims can run, and what its claims get there (`volumebinding.SchedulerVolumeBinder`).

use std::collections::BTreeSet;

use super::matching::{Search, find, reaches};
use super::storage::{NO_PROVISIONER, Storage, asked, claims_of, uses};
use crate::core::{
    Node, PersistentVolume, PersistentVolumeAccessMode, PersistentVolumeClaim, PersistentVolumeClaimPhase,
    Pod, PodPhase, TopologySelectorTerm,
};
use crate::volume_binding::claim_class;

/// Why a pod cannot be placed at all, whatever the nodes are, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PodVolumesError {
    /// There is no such claim.
    #[error("persistentvolumeclaim {0:?} not found")]
    NotFound(String),
    /// The claim is on its way out.
    #[error("persistentvolumeclaim {0:?} is being deleted")]
    Deleted(String),
    /// The claim has lost its volume.
    #[error("persistentvolumeclaim {0:?} bound to non-existent persistentvolume {1:?}")]
    Lost(String, String),
    /// A claim that does not wait for a pod has no volume.
    #[error("pod has unbound immediate PersistentVolumeClaims")]
    Unbound,
}

/// What a claim gets when its pod is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Binding {
    /// A volume that is there: its `claimRef` is set.
    Volume {
        /// The name of the claim.
        claim: String,
        /// The name of the volume.
        volume: String,
    },
    /// A volume that is made for the node: the claim's annotation `volume.kubernetes.io/selected-node` is set.
    Provision {
        /// The name of the claim.
        claim: String,
        /// The class.
        class: String,
    },
}

/// The claims of a pod that is to be placed.
#[derive(Debug, Clone)]
pub struct PodVolumes<'s> {
    storage: &'s Storage,
    bound: Vec<&'s PersistentVolumeClaim>,
    /// Those that wait for the pod, the smallest first.
    waiting: Vec<&'s PersistentVolumeClaim>,
    /// Whether another pod has a claim that one pod alone may use.
    taken: bool,
}

impl<'s> PodVolumes<'s> {
    /// The claims of a pod.
    ///
    /// # Errors
    ///
    /// When one is not there, is being deleted or has lost its volume, and when one has no volume that does not wait for a pod.
    pub fn of(pod: &Pod, storage: &'s Storage) -> Result<Self, PodVolumesError> {
        let mut volumes = Self { storage, bound: Vec::new(), waiting: Vec::new(), taken: false };
        let mut unbound = false;
        for name in claims_of(pod) {
            let Some(claim) = storage.claim(&pod.metadata.namespace, &name) else {
                return Err(PodVolumesError::NotFound(name));
            };
            if claim.metadata.deletion_timestamp.is_some() {
                return Err(PodVolumesError::Deleted(name));
            }
            if claim.status.phase == PersistentVolumeClaimPhase::Lost {
                return Err(PodVolumesError::Lost(name, claim.spec.volume_name.clone()));
            }
            volumes.taken |= is_taken(claim, pod, storage);
            if claim.status.phase == PersistentVolumeClaimPhase::Bound && !claim.spec.volume_name.is_empty() {
                volumes.bound.push(claim);
            } else if storage.waits(claim) && claim.spec.volume_name.is_empty() {
                volumes.waiting.push(claim);
            } else {
                unbound = true;
            }
        }
        if unbound {
            return Err(PodVolumesError::Unbound);
        }
        volumes.waiting.sort_by(|a, b| asked(a).cmp(&asked(b)));
        Ok(volumes)
    }

    /// Whether the pod has no claim.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bound.is_empty() && self.waiting.is_empty()
    }

    /// Why a node does not suit; nothing where it does. For [`Cluster::place_where`](crate::schedule::Cluster::place_where).
    #[must_use]
    pub fn reasons(&self, node: &Node) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.taken {
            reasons.push(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
            );
            return reasons.into_iter().map(str::to_owned).collect();
        }
        let volumes: Vec<_> =
            self.bound.iter().map(|claim| self.storage.volume(&claim.spec.volume_name)).collect();
        if volumes.iter().any(Option::is_none) {
            reasons.push("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)");
        }
        if volumes.into_iter().flatten().any(|volume| !reaches(node, volume)) {
            reasons.push("node(s) didn't match PersistentVolume's node affinity");
        }
        if self.bindings(node).is_none() {
            reasons.push("node(s) didn't find available persistent volumes to bind");
        }
        reasons.into_iter().map(str::to_owned).collect()
    }

    /// What the claims get that wait for the pod, when it is placed on a node; `None` where one would get nothing.
    #[must_use]
    pub fn bindings(&self, node: &Node) -> Option<Vec<Binding>> {
        let mut given: BTreeSet<&str> = BTreeSet::new();
        let mut bindings = Vec::new();
        for claim in &self.waiting {
            let name = claim.metadata.name.clone();
            let found: Option<&PersistentVolume> =
                find(claim, self.storage.volumes.values(), Search::Node { node, given: &given });
            if let Some(volume) = found {
                given.insert(&volume.metadata.name);
                bindings.push(Binding::Volume { claim: name, volume: volume.metadata.name.clone() });
                continue;
            }
            let class = self.storage.classes.get(claim_class(claim))?;
            let makes = !class.provisioner.is_empty() && class.provisioner != NO_PROVISIONER;
            if !makes || !is_allowed(&class.allowed_topologies, node) {
                return None;
            }
            bindings.push(Binding::Provision { claim: name, class: class.metadata.name.clone() });
        }
        Some(bindings)
    }
}

/// Whether another pod has a claim that one pod alone may use.
fn is_taken(claim: &PersistentVolumeClaim, pod: &Pod, storage: &Storage) -> bool {
    claim.spec.access_modes.contains(&PersistentVolumeAccessMode::ReadWriteOncePod)
        && storage.pods.values().any(|other| {
            other.metadata.name != pod.metadata.name
                && !other.spec.node_name.is_empty()
                && !matches!(other.status.phase, PodPhase::Succeeded | PodPhase::Failed)
                && uses(other, claim)
        })
}

/// Whether volumes may be made for a node: one of the terms must hold, where there are some.
fn is_allowed(terms: &[TopologySelectorTerm], node: &Node) -> bool {
    let labels = &node.metadata.labels;
    terms.is_empty()
        || terms.iter().any(|term| {
            let mut conditions = term.match_label_expressions.iter();
            conditions.all(|one| labels.get(&one.key).is_some_and(|value| one.values.contains(value)))
        })
}

//! Which volume a claim gets (`k8s.io/component-helpers/storage/volume`).

use std::collections::BTreeSet;

use pod_core::quantity::Quantity;

use crate::core::{
    Node, PersistentVolume, PersistentVolumeAccessMode, PersistentVolumeClaim, PersistentVolumeMode,
    PersistentVolumePhase,
};
use crate::resources::ResourceList;
use crate::schedule::NodeSelection;
use crate::selector::Selector;

/// The annotation that named the class before there was a field.
pub(crate) const OLD_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// The class that a claim asks for; empty is none.
#[must_use]
pub fn claim_class(claim: &PersistentVolumeClaim) -> &str {
    let old = claim.metadata.annotations.get(OLD_CLASS);
    old.or(claim.spec.storage_class_name.as_ref()).map_or("", String::as_str)
}

/// The class that a volume is of; empty is none.
#[must_use]
pub fn volume_class(volume: &PersistentVolume) -> &str {
    volume.metadata.annotations.get(OLD_CLASS).unwrap_or(&volume.spec.storage_class_name)
}

/// Why a claim cannot have the volume that it names, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// The volume is being deleted.
    #[error("the volume is marked for deletion {0:?}")]
    Deleted(String),
    /// It holds less than is asked for.
    #[error("requested PV is too small")]
    TooSmall,
    /// It is of another class.
    #[error("storageClassName does not match")]
    Class,
    /// It is of another class of attributes.
    #[error("volumeAttributesClassName does not match")]
    AttributesClass,
    /// One is a file system and the other a block device.
    #[error("incompatible volumeMode")]
    VolumeMode,
    /// It cannot be mounted in all the ways that are asked for.
    #[error("incompatible accessMode")]
    AccessMode,
}

impl Mismatch {
    /// Whether a claim can have a volume (`checkVolumeSatisfyClaim`). Selector and nodes do not count where the claim names the volume.
    ///
    /// # Errors
    ///
    /// With the first thing that does not fit: 1Gi where 2Gi are asked for, class `fast` where `slow` is.
    pub fn check(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> Result<(), Self> {
        if volume.metadata.deletion_timestamp.is_some() {
            return Err(Self::Deleted(volume.metadata.name.clone()));
        }
        if !is_large_enough(claim, volume) {
            return Err(Self::TooSmall);
        }
        if claim_class(claim) != volume_class(volume) {
            return Err(Self::Class);
        }
        if !has_attributes(claim, volume) {
            return Err(Self::AttributesClass);
        }
        if !has_mode(claim, volume) {
            return Err(Self::VolumeMode);
        }
        if has_access(claim, volume) { Ok(()) } else { Err(Self::AccessMode) }
    }
}

/// How much storage a list says.
pub(super) fn storage(list: &ResourceList) -> Option<&Quantity> {
    list.get("storage")
}

fn is_large_enough(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    match (storage(&claim.spec.resources.requests), storage(&volume.spec.capacity)) {
        (Some(wanted), Some(has)) => has >= wanted,
        (Some(wanted), None) => wanted.is_zero(),
        (None, _) => true,
    }
}

fn has_mode(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    let mode = |mode: &Option<PersistentVolumeMode>| mode.clone().unwrap_or(PersistentVolumeMode::Filesystem);
    mode(&claim.spec.volume_mode) == mode(&volume.spec.volume_mode)
}

fn has_attributes(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    claim.spec.volume_attributes_class_name.as_deref().unwrap_or_default()
        == volume.spec.volume_attributes_class_name.as_deref().unwrap_or_default()
}

fn has_access(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> bool {
    claim.spec.access_modes.iter().all(|mode| volume.spec.access_modes.contains(mode))
}

/// Whether a volume is kept for a claim: its `claimRef` names it, and no other claim of that name.
pub(super) fn is_for(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|wanted| {
        wanted.name == claim.metadata.name
            && wanted.namespace == claim.metadata.namespace
            && (wanted.uid.is_empty() || wanted.uid == claim.metadata.uid)
    })
}

/// Whether a node can reach a volume.
pub(super) fn reaches(node: &Node, volume: &PersistentVolume) -> bool {
    let required = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
    required.is_none_or(|selector| NodeSelection::new(selector).matches(node))
}

/// Which volumes are looked at, and who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Search<'s> {
    /// The controller, which leaves claims that wait for a pod to the scheduler: they get only what is kept for them.
    Controller { waits: bool },
    /// The scheduler, for a node; without the volumes that it has given to other claims of the pod.
    Node { node: &'s Node, given: &'s BTreeSet<&'s str> },
}

/// The volume that a claim gets: the one that is kept for it, else of those with the fewest access modes the smallest that is large enough. Of
/// equal ones it is the first.
#[must_use]
pub fn best_match<'v>(
    claim: &PersistentVolumeClaim,
    volumes: impl IntoIterator<Item = &'v PersistentVolume>,
) -> Option<&'v PersistentVolume> {
    find(claim, volumes, Search::Controller { waits: false })
}

pub(super) fn find<'v>(
    claim: &PersistentVolumeClaim,
    volumes: impl IntoIterator<Item = &'v PersistentVolume>,
    search: Search<'_>,
) -> Option<&'v PersistentVolume> {
    let selector = match &claim.spec.selector {
        // One that is not well formed means nothing.
        Some(selector) => Selector::from_structured(Some(selector)).unwrap_or_else(|_| Selector::nothing()),
        None => Selector::everything(),
    };
    let mut best: Option<((usize, &Quantity), &PersistentVolume)> = None;
    for volume in volumes {
        let kept = is_for(volume, claim);
        let fits = has_access(claim, volume)
            && is_large_enough(claim, volume)
            && has_mode(claim, volume)
            && has_attributes(claim, volume)
            && volume.metadata.deletion_timestamp.is_none();
        let reached = match search {
            Search::Controller { .. } => true,
            Search::Node { node, given } => {
                !given.contains(volume.metadata.name.as_str()) && reaches(node, volume)
            }
        };
        if kept && fits {
            return reached.then_some(volume);
        }
        let free = volume.spec.claim_ref.is_none()
            && matches!(volume.status.phase, PersistentVolumePhase::Available)
            && !matches!(search, Search::Controller { waits: true });
        let suits = free && fits && reached && claim_class(claim) == volume_class(volume);
        if suits && selector.matches(&volume.metadata.labels) {
            let Some(size) = storage(&volume.spec.capacity) else { continue };
            let rank = (modes(volume), size);
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, volume));
            }
        }
    }
    best.map(|(_, volume)| volume)
}

/// How many ways of mounting a volume has.
fn modes(volume: &PersistentVolume) -> usize {
    volume.spec.access_modes.iter().collect::<BTreeSet<&PersistentVolumeAccessMode>>().len()
}

//! How a claim grows (`pkg/controller/volume/expand`, and the admission plugin `PersistentVolumeClaimResize`).

use pod_core::quantity::Quantity;

use super::matching::storage;
use super::storage::asked;
use crate::core::{
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimConditionType, PersistentVolumeClaimPhase,
    PersistentVolumeMode,
};
use crate::storage::StorageClass;

/// What is next for a claim that asks for more than it has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expansion {
    /// It has what it asks for.
    Done,
    /// It has no volume yet.
    NotBound,
    /// Its class does not let it grow.
    Refused,
    /// The driver makes the volume larger, to this size; the claim's condition is [`Expansion::condition`].
    Volume(Quantity),
    /// The volume is large enough, and the node makes the file system larger, while the pod runs or when it starts.
    FileSystem(Quantity),
    /// The volume, a block device, is large enough; the claim's status says so.
    Status(Quantity),
}

impl Expansion {
    /// What is next. The class is that of the claim; without one nothing grows.
    #[must_use]
    pub fn of(
        claim: &PersistentVolumeClaim,
        volume: &PersistentVolume,
        class: Option<&StorageClass>,
    ) -> Self {
        let (Some(wanted), Some(has)) = (asked(claim), storage(&claim.status.capacity)) else {
            return if claim.status.phase == PersistentVolumeClaimPhase::Bound {
                Self::Done
            } else {
                Self::NotBound
            };
        };
        if claim.status.phase != PersistentVolumeClaimPhase::Bound {
            return Self::NotBound;
        }
        if wanted <= has {
            return Self::Done;
        }
        if class.and_then(|class| class.allow_volume_expansion) != Some(true) {
            return Self::Refused;
        }
        let size = storage(&volume.spec.capacity);
        if size.is_none_or(|size| size < wanted) {
            Self::Volume(wanted.clone())
        } else if volume.spec.volume_mode == Some(PersistentVolumeMode::Block) {
            Self::Status(wanted.clone())
        } else {
            Self::FileSystem(wanted.clone())
        }
    }

    /// The condition that the claim has meanwhile.
    #[must_use]
    pub const fn condition(&self) -> Option<PersistentVolumeClaimConditionType> {
        match self {
            Self::Volume(_) => Some(PersistentVolumeClaimConditionType::Resizing),
            Self::FileSystem(_) => Some(PersistentVolumeClaimConditionType::FileSystemResizePending),
            _ => None,
        }
    }
}

//! Defaults of volumes that outlive pods, claims and classes.

use super::round_up;
use crate::core::{
    AzureDataDiskCachingMode, AzureDataDiskKind, HostPathType, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeClaimPhase, PersistentVolumeClaimSpec, PersistentVolumeMode, PersistentVolumePhase,
    PersistentVolumeReclaimPolicy, PersistentVolumeSpec,
};
use crate::storage::{
    CsiDriver, FsGroupPolicy, StorageClass, VolumeAttachment, VolumeBindingMode, VolumeLifecycleMode,
};

pub(super) fn claim(object: &mut PersistentVolumeClaim) {
    if object.status.phase.is_unset() {
        object.status.phase = PersistentVolumeClaimPhase::Pending;
    }
    round_up(&mut object.status.capacity);
    round_up(&mut object.status.allocated_resources);
    claim_spec(&mut object.spec);
}

pub(super) fn claim_spec(spec: &mut PersistentVolumeClaimSpec) {
    spec.volume_mode.get_or_insert(PersistentVolumeMode::Filesystem);
    round_up(&mut spec.resources.limits);
    round_up(&mut spec.resources.requests);
}

pub(super) fn volume(object: &mut PersistentVolume) {
    if object.status.phase.is_unset() {
        object.status.phase = PersistentVolumePhase::Pending;
    }
    let spec = &mut object.spec;
    if spec.persistent_volume_reclaim_policy.is_unset() {
        spec.persistent_volume_reclaim_policy = PersistentVolumeReclaimPolicy::Retain;
    }
    spec.volume_mode.get_or_insert(PersistentVolumeMode::Filesystem);
    sources(spec);
}

/// What a volume that is described in an attachment has too.
fn sources(spec: &mut PersistentVolumeSpec) {
    round_up(&mut spec.capacity);
    let fill = |text: &mut String, default: &str| {
        if text.is_empty() {
            default.clone_into(text);
        }
    };
    if let Some(source) = &mut spec.host_path {
        source.type_.get_or_insert(HostPathType::Unset);
    }
    if let Some(source) = &mut spec.iscsi {
        fill(&mut source.iscsi_interface, "default");
    }
    if let Some(source) = &mut spec.rbd {
        fill(&mut source.pool, "rbd");
        fill(&mut source.user, "admin");
        fill(&mut source.keyring, "/etc/ceph/keyring");
    }
    if let Some(source) = &mut spec.scale_io {
        fill(&mut source.storage_mode, "ThinProvisioned");
        fill(&mut source.fs_type, "xfs");
    }
    if let Some(source) = &mut spec.azure_disk {
        source.caching_mode.get_or_insert(AzureDataDiskCachingMode::ReadWrite);
        source.kind.get_or_insert(AzureDataDiskKind::Shared);
        source.fs_type.get_or_insert_with(|| "ext4".to_owned());
        source.read_only.get_or_insert(false);
    }
}

pub(super) fn attachment(object: &mut VolumeAttachment) {
    if let Some(spec) = &mut object.spec.source.inline_volume_spec {
        sources(spec);
    }
}

pub(super) fn class(object: &mut StorageClass) {
    object.reclaim_policy.get_or_insert(PersistentVolumeReclaimPolicy::Delete);
    object.volume_binding_mode.get_or_insert(VolumeBindingMode::Immediate);
}

pub(super) fn csi_driver(object: &mut CsiDriver) {
    let spec = &mut object.spec;
    spec.attach_required.get_or_insert(true);
    spec.fs_group_policy.get_or_insert(FsGroupPolicy::ReadWriteOnceWithFsType);
    if spec.volume_lifecycle_modes.is_empty() {
        spec.volume_lifecycle_modes.push(VolumeLifecycleMode::Persistent);
    }
    let switches = [
        &mut spec.pod_info_on_mount,
        &mut spec.storage_capacity,
        &mut spec.requires_republish,
        &mut spec.se_linux_mount,
    ];
    for switch in switches {
        switch.get_or_insert(false);
    }
}

//! Defaults of volumes.

use super::{container, storage};
use crate::core::{
    AzureDataDiskCachingMode, AzureDataDiskKind, DownwardApiVolumeFile, EmptyDirVolumeSource, HostPathType,
    ProjectedVolumeSource, Volume,
};

/// The permission bits of files with known contents.
const FILE_MODE: i32 = 0o644;

pub(super) fn volume(volume: &mut Volume) {
    if volume.kinds().next().is_none() {
        volume.empty_dir = Some(Box::new(EmptyDirVolumeSource::default()));
    }
    if let Some(source) = &mut volume.host_path {
        source.type_.get_or_insert(HostPathType::Unset);
    }
    if let Some(source) = &mut volume.secret {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.config_map {
        source.default_mode.get_or_insert(FILE_MODE);
    }
    if let Some(source) = &mut volume.downward_api {
        source.default_mode.get_or_insert(FILE_MODE);
        files(&mut source.items);
    }
    if let Some(source) = &mut volume.projected {
        projected(source);
    }
    if let Some(source) = &mut volume.image
        && source.pull_policy.is_unset()
    {
        source.pull_policy = container::pull_policy(&source.reference);
    }
    if let Some(template) = volume.ephemeral.as_mut().and_then(|source| source.volume_claim_template.as_mut())
    {
        storage::claim_spec(&mut template.spec);
    }
    vendor(volume);
}

fn files(files: &mut [DownwardApiVolumeFile]) {
    for file in files {
        if let Some(selector) = &mut file.field_ref {
            container::field(selector);
        }
        if let Some(selector) = &mut file.resource_field_ref {
            container::resource(selector);
        }
    }
}

fn projected(source: &mut ProjectedVolumeSource) {
    source.default_mode.get_or_insert(FILE_MODE);
    for projection in &mut source.sources {
        if let Some(downward) = &mut projection.downward_api {
            files(&mut downward.items);
        }
        if let Some(token) = &mut projection.service_account_token {
            token.expiration_seconds.get_or_insert(3600);
        }
        if let Some(certificate) = &mut projection.pod_certificate {
            certificate.max_expiration_seconds.get_or_insert(86_400);
        }
    }
}

fn vendor(volume: &mut Volume) {
    let fill = |text: &mut String, default: &str| {
        if text.is_empty() {
            default.clone_into(text);
        }
    };
    if let Some(source) = &mut volume.iscsi {
        fill(&mut source.iscsi_interface, "default");
    }
    if let Some(source) = &mut volume.rbd {
        fill(&mut source.pool, "rbd");
        fill(&mut source.user, "admin");
        fill(&mut source.keyring, "/etc/ceph/keyring");
    }
    if let Some(source) = &mut volume.scale_io {
        fill(&mut source.storage_mode, "ThinProvisioned");
        fill(&mut source.fs_type, "xfs");
    }
    if let Some(source) = &mut volume.azure_disk {
        source.caching_mode.get_or_insert(AzureDataDiskCachingMode::ReadWrite);
        source.kind.get_or_insert(AzureDataDiskKind::Shared);
        source.fs_type.get_or_insert_with(|| "ext4".to_owned());
        source.read_only.get_or_insert(false);
    }
}

//! Volumes over a network or of one vendor.

use super::errors::Errors;
use super::names;
use super::volume::descending_path;
use crate::core::{
    AzureDataDiskCachingMode, AzureDataDiskKind, AzureDiskVolumeSource, FcVolumeSource, FlexVolumeSource,
    IscsiVolumeSource, QuobyteVolumeSource, StorageOsVolumeSource, Volume,
};
use crate::path::Path;

/// Checks the one source that a volume has, when it is of this sort.
pub(super) fn source(volume: &Volume, path: &Path<'_>, errors: &mut Errors) {
    if let Some(source) = &volume.nfs {
        required(&[("server", &source.server), ("path", &source.path)], path, errors);
        if !source.path.starts_with('/') {
            errors.invalid(&path.child("path"), &source.path, "must be an absolute path");
        }
    } else if let Some(source) = &volume.iscsi {
        iscsi(source, path, errors);
    } else if let Some(source) = &volume.fc {
        fc(source, path, errors);
    } else if let Some(source) = &volume.git_repo {
        required(&[("repository", &source.repository)], path, errors);
        descending_path(&source.directory, &path.child("directory"), errors);
    } else if let Some(source) = &volume.flex_volume {
        flex(source, path, errors);
    } else if let Some(source) = &volume.gce_persistent_disk {
        disk("pdName", &source.pd_name, source.partition, path, errors);
    } else if let Some(source) = &volume.aws_elastic_block_store {
        disk("volumeID", &source.volume_id, source.partition, path, errors);
    } else if let Some(source) = &volume.glusterfs {
        required(&[("endpoints", &source.endpoints), ("path", &source.path)], path, errors);
    } else if let Some(source) = &volume.rbd {
        monitors(&source.monitors, path, errors);
        required(&[("image", &source.image)], path, errors);
    } else if let Some(source) = &volume.cephfs {
        monitors(&source.monitors, path, errors);
    } else if let Some(source) = &volume.cinder {
        required(&[("volumeID", &source.volume_id)], path, errors);
        if let Some(secret) = &source.secret_ref {
            required(&[("secretRef.name", &secret.name)], path, errors);
        }
    } else {
        other(volume, path, errors);
    }
}

fn other(volume: &Volume, path: &Path<'_>, errors: &mut Errors) {
    if let Some(source) = &volume.flocker {
        let (name, uuid) = (&source.dataset_name, &source.dataset_uuid);
        match (name.is_empty(), uuid.is_empty()) {
            (true, true) => errors.required(path, "one of datasetName and datasetUUID is required"),
            (false, false) => {
                errors.invalid(
                    path,
                    "resource",
                    "datasetName and datasetUUID can not be specified simultaneously",
                );
            }
            _ => {}
        }
        if name.contains('/') {
            errors.invalid(&path.child("datasetName"), name, "must not contain '/'");
        }
    } else if let Some(source) = &volume.azure_file {
        required(&[("secretName", &source.secret_name), ("shareName", &source.share_name)], path, errors);
    } else if let Some(source) = &volume.azure_disk {
        azure_disk(source, path, errors);
    } else if let Some(source) = &volume.vsphere_volume {
        required(&[("volumePath", &source.volume_path)], path, errors);
    } else if let Some(source) = &volume.photon_persistent_disk {
        required(&[("pdID", &source.pd_id)], path, errors);
    } else if let Some(source) = &volume.portworx_volume {
        required(&[("volumeID", &source.volume_id)], path, errors);
    } else if let Some(source) = &volume.scale_io {
        let members =
            [("gateway", &source.gateway), ("system", &source.system), ("volumeName", &source.volume_name)];
        required(&members, path, errors);
    } else if let Some(source) = &volume.storageos {
        storage_os(source, path, errors);
    } else if let Some(source) = &volume.quobyte {
        quobyte(source, path, errors);
    }
}

pub(super) fn required(members: &[(&str, &String)], path: &Path<'_>, errors: &mut Errors) {
    for (name, value) in members {
        if value.is_empty() {
            errors.required(&path.child(name), "");
        }
    }
}

fn monitors(monitors: &[String], path: &Path<'_>, errors: &mut Errors) {
    if monitors.is_empty() {
        errors.required(&path.child("monitors"), "");
    }
}

/// A disk of a cloud. Upstream calls Google's by another name than its field has.
fn disk(name: &str, value: &String, partition: i32, path: &Path<'_>, errors: &mut Errors) {
    let shown = path.to_string().replace("gcePersistentDisk", "persistentDisk");
    let path = Path::new(&shown);
    required(&[(name, value)], &path, errors);
    if !(0..=255).contains(&partition) {
        errors.invalid(&path.child("partition"), partition, names::range(1, 255));
    }
}

fn iscsi(source: &IscsiVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    required(&[("targetPortal", &source.target_portal)], path, errors);
    if source.iqn.is_empty() {
        errors.required(&path.child("iqn"), "");
    } else if let Some(detail) = wrong_iscsi_name(&source.iqn) {
        errors.invalid(&path.child("iqn"), &source.iqn, detail);
    }
    if !(0..=255).contains(&source.lun) {
        errors.invalid(&path.child("lun"), source.lun, names::range(0, 255));
    }
    if (source.chap_auth_discovery || source.chap_auth_session) && source.secret_ref.is_none() {
        errors.required(&path.child("secretRef"), "");
    }
    if let Some(name) = &source.initiator_name
        && let Some(detail) = wrong_iscsi_name(name)
    {
        errors.invalid(&path.child("initiatorname"), name, detail);
    }
}

/// What is wrong with the name of an iSCSI node (RFC 3720 §3.2.6.3).
fn wrong_iscsi_name(name: &str) -> Option<&'static str> {
    let good = match name.get(..3) {
        Some("iqn") => is_iqn(name),
        Some("eui") => is_hex_name(name, 16),
        Some("naa") => is_hex_name(name, 32),
        _ => return Some("must be valid format starting with iqn, eui, or naa"),
    };
    (!good).then_some("must be valid format")
}

/// `iqn.2001-04.com.example:disk`.
fn is_iqn(name: &str) -> bool {
    let Some((date, rest)) = name.strip_prefix("iqn.").and_then(|rest| rest.split_at_checked(8)) else {
        return false;
    };
    let Some((authority, unique)) = rest.split_once(':') else { return false };
    let date_fits = date.bytes().zip(b"0000-00.").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == *form,
    });
    date_fits
        && !authority.is_empty()
        && authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && !unique.is_empty()
        && !unique.contains(|c: char| c.is_whitespace() || ",;*&$|".contains(c))
}

fn is_hex_name(name: &str, digits: usize) -> bool {
    name.get(4..)
        .is_some_and(|rest| rest.len() == digits && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn fc(source: &FcVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    let targets = path.child("targetWWNs");
    match (source.target_wwns.is_empty(), source.wwids.is_empty()) {
        (true, true) => errors.required(&targets, "must specify either targetWWNs or wwids, but not both"),
        (false, false) => {
            let detail = "targetWWNs and wwids can not be specified simultaneously";
            errors.invalid(&targets, &*source.target_wwns, detail);
        }
        _ => {}
    }
    if !source.target_wwns.is_empty() {
        match source.lun {
            None => errors.required(&path.child("lun"), "lun is required if targetWWNs is specified"),
            Some(lun) if !(0..=255).contains(&lun) => {
                errors.invalid(&path.child("lun"), lun, names::range(0, 255));
            }
            Some(_) => {}
        }
    }
}

fn flex(source: &FlexVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    required(&[("driver", &source.driver)], path, errors);
    let options = path.child("options");
    for key in source.options.keys() {
        let domain = format!(".{}", key.split('/').next().unwrap_or_default().to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            errors.invalid(&options.key(key), key, "kubernetes.io and k8s.io namespaces are reserved");
        }
    }
}

fn azure_disk(source: &AzureDiskVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    required(&[("diskName", &source.disk_name), ("diskURI", &source.disk_uri)], path, errors);
    if let Some(mode) = &source.caching_mode
        && !AzureDataDiskCachingMode::KNOWN.contains(&mode.as_str())
    {
        errors.not_supported(&path.child("cachingMode"), mode.as_str(), AzureDataDiskCachingMode::KNOWN);
    }
    let Some(kind) = &source.kind else { return };
    if !AzureDataDiskKind::KNOWN.contains(&kind.as_str()) {
        errors.not_supported(&path.child("kind"), kind.as_str(), AzureDataDiskKind::KNOWN);
    }
    let (prefix, form) = if *kind == AzureDataDiskKind::Managed {
        (
            "/subscriptions/",
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
        )
    } else {
        ("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd")
    };
    if !source.disk_uri.starts_with(prefix) {
        errors.not_supported(&path.child("diskURI"), &source.disk_uri, &[form]);
    }
}

fn storage_os(source: &StorageOsVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    if source.volume_name.is_empty() {
        errors.required(&path.child("volumeName"), "");
    } else {
        errors.invalid_all(
            &path.child("volumeName"),
            &source.volume_name,
            names::dns_label(&source.volume_name),
        );
    }
    if !source.volume_namespace.is_empty() {
        let messages = names::dns_label(&source.volume_namespace);
        errors.invalid_all(&path.child("volumeNamespace"), &source.volume_namespace, messages);
    }
    if let Some(secret) = &source.secret_ref {
        required(&[("secretRef.name", &secret.name)], path, errors);
    }
}

fn quobyte(source: &QuobyteVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    const REGISTRY: &str = "must be a host:port pair or multiple pairs separated by commas";
    if source.registry.is_empty() {
        errors.required(&path.child("registry"), REGISTRY);
    } else if source.tenant.len() >= 65 {
        errors.required(&path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters");
    } else {
        for pair in source.registry.split(',') {
            if pair.rsplit_once(':').is_none_or(|(host, _)| host.contains(':') && !host.ends_with(']')) {
                errors.invalid(&path.child("registry"), &source.registry, REGISTRY);
            }
        }
    }
    required(&[("volume", &source.volume)], path, errors);
}

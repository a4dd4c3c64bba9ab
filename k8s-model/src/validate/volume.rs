//! Volumes, and where they appear.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::Errors;
use super::{claim, env, names, projection, vendor};
use crate::core::{
    ConfigMapVolumeSource, Container, CsiVolumeSource, DownwardApiVolumeFile, HostPathType,
    HostPathVolumeSource, KeyToPath, MountPropagationMode, PodSpec, PullPolicy, RecursiveReadOnlyMode,
    SecretVolumeSource, Volume, VolumeMount,
};
use crate::path::Path;

/// The volumes of a pod that are valid, by name; `None` for a claim that a stateful set makes.
pub(super) type Volumes<'v> = BTreeMap<&'v str, Option<&'v Volume>>;

pub(super) fn volumes<'v>(
    spec: &'v PodSpec,
    pod_name: &str,
    claims: &[&'v str],
    path: &Path<'_>,
    errors: &mut Errors,
) -> Volumes<'v> {
    let mut valid = Volumes::new();
    let made: Vec<String> = spec
        .volumes
        .iter()
        .filter(|volume| volume.ephemeral.is_some() && !pod_name.is_empty())
        .map(|volume| format!("{pod_name}-{}", volume.name))
        .collect();
    for (index, volume) in spec.volumes.iter().enumerate() {
        let path = path.index(index);
        let before = errors.len();
        source(volume, pod_name, &path, errors);
        let name = path.child("name");
        if volume.name.is_empty() {
            errors.required(&name, "");
        } else {
            errors.invalid_all(&name, &volume.name, names::dns_label(&volume.name));
        }
        if valid.contains_key(volume.name.as_str()) {
            errors.duplicate(&name, &volume.name);
        }
        if errors.len() == before {
            valid.insert(&volume.name, Some(volume));
        }
        if let Some(claim) = &volume.persistent_volume_claim
            && made.contains(&claim.claim_name)
        {
            let detail = "must not reference a PVC that gets created for an ephemeral volume";
            errors.invalid(&path.child("persistentVolumeClaim.claimName"), &claim.claim_name, detail);
        }
    }
    valid.extend(claims.iter().map(|name| (*name, None)));
    valid
}

fn source(volume: &Volume, pod_name: &str, path: &Path<'_>, errors: &mut Errors) {
    // Upstream takes the sources in an order of its own: the empty directory comes first.
    let mut kinds: Vec<&str> = volume.kinds().collect();
    kinds.sort_by_key(|kind| *kind != "emptyDir");
    for (index, kind) in kinds.iter().enumerate() {
        let path = path.child(kind);
        if index > 0 {
            errors.forbidden(&path, "may not specify more than 1 volume type");
        } else if kinds.len() == 1 {
            one_source(volume, pod_name, &path, errors);
        }
    }
    if kinds.is_empty() {
        errors.required(path, "must specify a volume type");
    }
    if let Some(iscsi) = &volume.iscsi
        && iscsi.initiator_name.is_some()
        && volume.name.len() + 1 + iscsi.target_portal.len() > 64
    {
        let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.invalid(&path.child("name"), &volume.name, detail);
    }
}

/// Checks the one source that a volume has.
fn one_source(volume: &Volume, pod_name: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(source) = &volume.empty_dir {
        if source.size_limit.as_ref().is_some_and(|limit| limit.is_negative()) {
            errors.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
    } else if let Some(source) = &volume.host_path {
        host_path(source, path, errors);
    } else if let Some(source) = &volume.secret {
        secret(source, path, errors);
    } else if let Some(source) = &volume.config_map {
        config_map(source, path, errors);
    } else if let Some(source) = &volume.downward_api {
        file_mode(source.default_mode, "defaultMode", path, errors);
        for file in &source.items {
            downward_file(file, path, errors);
        }
    } else if let Some(source) = &volume.projected {
        projection::projected(source, path, errors);
    } else if let Some(source) = &volume.persistent_volume_claim {
        if source.claim_name.is_empty() {
            errors.required(&path.child("claimName"), "");
        }
    } else if let Some(source) = &volume.csi {
        csi(source, path, errors);
    } else if let Some(source) = &volume.ephemeral {
        claim::ephemeral(source, &volume.name, pod_name, path, errors);
    } else if let Some(source) = &volume.image {
        if source.reference.is_empty() {
            errors.required(&path.child("reference"), "");
        }
        if !PullPolicy::KNOWN.contains(&source.pull_policy.as_str()) {
            errors.not_supported(&path.child("pullPolicy"), source.pull_policy.as_str(), PullPolicy::KNOWN);
        }
    } else {
        vendor::source(volume, path, errors);
    }
}

pub(super) fn host_path(source: &HostPathVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    if source.path.is_empty() {
        return errors.required(&path.child("path"), "");
    }
    no_backsteps(&source.path, &path.child("path"), errors);
    if let Some(HostPathType::Other(text)) = &source.type_ {
        let mut supported = vec![""];
        supported.extend(HostPathType::KNOWN);
        errors.not_supported(&path.child("type"), text, &supported);
    }
}

fn secret(source: &SecretVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    if source.secret_name.is_empty() {
        errors.required(&path.child("secretName"), "");
    }
    file_mode(source.default_mode, "defaultMode", path, errors);
    keys(&source.items, path, errors);
}

fn config_map(source: &ConfigMapVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    if source.name.is_empty() {
        errors.required(&path.child("name"), "");
    }
    file_mode(source.default_mode, "defaultMode", path, errors);
    keys(&source.items, path, errors);
}

pub(super) fn keys(items: &[KeyToPath], path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("items");
    for (index, item) in items.iter().enumerate() {
        let path = list.index(index);
        if item.key.is_empty() {
            errors.required(&path.child("key"), "");
        }
        if item.path.is_empty() {
            errors.required(&path.child("path"), "");
        }
        local_path(&item.path, &path.child("path"), errors);
        file_mode(item.mode, "mode", &path, errors);
    }
}

pub(super) fn file_mode(mode: Option<i32>, name: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
        errors.invalid(
            &path.child(name),
            mode,
            "must be a number between 0 and 0777 (octal), both inclusive",
        );
    }
}

pub(super) fn downward_file(file: &DownwardApiVolumeFile, path: &Path<'_>, errors: &mut Errors) {
    if file.path.is_empty() {
        errors.required(&path.child("path"), "");
    }
    local_path(&file.path, &path.child("path"), errors);
    match (&file.field_ref, &file.resource_field_ref) {
        (Some(selector), resource) => {
            env::field(selector, env::VOLUME_FIELDS, &path.child("fieldRef"), errors);
            if resource.is_some() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.invalid(path, "resource", detail);
            }
        }
        (None, Some(selector)) => env::resource(selector, true, &path.child("resourceFieldRef"), errors),
        (None, None) => errors.required(path, "one of fieldRef and resourceFieldRef is required"),
    }
    file_mode(file.mode, "mode", path, errors);
}

fn csi(source: &CsiVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    let driver = path.child("driver");
    if source.driver.is_empty() {
        errors.required(&driver, "");
    }
    if source.driver.len() > 63 {
        errors.too_long(&driver, 63);
    }
    errors.invalid_all(&driver, &source.driver, names::dns_subdomain(&source.driver.to_lowercase()));
    if let Some(secret) = &source.node_publish_secret_ref {
        if secret.name.is_empty() {
            errors.required(&path.child("nodePublishSecretRef.name"), "");
        } else {
            errors.invalid_all(&path.child("name"), &secret.name, names::dns_subdomain(&secret.name));
        }
    }
}

/// A relative path without `..`.
pub(super) fn descending_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if text.starts_with('/') {
        errors.invalid(path, text, "must be a relative path");
    }
    no_backsteps(text, path, errors);
}

fn has_backsteps(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}

pub(super) fn no_backsteps(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if has_backsteps(text) {
        errors.invalid(path, text, "must not contain '..'");
    }
}

/// A relative path without `..` whose first part does not begin with `..`: such names are the kubelet's own.
pub(super) fn local_path(text: &str, path: &Path<'_>, errors: &mut Errors) {
    descending_path(text, path, errors);
    if text.starts_with("..") && !text.starts_with("../") {
        errors.invalid(path, text, "must not start with '..'");
    }
}

pub(super) fn mounts(container: &Container, volumes: &Volumes<'_>, path: &Path<'_>, errors: &mut Errors) {
    let devices = &container.volume_devices;
    let mut seen = BTreeSet::new();
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let element = path.index(index);
        let (name, mount_path) = (element.child("name"), element.child("mountPath"));
        if mount.name.is_empty() {
            errors.required(&name, "");
        }
        let volume = volumes.get(mount.name.as_str());
        if volume.is_none() {
            errors.not_found(&name, &mount.name);
        }
        if mount.mount_path.is_empty() {
            errors.required(&mount_path, "");
        }
        if !seen.insert(&mount.mount_path) {
            errors.invalid(&mount_path, &mount.mount_path, "must be unique");
        }
        if devices.iter().any(|device| device.name == mount.name) {
            errors.invalid(&name, &mount.name, "must not already exist in volumeDevices");
        }
        if devices.iter().any(|device| device.device_path == mount.mount_path) {
            errors.invalid(
                &mount_path,
                &mount.mount_path,
                "must not already exist as a path in volumeDevices",
            );
        }
        // Upstream names the list, not the element, in what follows.
        let sub_path = path.child("subPath");
        if !mount.sub_path.is_empty() {
            descending_path(&mount.sub_path, &sub_path, errors);
        }
        if !mount.sub_path_expr.is_empty() {
            if !mount.sub_path.is_empty() {
                let detail = "subPathExpr and subPath are mutually exclusive";
                errors.invalid(&element.child("subPathExpr"), &mount.sub_path_expr, detail);
            }
            descending_path(&mount.sub_path_expr, &path.child("subPathExpr"), errors);
        }
        propagation(mount, container, path, errors);
    }
}

fn propagation(mount: &VolumeMount, container: &Container, path: &Path<'_>, errors: &mut Errors) {
    if let Some(mode) = &mount.mount_propagation {
        let path = path.child("mountPropagation");
        let privileged =
            container.security_context.as_ref().is_some_and(|context| context.privileged == Some(true));
        if !MountPropagationMode::KNOWN.contains(&mode.as_str()) {
            errors.not_supported(&path, mode.as_str(), MountPropagationMode::KNOWN);
        }
        if *mode == MountPropagationMode::Bidirectional && !privileged {
            let detail = "Bidirectional mount propagation is available only to privileged containers";
            errors.forbidden(&path, detail);
        }
    }
    let Some(mode) = &mount.recursive_read_only else { return };
    let path = path.child("recursiveReadOnly");
    match mode {
        RecursiveReadOnlyMode::Disabled => {}
        RecursiveReadOnlyMode::Enabled | RecursiveReadOnlyMode::IfPossible => {
            if !mount.read_only {
                errors.forbidden(&path, "may only be specified when readOnly is true");
            }
            if !matches!(&mount.mount_propagation, None | Some(MountPropagationMode::None)) {
                let detail = "may only be specified when mountPropagation is None or not specified";
                errors.forbidden(&path, detail);
            }
        }
        other => errors.not_supported(&path, other.as_str(), RecursiveReadOnlyMode::KNOWN),
    }
}

pub(super) fn devices(container: &Container, volumes: &Volumes<'_>, path: &Path<'_>, errors: &mut Errors) {
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (index, device) in container.volume_devices.iter().enumerate() {
        let element = path.index(index);
        let (name, device_path) = (element.child("name"), element.child("devicePath"));
        if device.name.is_empty() {
            errors.required(&name, "");
        } else if !names.insert(&device.name) {
            errors.invalid(&name, &device.name, "must be unique");
        }
        match volumes.get(device.name.as_str()) {
            None => errors.not_found(&name, &device.name),
            Some(Some(volume)) if volume.persistent_volume_claim.is_none() && volume.ephemeral.is_none() => {
                let detail =
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                errors.invalid(&name, &device.name, detail);
            }
            Some(_) => {}
        }
        if device.device_path.is_empty() {
            errors.required(&device_path, "");
        }
        if has_backsteps(&device.device_path) {
            errors.invalid(&device_path, &device.device_path, "can not contain backsteps ('..')");
        } else if !paths.insert(&device.device_path) {
            errors.invalid(&device_path, &device.device_path, "must be unique");
        }
        if container.volume_mounts.iter().any(|mount| mount.name == device.name) {
            errors.invalid(&name, &device.name, "must not already exist in volumeMounts");
        }
        if container.volume_mounts.iter().any(|mount| mount.mount_path == device.device_path) {
            errors.invalid(
                &device_path,
                &device.device_path,
                "must not already exist as a path in volumeMounts",
            );
        }
    }
}

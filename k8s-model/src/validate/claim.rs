//! Claims that are made for a pod.

use super::errors::Errors;
use super::{meta, names};
use crate::core::{
    EphemeralVolumeSource, PersistentVolumeAccessMode, PersistentVolumeClaimSpec, PersistentVolumeMode,
};
use crate::path::Path;

pub(super) fn ephemeral(
    source: &EphemeralVolumeSource,
    volume: &str,
    pod: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let template_path = path.child("volumeClaimTemplate");
    match &source.volume_claim_template {
        None => errors.required(&template_path, ""),
        Some(template) => {
            meta::template_meta(&template.metadata, &template_path.child("metadata"), errors);
            claim_spec(&template.spec, &template_path.child("spec"), errors);
        }
    }
    if !volume.is_empty() && !pod.is_empty() {
        let name = format!("{pod}-{volume}");
        let messages = names::dns_subdomain(&name);
        let messages = messages.into_iter().map(|message| format!("PVC name {name:?}: {message}"));
        errors.invalid_all(&path.child("name"), volume, messages);
    }
}

pub(super) fn claim_spec(spec: &PersistentVolumeClaimSpec, path: &Path<'_>, errors: &mut Errors) {
    let modes = path.child("accessModes");
    if spec.access_modes.is_empty() {
        errors.required(&modes, "at least 1 access mode is required");
    }
    meta::label_selector(spec.selector.as_deref(), &path.child("selector"), errors);
    for mode in &spec.access_modes {
        if !PersistentVolumeAccessMode::KNOWN.contains(&mode.as_str()) {
            errors.not_supported(&modes, mode.as_str(), PersistentVolumeAccessMode::KNOWN);
        }
    }
    let alone = PersistentVolumeAccessMode::ReadWriteOncePod;
    if spec.access_modes.contains(&alone) && spec.access_modes.iter().any(|mode| *mode != alone) {
        errors.forbidden(&modes, "may not use ReadWriteOncePod with other access modes");
    }
    let resources = path.child("resources");
    match spec.resources.requests.get("storage") {
        None => errors.required(&resources.key("storage"), ""),
        Some(size) if size.is_zero() || size.is_negative() => {
            let path = resources.child("requests");
            errors.invalid(&path.key("storage"), &size.to_string(), "must be greater than zero");
        }
        Some(_) => {}
    }
    if let Some(class) = spec.storage_class_name.as_ref().filter(|class| !class.is_empty()) {
        errors.invalid_all(&path.child("storageClassName"), class, names::dns_subdomain(class));
    }
    if let Some(mode) = &spec.volume_mode
        && !PersistentVolumeMode::KNOWN.contains(&mode.as_str())
    {
        errors.not_supported(&path.child("volumeMode"), mode.as_str(), PersistentVolumeMode::KNOWN);
    }
    if let Some(source) = &spec.data_source {
        let path = path.child("dataSource");
        for (name, value) in [("name", &source.name), ("kind", &source.kind)] {
            if value.is_empty() {
                errors.required(&path.child(name), "");
            }
        }
        let group = source.api_group.as_deref().unwrap_or_default();
        if group.is_empty() && source.kind != "PersistentVolumeClaim" {
            errors.invalid(
                &path,
                &source.kind,
                "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            );
        }
    }
}

//! Classes of storage, drivers and attachments.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::Errors;
use super::{meta, names, persistent};
use crate::core::{PersistentVolumeReclaimPolicy, TopologySelectorTerm};
use crate::path::Path;
use crate::storage::{
    CsiDriver, FsGroupPolicy, StorageClass, VolumeAttachment, VolumeBindingMode, VolumeLifecycleMode,
};

pub(super) fn class(object: &StorageClass, errors: &mut Errors) {
    const PARAMETERS: usize = 512;
    const SIZE: usize = 256 << 10;
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    let provisioner = Path::new("provisioner");
    if object.provisioner.is_empty() {
        errors.required(&provisioner, "");
    } else {
        let messages = names::qualified_name(&object.provisioner.to_lowercase());
        errors.invalid_all(&provisioner, &object.provisioner, messages);
    }
    let parameters = Path::new("parameters");
    if object.parameters.len() > PARAMETERS {
        errors.too_long(&parameters, PARAMETERS);
    } else {
        if object.parameters.contains_key("") {
            errors.invalid(&parameters, "", "field can not be empty.");
        }
        if object.parameters.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > SIZE {
            errors.too_long(&parameters, SIZE);
        }
    }
    if let Some(policy) = &object.reclaim_policy
        && !matches!(
            policy,
            PersistentVolumeReclaimPolicy::Unset
                | PersistentVolumeReclaimPolicy::Delete
                | PersistentVolumeReclaimPolicy::Retain
        )
    {
        errors.not_supported(&Path::new("reclaimPolicy"), policy.as_str(), &["Delete", "Retain"]);
    }
    let mode = Path::new("volumeBindingMode");
    match &object.volume_binding_mode {
        None => errors.required(&mode, ""),
        Some(given) if !VolumeBindingMode::KNOWN.contains(&given.as_str()) => {
            errors.not_supported(&mode, given.as_str(), VolumeBindingMode::KNOWN);
        }
        Some(_) => {}
    }
    topologies(&object.allowed_topologies, &Path::new("allowedTopologies"), errors);
}

fn topologies(terms: &[TopologySelectorTerm], path: &Path<'_>, errors: &mut Errors) {
    let mut earlier: Vec<BTreeMap<&str, BTreeSet<&str>>> = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let own = path.index(index);
        let list = own.child("matchLabelExpressions");
        let mut seen = BTreeMap::new();
        for (index, requirement) in term.match_label_expressions.iter().enumerate() {
            let path = list.index(index);
            let values = path.child("values");
            if requirement.values.is_empty() {
                errors.required(&values, "");
            }
            let mut set = BTreeSet::new();
            for (index, value) in requirement.values.iter().enumerate() {
                if !set.insert(value.as_str()) {
                    errors.duplicate(&values.index(index), value);
                }
            }
            meta::label_name(&requirement.key, &path.child("key"), errors);
            if seen.insert(requirement.key.as_str(), set).is_some() {
                errors.duplicate(&path.child("key"), &requirement.key);
            }
        }
        if earlier.contains(&seen) {
            errors.duplicate(&list, "");
        }
        earlier.push(seen);
    }
}

pub(super) fn csi_driver(object: &CsiDriver, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    let path = Path::new("spec");
    let spec = &object.spec;
    let switches = [
        ("attachedRequired", spec.attach_required),
        ("podInfoOnMount", spec.pod_info_on_mount),
        ("storageCapacity", spec.storage_capacity),
    ];
    for (name, _) in switches.iter().filter(|(_, given)| given.is_none()) {
        errors.required(&path.child(name), "");
    }
    if let Some(policy) = &spec.fs_group_policy
        && !FsGroupPolicy::KNOWN.contains(&policy.as_str())
    {
        errors.not_supported(&path.child("fsGroupPolicy"), policy.as_str(), FsGroupPolicy::KNOWN);
    }
    let list = path.child("tokenRequests");
    let mut audiences = BTreeSet::new();
    for (index, request) in spec.token_requests.iter().enumerate() {
        let path = list.index(index);
        if !audiences.insert(&request.audience) {
            errors.duplicate(&path.child("audience"), &request.audience);
            continue;
        }
        let own = path.child("expirationSeconds");
        match request.expiration_seconds {
            Some(seconds) if seconds < 600 => {
                errors.invalid(&own, seconds, "may not specify a duration less than 10 minutes");
            }
            Some(seconds) if seconds > 1 << 32 => {
                errors.invalid(&own, seconds, "may not specify a duration larger than 2^32 seconds");
            }
            _ => {}
        }
    }
    for mode in &spec.volume_lifecycle_modes {
        if !VolumeLifecycleMode::KNOWN.contains(&mode.as_str()) {
            errors.not_supported(
                &path.child("volumeLifecycleModes"),
                mode.as_str(),
                VolumeLifecycleMode::KNOWN,
            );
        }
    }
}

pub(super) fn attachment(object: &VolumeAttachment, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    let path = Path::new("spec");
    let spec = &object.spec;
    persistent::csi_driver_name(&spec.attacher, &path.child("attacher"), errors);
    let source = path.child("source");
    match (&spec.source.persistent_volume_name, &spec.source.inline_volume_spec) {
        (None, None) => {
            errors.required(&source, "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        }
        (Some(_), Some(_)) => {
            let detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
            errors.forbidden(&source, detail);
        }
        (Some(name), None) => {
            let own = source.child("persistentVolumeName");
            if name.is_empty() {
                errors.required(&own, "must specify non empty persistentVolumeName");
            } else {
                errors.invalid_all(&own, name, names::dns_subdomain(name));
            }
        }
        (None, Some(inline)) => {
            let own = source.child("inlineVolumeSpec");
            if inline.csi.is_none() {
                errors.required(&own.child("csi"), "has to be specified in the context of inline volumes");
            }
            let set = [
                ("claimRef", inline.claim_ref.is_some()),
                ("capacity", !inline.capacity.is_empty()),
                ("nodeAffinity", inline.node_affinity.is_some()),
                ("storageClassName", !inline.storage_class_name.is_empty()),
            ];
            for (name, _) in set.iter().filter(|(_, set)| *set) {
                errors.forbidden(&own.child(name), "may not be specified in the context of inline volumes");
            }
        }
    }
    errors.invalid_all(&path.child("nodeName"), &spec.node_name, names::dns_subdomain(&spec.node_name));
}

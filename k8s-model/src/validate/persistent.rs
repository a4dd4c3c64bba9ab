//! Volumes and claims that outlive pods.

use super::errors::{Errors, Json};
use super::{claim, meta, names, scheduling, vendor, volume};
use crate::core::{
    CephFsVolumeSource, CinderVolumeSource, CsiPersistentVolumeSource, FlexVolumeSource,
    GlusterfsVolumeSource, IscsiVolumeSource, LocalObjectReference, PersistentVolume,
    PersistentVolumeAccessMode, PersistentVolumeClaim, PersistentVolumeMode, PersistentVolumeReclaimPolicy,
    PersistentVolumeSpec, RbdVolumeSource, SecretReference, Volume,
};
use crate::path::Path;
use crate::schema::{Struct, Value};

/// The sources in the order that they are looked at.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

pub(super) fn claim_object(object: &PersistentVolumeClaim, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    claim_itself(object, errors);
}

/// What is checked of a claim at its creation and at each update.
pub(super) fn claim_itself(object: &PersistentVolumeClaim, errors: &mut Errors) {
    let mut spec = object.spec.clone();
    // The registry drops sources of other kinds before it looks; `dataSourceRef` is the field for those.
    let known = |kind: &str| matches!(kind, "PersistentVolumeClaim" | "VolumeSnapshot" | "");
    if spec.data_source.as_ref().is_some_and(|source| !known(&source.kind)) {
        spec.data_source = None;
    }
    claim::claim_spec(&spec, &Path::new("spec"), errors);
}

pub(super) fn volume(object: &PersistentVolume, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::dns_subdomain, errors);
    volume_itself(object, errors);
}

/// What is checked of a volume at its creation and at each update.
pub(super) fn volume_itself(object: &PersistentVolume, errors: &mut Errors) {
    let path = Path::new("spec");
    let spec = &object.spec;
    access_modes(spec, &path, errors);
    let capacity = path.child("capacity");
    if spec.capacity.is_empty() {
        errors.required(&capacity, "");
    }
    if !spec.capacity.contains_key("storage") || spec.capacity.len() > 1 {
        errors.not_supported(&capacity, Json(&spec.capacity), &["storage"]);
    }
    for (name, size) in &spec.capacity {
        if size.is_zero() || size.is_negative() {
            errors.invalid(&capacity.key(name), size, "must be greater than zero");
        }
    }
    let policy = &spec.persistent_volume_reclaim_policy;
    if !policy.is_unset() && !PersistentVolumeReclaimPolicy::KNOWN.contains(&policy.as_str()) {
        let known = PersistentVolumeReclaimPolicy::KNOWN;
        errors.not_supported(&path.child("persistentVolumeReclaimPolicy"), policy.as_str(), known);
    }
    let affinity = path.child("nodeAffinity");
    if let Some(given) = &spec.node_affinity {
        match &given.required {
            None => errors.required(&affinity.child("required"), "must specify required node constraints"),
            Some(required) => {
                scheduling::node_selector(required, &affinity.child("required"), errors);
            }
        }
    }
    sources(spec, &object.metadata.name, &path, errors);
    if spec.local.is_some() && spec.node_affinity.is_none() {
        errors.required(&affinity, "Local volume requires node affinity");
    }
    let root = spec.host_path.as_ref().is_some_and(|host| is_root(&host.path));
    if root && *policy == PersistentVolumeReclaimPolicy::Recycle {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        errors.forbidden(&path.child("persistentVolumeReclaimPolicy"), detail);
    }
    let classes = [
        ("storageClassName", &*spec.storage_class_name),
        ("volumeAttributesClassName", spec.volume_attributes_class_name.as_deref().unwrap_or_default()),
    ];
    for (name, class) in classes.into_iter().filter(|(_, class)| !class.is_empty()) {
        errors.invalid_all(&path.child(name), class, names::dns_subdomain(class));
    }
    if let Some(mode) = &spec.volume_mode
        && !PersistentVolumeMode::KNOWN.contains(&mode.as_str())
    {
        errors.not_supported(&path.child("volumeMode"), mode.as_str(), PersistentVolumeMode::KNOWN);
    }
}

fn access_modes(spec: &PersistentVolumeSpec, path: &Path<'_>, errors: &mut Errors) {
    let modes = path.child("accessModes");
    if spec.access_modes.is_empty() {
        errors.required(&modes, "");
    }
    for mode in &spec.access_modes {
        if !PersistentVolumeAccessMode::KNOWN.contains(&mode.as_str()) {
            errors.not_supported(&modes, mode.as_str(), PersistentVolumeAccessMode::KNOWN);
        }
    }
    let alone = PersistentVolumeAccessMode::ReadWriteOncePod;
    if spec.access_modes.contains(&alone) && spec.access_modes.len() > 1 {
        errors.forbidden(&modes, "may not use ReadWriteOncePod with other access modes");
    }
}

/// Whether a path is `/` when its dots and slashes are resolved.
fn is_root(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|part| matches!(part, "" | "." | ".."))
}

fn sources(spec: &PersistentVolumeSpec, name: &str, path: &Path<'_>, errors: &mut Errors) {
    let mut found = 0;
    for source in SOURCES {
        let place = PersistentVolumeSpec::INFO.fields.iter().position(|field| field.name == *source);
        let set = place.and_then(|index| spec.field(index)).is_some_and(|field| !Value::is_empty(field));
        if !set {
            continue;
        }
        found += 1;
        if found > 1 {
            errors.forbidden(&path.child(source), "may not specify more than 1 volume type");
        } else {
            one_source(spec, source, name, &path.child(source), errors);
        }
    }
    if found == 0 {
        errors.required(path, "must specify a volume type");
    }
}

/// The sources that a pod's volume has too are checked as those are.
fn one_source(spec: &PersistentVolumeSpec, source: &str, name: &str, path: &Path<'_>, errors: &mut Errors) {
    match source {
        "hostPath" => {
            if let Some(source) = &spec.host_path {
                volume::host_path(source, path, errors);
            }
        }
        "local" => {
            let Some(source) = &spec.local else { return };
            let own = path.child("path");
            if source.path.is_empty() {
                errors.required(&own, "");
            } else {
                volume::no_backsteps(&source.path, &own, errors);
            }
        }
        "csi" => {
            if let Some(source) = &spec.csi {
                csi(source, path, errors);
            }
        }
        "azureFile" => {
            let Some(source) = &spec.azure_file else { return };
            vendor::required(
                &[("secretName", &source.secret_name), ("shareName", &source.share_name)],
                path,
                errors,
            );
            if source.secret_namespace.as_deref() == Some("") {
                errors.required(&path.child("secretNamespace"), "");
            }
        }
        "scaleIO" => {
            let Some(source) = &spec.scale_io else { return };
            let members = [
                ("gateway", &source.gateway),
                ("system", &source.system),
                ("volumeName", &source.volume_name),
            ];
            vendor::required(&members, path, errors);
        }
        "storageos" => storage_os(spec, path, errors),
        _ => {
            let shared = as_pod_volume(spec);
            vendor::source(&shared, path, errors);
            vendor_secrets(spec, name, path, errors);
        }
    }
}

fn local_reference(secret: &Option<Box<SecretReference>>) -> Option<Box<LocalObjectReference>> {
    secret.as_ref().map(|secret| Box::new(LocalObjectReference { name: secret.name.clone() }))
}

/// The source as the volume of a pod has it.
fn as_pod_volume(spec: &PersistentVolumeSpec) -> Volume {
    let spec = spec.clone();
    Volume {
        gce_persistent_disk: spec.gce_persistent_disk,
        aws_elastic_block_store: spec.aws_elastic_block_store,
        nfs: spec.nfs,
        fc: spec.fc,
        flocker: spec.flocker,
        vsphere_volume: spec.vsphere_volume,
        quobyte: spec.quobyte,
        azure_disk: spec.azure_disk,
        photon_persistent_disk: spec.photon_persistent_disk,
        portworx_volume: spec.portworx_volume,
        glusterfs: spec.glusterfs.map(|source| {
            Box::new(GlusterfsVolumeSource {
                endpoints: source.endpoints,
                path: source.path,
                ..GlusterfsVolumeSource::default()
            })
        }),
        rbd: spec.rbd.map(|source| {
            Box::new(RbdVolumeSource {
                monitors: source.monitors,
                image: source.image,
                ..RbdVolumeSource::default()
            })
        }),
        iscsi: spec.iscsi.map(|source| {
            Box::new(IscsiVolumeSource {
                secret_ref: local_reference(&source.secret_ref),
                target_portal: source.target_portal,
                iqn: source.iqn,
                lun: source.lun,
                chap_auth_discovery: source.chap_auth_discovery,
                chap_auth_session: source.chap_auth_session,
                initiator_name: source.initiator_name,
                ..IscsiVolumeSource::default()
            })
        }),
        cinder: spec.cinder.map(|source| {
            Box::new(CinderVolumeSource {
                secret_ref: local_reference(&source.secret_ref),
                volume_id: source.volume_id,
                ..CinderVolumeSource::default()
            })
        }),
        cephfs: spec.cephfs.map(|source| {
            Box::new(CephFsVolumeSource { monitors: source.monitors, ..CephFsVolumeSource::default() })
        }),
        flex_volume: spec.flex_volume.map(|source| {
            Box::new(FlexVolumeSource {
                driver: source.driver,
                options: source.options,
                ..FlexVolumeSource::default()
            })
        }),
        ..Volume::default()
    }
}

/// What a persistent volume's source has on top of a pod's: names of other namespaces.
fn vendor_secrets(spec: &PersistentVolumeSpec, name: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(secret) = spec.cinder.as_ref().and_then(|source| source.secret_ref.as_ref())
        && secret.namespace.is_empty()
    {
        errors.required(&path.child("secretRef.namespace"), "");
    }
    if let Some(namespace) = spec.glusterfs.as_ref().and_then(|source| source.endpoints_namespace.as_ref()) {
        let own = path.child("endpointsNamespace");
        if namespace.is_empty() {
            let detail = "if the endpointnamespace is set, it must be a valid namespace name";
            errors.invalid(&own, namespace, detail);
        } else {
            errors.invalid_all(&own, namespace, names::dns_label(namespace));
        }
    }
    if let Some(source) = &spec.iscsi
        && source.initiator_name.is_some()
        && name.len() + 1 + source.target_portal.len() > 64
    {
        let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errors.invalid(&path.child("targetportal"), &source.target_portal, detail);
    }
}

fn storage_os(spec: &PersistentVolumeSpec, path: &Path<'_>, errors: &mut Errors) {
    let Some(source) = &spec.storageos else { return };
    let own = path.child("volumeName");
    if source.volume_name.is_empty() {
        errors.required(&own, "");
    } else {
        errors.invalid_all(&own, &source.volume_name, names::dns_label(&source.volume_name));
    }
    if !source.volume_namespace.is_empty() {
        let messages = names::dns_label(&source.volume_namespace);
        errors.invalid_all(&path.child("volumeNamespace"), &source.volume_namespace, messages);
    }
    if let Some(secret) = &source.secret_ref {
        let members = [("secretRef.name", &secret.name), ("secretRef.namespace", &secret.namespace)];
        vendor::required(&members, path, errors);
    }
}

fn csi(source: &CsiPersistentVolumeSource, path: &Path<'_>, errors: &mut Errors) {
    csi_driver_name(&source.driver, &path.child("driver"), errors);
    if source.volume_handle.is_empty() {
        errors.required(&path.child("volumeHandle"), "");
    }
    let secrets = [
        ("controllerPublishSecretRef", &source.controller_publish_secret_ref),
        ("controllerExpandSecretRef", &source.controller_expand_secret_ref),
        ("nodePublishSecretRef", &source.node_publish_secret_ref),
        ("nodeExpandSecretRef", &source.node_expand_secret_ref),
    ];
    for (name, secret) in secrets {
        let Some(secret) = secret else { continue };
        let own = path.child(name);
        if secret.name.is_empty() {
            errors.required(&own.child("name"), "");
        } else {
            // Upstream leaves the member's name out of this path.
            errors.invalid_all(&path.child("name"), &secret.name, names::dns_subdomain(&secret.name));
        }
        if secret.namespace.is_empty() {
            errors.required(&own.child("namespace"), "");
        } else {
            errors.invalid_all(
                &path.child("namespace"),
                &secret.namespace,
                names::dns_label(&secret.namespace),
            );
        }
    }
}

pub(super) fn csi_driver_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    const MAX: usize = 63;
    if name.is_empty() {
        errors.required(path, "");
    }
    if name.len() > MAX {
        errors.too_long(path, MAX);
    }
    errors.invalid_all(path, name, names::dns_subdomain(&name.to_lowercase()));
}

//! Volumes, claims, classes.

use super::since;
use super::table::{Column, Options, Release, Row};
use crate::core::{PersistentVolumeAccessMode, PersistentVolumeMode};
use crate::meta::ObjectMeta;
use crate::object::Object;

const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
const DEFAULT_CLASS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// Access modes in short: `RWO,ROX`.
pub(super) fn access_modes(modes: &[PersistentVolumeAccessMode]) -> String {
    const ORDER: [(PersistentVolumeAccessMode, &str); 4] = [
        (PersistentVolumeAccessMode::ReadWriteOnce, "RWO"),
        (PersistentVolumeAccessMode::ReadOnlyMany, "ROX"),
        (PersistentVolumeAccessMode::ReadWriteMany, "RWX"),
        (PersistentVolumeAccessMode::ReadWriteOncePod, "RWOP"),
    ];
    let shown: Vec<&str> =
        ORDER.iter().filter(|(mode, _)| modes.contains(mode)).map(|(_, short)| *short).collect();
    shown.join(",")
}

/// The class of a volume or claim: that of the old annotation before that of the field.
pub(super) fn class(metadata: &ObjectMeta, field: &str) -> String {
    metadata.annotations.get(CLASS).map_or(field, String::as_str).to_owned()
}

fn mode(mode: Option<&PersistentVolumeMode>) -> String {
    mode.map_or("<unset>", PersistentVolumeMode::as_str).to_owned()
}

pub(super) fn row(object: &Object, options: &Options) -> Option<Row> {
    let metadata = object.metadata()?;
    let mut cells = vec![(Column::always("Name"), metadata.name.clone())];
    let age = (Column::always("Age"), since(metadata.creation_timestamp, options.now));
    let phase =
        |phase: &str| if metadata.deletion_timestamp.is_some() { "Terminating" } else { phase }.to_owned();
    let attributes = |class: Option<&String>| {
        (Column::always("VolumeAttributesClass"), class.map_or("<unset>", String::as_str).to_owned())
    };
    let today = options.release >= Release::V1_36;
    match object {
        Object::PersistentVolume(object) => {
            let (spec, status) = (&object.spec, &object.status);
            let size = spec.capacity.get("storage").map_or_else(|| "0".to_owned(), ToString::to_string);
            let claim = spec.claim_ref.as_ref();
            let claim = claim.map_or_else(String::new, |claim| format!("{}/{}", claim.namespace, claim.name));
            let policy = spec.persistent_volume_reclaim_policy.as_str().to_owned();
            cells.extend([
                (Column::always("Capacity"), size),
                (Column::always("Access Modes"), access_modes(&spec.access_modes)),
                (Column::always("Reclaim Policy"), policy),
                (Column::always("Status"), phase(status.phase.as_str())),
                (Column::always("Claim"), claim),
                (Column::always("StorageClass"), class(metadata, &spec.storage_class_name)),
            ]);
            cells.extend(today.then(|| attributes(spec.volume_attributes_class_name.as_ref())));
            cells.push((Column::always("Reason"), status.reason.clone()));
            cells.push(age);
            cells.push((Column::wide("VolumeMode"), mode(spec.volume_mode.as_ref())));
        }
        Object::PersistentVolumeClaim(object) => {
            let (spec, status) = (&object.spec, &object.status);
            let bound = !spec.volume_name.is_empty();
            let size = status.capacity.get("storage").map_or_else(|| "0".to_owned(), ToString::to_string);
            let given = spec.storage_class_name.as_deref().unwrap_or_default();
            cells.extend([
                (Column::always("Status"), phase(status.phase.as_str())),
                (Column::always("Volume"), spec.volume_name.clone()),
                (Column::always("Capacity"), if bound { size } else { String::new() }),
                (
                    Column::always("Access Modes"),
                    if bound { access_modes(&status.access_modes) } else { String::new() },
                ),
                (Column::always("StorageClass"), class(metadata, given)),
            ]);
            cells.extend(today.then(|| attributes(spec.volume_attributes_class_name.as_ref())));
            cells.push(age);
            cells.push((Column::wide("VolumeMode"), mode(spec.volume_mode.as_ref())));
        }
        Object::StorageClass(object) => {
            let is_default = DEFAULT_CLASS
                .iter()
                .any(|name| metadata.annotations.get(*name).is_some_and(|value| value == "true"));
            if is_default {
                cells = vec![(Column::always("Name"), format!("{} (default)", metadata.name))];
            }
            let policy = object.reclaim_policy.as_ref().map_or("Delete", |policy| policy.as_str());
            let binding = object.volume_binding_mode.as_ref().map_or("Immediate", |mode| mode.as_str());
            let expands = object.allow_volume_expansion.unwrap_or(false);
            cells.extend([
                (Column::always("Provisioner"), object.provisioner.clone()),
                (Column::always("ReclaimPolicy"), policy.to_owned()),
                (Column::always("VolumeBindingMode"), binding.to_owned()),
                (Column::always("AllowVolumeExpansion"), expands.to_string()),
                age,
            ]);
        }
        Object::CsiDriver(object) => {
            let spec = &object.spec;
            let audiences: Vec<&str> =
                spec.token_requests.iter().map(|request| request.audience.as_str()).collect();
            let tokens = if audiences.is_empty() { "<unset>".to_owned() } else { audiences.join(",") };
            let modes: Vec<&str> = spec.volume_lifecycle_modes.iter().map(|mode| mode.as_str()).collect();
            cells.extend([
                (Column::always("AttachRequired"), spec.attach_required.unwrap_or(true).to_string()),
                (Column::always("PodInfoOnMount"), spec.pod_info_on_mount.unwrap_or(false).to_string()),
                (Column::always("StorageCapacity"), spec.storage_capacity.unwrap_or(false).to_string()),
                (Column::always("TokenRequests"), tokens),
                (Column::always("RequiresRepublish"), spec.requires_republish.unwrap_or(false).to_string()),
                (Column::always("Modes"), super::table::or_none(&modes.join(","))),
                age,
            ]);
        }
        Object::VolumeAttachment(object) => {
            let spec = &object.spec;
            let volume = spec.source.persistent_volume_name.clone().unwrap_or_default();
            cells.extend([
                (Column::always("Attacher"), spec.attacher.clone()),
                (Column::always("PV"), volume),
                (Column::always("Node"), spec.node_name.clone()),
                (Column::always("Attached"), object.status.attached.to_string()),
                age,
            ]);
        }
        _ => return None,
    }
    Some(Row::new(cells))
}

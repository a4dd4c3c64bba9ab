//! The name, labels and volumes of each pod.

use super::super::owner::controller_reference;
use super::super::pods::from_template;
use super::claims::claim_name;
use crate::apps::StatefulSet;
use crate::core::{PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume};
use crate::hash::CONTROLLER_REVISION_HASH;

/// The label of a pod with its name.
pub const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
/// The label of a pod with its number.
pub const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// The number of a pod of a set; `None` when its name is not one of the set's.
pub(super) fn ordinal(set: &StatefulSet, pod: &Pod) -> Option<i32> {
    let digits = pod.metadata.name.strip_prefix(&set.metadata.name)?.strip_prefix('-')?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The pod of a number, from a template and the revision of that.
pub(super) fn pod(set: &StatefulSet, template: &PodTemplateSpec, revision: &str, ordinal: i32) -> Pod {
    let owner = controller_reference("apps/v1", "StatefulSet", &set.metadata);
    let mut pod = from_template(template, &set.metadata.namespace, owner);
    pod.metadata.name = format!("{}-{ordinal}", set.metadata.name);
    give_identity(set, &mut pod, ordinal);
    pod.spec.hostname.clone_from(&pod.metadata.name);
    pod.spec.subdomain.clone_from(&set.spec.service_name);
    pod.metadata.labels.insert(CONTROLLER_REVISION_HASH.to_owned(), revision.to_owned());
    pod
}

/// Gives a pod its labels and volumes; whether it had others.
pub(super) fn give_identity(set: &StatefulSet, pod: &mut Pod, ordinal: i32) -> bool {
    let before = (pod.metadata.labels.clone(), pod.spec.volumes.clone());
    let name = pod.metadata.name.clone();
    pod.metadata.labels.insert(POD_NAME.to_owned(), name);
    pod.metadata.labels.insert(POD_INDEX.to_owned(), ordinal.to_string());
    let own = |volume: &Volume| {
        set.spec.volume_claim_templates.iter().any(|template| template.metadata.name == volume.name)
    };
    let has_all = set.spec.volume_claim_templates.iter().all(|template| {
        pod.spec.volumes.iter().any(|volume| {
            let claim = volume.persistent_volume_claim.as_ref();
            volume.name == template.metadata.name
                && claim.is_some_and(|claim| claim.claim_name == claim_name(set, template, ordinal))
        })
    });
    if !has_all {
        let others: Vec<Volume> = pod.spec.volumes.iter().filter(|volume| !own(volume)).cloned().collect();
        let claims = set.spec.volume_claim_templates.iter().map(|template| Volume {
            name: template.metadata.name.clone(),
            persistent_volume_claim: Some(Box::new(PersistentVolumeClaimVolumeSource {
                claim_name: claim_name(set, template, ordinal),
                ..PersistentVolumeClaimVolumeSource::default()
            })),
            ..Volume::default()
        });
        pod.spec.volumes = claims.chain(others).collect();
    }
    before != (pod.metadata.labels.clone(), pod.spec.volumes.clone())
}

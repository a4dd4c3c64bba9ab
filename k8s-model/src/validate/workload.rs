//! Controllers of pods that run on: `ReplicationController`, `ReplicaSet`, `Deployment`, `DaemonSet`, `StatefulSet`.

use std::collections::BTreeMap;

use super::errors::{Errors, Json};
use super::{claim, meta, names, pod};
use crate::apps::{
    ControllerRevision, DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategyType, Deployment, DeploymentSpec,
    DeploymentStrategyType, PersistentVolumeClaimRetentionPolicyType, PodManagementPolicyType, ReplicaSet,
    ReplicaSetSpec, StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategyType,
};
use crate::core::{
    PodTemplate, PodTemplateSpec, ReplicationController, ReplicationControllerSpec, RestartPolicy,
};
use crate::int_or_string::IntOrString;
use crate::meta::LabelSelector;
use crate::path::Path;
use crate::selector::Selector;

const NO_MATCH: &str = "`selector` does not match template `labels`";

pub(super) fn pod_template(object: &PodTemplate, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    pod::template(&object.template, &[], &Path::new("template"), errors);
}

/// Checks a selector that must be there and ask something, and that the labels of the template meet it.
fn selector(
    selector: Option<&LabelSelector>,
    labels: &BTreeMap<String, String>,
    kind: &str,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let own = path.child("selector");
    match selector {
        None => errors.required(&own, ""),
        Some(given) => {
            meta::label_selector(Some(given), &own, errors);
            if given.match_labels.is_empty() && given.match_expressions.is_empty() {
                errors.invalid(&own, Json(given), format!("empty selector is invalid for {kind}"));
            }
        }
    }
    match Selector::from_structured(selector) {
        Err(_) => {
            if let Some(given) = selector {
                errors.invalid(&own, Json(given), "invalid label selector");
            }
        }
        Ok(parsed) => {
            if !parsed.is_everything() && !parsed.matches(labels) {
                errors.invalid(&path.child("template.metadata.labels"), labels, NO_MATCH);
            }
        }
    }
}

/// Checks what only a template of pods that run on must have.
fn runs_on(template: &PodTemplateSpec, kind: &str, path: &Path<'_>, errors: &mut Errors) {
    let spec = path.child("template.spec");
    if template.spec.restart_policy != RestartPolicy::Always {
        let policy = template.spec.restart_policy.as_str();
        errors.not_supported(&spec.child("restartPolicy"), policy, &["Always"]);
    }
    if template.spec.active_deadline_seconds.is_some() {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errors.forbidden(&spec.child("activeDeadlineSeconds"), &detail);
    }
}

pub(super) fn replication_controller(object: &ReplicationController, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    replication_controller_spec(&object.spec, errors);
}

pub(super) fn replication_controller_spec(spec: &ReplicationControllerSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    errors.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds.into());
    if spec.selector.is_empty() {
        errors.required(&path.child("selector"), "");
    }
    match spec.replicas {
        None => errors.required(&path.child("replicas"), ""),
        Some(replicas) => errors.non_negative(&path.child("replicas"), replicas.into()),
    }
    let own = path.child("template");
    let Some(template) = &spec.template else { return errors.required(&own, "") };
    let labels = &template.metadata.labels;
    if !Selector::from_map(&spec.selector).matches(labels) {
        errors.invalid(&own.child("metadata.labels"), labels, NO_MATCH);
    }
    pod::template(template, &[], &own, errors);
    runs_on(template, "ReplicationController", &path, errors);
}

pub(super) fn replica_set(object: &ReplicaSet, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    replica_set_spec(&object.spec, errors);
}

pub(super) fn replica_set_spec(spec: &ReplicaSetSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    errors.non_negative(&path.child("replicas"), spec.replicas.unwrap_or_default().into());
    errors.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds.into());
    let labels = &spec.template.metadata.labels;
    selector(spec.selector.as_deref(), labels, "deployment", &path, errors);
    pod::template(&spec.template, &[], &path.child("template"), errors);
    runs_on(&spec.template, "ReplicaSet", &path, errors);
}

pub(super) fn deployment(object: &Deployment, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    deployment_spec(&object.spec, errors);
}

pub(super) fn deployment_spec(spec: &DeploymentSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    errors.non_negative(&path.child("replicas"), spec.replicas.unwrap_or_default().into());
    let labels = &spec.template.metadata.labels;
    selector(spec.selector.as_deref(), labels, "deployment", &path, errors);
    pod::template(&spec.template, &[], &path.child("template"), errors);
    runs_on(&spec.template, "ReplicaSet", &path, errors);
    deployment_strategy(spec, &path.child("strategy"), errors);
    errors.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds.into());
    if let Some(limit) = spec.revision_history_limit {
        errors.non_negative(&path.child("revisionHistoryLimit"), limit.into());
    }
    if let Some(deadline) = spec.progress_deadline_seconds {
        let path = path.child("progressDeadlineSeconds");
        errors.non_negative(&path, deadline.into());
        if deadline <= spec.min_ready_seconds {
            errors.invalid(&path, deadline, "must be greater than minReadySeconds");
        }
    }
}

fn deployment_strategy(spec: &DeploymentSpec, path: &Path<'_>, errors: &mut Errors) {
    let rolling = path.child("rollingUpdate");
    match (&spec.strategy.type_, &spec.strategy.rolling_update) {
        (DeploymentStrategyType::Recreate, None) => {}
        (DeploymentStrategyType::Recreate, Some(_)) => {
            errors.forbidden(&rolling, "may not be specified when strategy `type` is 'Recreate'");
        }
        (DeploymentStrategyType::RollingUpdate, None) => {
            errors.required(&rolling, "this should be defaulted and never be nil");
        }
        (DeploymentStrategyType::RollingUpdate, Some(update)) => {
            let (unavailable, surge) = (rolling.child("maxUnavailable"), rolling.child("maxSurge"));
            let zero = IntOrString::Int(0);
            let down = update.max_unavailable.as_ref().unwrap_or(&zero);
            let up = update.max_surge.as_ref().unwrap_or(&zero);
            int_or_percent(down, &unavailable, errors);
            int_or_percent(up, &surge, errors);
            if amount(down) == 0 && amount(up) == 0 {
                errors.invalid(&unavailable, down, "may not be 0 when `maxSurge` is 0");
            }
            at_most_all(down, &unavailable, errors);
        }
        _ => errors.not_supported(path, Json(&spec.strategy), &["Recreate", "RollingUpdate"]),
    }
}

/// A number that is not negative, or a percentage.
pub(super) fn int_or_percent(value: &IntOrString, path: &Path<'_>, errors: &mut Errors) {
    match value {
        IntOrString::Int(number) => errors.non_negative(path, (*number).into()),
        IntOrString::String(text) => errors.invalid_all(path, value, names::percent(text)),
    }
}

fn percentage(value: &IntOrString) -> Option<i64> {
    match value {
        IntOrString::String(text) if names::percent(text).is_empty() => {
            text.strip_suffix('%')?.parse().ok().or(Some(i64::MAX))
        }
        _ => None,
    }
}

/// The number, or that of the percentage; a text that is neither counts as 0.
fn amount(value: &IntOrString) -> i64 {
    match value {
        IntOrString::Int(number) => (*number).into(),
        IntOrString::String(text) => percentage(value).or_else(|| text.parse().ok()).unwrap_or(0),
    }
}

pub(super) fn at_most_all(value: &IntOrString, path: &Path<'_>, errors: &mut Errors) {
    if percentage(value).is_some_and(|percent| percent > 100) {
        errors.invalid(path, value, "must not be greater than 100%");
    }
}

pub(super) fn daemon_set(object: &DaemonSet, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    daemon_set_spec(&object.spec, errors);
}

pub(super) fn daemon_set_spec(spec: &DaemonSetSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    let own = path.child("selector");
    meta::label_selector(spec.selector.as_deref(), &own, errors);
    let labels = &spec.template.metadata.labels;
    if Selector::from_structured(spec.selector.as_deref()).is_ok_and(|parsed| !parsed.matches(labels)) {
        errors.invalid(&path.child("template.metadata.labels"), labels, NO_MATCH);
    }
    if let Some(given) = &spec.selector
        && given.match_labels.is_empty()
        && given.match_expressions.is_empty()
    {
        errors.invalid(&own, Json(&**given), "empty selector is invalid for daemonset");
    }
    pod::template(&spec.template, &[], &path.child("template"), errors);
    runs_on(&spec.template, "DaemonSet", &path, errors);
    errors.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds.into());
    daemon_set_strategy(spec, &path.child("updateStrategy"), errors);
    if let Some(limit) = spec.revision_history_limit {
        errors.non_negative(&path.child("revisionHistoryLimit"), limit.into());
    }
}

fn daemon_set_strategy(spec: &DaemonSetSpec, path: &Path<'_>, errors: &mut Errors) {
    let rolling = path.child("rollingUpdate");
    match (&spec.update_strategy.type_, &spec.update_strategy.rolling_update) {
        (DaemonSetUpdateStrategyType::OnDelete, _) => {}
        (DaemonSetUpdateStrategyType::RollingUpdate, None) => errors.required(&rolling, ""),
        (DaemonSetUpdateStrategyType::RollingUpdate, Some(update)) => {
            let (unavailable, surge) = (rolling.child("maxUnavailable"), rolling.child("maxSurge"));
            let zero = IntOrString::Int(0);
            let down = update.max_unavailable.as_ref().unwrap_or(&zero);
            let up = update.max_surge.as_ref().unwrap_or(&zero);
            int_or_percent(down, &unavailable, errors);
            int_or_percent(up, &surge, errors);
            match (amount(down) != 0, amount(up) != 0) {
                (true, true) => {
                    errors.invalid(&surge, up, "may not be set when maxUnavailable is non-zero");
                }
                (false, false) => {
                    errors.required(&unavailable, "cannot be 0 when maxSurge is 0");
                }
                _ => {}
            }
            at_most_all(down, &unavailable, errors);
            at_most_all(up, &surge, errors);
        }
        _ => errors.not_supported(path, Json(&spec.update_strategy), &["RollingUpdate", "OnDelete"]),
    }
}

pub(super) fn stateful_set(object: &StatefulSet, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    stateful_set_spec(&object.spec, errors);
    let name = &object.spec.service_name;
    if !name.is_empty() {
        errors.invalid_all(&Path::new("spec").child("serviceName"), name, names::dns_subdomain(name));
    }
    let path = Path::new("spec");
    let claims: Vec<&str> =
        object.spec.volume_claim_templates.iter().map(|claim| claim.metadata.name.as_str()).collect();
    pod::template(&object.spec.template, &claims, &path.child("template"), errors);
    let list = path.child("volumeClaimTemplates");
    for (index, template) in object.spec.volume_claim_templates.iter().enumerate() {
        claim::claim_spec(&template.spec, &list.index(index).child("spec"), errors);
    }
}

/// What is checked at the creation and at each update.
pub(super) fn stateful_set_spec(spec: &StatefulSetSpec, errors: &mut Errors) {
    let path = Path::new("spec");
    let management = path.child("podManagementPolicy");
    match &spec.pod_management_policy {
        PodManagementPolicyType::OrderedReady | PodManagementPolicyType::Parallel => {}
        PodManagementPolicyType::Unset => errors.required(&management, ""),
        other => errors.invalid(&management, other.as_str(), "must be 'OrderedReady' or 'Parallel'"),
    }
    stateful_set_strategy(spec, &path.child("updateStrategy"), errors);
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = path.child("persistentVolumeClaimRetentionPolicy");
        for (name, action) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
            let known = PersistentVolumeClaimRetentionPolicyType::KNOWN;
            if !known.contains(&action.as_str()) {
                errors.not_supported(&path.child(name), action.as_str(), known);
            }
        }
    }
    if let Some(ordinals) = &spec.ordinals {
        errors.non_negative(&path.child("ordinals.start"), ordinals.start.into());
    }
    errors.non_negative(&path.child("replicas"), spec.replicas.unwrap_or_default().into());
    errors.non_negative(&path.child("minReadySeconds"), spec.min_ready_seconds.into());
    let labels = &spec.template.metadata.labels;
    selector(spec.selector.as_deref(), labels, "statefulset", &path, errors);
    runs_on(&spec.template, "StatefulSet", &path, errors);
    if let Some(limit) = spec.revision_history_limit {
        errors.non_negative(&path.child("revisionHistoryLimit"), limit.into());
    }
}

fn stateful_set_strategy(spec: &StatefulSetSpec, path: &Path<'_>, errors: &mut Errors) {
    let rolling = path.child("rollingUpdate");
    match (&spec.update_strategy.type_, &spec.update_strategy.rolling_update) {
        (StatefulSetUpdateStrategyType::Unset, _) => errors.required(path, ""),
        (StatefulSetUpdateStrategyType::OnDelete, Some(update)) => {
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            errors.invalid(&rolling, Json(&**update), detail);
        }
        (StatefulSetUpdateStrategyType::RollingUpdate, Some(update)) => {
            errors.non_negative(&rolling.child("partition"), update.partition.unwrap_or_default().into());
            if let Some(down) = &update.max_unavailable {
                let path = rolling.child("maxUnavailable");
                int_or_percent(down, &path, errors);
                if amount(down) == 0 {
                    errors.invalid(&path, down, "cannot be 0");
                }
                at_most_all(down, &path, errors);
            }
        }
        (StatefulSetUpdateStrategyType::OnDelete | StatefulSetUpdateStrategyType::RollingUpdate, None) => {}
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            errors.invalid(path, Json(&spec.update_strategy), detail);
        }
    }
}

pub(super) fn controller_revision(object: &ControllerRevision, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    if object.data.is_none() {
        errors.required(&Path::new("data"), "data is mandatory");
    }
    errors.non_negative(&Path::new("revision"), object.revision);
}

//! Which objects a quota is about.

use crate::core::{
    Affinity, PersistentVolumeClaim, PodAffinityTerm, PodQosClass, PodSpec, ResourceQuota,
    ResourceQuotaScope, ScopeSelectorOperator, ScopedResourceSelectorRequirement,
};
use crate::object::Object;
use crate::resources;

/// Whether an object is in all scopes of a quota. Only pods and claims are in any.
pub(super) fn is_meant(quota: &ResourceQuota, object: &Object) -> bool {
    let plain = |scope: &ResourceQuotaScope| ScopedResourceSelectorRequirement {
        scope_name: scope.clone(),
        operator: ScopeSelectorOperator::Exists,
        values: Vec::new(),
    };
    let selected =
        quota.spec.scope_selector.iter().flat_map(|selector| selector.match_expressions.iter().cloned());
    quota.spec.scopes.iter().map(plain).chain(selected).all(|requirement| match object {
        Object::Pod(pod) => holds_for_pod(&requirement, &pod.spec),
        Object::PersistentVolumeClaim(claim) => holds_for_claim(&requirement, claim),
        _ => false,
    })
}

fn holds_for_pod(requirement: &ScopedResourceSelectorRequirement, spec: &PodSpec) -> bool {
    match requirement.scope_name {
        ResourceQuotaScope::Terminating => has_deadline(spec),
        ResourceQuotaScope::NotTerminating => !has_deadline(spec),
        ResourceQuotaScope::BestEffort => resources::qos_class(spec) == PodQosClass::BestEffort,
        ResourceQuotaScope::NotBestEffort => resources::qos_class(spec) != PodQosClass::BestEffort,
        ResourceQuotaScope::PriorityClass => value_fits(requirement, &spec.priority_class_name),
        ResourceQuotaScope::CrossNamespacePodAffinity => {
            spec.affinity.as_ref().is_some_and(|affinity| speaks_of_other_namespaces(affinity))
        }
        _ => false,
    }
}

fn holds_for_claim(requirement: &ScopedResourceSelectorRequirement, claim: &PersistentVolumeClaim) -> bool {
    match requirement.scope_name {
        ResourceQuotaScope::VolumeAttributesClass => {
            value_fits(requirement, claim.spec.volume_attributes_class_name.as_deref().unwrap_or_default())
        }
        _ => false,
    }
}

/// Whether a value is as a requirement wants it; an empty one is not there.
fn value_fits(requirement: &ScopedResourceSelectorRequirement, value: &str) -> bool {
    let is_named = requirement.values.iter().any(|known| known == value);
    match requirement.operator {
        ScopeSelectorOperator::Exists => !value.is_empty(),
        ScopeSelectorOperator::DoesNotExist => value.is_empty(),
        ScopeSelectorOperator::In => !value.is_empty() && is_named,
        ScopeSelectorOperator::NotIn => value.is_empty() || !is_named,
        _ => false,
    }
}

fn has_deadline(spec: &PodSpec) -> bool {
    spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0)
}

fn speaks_of_other_namespaces(affinity: &Affinity) -> bool {
    let does = |term: &PodAffinityTerm| !term.namespaces.is_empty() || term.namespace_selector.is_some();
    let near = affinity.pod_affinity.as_deref();
    let far = affinity.pod_anti_affinity.as_deref();
    let required = near
        .map(|near| &near.required_during_scheduling_ignored_during_execution)
        .into_iter()
        .chain(far.map(|far| &far.required_during_scheduling_ignored_during_execution))
        .flatten();
    let preferred = near
        .map(|near| &near.preferred_during_scheduling_ignored_during_execution)
        .into_iter()
        .chain(far.map(|far| &far.preferred_during_scheduling_ignored_during_execution))
        .flatten();
    required.chain(preferred.map(|weighted| &weighted.pod_affinity_term)).any(does)
}

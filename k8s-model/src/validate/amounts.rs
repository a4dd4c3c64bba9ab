//! Requests and limits.

use std::collections::BTreeSet;

use pod_core::quantity::Quantity;

use super::errors::Errors;
use super::names;
use crate::core::{PodSpec, ResourceRequirements};
use crate::path::Path;
use crate::resources::{self, ResourceList};

/// Names without a domain that mean something to Kubernetes.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "storage",
    "pods",
    "services",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whether a resource is Kubernetes' own.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether a resource is one that a node advertises by a name with a domain.
fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether more of a resource may be promised than there is.
pub(super) fn may_overcommit(name: &str) -> bool {
    is_native(name) && !resources::is_huge_page(name)
}

/// Checks what a container needs and may use, and its claims against those of the pod.
pub(super) fn container(
    resources: &ResourceRequirements,
    claims: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    lists(resources, container_name, path, errors);
    let list = path.child("claims");
    let mut seen = BTreeSet::new();
    for (index, claim) in resources.claims.iter().enumerate() {
        let path = list.index(index);
        let name = path.child("name");
        if claim.name.is_empty() {
            errors.required(&name, "");
            continue;
        }
        if !seen.insert((&claim.name, &claim.request)) {
            let shown = if claim.request.is_empty() {
                claim.name.clone()
            } else {
                format!("{}/{}", claim.name, claim.request)
            };
            errors.duplicate(&path, &shown);
        }
        if !claims.contains(claim.name.as_str()) {
            errors.not_found(&name, &claim.name);
        }
    }
}

/// Checks amounts for the pod as a whole.
pub(super) fn pod(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let Some(own) = &spec.resources else { return };
    if !own.claims.is_empty() {
        errors.forbidden(&path.child("claims"), "claims cannot be set for Resources at pod-level");
    }
    lists(own, pod_name, path, errors);
    let requests = path.child("requests");
    for (name, total) in resources::aggregate_requests(spec) {
        let given = own.requests.get(&name);
        if given.is_none_or(|given| *given < total) && resources::is_pod_level(&name) {
            let shown = given.map_or_else(|| "0".to_owned(), ToString::to_string);
            let detail = format!("must be greater than or equal to aggregate container requests of {total}");
            errors.invalid(&requests.key(&name), &shown, detail);
        }
    }
    let containers = path.child("containers");
    for (index, container) in spec.containers.iter().enumerate() {
        let path = containers.index(index);
        for (name, limit) in &container.resources.limits {
            if let Some(most) = own.limits.get(name).filter(|most| limit > most) {
                let path = path.key(name);
                let detail = format!("must be less than or equal to pod limits of {most}");
                errors.invalid(&path.child("limits"), &limit.to_string(), detail);
            }
        }
    }
}

/// Checks what the runtime needs, which has the form of limits.
pub(super) fn overhead(overhead: &ResourceList, path: &Path<'_>, errors: &mut Errors) {
    let resources = ResourceRequirements { limits: overhead.clone(), ..ResourceRequirements::default() };
    lists(&resources, container_name, path, errors);
}

fn lists(
    resources: &ResourceRequirements,
    check_name: fn(&str, &Path<'_>, &mut Errors),
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, quantity) in &resources.limits {
        let path = limits.key(name);
        check_name(name, &path, errors);
        amount(name, quantity, &path, errors);
    }
    for (name, quantity) in &resources.requests {
        let path = requests.key(name);
        check_name(name, &path, errors);
        amount(name, quantity, &path, errors);
        match resources.limits.get(name) {
            Some(limit) if quantity != limit && !may_overcommit(name) => {
                errors.invalid(
                    &requests,
                    &quantity.to_string(),
                    format!("must be equal to {name} limit of {limit}"),
                );
            }
            Some(limit) if quantity > limit => {
                let detail = format!("must be less than or equal to {name} limit of {limit}");
                errors.invalid(&requests, &quantity.to_string(), detail);
            }
            None if !may_overcommit(name) => {
                errors.required(&limits, "Limit must be set for non overcommitable resources");
            }
            _ => {}
        }
    }
    let mut named = resources.limits.keys().chain(resources.requests.keys());
    let computes = named.clone().any(|name| matches!(name.as_str(), "cpu" | "memory"));
    if !computes && named.any(|name| resources::is_huge_page(name)) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}

fn amount(name: &str, quantity: &Quantity, path: &Path<'_>, errors: &mut Errors) {
    if quantity.is_negative() {
        errors.invalid(path, &quantity.to_string(), "must be greater than or equal to 0");
    }
    if is_extended(name) && quantity.milli_value().is_some_and(|milli| milli % 1000 != 0) {
        errors.invalid(path, &quantity.to_string(), "must be an integer");
    }
    if let Some(size) = name.strip_prefix("hugepages-").and_then(|size| size.parse::<Quantity>().ok())
        && let (Some(bytes), Some(page)) = (quantity.value(), size.value().filter(|page| *page > 0))
        && bytes % page != 0
    {
        let detail = format!("{quantity} is not positive integer multiple of {name}");
        errors.invalid(path, &quantity.to_string(), detail);
    }
}

/// The name of a resource as quotas and limits of claims have it.
pub(super) fn resource_name(name: &str, path: &Path<'_>, errors: &mut Errors) -> bool {
    let messages = names::qualified_name(name);
    let well_formed = messages.is_empty();
    errors.invalid_all(path, name, messages);
    let known = name.contains('/') || STANDARD.contains(&name) || resources::is_huge_page(name);
    if well_formed && !known {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    well_formed && known
}

/// An amount that is not negative, and whole where only whole ones make sense.
pub(super) fn quantity(name: &str, quantity: &Quantity, path: &Path<'_>, errors: &mut Errors) {
    const COUNTED: [&str; 9] = [
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    ];
    if quantity.is_negative() {
        errors.invalid(path, &quantity.to_string(), "must be greater than or equal to 0");
    }
    let whole = COUNTED.contains(&name) || is_extended(name);
    if whole && quantity.milli_value().is_some_and(|milli| milli % 1000 != 0) {
        errors.invalid(path, &quantity.to_string(), "must be an integer");
    }
}

pub(super) fn container_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    let messages = names::qualified_name(name);
    let well_formed = messages.is_empty();
    errors.invalid_all(path, name, messages);
    if !name.contains('/') {
        let known = STANDARD.contains(&name) || resources::is_huge_page(name);
        if well_formed && !known {
            errors.invalid(path, name, "must be a standard resource type or fully qualified");
        }
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !resources::is_huge_page(name) {
            errors.invalid(path, name, "must be a standard resource for containers");
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

fn pod_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    errors.invalid_all(path, name, names::qualified_name(name));
    if !resources::is_pod_level(name) {
        errors.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
    }
}

//! The limits of a namespace (`plugin/pkg/admission/limitranger`).

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::core::{Container, LimitRangeItem, LimitType, Pod};
use crate::object::Object;
use crate::resources::{ResourceList, aggregate_limits, aggregate_requests};

/// The limits that hold for a pod.
fn items<'o>(pod: &Pod, objects: &[&'o Object], kind: &LimitType) -> Vec<&'o LimitRangeItem> {
    let ranges = objects.iter().filter_map(|object| match object {
        Object::LimitRange(range) if range.metadata.namespace == pod.metadata.namespace => Some(&**range),
        _ => None,
    });
    ranges.flat_map(|range| &range.spec.limits).filter(|item| item.type_ == *kind).collect()
}

/// Gives its containers what they do not say (`mergePodResourceRequirements`).
pub(super) fn fill(pod: &mut Pod, objects: &[&Object]) {
    for item in items(pod, objects, &LimitType::Container) {
        for container in pod.spec.containers.iter_mut().chain(&mut pod.spec.init_containers) {
            let resources = &mut container.resources;
            for (own, given) in
                [(&mut resources.limits, &item.default), (&mut resources.requests, &item.default_request)]
            {
                for (resource, amount) in given {
                    own.entry(resource.clone()).or_insert_with(|| amount.clone());
                }
            }
        }
    }
}

/// The limits that it breaks (`PodValidateLimitFunc`).
pub(super) fn broken(pod: &Pod, objects: &[&Object]) -> Vec<String> {
    let mut broken = Vec::new();
    for item in items(pod, objects, &LimitType::Container) {
        for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
            let Container { resources, .. } = container;
            check(item, &resources.requests, &resources.limits, &mut broken);
        }
    }
    let pods = items(pod, objects, &LimitType::Pod);
    if !pods.is_empty() {
        let (requests, limits) = (aggregate_requests(&pod.spec), aggregate_limits(&pod.spec));
        pods.into_iter().for_each(|item| check(item, &requests, &limits, &mut broken));
    }
    broken
}

fn check(item: &LimitRangeItem, requests: &ResourceList, limits: &ResourceList, broken: &mut Vec<String>) {
    let (LimitRangeItem { min, max, max_limit_request_ratio: ratios, .. }, kind) = (item, &item.type_);
    for (resource, least) in min {
        match (requests.get(resource), limits.get(resource)) {
            (None, _) => broken
                .push(format!("minimum {resource} usage per {kind} is {least}.  No request is specified")),
            (Some(request), _) if request < least => broken
                .push(format!("minimum {resource} usage per {kind} is {least}, but request is {request}")),
            (_, Some(limit)) if limit < least => {
                broken.push(format!("minimum {resource} usage per {kind} is {least}, but limit is {limit}"))
            }
            _ => {}
        }
    }
    for (resource, most) in max {
        match (requests.get(resource), limits.get(resource)) {
            (_, None) => {
                broken.push(format!("maximum {resource} usage per {kind} is {most}.  No limit is specified"))
            }
            (_, Some(limit)) if limit > most => {
                broken.push(format!("maximum {resource} usage per {kind} is {most}, but limit is {limit}"))
            }
            (Some(request), _) if request > most => broken
                .push(format!("maximum {resource} usage per {kind} is {most}, but request is {request}")),
            _ => {}
        }
    }
    for (resource, most) in ratios {
        broken.extend(ratio(resource, kind, most, requests, limits));
    }
}

/// How much larger a limit is than the request.
fn ratio(
    resource: &str,
    kind: &LimitType,
    most: &Quantity,
    requests: &BTreeMap<String, Quantity>,
    limits: &BTreeMap<String, Quantity>,
) -> Option<String> {
    let amount = |list: &ResourceList| list.get(resource).and_then(Quantity::milli_value).filter(|n| *n != 0);
    let told = format!("{resource} max limit to request ratio per {kind} is {most}");
    let (Some(request), Some(limit)) = (amount(requests), amount(limits)) else {
        let what = if amount(requests).is_none() { "request" } else { "limit" };
        return Some(format!("{told}, but no {what} is specified or {what} is 0"));
    };
    // In thousandths, rounded up: all but the text is exact.
    let thousandths = (i128::from(limit) * 1000 + i128::from(request) - 1).div_euclid(i128::from(request));
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    let over = thousandths > i128::from(most.milli_value()?);
    over.then(|| format!("{told}, but provided ratio is {whole}.{rest:03}000"))
}

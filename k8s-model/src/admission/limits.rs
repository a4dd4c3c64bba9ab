//! Requests and limits from `LimitRange`s, and their bounds (`LimitRanger`).

use pod_core::quantity::Quantity;

use super::{Refusal, Step, or_default};
use crate::core::{Container, LimitRange, LimitRangeItem, LimitType, PersistentVolumeClaim, Pod};
use crate::object::Object;
use crate::resources::{self, ResourceList};

/// The annotation that says what was filled in.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// What the ranges of a namespace say.
fn items<'r>(ranges: &'r [LimitRange], namespace: &str) -> impl Iterator<Item = &'r LimitRangeItem> {
    let namespace = or_default(namespace);
    ranges
        .iter()
        .filter(move |range| or_default(&range.metadata.namespace) == namespace)
        .flat_map(|range| &range.spec.limits)
}

/// Gives the containers of a pod the requests and limits that the ranges of its namespace have for those that say nothing, and says so in
/// an annotation.
pub fn fill_in_limits(pod: &mut Pod, ranges: &[LimitRange]) {
    let mut said = Vec::new();
    let own = items(ranges, &pod.metadata.namespace);
    for item in own.filter(|item| item.type_ == LimitType::Container) {
        for container in &mut pod.spec.containers {
            fill_in_container(container, "container", item, &mut said);
        }
        for container in &mut pod.spec.init_containers {
            fill_in_container(container, "init container", item, &mut said);
        }
    }
    if !said.is_empty() {
        let text = format!("LimitRanger plugin set: {}", said.join("; "));
        pod.metadata.annotations.insert(ANNOTATION.to_owned(), text);
    }
}

/// Holds pods and claims to the bounds of all ranges of their namespace.
///
/// # Errors
///
/// All that is out of bounds, in the order of the ranges: a request below the least, a limit above the most, one of them that must be
/// given and is not, and a limit that is too many times the request.
pub fn check_limits(object: &Object, ranges: &[LimitRange]) -> Result<(), Refusal> {
    let mut reasons = Vec::new();
    for item in items(ranges, object.namespace()) {
        match object {
            Object::Pod(pod) => check_pod(pod, item, &mut reasons),
            Object::PersistentVolumeClaim(claim) => check_claim(claim, item, &mut reasons),
            _ => {}
        }
    }
    Refusal::of(Step::LimitRanger, reasons)
}

fn fill_in_container(container: &mut Container, sort: &str, item: &LimitRangeItem, said: &mut Vec<String>) {
    let lists = [
        ("request", &mut container.resources.requests, &item.default_request),
        ("limit", &mut container.resources.limits, &item.default),
    ];
    for (word, own, defaults) in lists {
        let mut names = Vec::new();
        for (name, amount) in defaults {
            if !own.contains_key(name) {
                own.insert(name.clone(), amount.clone());
                names.push(name.as_str());
            }
        }
        if !names.is_empty() {
            said.push(format!("{} {word} for {sort} {}", names.join(", "), container.name));
        }
    }
}

fn check_pod(pod: &Pod, item: &LimitRangeItem, reasons: &mut Vec<String>) {
    match item.type_ {
        LimitType::Container => {
            for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
                check(item, &container.resources.requests, &container.resources.limits, reasons);
            }
        }
        LimitType::Pod => {
            let requests = resources::requests_of(&pod.spec);
            check(item, &requests, &resources::limits_of(&pod.spec), reasons);
        }
        _ => {}
    }
}

/// Only requests of claims count.
fn check_claim(claim: &PersistentVolumeClaim, item: &LimitRangeItem, reasons: &mut Vec<String>) {
    if item.type_ != LimitType::PersistentVolumeClaim {
        return;
    }
    let requests = &claim.spec.resources.requests;
    for (name, least) in &item.min {
        reasons.extend(below(item, name, least, requests, &ResourceList::new()));
    }
    for (name, most) in &item.max {
        let start = format!("maximum {name} usage per {} is {most}", item.type_);
        match requests.get(name) {
            None => reasons.push(format!("{start}.  No request is specified")),
            Some(own) if own > most => reasons.push(format!("{start}, but request is {own}")),
            Some(_) => {}
        }
    }
}

fn check(item: &LimitRangeItem, requests: &ResourceList, limits: &ResourceList, reasons: &mut Vec<String>) {
    for (name, least) in &item.min {
        reasons.extend(below(item, name, least, requests, limits));
    }
    for (name, most) in &item.max {
        reasons.extend(above(item, name, most, requests, limits));
    }
    for (name, ratio) in &item.max_limit_request_ratio {
        reasons.extend(apart(item, name, ratio, requests, limits));
    }
}

fn below(
    item: &LimitRangeItem,
    name: &str,
    least: &Quantity,
    requests: &ResourceList,
    limits: &ResourceList,
) -> Option<String> {
    let start = format!("minimum {name} usage per {} is {least}", item.type_);
    match (requests.get(name), limits.get(name)) {
        (None, _) => Some(format!("{start}.  No request is specified")),
        (Some(request), _) if request < least => Some(format!("{start}, but request is {request}")),
        (_, Some(limit)) if limit < least => Some(format!("{start}, but limit is {limit}")),
        _ => None,
    }
}

fn above(
    item: &LimitRangeItem,
    name: &str,
    most: &Quantity,
    requests: &ResourceList,
    limits: &ResourceList,
) -> Option<String> {
    let start = format!("maximum {name} usage per {} is {most}", item.type_);
    match (requests.get(name), limits.get(name)) {
        (_, None) => Some(format!("{start}.  No limit is specified")),
        (_, Some(limit)) if limit > most => Some(format!("{start}, but limit is {limit}")),
        (Some(request), _) if request > most => Some(format!("{start}, but request is {request}")),
        _ => None,
    }
}

fn apart(
    item: &LimitRangeItem,
    name: &str,
    ratio: &Quantity,
    requests: &ResourceList,
    limits: &ResourceList,
) -> Option<String> {
    let start = format!("{name} max limit to request ratio per {} is {ratio}", item.type_);
    let amount = |list: &ResourceList| list.get(name).map(thousandths).filter(|amount| *amount != 0.0);
    let Some(request) = amount(requests) else {
        return Some(format!("{start}, but no request is specified or request is 0"));
    };
    let Some(limit) = amount(limits) else {
        return Some(format!("{start}, but no limit is specified or limit is 0"));
    };
    let found = limit / request;
    (found * 1000.0 > thousandths(ratio)).then(|| format!("{start}, but provided ratio is {found:.6}"))
}

/// An amount in thousandths, as near as floating point comes.
#[expect(clippy::cast_precision_loss, reason = "upstream divides in floating point too")]
fn thousandths(quantity: &Quantity) -> f64 {
    quantity.milli_value().map_or_else(
        || quantity.value().map_or(f64::MAX, |units| units as f64 * 1000.0),
        |milli| milli as f64,
    )
}

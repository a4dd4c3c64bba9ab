//! Requests and limits.

use pod_core::pod::Resources;
use pod_core::quantity::Quantity;

use crate::core::{Container, PodSpec};
use crate::expand::Problems;
use crate::path::Path;
use crate::resources::{self, ResourceList};

pub(super) fn amounts(
    container: &Container,
    spec: &PodSpec,
    node_memory: u64,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Resources {
    let path = path.child("resources");
    super::fields::refuse(&container.resources, &path, problems);
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for name in container.resources.limits.keys().filter(|name| !matches!(name.as_str(), "cpu" | "memory")) {
        problems.add(&limits.key(name), "only limits of `cpu` and `memory` can be kept here");
    }
    let mut read = |list: &ResourceList, name: &str, path: &Path<'_>, milli: bool| {
        let quantity = list.get(name).filter(|quantity| !quantity.is_zero())?;
        problems.take(&path.key(name), units(quantity, milli))
    };
    let resources = &container.resources;
    Resources {
        cpu_request_milli: read(&resources.requests, "cpu", &requests, true),
        cpu_limit_milli: read(&resources.limits, "cpu", &limits, true),
        memory_request: read(&resources.requests, "memory", &requests, false),
        memory_limit: read(&resources.limits, "memory", &limits, false),
        pids_limit: None,
        oom_score_adj: Some(resources::oom_score_adj(spec, container, node_memory)),
    }
}

/// A quantity in whole units or thousandths.
pub(super) fn units(quantity: &Quantity, milli: bool) -> Result<u64, String> {
    let number = if milli { quantity.milli_value() } else { quantity.value() };
    number
        .and_then(|number| u64::try_from(number).ok())
        .ok_or_else(|| format!("the amount {quantity} is negative or beyond 64 bits"))
}

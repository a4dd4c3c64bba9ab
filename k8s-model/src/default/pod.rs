//! Defaults of the pod as a whole.

use super::{container, round_up, volume};
use crate::core::{Container, DnsPolicy, Pod, PodSpec, RestartPolicy};
use crate::resources::{self, ResourceList};

/// Fills in the defaults of a pod.
///
/// Those that only a pod has, and no pod template, are here too: requests from limits, service links, and host ports of a pod
/// on the node's network.
pub fn pod(pod: &mut Pod) {
    let spec = &mut pod.spec;
    pod_spec(spec);
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        requests_from_limits(container);
    }
    pod_resources(spec);
    spec.enable_service_links.get_or_insert(true);
    if spec.host_network {
        for port in spec
            .containers
            .iter_mut()
            .chain(&mut spec.init_containers)
            .flat_map(|container| &mut container.ports)
            .filter(|port| port.host_port == 0)
        {
            port.host_port = port.container_port;
        }
    }
}

/// Fills in what a pod template has too.
pub(super) fn pod_spec(spec: &mut PodSpec) {
    if spec.dns_policy.is_unset() {
        spec.dns_policy = DnsPolicy::ClusterFirst;
    }
    if spec.restart_policy.is_unset() {
        spec.restart_policy = RestartPolicy::Always;
    }
    if spec.scheduler_name.is_empty() {
        "default-scheduler".clone_into(&mut spec.scheduler_name);
    }
    spec.security_context.get_or_insert_default();
    spec.termination_grace_period_seconds.get_or_insert(30);
    // The old name of a field is kept in step with the new one.
    if spec.service_account_name.is_empty() {
        spec.service_account_name.clone_from(&spec.service_account);
    }
    spec.service_account.clone_from(&spec.service_account_name);
    round_up(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        round_up(&mut resources.limits);
        round_up(&mut resources.requests);
    }
    spec.volumes.iter_mut().for_each(volume::volume);
    spec.init_containers.iter_mut().for_each(container::container);
    spec.containers.iter_mut().for_each(container::container);
    spec.ephemeral_containers.iter_mut().for_each(container::ephemeral);
}

fn requests_from_limits(container: &mut Container) {
    for (name, limit) in &container.resources.limits {
        container.resources.requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

/// Completes amounts for the pod as a whole from those of its containers, where some are given.
fn pod_resources(spec: &mut PodSpec) {
    let limits = resources::aggregate_limits(spec);
    let requests = resources::aggregate_requests(spec);
    let bounded: ResourceList = limits
        .iter()
        .filter(|(name, _)| all_have_limit(spec, name))
        .map(|(n, q)| (n.clone(), q.clone()))
        .collect();
    let Some(own) = &mut spec.resources else { return };
    if own.limits.is_empty() && own.requests.is_empty() {
        return;
    }
    for (name, limit) in &limits {
        if resources::is_huge_page(name) && !own.requests.contains_key(name) {
            own.limits.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }
    if own.limits.is_empty() {
        own.limits = bounded.into_iter().filter(|(name, _)| is_compute(name)).collect();
        return;
    }
    for (name, request) in requests.into_iter().filter(|(name, _)| is_compute(name)) {
        own.requests.entry(name).or_insert(request);
    }
    for (name, limit) in own.limits.iter().filter(|(name, _)| resources::is_pod_level(name)) {
        own.requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

fn is_compute(resource: &str) -> bool {
    matches!(resource, "cpu" | "memory")
}

fn all_have_limit(spec: &PodSpec, resource: &str) -> bool {
    let lasting = spec.init_containers.iter().filter(|container| resources::is_sidecar(container));
    spec.containers.iter().chain(lasting).all(|container| container.resources.limits.contains_key(resource))
}

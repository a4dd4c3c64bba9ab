//! The addresses behind services: EndpointSlices and, for those who still read them, Endpoints (`pkg/controller/endpoint`,
//! `k8s.io/endpointslice`).

mod old;
mod slices;

pub use old::plan as plan_endpoints;
pub use slices::plan;

use std::net::IpAddr;

use super::pods::is_over;
use crate::core::{IpFamily, ObjectReference, Pod, Protocol, Service, ServicePort, ServiceType};
use crate::int_or_string::IntOrString;
use crate::resources::is_sidecar;

/// The label of what belongs to a service without an address of its own.
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Whether the controllers look after a service: it selects pods, and is not only a name for another one.
#[must_use]
pub fn is_kept(service: &Service) -> bool {
    !service.spec.selector.is_empty() && service.spec.type_ != ServiceType::ExternalName
}

fn is_headless(service: &Service) -> bool {
    service.spec.cluster_ip == "None"
}

/// Whether a pod can be behind a service: it is not over, has an address, and is not on its way out, unless those are wanted too.
fn belongs(pod: &Pod, with_leaving: bool) -> bool {
    let has_address = !pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty();
    !is_over(pod) && has_address && (with_leaving || pod.metadata.deletion_timestamp.is_none())
}

/// The address of a pod of one family.
fn address(pod: &Pod, family: &IpFamily) -> Option<String> {
    let wants_v6 = *family == IpFamily::IPv6;
    let first = std::iter::once(&pod.status.pod_ip);
    let all = pod.status.pod_ips.iter().map(|ip| &ip.ip).chain(first);
    let mut fitting = all.filter(|ip| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6() == wants_v6));
    fitting.next().cloned()
}

/// The families of a service, at least one: what it says, else that of its address, else IPv4.
fn families(service: &Service) -> Vec<IpFamily> {
    if !service.spec.ip_families.is_empty() {
        return service.spec.ip_families.clone();
    }
    let is_v6 = service.spec.cluster_ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
    vec![if is_v6 { IpFamily::IPv6 } else { IpFamily::IPv4 }]
}

/// The port of a pod that a service's port means (`FindPort`): a number, or the name of a port of a container.
fn port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let protocol = if port.protocol.is_unset() { &Protocol::Tcp } else { &port.protocol };
    match &port.target_port {
        None | Some(IntOrString::Int(0)) => Some(port.port),
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(name)) => {
            let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(container));
            let mut ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
            let fits = |other: &&crate::core::ContainerPort| {
                other.name == *name
                    && (other.protocol == *protocol
                        || other.protocol.is_unset() && *protocol == Protocol::Tcp)
            };
            ports.find(fits).map(|port| port.container_port)
        }
    }
}

/// The host name of a pod, when it is one below the service.
fn hostname<'p>(pod: &'p Pod, service: &Service) -> Option<&'p str> {
    let own = !pod.spec.hostname.is_empty()
        && pod.spec.subdomain == service.metadata.name
        && pod.metadata.namespace == service.metadata.namespace;
    own.then_some(&pod.spec.hostname)
}

fn target(pod: &Pod) -> Option<Box<ObjectReference>> {
    Some(Box::new(ObjectReference {
        kind: "Pod".to_owned(),
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        ..ObjectReference::default()
    }))
}

fn node(pod: &Pod) -> Option<String> {
    Some(pod.spec.node_name.clone()).filter(|name| !name.is_empty())
}

//! Defaults of services and what stands beside them.

use crate::core::{
    Endpoints, LoadBalancerIpMode, Protocol, Service, ServiceAffinity, ServiceExternalTrafficPolicy,
    ServiceInternalTrafficPolicy, ServiceType,
};
use crate::core::{IpFamily, IpFamilyPolicy};
use crate::discovery::EndpointSlice;
use crate::int_or_string::IntOrString;
use crate::networking::{IngressClass, NetworkPolicy, PolicyType};

/// How many seconds a client stays with the pod that it got (`DefaultClientIPServiceAffinitySeconds`).
const CLIENT_IP_SECONDS: i32 = 10_800;

pub(super) fn service(object: &mut Service) {
    let spec = &mut object.spec;
    if spec.session_affinity.is_unset() {
        spec.session_affinity = ServiceAffinity::None;
    }
    match spec.session_affinity {
        ServiceAffinity::None => spec.session_affinity_config = None,
        ServiceAffinity::ClientIp => {
            let config = spec.session_affinity_config.get_or_insert_default();
            config.client_ip.get_or_insert_default().timeout_seconds.get_or_insert(CLIENT_IP_SECONDS);
        }
        _ => {}
    }
    if spec.type_.is_unset() {
        spec.type_ = ServiceType::ClusterIp;
    }
    for port in &mut spec.ports {
        if port.protocol.is_unset() {
            port.protocol = Protocol::Tcp;
        }
        let unset = match &port.target_port {
            None | Some(IntOrString::Int(0)) => true,
            Some(IntOrString::String(name)) => name.is_empty(),
            Some(IntOrString::Int(_)) => false,
        };
        if unset {
            port.target_port = Some(port.port.into());
        }
    }
    let outside = matches!(spec.type_, ServiceType::NodePort | ServiceType::LoadBalancer);
    if outside && spec.external_traffic_policy.is_unset() {
        spec.external_traffic_policy = ServiceExternalTrafficPolicy::Cluster;
    }
    if outside || spec.type_ == ServiceType::ClusterIp {
        spec.internal_traffic_policy.get_or_insert(ServiceInternalTrafficPolicy::Cluster);
    }
    if spec.type_ == ServiceType::LoadBalancer {
        spec.allocate_load_balancer_node_ports.get_or_insert(true);
    }
    if spec.type_ != ServiceType::ExternalName {
        families(object);
    }
    for ingress in object.status.load_balancer.ingress.iter_mut().filter(|ingress| !ingress.ip.is_empty()) {
        ingress.ip_mode.get_or_insert(LoadBalancerIpMode::Vip);
    }
}

/// Two addresses or families say that both are required; a family that is required twice is completed.
fn families(object: &mut Service) {
    let spec = &mut object.spec;
    if spec.ip_family_policy.is_none() && (spec.cluster_ips.len() == 2 || spec.ip_families.len() == 2) {
        spec.ip_family_policy = Some(IpFamilyPolicy::RequireDualStack);
    }
    if spec.ip_family_policy == Some(IpFamilyPolicy::RequireDualStack)
        && let [only] = spec.ip_families.as_slice()
    {
        let other = if *only == IpFamily::IPv4 { IpFamily::IPv6 } else { IpFamily::IPv4 };
        spec.ip_families.push(other);
    }
}

pub(super) fn endpoints(object: &mut Endpoints) {
    for port in object.subsets.iter_mut().flat_map(|subset| &mut subset.ports) {
        if port.protocol.is_unset() {
            port.protocol = Protocol::Tcp;
        }
    }
}

pub(super) fn endpoint_slice(object: &mut EndpointSlice) {
    for port in &mut object.ports {
        port.name.get_or_insert_default();
        port.protocol.get_or_insert(Protocol::Tcp);
    }
}

pub(super) fn ingress_class(object: &mut IngressClass) {
    if let Some(parameters) = &mut object.spec.parameters {
        parameters.scope.get_or_insert_with(|| "Cluster".to_owned());
    }
}

pub(super) fn network_policy(object: &mut NetworkPolicy) {
    let spec = &mut object.spec;
    let ingress = spec.ingress.iter_mut().flat_map(|rule| &mut rule.ports);
    let egress = spec.egress.iter_mut().flat_map(|rule| &mut rule.ports);
    for port in ingress.chain(egress) {
        port.protocol.get_or_insert(Protocol::Tcp);
    }
    if spec.policy_types.is_empty() {
        spec.policy_types.push(PolicyType::Ingress);
        if !spec.egress.is_empty() {
            spec.policy_types.push(PolicyType::Egress);
        }
    }
}

//! Services.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::errors::{Errors, Json};
use super::{meta, names};
use crate::core::{
    IpFamily, IpFamilyPolicy, Protocol, Service, ServiceAffinity, ServiceExternalTrafficPolicy,
    ServiceInternalTrafficPolicy, ServicePort, ServiceType,
};
use crate::int_or_string::IntOrString;
use crate::path::Path;

/// The annotation that named the allowed networks before there was a field.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
/// The port of the kubelet, which a load balancer must not open.
const KUBELET: i32 = 10_250;
/// The longest time that a client stays with a pod: a day.
const MAX_AFFINITY: i32 = 86_400;

pub(super) fn service(object: &Service, errors: &mut Errors) {
    meta::named(&object.metadata, names::dns_1035_label, &Path::new("metadata"), errors);
    service_itself(object, errors);
}

/// Whether a service has no address of its own.
pub(super) fn is_headless(object: &Service) -> bool {
    object.spec.cluster_ip == "None" || matches!(object.spec.cluster_ips.as_slice(), [only] if only == "None")
}

/// What is checked of a service at its creation and at each update.
pub(super) fn service_itself(object: &Service, errors: &mut Errors) {
    let path = Path::new("spec");
    let spec = &object.spec;
    let headless = is_headless(object);
    if spec.ports.is_empty() && !headless && spec.type_ != ServiceType::ExternalName {
        errors.required(&path.child("ports"), "");
    }
    by_type(object, headless, &path, errors);
    let list = path.child("ports");
    let mut names = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        service_port(port, spec.ports.len() > 1, &mut names, &list.index(index), errors);
    }
    meta::labels(&spec.selector, &path.child("selector"), errors);
    affinity(object, &path, errors);
    addresses(object, headless, &path, errors);
    let external = path.child("externalIPs");
    for (index, ip) in spec.external_ips.iter().enumerate() {
        ordinary_ip(ip, &external.index(index), errors);
    }
    if !ServiceType::KNOWN.contains(&spec.type_.as_str()) {
        if spec.type_.is_unset() {
            errors.required(&path.child("type"), "");
        } else {
            errors.not_supported(&path.child("type"), spec.type_.as_str(), ServiceType::KNOWN);
        }
    }
    node_ports(object, &list, errors);
    traffic(object, &path, errors);
}

fn by_type(object: &Service, headless: bool, path: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    let first = path.child("clusterIPs[0]");
    match spec.type_ {
        ServiceType::LoadBalancer => {
            let list = path.child("ports");
            for (index, port) in spec.ports.iter().enumerate().filter(|(_, port)| port.port == KUBELET) {
                let detail = format!("may not expose port {KUBELET} externally since it is used by kubelet");
                errors.invalid(&list.index(index), port.port, detail);
            }
            if headless {
                errors.invalid(&first, "None", "may not be set to 'None' for LoadBalancer services");
            }
        }
        ServiceType::NodePort if headless => {
            errors.invalid(&first, "None", "may not be set to 'None' for NodePort services");
        }
        ServiceType::ExternalName => {
            const DETAIL: &str = "may not be set for ExternalName services";
            let set = [
                ("clusterIPs", !spec.cluster_ips.is_empty() || !spec.cluster_ip.is_empty()),
                ("ipFamilies", !spec.ip_families.is_empty()),
                ("ipFamilyPolicy", spec.ip_family_policy.is_some()),
            ];
            for (name, _) in set.iter().filter(|(_, set)| *set) {
                errors.forbidden(&path.child(name), DETAIL);
            }
            let name = spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name);
            let own = path.child("externalName");
            if name.is_empty() {
                errors.required(&own, "");
            } else {
                errors.invalid_all(&own, name, names::dns_subdomain(name));
            }
        }
        _ => {}
    }
}

fn service_port<'s>(
    port: &'s ServicePort,
    several: bool,
    names: &mut BTreeSet<&'s str>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let name = path.child("name");
    if port.name.is_empty() {
        if several {
            errors.required(&name, "");
        }
    } else {
        errors.invalid_all(&name, &port.name, names::dns_label(&port.name));
        if !names.insert(&port.name) {
            errors.duplicate(&name, &port.name);
        }
    }
    errors.invalid_all(&path.child("port"), port.port, names::port_number(port.port.into()));
    protocol(&port.protocol, &path.child("protocol"), errors);
    let target = path.child("targetPort");
    match &port.target_port {
        Some(IntOrString::Int(number)) => {
            errors.invalid_all(&target, *number, names::port_number((*number).into()));
        }
        Some(IntOrString::String(text)) => errors.invalid_all(&target, text, names::port_name(text)),
        None => errors.invalid_all(&target, 0, names::port_number(0)),
    }
    if let Some(protocol) = &port.app_protocol {
        errors.invalid_all(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

pub(super) fn protocol(protocol: &Protocol, path: &Path<'_>, errors: &mut Errors) {
    if protocol.is_unset() {
        errors.required(path, "");
    } else if !Protocol::KNOWN.contains(&protocol.as_str()) {
        errors.not_supported(path, protocol.as_str(), Protocol::KNOWN);
    }
}

fn affinity(object: &Service, path: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    let config = path.child("sessionAffinityConfig");
    match &spec.session_affinity {
        ServiceAffinity::Unset => errors.required(&path.child("sessionAffinity"), ""),
        ServiceAffinity::None => {
            if spec.session_affinity_config.is_some() {
                errors.forbidden(&config, "must not be set when session affinity is None");
            }
        }
        ServiceAffinity::ClientIp => {
            const DETAIL: &str = "when session affinity type is ClientIP";
            let Some(given) = &spec.session_affinity_config else { return errors.required(&config, DETAIL) };
            let own = config.child("clientIP");
            let Some(client) = &given.client_ip else { return errors.required(&own, DETAIL) };
            let timeout = own.child("timeoutSeconds");
            match client.timeout_seconds {
                None => errors.required(&timeout, DETAIL),
                Some(seconds) if !(1..=MAX_AFFINITY).contains(&seconds) => {
                    let detail = format!("must be greater than 0 and less than {MAX_AFFINITY}");
                    errors.invalid(&timeout, seconds, detail);
                }
                Some(_) => {}
            }
        }
        ServiceAffinity::Other(other) => {
            errors.not_supported(&path.child("sessionAffinity"), other, ServiceAffinity::KNOWN);
        }
    }
}

fn addresses(object: &Service, headless: bool, path: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    if spec.type_ == ServiceType::ExternalName {
        return;
    }
    let list = path.child("clusterIPs");
    let all = spec.cluster_ips.as_slice();
    match (spec.cluster_ip.as_str(), all.first()) {
        ("", Some(_)) => errors.invalid(&list, all, "must be empty when `clusterIP` is not specified"),
        (ip, Some(first)) if ip != first => {
            errors.invalid(&list, all, "first value must match `clusterIP`");
        }
        _ => {}
    }
    families(object, path, errors);
    // An address that is given alone is the first one of the list.
    let given: Vec<&str> = match all {
        [] if !spec.cluster_ip.is_empty() => vec![&spec.cluster_ip],
        all => all.iter().map(String::as_str).collect(),
    };
    let mut wrong = false;
    for (index, ip) in given.iter().enumerate() {
        if index == 0 && *ip == "None" {
            if given.len() > 1 {
                wrong = true;
                errors.invalid(&list, all, "'None' must be the first and only value");
            }
            continue;
        }
        if !names::is_ip(ip) {
            wrong = true;
            errors.invalid(&list.index(index), *ip, names::IP);
        }
    }
    if given.len() > 2 {
        errors.invalid(&list, all, "may only hold up to 2 values");
    }
    if wrong {
        return;
    }
    let is_v6 = |ip: &str| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6());
    if let [first, second] = given.as_slice()
        && is_v6(first) == is_v6(second)
    {
        errors.invalid(&list, all, "may specify no more than one IP for each IP family");
    }
    if headless {
        return;
    }
    for (index, (ip, family)) in given.iter().zip(&spec.ip_families).enumerate() {
        let wanted = if *family == IpFamily::IPv6 { "IPv6" } else { "IPv4" };
        if is_v6(ip) != (*family == IpFamily::IPv6) {
            let detail = format!("expected an {wanted} value as indicated by `ipFamilies[{index}]`");
            errors.invalid(&list.index(index), *ip, detail);
        }
    }
}

fn families(object: &Service, path: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    let list = path.child("ipFamilies");
    let mut seen = BTreeSet::new();
    for (index, family) in spec.ip_families.iter().enumerate() {
        if !IpFamily::KNOWN.contains(&family.as_str()) {
            errors.not_supported(&list.index(index), family.as_str(), IpFamily::KNOWN);
        }
        if !seen.insert(family) {
            errors.duplicate(&list.index(index), family.as_str());
        }
    }
    if let Some(policy) = &spec.ip_family_policy
        && !IpFamilyPolicy::KNOWN.contains(&policy.as_str())
    {
        errors.not_supported(&path.child("ipFamilyPolicy"), policy.as_str(), IpFamilyPolicy::KNOWN);
    }
}

/// An address that something else than the machine itself can be reached at.
pub(super) fn ordinary_ip(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Ok(ip) = text.parse::<IpAddr>() else {
        return errors.invalid(path, text, names::IP);
    };
    let (link_local, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xffc0 == 0xfe80, ip.segments()[0] & 0xff0f == 0xff02),
    };
    let special = [
        (ip.is_unspecified(), "may not be unspecified (0.0.0.0 or ::)"),
        (ip.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        (multicast, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
    ];
    for (_, detail) in special.iter().filter(|(is, _)| *is) {
        errors.invalid(path, text, *detail);
    }
}

fn node_ports(object: &Service, list: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    if spec.type_ == ServiceType::ClusterIp {
        for (index, _) in spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errors.forbidden(&list.index(index).child("nodePort"), detail);
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        if !seen.insert((&port.protocol, port.node_port)) {
            errors.duplicate(&list.index(index).child("nodePort"), &port.node_port.to_string());
        }
    }
    let mut seen = BTreeSet::new();
    for (index, port) in spec.ports.iter().enumerate() {
        if !seen.insert((&port.protocol, port.port)) {
            let key =
                ServicePort { protocol: port.protocol.clone(), port: port.port, ..ServicePort::default() };
            errors.duplicate(&list.index(index), Json(&key));
        }
    }
}

fn traffic(object: &Service, path: &Path<'_>, errors: &mut Errors) {
    let spec = &object.spec;
    let balanced = spec.type_ == ServiceType::LoadBalancer;
    source_ranges(object, balanced, path, errors);
    let own = path.child("allocateLoadBalancerNodePorts");
    match spec.allocate_load_balancer_node_ports {
        Some(_) if !balanced => errors.forbidden(&own, "may only be used when `type` is 'LoadBalancer'"),
        None if balanced => errors.required(&own, ""),
        _ => {}
    }
    if let Some(class) = &spec.load_balancer_class {
        let own = path.child("loadBalancerClass");
        if !balanced {
            errors.forbidden(&own, "may only be used when `type` is 'LoadBalancer'");
        }
        errors.invalid_all(&own, class, names::qualified_name(class));
    }
    let external = path.child("externalTrafficPolicy");
    let policy = &spec.external_traffic_policy;
    let outside = balanced || spec.type_ == ServiceType::NodePort || !spec.external_ips.is_empty();
    if !policy.is_unset() && !outside {
        let detail = "may only be set for externally-accessible services";
        errors.invalid(&external, policy.as_str(), detail);
    }
    if outside && policy.is_unset() && (balanced || spec.type_ == ServiceType::NodePort) {
        errors.required(&external, "for externally-accessible services");
    }
    if let ServiceExternalTrafficPolicy::Other(other) = policy {
        errors.not_supported(&external, other, ServiceExternalTrafficPolicy::KNOWN);
    }
    let health = path.child("healthCheckNodePort");
    let checked = balanced && *policy == ServiceExternalTrafficPolicy::Local;
    if spec.health_check_node_port < 0 {
        errors.invalid(&health, spec.health_check_node_port, names::range(1, 65_535));
    } else if spec.health_check_node_port != 0 && !checked {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.invalid(&health, spec.health_check_node_port, detail);
    }
    let internal = path.child("internalTrafficPolicy");
    match &spec.internal_traffic_policy {
        Some(ServiceInternalTrafficPolicy::Cluster | ServiceInternalTrafficPolicy::Local) => {}
        Some(other) => {
            errors.not_supported(&internal, other.as_str(), ServiceInternalTrafficPolicy::KNOWN);
        }
        None if balanced || matches!(spec.type_, ServiceType::NodePort | ServiceType::ClusterIp) => {
            errors.required(&internal, "");
        }
        None => {}
    }
    if let Some(distribution) = &spec.traffic_distribution {
        const KNOWN: &[&str] = &["PreferClose", "PreferSameNode", "PreferSameZone"];
        if !KNOWN.contains(&distribution.as_str()) {
            errors.not_supported(&path.child("trafficDistribution"), distribution, KNOWN);
        }
    }
}

fn source_ranges(object: &Service, balanced: bool, path: &Path<'_>, errors: &mut Errors) {
    const DETAIL: &str = "may only be used when `type` is 'LoadBalancer'";
    let ranges = &object.spec.load_balancer_source_ranges;
    if !ranges.is_empty() {
        // Upstream spells the field as Go does.
        let list = path.child("LoadBalancerSourceRanges");
        if !balanced {
            errors.forbidden(&list, DETAIL);
        }
        for (index, range) in ranges.iter().enumerate() {
            if names::cidr(range.trim()).is_none() {
                errors.invalid(&list.index(index), range, names::CIDR);
            }
        }
    } else if let Some(text) = object.metadata.annotations.get(SOURCE_RANGES) {
        let metadata = Path::new("metadata.annotations");
        let own = metadata.key(SOURCE_RANGES);
        if !balanced {
            errors.forbidden(&own, DETAIL);
        }
        let ranges = text.trim();
        let wrong = ranges.split(',').any(|range| names::cidr(range.trim()).is_none());
        if !ranges.is_empty() && wrong {
            let detail = "must be a comma separated list of CIDRs e.g. 192.168.0.0/16,10.0.0.0/8";
            errors.invalid(&own, text, detail);
        }
    }
}

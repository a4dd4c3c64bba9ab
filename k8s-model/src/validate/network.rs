//! Network policies, endpoints and their slices.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::errors::Errors;
use super::{meta, names, service};
use crate::core::{EndpointAddress, EndpointPort, Endpoints, Protocol};
use crate::discovery::{AddressType, EndpointSlice};
use crate::int_or_string::IntOrString;
use crate::networking::{
    IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec, PolicyType,
};
use crate::path::Path;

pub(super) fn network_policy(object: &NetworkPolicy, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    network_policy_spec(&object.spec, errors);
}

/// What is checked of a policy at its creation and at each update.
pub(super) fn network_policy_spec(spec: &NetworkPolicySpec, errors: &mut Errors) {
    let path = Path::new("spec");
    meta::label_selector(Some(&spec.pod_selector), &path.child("podSelector"), errors);
    let list = path.child("ingress");
    for (index, rule) in spec.ingress.iter().enumerate() {
        let path = list.index(index);
        traffic(&rule.ports, &rule.from, &path, "from", errors);
    }
    let list = path.child("egress");
    for (index, rule) in spec.egress.iter().enumerate() {
        let path = list.index(index);
        traffic(&rule.ports, &rule.to, &path, "to", errors);
    }
    let types = path.child("policyTypes");
    if spec.policy_types.len() > PolicyType::KNOWN.len() {
        let shown: Vec<String> = spec.policy_types.iter().map(|kind| kind.as_str().to_owned()).collect();
        return errors.invalid(&types, shown.as_slice(), "may not specify more than two policyTypes");
    }
    for (index, kind) in spec.policy_types.iter().enumerate() {
        if !PolicyType::KNOWN.contains(&kind.as_str()) {
            errors.not_supported(&types.index(index), kind.as_str(), &["Ingress", "Egress"]);
        }
    }
}

fn traffic(
    ports: &[NetworkPolicyPort],
    peers: &[NetworkPolicyPeer],
    path: &Path<'_>,
    direction: &str,
    errors: &mut Errors,
) {
    let list = path.child("ports");
    for (index, port) in ports.iter().enumerate() {
        policy_port(port, &list.index(index), errors);
    }
    let list = path.child(direction);
    for (index, one) in peers.iter().enumerate() {
        peer(one, &list.index(index), errors);
    }
}

fn policy_port(port: &NetworkPolicyPort, path: &Path<'_>, errors: &mut Errors) {
    if let Some(protocol) = &port.protocol
        && !Protocol::KNOWN.contains(&protocol.as_str())
    {
        errors.not_supported(&path.child("protocol"), protocol.as_str(), &["TCP", "UDP", "SCTP"]);
    }
    let (own, end) = (path.child("port"), path.child("endPort"));
    match &port.port {
        Some(IntOrString::Int(number)) => {
            errors.invalid_all(&own, *number, names::port_number((*number).into()));
            if let Some(last) = port.end_port {
                if last < *number {
                    errors.invalid(&end, last, "must be greater than or equal to `port`");
                }
                errors.invalid_all(&end, last, names::port_number(last.into()));
            }
        }
        Some(IntOrString::String(name)) => {
            if let Some(last) = port.end_port {
                errors.invalid(&end, last, "may not be specified when `port` is non-numeric");
            }
            errors.invalid_all(&own, name, names::port_name(name));
        }
        None => {
            if let Some(last) = port.end_port {
                errors.invalid(&end, last, "may not be specified when `port` is not specified");
            }
        }
    }
}

fn peer(peer: &NetworkPolicyPeer, path: &Path<'_>, errors: &mut Errors) {
    meta::label_selector(peer.pod_selector.as_deref(), &path.child("podSelector"), errors);
    meta::label_selector(peer.namespace_selector.as_deref(), &path.child("namespaceSelector"), errors);
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    match &peer.ip_block {
        Some(block) => {
            ip_block(block, &path.child("ipBlock"), errors);
            if selects {
                errors.forbidden(path, "may not specify both ipBlock and another peer");
            }
        }
        None if !selects => errors.required(path, "must specify a peer"),
        None => {}
    }
}

/// The bits of an address that a prefix of some length covers.
fn network(address: IpAddr, length: u8) -> (bool, u128) {
    match address {
        IpAddr::V4(ip) => {
            (false, u128::from(u32::from(ip)) & (u128::from(u32::MAX) << (32 - u32::from(length.min(32)))))
        }
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            (true, bits & u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0))
        }
    }
}

fn ip_block(block: &IpBlock, path: &Path<'_>, errors: &mut Errors) {
    let own = path.child("cidr");
    if block.cidr.is_empty() {
        return errors.required(&own, "");
    }
    let Some((address, length)) = names::cidr(&block.cidr) else {
        return errors.invalid(&own, &block.cidr, names::CIDR);
    };
    let list = path.child("except");
    for (index, except) in block.except.iter().enumerate() {
        let path = list.index(index);
        let Some((inner, inner_length)) = names::cidr(except) else {
            errors.invalid(&path, except, names::CIDR);
            continue;
        };
        if network(inner, length) != network(address, length) || length >= inner_length {
            errors.invalid(&path, except, "must be a strict subset of `cidr`");
        }
    }
}

pub(super) fn endpoints(object: &Endpoints, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    let list = Path::new("subsets");
    for (index, subset) in object.subsets.iter().enumerate() {
        let path = list.index(index);
        if subset.addresses.is_empty() && subset.not_ready_addresses.is_empty() {
            errors.required(&path, "must specify `addresses` or `notReadyAddresses`");
        }
        let lists = [("addresses", &subset.addresses), ("notReadyAddresses", &subset.not_ready_addresses)];
        for (name, addresses) in lists {
            let list = path.child(name);
            for (index, address) in addresses.iter().enumerate() {
                endpoint_address(address, &list.index(index), errors);
            }
        }
        let ports = path.child("ports");
        for (index, port) in subset.ports.iter().enumerate() {
            endpoint_port(port, subset.ports.len() > 1, &ports.index(index), errors);
        }
    }
}

fn endpoint_address(address: &EndpointAddress, path: &Path<'_>, errors: &mut Errors) {
    if !address.hostname.is_empty() {
        errors.invalid_all(&path.child("hostname"), &address.hostname, names::dns_label(&address.hostname));
    }
    if let Some(node) = &address.node_name {
        errors.invalid_all(&path.child("nodeName"), node, names::dns_subdomain(node));
    }
    service::ordinary_ip(&address.ip, &path.child("ip"), errors);
}

fn endpoint_port(port: &EndpointPort, several: bool, path: &Path<'_>, errors: &mut Errors) {
    if !port.name.is_empty() {
        errors.invalid_all(&path.child("name"), &port.name, names::dns_label(&port.name));
    } else if several {
        errors.required(&path.child("name"), "");
    }
    errors.invalid_all(&path.child("port"), port.port, names::port_number(port.port.into()));
    service::protocol(&port.protocol, &path.child("protocol"), errors);
    if let Some(protocol) = &port.app_protocol {
        errors.invalid_all(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

pub(super) fn endpoint_slice(object: &EndpointSlice, errors: &mut Errors) {
    const ENDPOINTS: usize = 1000;
    const ADDRESSES: usize = 100;
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    let kind = Path::new("addressType");
    if object.address_type.is_unset() {
        errors.required(&kind, "");
    } else if !AddressType::KNOWN.contains(&object.address_type.as_str()) {
        errors.not_supported(&kind, object.address_type.as_str(), AddressType::KNOWN);
    }
    let list = Path::new("endpoints");
    if object.endpoints.len() > ENDPOINTS {
        errors.too_many(&list, object.endpoints.len(), ENDPOINTS);
    } else {
        for (index, endpoint) in object.endpoints.iter().enumerate() {
            let path = list.index(index);
            let addresses = path.child("addresses");
            if endpoint.addresses.is_empty() {
                errors.required(&addresses, "must contain at least 1 address");
            } else if endpoint.addresses.len() > ADDRESSES {
                errors.too_many(&addresses, endpoint.addresses.len(), ADDRESSES);
            }
            for (index, address) in endpoint.addresses.iter().enumerate() {
                slice_address(&object.address_type, address, &addresses.index(index), errors);
            }
            if let Some(node) = &endpoint.node_name {
                errors.invalid_all(&path.child("nodeName"), node, names::dns_subdomain(node));
            }
            if let Some(zone) = &endpoint.zone {
                errors.invalid_all(&path.child("zone"), zone, names::label_value(zone));
            }
            if let Some(name) = &endpoint.hostname {
                errors.invalid_all(&path.child("hostname"), name, names::dns_label(name));
            }
            meta::labels(&endpoint.deprecated_topology, &path.child("deprecatedTopology"), errors);
        }
    }
    slice_ports(object, errors);
}

fn slice_address(kind: &AddressType, address: &str, path: &Path<'_>, errors: &mut Errors) {
    let parsed = address.parse::<IpAddr>();
    match kind {
        AddressType::IPv4 => match parsed {
            Ok(IpAddr::V4(_)) => service::ordinary_ip(address, path, errors),
            Ok(_) => errors.invalid(path, address, "must be an IPv4 address"),
            Err(_) => errors.invalid(path, address, names::IP),
        },
        AddressType::IPv6 => match parsed {
            Ok(IpAddr::V6(_)) => service::ordinary_ip(address, path, errors),
            Ok(_) => errors.invalid(path, address, "must be an IPv6 address"),
            Err(_) => errors.invalid(path, address, names::IP),
        },
        AddressType::Fqdn => {
            if address.is_empty() {
                return errors.required(path, "");
            }
            let name = address.strip_suffix('.').unwrap_or(address);
            let messages = names::dns_subdomain(name);
            if !messages.is_empty() {
                errors.invalid_all(path, address, messages);
            } else if name.split('.').count() < 2 {
                let detail = "should be a domain with at least two segments separated by dots";
                errors.invalid(path, address, detail);
            }
        }
        _ => {}
    }
}

fn slice_ports(object: &EndpointSlice, errors: &mut Errors) {
    const PORTS: usize = 20_000;
    let list = Path::new("ports");
    if object.ports.len() > PORTS {
        return errors.too_many(&list, object.ports.len(), PORTS);
    }
    let mut seen = BTreeSet::new();
    for (index, port) in object.ports.iter().enumerate() {
        let path = list.index(index);
        let name = port.name.as_deref().unwrap_or_default();
        if !name.is_empty() {
            errors.invalid_all(&path.child("name"), name, names::dns_label(name));
        }
        if !seen.insert(name) {
            errors.duplicate(&path.child("name"), name);
        }
        match &port.protocol {
            None => errors.required(&path.child("protocol"), ""),
            Some(protocol) => service::protocol(protocol, &path.child("protocol"), errors),
        }
        if let Some(protocol) = &port.app_protocol {
            errors.invalid_all(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
        }
    }
}

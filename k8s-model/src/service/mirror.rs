//! The old form of endpoints in the new one (`pkg/controller/endpointslicemirroring`).

use std::net::IpAddr;

use crate::core::{EndpointAddress, EndpointSubset, Endpoints};
use crate::discovery::{
    AddressType, Endpoint, EndpointConditions, EndpointPort, EndpointSlice, SERVICE_NAME_LABEL,
};
use crate::meta::ObjectMeta;

/// An `Endpoints` object as slices: one for each group of ports and family of addresses.
#[must_use]
pub fn mirror(endpoints: &Endpoints) -> Vec<EndpointSlice> {
    let mut slices = Vec::new();
    for subset in &endpoints.subsets {
        for (address_type, suffix, wants_v6) in
            [(AddressType::IPv4, "ipv4", false), (AddressType::IPv6, "ipv6", true)]
        {
            let places: Vec<Endpoint> =
                all(subset).filter(|(address, _)| is_v6(address) == Some(wants_v6)).map(place).collect();
            if places.is_empty() {
                continue;
            }
            let metadata = &endpoints.metadata;
            let mut labels = metadata.labels.clone();
            labels.insert(SERVICE_NAME_LABEL.to_owned(), metadata.name.clone());
            labels.insert(
                "endpointslice.kubernetes.io/managed-by".to_owned(),
                "endpointslicemirroring-controller.k8s.io".to_owned(),
            );
            slices.push(EndpointSlice {
                metadata: ObjectMeta {
                    name: format!("{}-{suffix}-{}", metadata.name, slices.len()),
                    namespace: metadata.namespace.clone(),
                    labels,
                    ..ObjectMeta::default()
                },
                address_type,
                endpoints: places,
                ports: ports(subset),
            });
        }
    }
    slices
}

fn all(subset: &EndpointSubset) -> impl Iterator<Item = (&EndpointAddress, bool)> {
    let ready = subset.addresses.iter().map(|address| (address, true));
    ready.chain(subset.not_ready_addresses.iter().map(|address| (address, false)))
}

fn is_v6(address: &EndpointAddress) -> Option<bool> {
    address.ip.parse::<IpAddr>().ok().map(|ip| ip.is_ipv6())
}

fn place((address, ready): (&EndpointAddress, bool)) -> Endpoint {
    Endpoint {
        addresses: vec![address.ip.clone()],
        conditions: EndpointConditions { ready: Some(ready), ..EndpointConditions::default() },
        hostname: Some(address.hostname.clone()).filter(|name| !name.is_empty()),
        node_name: address.node_name.clone(),
        target_ref: address.target_ref.clone(),
        ..Endpoint::default()
    }
}

fn ports(subset: &EndpointSubset) -> Vec<EndpointPort> {
    let port = |port: &crate::core::EndpointPort| EndpointPort {
        name: Some(port.name.clone()),
        protocol: Some(port.protocol.clone()),
        port: Some(port.port),
        app_protocol: port.app_protocol.clone(),
    };
    subset.ports.iter().map(port).collect()
}

//! The group `discovery.k8s.io/v1`: the addresses behind services.

use std::collections::BTreeMap;

use crate::core::{ObjectReference, Protocol, Service};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// Some of the addresses behind a service; the label `kubernetes.io/service-name` names it.
    pub struct EndpointSlice {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What the addresses are; cannot be changed.
        pub address_type: AddressType = "addressType" always,
        /// The endpoints; at most 1000.
        pub endpoints: Vec<Endpoint> = "endpoints" always,
        /// The ports that each of them has; at most 100.
        pub ports: Vec<EndpointPort> = "ports" always,
    }

    /// An endpoint: a place behind a service.
    pub struct Endpoint {
        /// Its addresses, all of them the same to a client; the first is used.
        pub addresses: Vec<String> = "addresses" always,
        /// How it is.
        pub conditions: EndpointConditions = "conditions",
        /// The host name of it.
        pub hostname: Option<String> = "hostname",
        /// The object that it belongs to, such as a pod.
        pub target_ref: Option<Box<ObjectReference>> = "targetRef",
        /// Where it is, as `v1beta1` said it.
        pub deprecated_topology: BTreeMap<String, String> = "deprecatedTopology",
        /// The node that it is on.
        pub node_name: Option<String> = "nodeName",
        /// The zone that it is in.
        pub zone: Option<String> = "zone",
        /// Who should use it.
        pub hints: Option<Box<EndpointHints>> = "hints",
    }

    /// How an endpoint is; absent is unknown.
    pub struct EndpointConditions {
        /// Whether it takes traffic.
        pub ready: Option<bool> = "ready",
        /// Whether it would, even on its way out.
        pub serving: Option<bool> = "serving",
        /// Whether it is on its way out.
        pub terminating: Option<bool> = "terminating",
    }

    /// Who should use an endpoint.
    pub struct EndpointHints {
        /// Clients of these zones; at most 8.
        pub for_zones: Vec<ForZone> = "forZones",
        /// Clients on these nodes; at most 8.
        pub for_nodes: Vec<ForNode> = "forNodes",
    }

    /// A zone whose clients should use an endpoint.
    pub struct ForZone {
        /// The zone.
        pub name: String = "name" always,
    }

    /// A node whose clients should use an endpoint.
    pub struct ForNode {
        /// The node.
        pub name: String = "name" always,
    }

    /// A port of the endpoints of a slice.
    pub struct EndpointPort {
        /// The name of the service's port.
        pub name: Option<String> = "name",
        /// The protocol; TCP by default.
        pub protocol: Option<Protocol> = "protocol",
        /// The port; absent is all, as the consumer sees it.
        pub port: Option<i32> = "port",
        /// The protocol above that one.
        pub app_protocol: Option<String> = "appProtocol",
    }
}

open_enum! {
    /// What an address is.
    pub enum AddressType {
        /// A DNS name; deprecated.
        Fqdn = "FQDN",
        /// An address of IPv4.
        IPv4 = "IPv4",
        /// An address of IPv6.
        IPv6 = "IPv6",
    }
}

/// The label that names the service of a slice.
pub const SERVICE_NAME_LABEL: &str = "kubernetes.io/service-name";

impl EndpointSlice {
    /// Whether its endpoints are those of a service: its label names it, in the same namespace.
    #[must_use]
    pub fn is_of(&self, service: &Service) -> bool {
        self.metadata.labels.get(SERVICE_NAME_LABEL) == Some(&service.metadata.name)
            && self.metadata.namespace == service.metadata.namespace
    }
}

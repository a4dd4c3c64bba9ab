//! Endpoint slices of `discovery.k8s.io/v1beta1`: where an endpoint is stood in one map.
//!
//! Source: `pkg/apis/discovery/v1beta1/conversion.go`.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use std::collections::BTreeMap;

use super::Content;
use crate::core::ObjectReference;
use crate::decode::Decoder;
use crate::discovery::{
    AddressType, Endpoint, EndpointConditions, EndpointHints, EndpointPort, EndpointSlice,
};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::schema::{Value, object};
use crate::tree::Node;

object! {
    /// An endpoint slice of the old version.
    pub struct OldSlice as "EndpointSlice" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What the addresses are.
        pub address_type: AddressType = "addressType" always,
        /// The endpoints.
        pub endpoints: Vec<OldEndpoint> = "endpoints" always,
        /// The ports that each of them has.
        pub ports: Vec<EndpointPort> = "ports" always,
    }

    /// An endpoint of the old version.
    pub struct OldEndpoint as "Endpoint" {
        /// Its addresses.
        pub addresses: Vec<String> = "addresses" always,
        /// How it is.
        pub conditions: EndpointConditions = "conditions",
        /// The host name of it.
        pub hostname: Option<String> = "hostname",
        /// The object that it belongs to.
        pub target_ref: Option<Box<ObjectReference>> = "targetRef",
        /// Where it is, by labels of its node.
        pub topology: BTreeMap<String, String> = "topology",
        /// The node that it is on.
        pub node_name: Option<String> = "nodeName",
        /// Who should use it.
        pub hints: Option<Box<EndpointHints>> = "hints",
    }
}

const ZONE: &str = "topology.kubernetes.io/zone";
const HOSTNAME: &str = "kubernetes.io/hostname";

pub(super) fn read<'t>(root: Node<'t>, decoder: &mut Decoder<'t>) -> Object {
    let mut old = OldSlice::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    EndpointSlice {
        metadata: old.metadata,
        address_type: old.address_type,
        endpoints: old.endpoints.into_iter().map(new_endpoint).collect(),
        ports: old.ports,
    }
    .into()
}

fn new_endpoint(old: OldEndpoint) -> Endpoint {
    let mut topology = old.topology;
    let zone = topology.remove(ZONE);
    // It is the node's name in most clusters, and then says nothing new.
    if old.node_name.is_some() && topology.get(HOSTNAME) == old.node_name.as_ref() {
        topology.remove(HOSTNAME);
    }
    Endpoint {
        addresses: old.addresses,
        conditions: old.conditions,
        hostname: old.hostname,
        target_ref: old.target_ref,
        deprecated_topology: topology,
        node_name: old.node_name,
        zone,
        hints: old.hints,
    }
}

pub(super) fn write(object: &mut EndpointSlice) -> Content {
    let slice = std::mem::take(object);
    Content::Old(Box::new(OldSlice {
        metadata: slice.metadata,
        address_type: slice.address_type,
        endpoints: slice.endpoints.into_iter().map(old_endpoint).collect(),
        ports: slice.ports,
    }))
}

fn old_endpoint(new: Endpoint) -> OldEndpoint {
    let mut topology = new.deprecated_topology;
    topology.extend(new.zone.map(|zone| (ZONE.to_owned(), zone)));
    if let Some(node) = &new.node_name {
        topology.entry(HOSTNAME.to_owned()).or_insert_with(|| node.clone());
    }
    OldEndpoint {
        addresses: new.addresses,
        conditions: new.conditions,
        hostname: new.hostname,
        target_ref: new.target_ref,
        topology,
        node_name: new.node_name,
        hints: new.hints,
    }
}

//! Endpoints: the addresses behind a service, in their old form.

use super::{ObjectReference, Protocol};
use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// The addresses behind the service of the same name; `EndpointSlice` took its place.
    pub struct Endpoints {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The addresses, in groups of the same ports.
        pub subsets: Vec<EndpointSubset> = "subsets",
    }

    /// Addresses with the same ports.
    pub struct EndpointSubset {
        /// Those that are ready.
        pub addresses: Vec<EndpointAddress> = "addresses",
        /// Those that are not ready.
        pub not_ready_addresses: Vec<EndpointAddress> = "notReadyAddresses",
        /// The ports that each of them has.
        pub ports: Vec<EndpointPort> = "ports",
    }

    /// An address behind a service.
    pub struct EndpointAddress {
        /// The address.
        pub ip: String = "ip" always,
        /// The host name of it.
        pub hostname: String = "hostname",
        /// The node that it is on.
        pub node_name: Option<String> = "nodeName",
        /// The object that it belongs to, such as a pod.
        pub target_ref: Option<Box<ObjectReference>> = "targetRef",
    }

    /// A port behind a service.
    pub struct EndpointPort {
        /// The name of the service's port.
        pub name: String = "name",
        /// The port.
        pub port: i32 = "port" always,
        /// Its protocol.
        pub protocol: Protocol = "protocol",
        /// The protocol above that one.
        pub app_protocol: Option<String> = "appProtocol",
    }
}

//! Network policies: who may talk to whom.

use crate::core::Protocol;
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};

object! {
    /// Who may talk to some pods, and who they may talk to.
    pub struct NetworkPolicy {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: NetworkPolicySpec = "spec",
    }

    /// What a network policy says.
    pub struct NetworkPolicySpec {
        /// The pods that it is about; empty is all of the namespace.
        pub pod_selector: LabelSelector = "podSelector" always,
        /// What may come in; none of them, nothing may.
        pub ingress: Vec<NetworkPolicyIngressRule> = "ingress",
        /// What may go out; none of them, nothing may.
        pub egress: Vec<NetworkPolicyEgressRule> = "egress",
        /// Which directions it is about.
        pub policy_types: Vec<PolicyType> = "policyTypes",
    }

    /// What may come in.
    pub struct NetworkPolicyIngressRule {
        /// To these ports; none is all.
        pub ports: Vec<NetworkPolicyPort> = "ports",
        /// From these; none is all.
        pub from: Vec<NetworkPolicyPeer> = "from",
    }

    /// What may go out.
    pub struct NetworkPolicyEgressRule {
        /// To these ports; none is all.
        pub ports: Vec<NetworkPolicyPort> = "ports",
        /// To these; none is all.
        pub to: Vec<NetworkPolicyPeer> = "to",
    }

    /// Ports that a policy is about.
    pub struct NetworkPolicyPort {
        /// The protocol; TCP by default.
        pub protocol: Option<Protocol> = "protocol",
        /// The port, by number or by name; absent is all.
        pub port: Option<IntOrString> = "port",
        /// The last port of a range that begins with `port`.
        pub end_port: Option<i32> = "endPort",
    }

    /// Who a policy is about.
    pub struct NetworkPolicyPeer {
        /// Pods, of the same namespace or of those selected.
        pub pod_selector: Option<Box<LabelSelector>> = "podSelector",
        /// Namespaces; empty is all.
        pub namespace_selector: Option<Box<LabelSelector>> = "namespaceSelector",
        /// Addresses; not together with the others.
        pub ip_block: Option<Box<IpBlock>> = "ipBlock",
    }

    /// Addresses that a policy is about.
    pub struct IpBlock as "IPBlock" {
        /// The network: `192.168.1.0/24`.
        pub cidr: String = "cidr" always,
        /// Networks in it that are not meant.
        pub except: Vec<String> = "except",
    }
}

open_enum! {
    /// A direction that a policy is about.
    pub enum PolicyType {
        /// What goes out.
        Egress = "Egress",
        /// What comes in.
        Ingress = "Ingress",
    }
}

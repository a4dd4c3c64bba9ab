//! Nodes: the machines that pods run on.

use super::{NodeStatus, TaintEffect};
use crate::meta::ObjectMeta;
use crate::schema::object;
use crate::time::Time;

object! {
    /// A machine that pods run on.
    pub struct Node {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: NodeSpec = "spec",
        /// What was last seen.
        pub status: NodeStatus = "status",
    }

    /// What is wanted of a node.
    pub struct NodeSpec {
        /// The network of its pods.
        pub pod_cidr: String = "podCIDR",
        /// The networks of its pods, at most one of each family; the first is `podCIDR`.
        pub pod_cidrs: Vec<String> = "podCIDRs" [merge],
        /// Its name with the provider of the machine.
        pub provider_id: String = "providerID",
        /// Whether it takes no new pods.
        pub unschedulable: bool = "unschedulable",
        /// What keeps pods away that do not bear it.
        pub taints: Vec<Taint> = "taints",
        /// Where the kubelet's configuration comes from; no longer used.
        pub config_source: Option<Box<NodeConfigSource>> = "configSource",
        /// Its old name with the provider; no longer used.
        pub external_id: String = "externalID",
    }

    /// Something that keeps pods away from a node.
    pub struct Taint {
        /// Its key: a qualified name.
        pub key: String = "key" always,
        /// Its value: like a label's.
        pub value: String = "value",
        /// What happens to pods that do not bear it.
        pub effect: TaintEffect = "effect" always,
        /// When it was added.
        pub time_added: Option<Time> = "timeAdded",
    }

    /// Where the kubelet's configuration comes from.
    pub struct NodeConfigSource {
        /// A config map.
        pub config_map: Option<Box<ConfigMapNodeConfigSource>> = "configMap",
    }

    /// A config map with the kubelet's configuration.
    pub struct ConfigMapNodeConfigSource {
        /// Its namespace.
        pub namespace: String = "namespace" always,
        /// Its name.
        pub name: String = "name" always,
        /// Its identifier; only in a status.
        pub uid: String = "uid",
        /// Its state; only in a status.
        pub resource_version: String = "resourceVersion",
        /// The key in it.
        pub kubelet_config_key: String = "kubeletConfigKey" always,
    }
}

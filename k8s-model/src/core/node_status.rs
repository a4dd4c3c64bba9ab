//! What a node says of itself.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::{ConditionStatus, NodeConfigSource};
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// What was last seen of a node.
    pub struct NodeStatus {
        /// What it has, by resource.
        pub capacity: BTreeMap<String, Quantity> = "capacity",
        /// What of that pods may use.
        pub allocatable: BTreeMap<String, Quantity> = "allocatable",
        /// Where it is in its life; no longer used.
        pub phase: NodePhase = "phase",
        /// What is so of it, by type.
        pub conditions: Vec<NodeCondition> = "conditions" [merge "type"],
        /// Where it can be reached.
        pub addresses: Vec<NodeAddress> = "addresses" [merge "type"],
        /// The ports of its daemons.
        pub daemon_endpoints: NodeDaemonEndpoints = "daemonEndpoints",
        /// Its hardware and software.
        pub node_info: NodeSystemInfo = "nodeInfo",
        /// The images that it has.
        pub images: Vec<ContainerImage> = "images",
        /// The attachable volumes that its pods use.
        pub volumes_in_use: Vec<String> = "volumesInUse",
        /// The volumes that are attached to it.
        pub volumes_attached: Vec<AttachedVolume> = "volumesAttached",
        /// The kubelet's configuration; no longer used.
        pub config: Option<Box<NodeConfigStatus>> = "config",
        /// The flavours of runtime that it has.
        pub runtime_handlers: Vec<NodeRuntimeHandler> = "runtimeHandlers",
        /// What its runtime can do.
        pub features: Option<Box<NodeFeatures>> = "features",
        /// The features of Kubernetes that it has.
        pub declared_features: Vec<String> = "declaredFeatures",
    }

    /// A condition of a node.
    pub struct NodeCondition {
        /// What it is about.
        pub type_: NodeConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When it was last heard of.
        pub last_heartbeat_time: Option<Time> = "lastHeartbeatTime" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }

    /// Where a node can be reached.
    pub struct NodeAddress {
        /// What sort of address it is.
        pub type_: NodeAddressType = "type" always,
        /// The address.
        pub address: String = "address" always,
    }

    /// The ports of a node's daemons.
    pub struct NodeDaemonEndpoints {
        /// The kubelet's.
        pub kubelet_endpoint: DaemonEndpoint = "kubeletEndpoint",
    }

    /// The port of a daemon.
    pub struct DaemonEndpoint {
        /// The port; the name in JSON begins with a capital.
        pub port: i32 = "Port" always,
    }

    /// The hardware and software of a node.
    pub struct NodeSystemInfo {
        /// The machine's identifier, from `/etc/machine-id`.
        pub machine_id: String = "machineID" always,
        /// The hardware's identifier.
        pub system_uuid: String = "systemUUID" always,
        /// The identifier of this start of the system.
        pub boot_id: String = "bootID" always,
        /// The kernel, as `uname -r` gives it.
        pub kernel_version: String = "kernelVersion" always,
        /// The operating system, as `/etc/os-release` names it.
        pub os_image: String = "osImage" always,
        /// The container runtime: `containerd://1.7.2`.
        pub container_runtime_version: String = "containerRuntimeVersion" always,
        /// The kubelet.
        pub kubelet_version: String = "kubeletVersion" always,
        /// The service proxy; deprecated.
        pub kube_proxy_version: String = "kubeProxyVersion" always,
        /// The operating system: `linux`.
        pub operating_system: String = "operatingSystem" always,
        /// The architecture: `amd64`.
        pub architecture: String = "architecture" always,
        /// Its swap.
        pub swap: Option<Box<NodeSwapStatus>> = "swap",
    }

    /// The swap of a node.
    pub struct NodeSwapStatus {
        /// How much there is, in bytes.
        pub capacity: Option<i64> = "capacity",
    }

    /// An image that a node has.
    pub struct ContainerImage {
        /// The names that it is known by.
        pub names: Vec<String> = "names" always,
        /// Its size in bytes.
        pub size_bytes: i64 = "sizeBytes",
    }

    /// A volume that is attached to a node.
    pub struct AttachedVolume {
        /// Its name.
        pub name: String = "name" always,
        /// Where its device is.
        pub device_path: String = "devicePath" always,
    }

    /// What the kubelet makes of its configuration.
    pub struct NodeConfigStatus {
        /// The configuration that it is to use.
        pub assigned: Option<Box<NodeConfigSource>> = "assigned",
        /// The one that it uses.
        pub active: Option<Box<NodeConfigSource>> = "active",
        /// The one that it falls back to.
        pub last_known_good: Option<Box<NodeConfigSource>> = "lastKnownGood",
        /// What is wrong with the assigned one.
        pub error: String = "error",
    }

    /// A flavour of runtime that a node has.
    pub struct NodeRuntimeHandler {
        /// Its name; empty is the default one.
        pub name: String = "name" always,
        /// What it can do.
        pub features: Option<Box<NodeRuntimeHandlerFeatures>> = "features",
    }

    /// What a flavour of runtime can do.
    pub struct NodeRuntimeHandlerFeatures {
        /// Whether mounts can be read-only with all below them.
        pub recursive_read_only_mounts: Option<bool> = "recursiveReadOnlyMounts",
        /// Whether pods can have users of their own.
        pub user_namespaces: Option<bool> = "userNamespaces",
    }

    /// What the runtime of a node can do.
    pub struct NodeFeatures {
        /// Whether it heeds `supplementalGroupsPolicy`.
        pub supplemental_groups_policy: Option<bool> = "supplementalGroupsPolicy",
    }
}

open_enum! {
    /// Where a node is in its life; no longer used.
    pub enum NodePhase {
        /// It was made, but is not set up.
        Pending = "Pending",
        /// It is set up and has the components.
        Running = "Running",
        /// It is gone from the cluster.
        Terminated = "Terminated",
    }

    /// What a condition of a node is about.
    pub enum NodeConditionType {
        /// Little room is left on its disks.
        DiskPressure = "DiskPressure",
        /// Little memory is left.
        MemoryPressure = "MemoryPressure",
        /// Its network is not set up.
        NetworkUnavailable = "NetworkUnavailable",
        /// It has nearly too many processes.
        PidPressure = "PIDPressure",
        /// The kubelet is well and takes pods.
        Ready = "Ready",
    }

    /// What sort of address it is.
    pub enum NodeAddressType {
        /// A DNS name that works outside.
        ExternalDns = "ExternalDNS",
        /// An address that works outside.
        ExternalIp = "ExternalIP",
        /// The host name of the node.
        Hostname = "Hostname",
        /// A DNS name that works inside.
        InternalDns = "InternalDNS",
        /// An address that works inside.
        InternalIp = "InternalIP",
    }
}

//! The pod and what it says of itself as a whole.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::container::{Container, EphemeralContainer};
use super::pod_status::{PodConditionType, PodStatus};
use super::resources::{PodResourceClaim, ResourceRequirements};
use super::scheduling::{Affinity, Toleration, TopologySpreadConstraint};
use super::security::PodSecurityContext;
use super::volume::Volume;
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// Containers that share an address and volumes, and live and end together on one node.
    pub struct Pod {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: PodSpec = "spec",
        /// What was last seen.
        pub status: PodStatus = "status",
    }

    /// What is wanted of a pod.
    pub struct PodSpec {
        /// What its containers may mount.
        pub volumes: Vec<Volume> = "volumes" [merge retain_keys "name"],
        /// Containers that run one after the other, each to its end, before the main ones; those that always
        /// restart run beside them.
        pub init_containers: Vec<Container> = "initContainers" [merge "name"],
        /// What the pod is for; at least one.
        pub containers: Vec<Container> = "containers" always [merge "name"],
        /// Containers added to a running pod, to look into it.
        pub ephemeral_containers: Vec<EphemeralContainer> = "ephemeralContainers" [merge "name"],
        /// What happens to a container that ended.
        pub restart_policy: RestartPolicy = "restartPolicy",
        /// How many seconds a stopping container has before it is killed; 0 kills at once. The default is 30.
        pub termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
        /// How many seconds the pod may be active before it fails; from 1.
        pub active_deadline_seconds: Option<i64> = "activeDeadlineSeconds",
        /// How names are resolved.
        pub dns_policy: DnsPolicy = "dnsPolicy",
        /// Labels that a node must have.
        pub node_selector: BTreeMap<String, String> = "nodeSelector",
        /// The account whose token the pod gets.
        pub service_account_name: String = "serviceAccountName",
        /// An old name of `serviceAccountName`.
        pub service_account: String = "serviceAccount",
        /// Whether the token is mounted by itself.
        pub automount_service_account_token: Option<bool> = "automountServiceAccountToken",
        /// The node that runs the pod; the scheduler fills it in.
        pub node_name: String = "nodeName",
        /// Whether the pod uses the node's network.
        pub host_network: bool = "hostNetwork",
        /// Whether the pod sees the node's processes.
        pub host_pid: bool = "hostPID",
        /// Whether the pod uses the node's System V and POSIX message queues, semaphores and shared memory.
        pub host_ipc: bool = "hostIPC",
        /// Whether the containers see each other's processes; the first process is then not the container's
        /// own.
        pub share_process_namespace: Option<bool> = "shareProcessNamespace",
        /// Who the containers run as, unless they say otherwise.
        pub security_context: Option<Box<PodSecurityContext>> = "securityContext",
        /// Secrets with credentials for registries, of the same namespace.
        pub image_pull_secrets: Vec<LocalObjectReference> = "imagePullSecrets" [merge "name"],
        /// The host name in the pod; its own name when empty. A DNS label.
        pub hostname: String = "hostname",
        /// The domain below the cluster's for this pod's host name.
        pub subdomain: String = "subdomain",
        /// Which nodes, and which neighbours, suit it.
        pub affinity: Option<Box<Affinity>> = "affinity",
        /// The scheduler that places it.
        pub scheduler_name: String = "schedulerName",
        /// The taints of nodes that it bears.
        pub tolerations: Vec<Toleration> = "tolerations",
        /// Further lines for `/etc/hosts`.
        pub host_aliases: Vec<HostAlias> = "hostAliases" [merge "ip"],
        /// The class that its priority comes from.
        pub priority_class_name: String = "priorityClassName",
        /// The priority, from the class; higher goes first.
        pub priority: Option<i32> = "priority",
        /// What is added to the resolver's settings, or all of them when `dnsPolicy` is `None`.
        pub dns_config: Option<Box<PodDnsConfig>> = "dnsConfig",
        /// Conditions besides the containers' readiness that the pod needs to be ready.
        pub readiness_gates: Vec<PodReadinessGate> = "readinessGates",
        /// The class of runtime that runs it.
        pub runtime_class_name: Option<String> = "runtimeClassName",
        /// Whether the environment names the services of the namespace.
        pub enable_service_links: Option<bool> = "enableServiceLinks",
        /// Whether it may push others off a node.
        pub preemption_policy: Option<PreemptionPolicy> = "preemptionPolicy",
        /// What the runtime itself needs, on top of the containers; from the runtime class.
        pub overhead: BTreeMap<String, Quantity> = "overhead",
        /// How it is spread over parts of the cluster together with pods like it.
        pub topology_spread_constraints: Vec<TopologySpreadConstraint> = "topologySpreadConstraints" [merge "topologyKey"],
        /// Whether the host name is the fully qualified one.
        pub set_hostname_as_fqdn: Option<bool> = "setHostnameAsFQDN",
        /// The operating system it is made for.
        pub os: Option<Box<PodOs>> = "os",
        /// Whether it uses the node's users; `false` gives it a user namespace of its own.
        pub host_users: Option<bool> = "hostUsers",
        /// What must be taken away before the scheduler looks at it.
        pub scheduling_gates: Vec<PodSchedulingGate> = "schedulingGates" [merge "name"],
        /// Devices and the like that it claims.
        pub resource_claims: Vec<PodResourceClaim> = "resourceClaims" [merge retain_keys "name"],
        /// What the pod as a whole needs and may use: `cpu`, `memory` and huge pages.
        pub resources: Option<Box<ResourceRequirements>> = "resources",
        /// The host name exactly as it stands here, whatever the other fields say. A DNS subdomain of at most
        /// 64 characters.
        pub hostname_override: Option<String> = "hostnameOverride",
        /// The group of pods that are scheduled together.
        pub scheduling_group: Option<Box<PodSchedulingGroup>> = "schedulingGroup",
    }

    /// An object of the same namespace.
    pub struct LocalObjectReference {
        /// Its name.
        pub name: String = "name",
    }

    /// A line of `/etc/hosts`.
    pub struct HostAlias {
        /// The address.
        pub ip: String = "ip" always,
        /// The names that resolve to it.
        pub hostnames: Vec<String> = "hostnames",
    }

    /// Settings of the resolver.
    pub struct PodDnsConfig as "PodDNSConfig" {
        /// Servers, asked in this order; at most 3 in the end.
        pub nameservers: Vec<String> = "nameservers",
        /// Domains that short names are looked up in; at most 32 in the end.
        pub searches: Vec<String> = "searches",
        /// Options, such as `ndots`; the last of equal names wins.
        pub options: Vec<PodDnsConfigOption> = "options",
    }

    /// An option of the resolver.
    pub struct PodDnsConfigOption as "PodDNSConfigOption" {
        /// The name.
        pub name: String = "name",
        /// The value, for those that take one.
        pub value: Option<String> = "value",
    }

    /// A condition that a pod needs to be ready.
    pub struct PodReadinessGate {
        /// The condition of the pod's status.
        pub condition_type: PodConditionType = "conditionType" always,
    }

    /// The operating system that a pod is made for.
    pub struct PodOs as "PodOS" {
        /// Its name.
        pub name: OsName = "name" always,
    }

    /// Something that holds scheduling back.
    pub struct PodSchedulingGate {
        /// Its name, unique in the pod.
        pub name: String = "name" always,
    }

    /// The group of pods that a pod is scheduled with.
    pub struct PodSchedulingGroup {
        /// The name of the group, in the same namespace.
        pub pod_group_name: Option<String> = "podGroupName",
    }
}

open_enum! {
    /// What happens to a container that ended.
    pub enum RestartPolicy {
        /// It is started again.
        Always = "Always",
        /// It stays ended.
        Never = "Never",
        /// It is started again when its exit code is not 0.
        OnFailure = "OnFailure",
    }

    /// How names are resolved in a pod.
    pub enum DnsPolicy {
        /// By the cluster's server, or as the node does when the pod uses the node's network.
        ClusterFirst = "ClusterFirst",
        /// By the cluster's server, even on the node's network.
        ClusterFirstWithHostNet = "ClusterFirstWithHostNet",
        /// As the node does.
        Default = "Default",
        /// As `dnsConfig` says, and nothing else.
        None = "None",
    }

    /// Whether a pod may push others off a node.
    pub enum PreemptionPolicy {
        /// It waits.
        Never = "Never",
        /// It pushes off pods of lower priority.
        PreemptLowerPriority = "PreemptLowerPriority",
    }

    /// An operating system.
    pub enum OsName {
        /// Linux.
        Linux = "linux",
        /// Windows.
        Windows = "windows",
    }
}

//! Services: a name and an address for a set of pods.

use std::collections::BTreeMap;

use super::Protocol;
use crate::int_or_string::IntOrString;
use crate::meta::{Condition, ObjectMeta};
use crate::schema::{object, open_enum};

object! {
    /// A name and an address that stand for a set of pods.
    pub struct Service {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ServiceSpec = "spec",
        /// What was last seen.
        pub status: ServiceStatus = "status",
    }

    /// What is wanted of a service.
    pub struct ServiceSpec {
        /// The ports that it has.
        pub ports: Vec<ServicePort> = "ports" [merge "port"],
        /// The labels of the pods behind it; without them somebody else keeps the endpoints.
        pub selector: BTreeMap<String, String> = "selector",
        /// Its address; `None` is headless, empty lets the server choose.
        pub cluster_ip: String = "clusterIP",
        /// Its addresses, at most one of each family; the first is `clusterIP`.
        pub cluster_ips: Vec<String> = "clusterIPs",
        /// From where it can be reached.
        pub type_: ServiceType = "type",
        /// Further addresses at which nodes take its traffic; somebody else routes them.
        pub external_ips: Vec<String> = "externalIPs",
        /// Whether a client keeps to one pod.
        pub session_affinity: ServiceAffinity = "sessionAffinity",
        /// The address that is asked of the load balancer; deprecated.
        pub load_balancer_ip: String = "loadBalancerIP",
        /// The networks whose clients the load balancer lets in.
        pub load_balancer_source_ranges: Vec<String> = "loadBalancerSourceRanges",
        /// The DNS name that an `ExternalName` service stands for.
        pub external_name: String = "externalName",
        /// Where traffic from outside goes: to any pod, or to those of the node that got it.
        pub external_traffic_policy: ServiceExternalTrafficPolicy = "externalTrafficPolicy",
        /// The port at which a node says whether it has such pods; for `Local` only.
        pub health_check_node_port: i32 = "healthCheckNodePort",
        /// Whether pods that are not ready are named too.
        pub publish_not_ready_addresses: bool = "publishNotReadyAddresses",
        /// How a client keeps to one pod.
        pub session_affinity_config: Option<Box<SessionAffinityConfig>> = "sessionAffinityConfig",
        /// The families of its addresses.
        pub ip_families: Vec<IpFamily> = "ipFamilies",
        /// Whether it has addresses of one family or of two.
        pub ip_family_policy: Option<IpFamilyPolicy> = "ipFamilyPolicy",
        /// Whether a load balancer's service gets ports on the nodes; true by default.
        pub allocate_load_balancer_node_ports: Option<bool> = "allocateLoadBalancerNodePorts",
        /// The load balancer that is meant; cannot be changed.
        pub load_balancer_class: Option<String> = "loadBalancerClass",
        /// Where traffic from inside goes: to any pod, or to those of the same node.
        pub internal_traffic_policy: Option<ServiceInternalTrafficPolicy> = "internalTrafficPolicy",
        /// What is preferred among endpoints, such as `PreferSameZone`.
        pub traffic_distribution: Option<String> = "trafficDistribution",
    }

    /// A port of a service.
    pub struct ServicePort {
        /// Its name: a DNS label; needed when there are several.
        pub name: String = "name",
        /// The protocol; TCP by default.
        pub protocol: Protocol = "protocol",
        /// The protocol above that one, such as `kubernetes.io/h2c`.
        pub app_protocol: Option<String> = "appProtocol",
        /// The port at the service's address.
        pub port: i32 = "port" always,
        /// The port of the pods, by number or by name; `port` by default.
        pub target_port: Option<IntOrString> = "targetPort",
        /// The port on each node, usually from 30000 to 32767; for `NodePort` and `LoadBalancer`.
        pub node_port: i32 = "nodePort",
    }

    /// How a client keeps to one pod.
    pub struct SessionAffinityConfig {
        /// By the client's address.
        pub client_ip: Option<Box<ClientIpConfig>> = "clientIP",
    }

    /// Keeping to one pod by the client's address.
    pub struct ClientIpConfig as "ClientIPConfig" {
        /// For how many seconds; from 1 to 86400, by default 10800.
        pub timeout_seconds: Option<i32> = "timeoutSeconds",
    }

    /// What was last seen of a service.
    pub struct ServiceStatus {
        /// The load balancer.
        pub load_balancer: LoadBalancerStatus = "loadBalancer",
        /// What is so of it, by type.
        pub conditions: Vec<Condition> = "conditions" [merge "type"],
    }

    /// What was last seen of a load balancer.
    pub struct LoadBalancerStatus {
        /// Where it takes traffic.
        pub ingress: Vec<LoadBalancerIngress> = "ingress",
    }

    /// A place where a load balancer takes traffic.
    pub struct LoadBalancerIngress {
        /// Its address.
        pub ip: String = "ip",
        /// Its host name.
        pub hostname: String = "hostname",
        /// How traffic comes to the node; only with `ip`.
        pub ip_mode: Option<LoadBalancerIpMode> = "ipMode",
        /// The ports.
        pub ports: Vec<PortStatus> = "ports",
    }

    /// What was last seen of a port of a service.
    pub struct PortStatus {
        /// The port.
        pub port: i32 = "port" always,
        /// Its protocol.
        pub protocol: Protocol = "protocol" always,
        /// What went wrong, as a word or as `domain/word`.
        pub error: Option<String> = "error",
    }
}

open_enum! {
    /// From where a service can be reached.
    pub enum ServiceType {
        /// From inside the cluster.
        ClusterIp = "ClusterIP",
        /// It is an alias of a DNS name outside.
        ExternalName = "ExternalName",
        /// From outside, by a load balancer in front of the nodes.
        LoadBalancer = "LoadBalancer",
        /// From outside, by a port on each node.
        NodePort = "NodePort",
    }

    /// Whether a client keeps to one pod.
    pub enum ServiceAffinity {
        /// By the client's address.
        ClientIp = "ClientIP",
        /// It does not.
        None = "None",
    }

    /// Where traffic from outside goes.
    pub enum ServiceExternalTrafficPolicy {
        /// To any pod; the client's address is lost.
        Cluster = "Cluster",
        /// To the pods of the node that got it.
        Local = "Local",
    }

    /// A family of addresses.
    pub enum IpFamily {
        /// IPv4.
        IPv4 = "IPv4",
        /// IPv6.
        IPv6 = "IPv6",
    }

    /// Whether a service has addresses of one family or of two.
    pub enum IpFamilyPolicy {
        /// Of two, where the cluster has them.
        PreferDualStack = "PreferDualStack",
        /// Of two.
        RequireDualStack = "RequireDualStack",
        /// Of one.
        SingleStack = "SingleStack",
    }

    /// Where traffic from inside goes.
    pub enum ServiceInternalTrafficPolicy {
        /// To any pod.
        Cluster = "Cluster",
        /// To the pods of the same node.
        Local = "Local",
    }

    /// How a load balancer sends traffic to a node.
    pub enum LoadBalancerIpMode {
        /// With the node's or the pod's address as its destination.
        Proxy = "Proxy",
        /// With the load balancer's own address as its destination.
        Vip = "VIP",
    }
}

//! The group `networking.k8s.io/v1`: HTTP from outside, and who may talk to whom.

mod ingress;
mod network_policy;

pub use ingress::{
    HttpIngressPath, HttpIngressRuleValue, Ingress, IngressBackend, IngressClass,
    IngressClassParametersReference, IngressClassSpec, IngressLoadBalancerIngress, IngressLoadBalancerStatus,
    IngressPortStatus, IngressRule, IngressServiceBackend, IngressSpec, IngressStatus, IngressTls, PathType,
    ServiceBackendPort,
};
pub use network_policy::{
    IpBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec, PolicyType,
};

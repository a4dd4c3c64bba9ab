//! What containers need and may use.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::schema::object;

object! {
    /// What a container needs and may use.
    pub struct ResourceRequirements {
        /// The most it may use, by resource.
        pub limits: BTreeMap<String, Quantity> = "limits",
        /// What it needs at least, by resource; its limits by default.
        pub requests: BTreeMap<String, Quantity> = "requests",
        /// The claims of the pod that it uses.
        pub claims: Vec<ResourceClaim> = "claims",
    }

    /// A claim of the pod that a container uses.
    pub struct ResourceClaim {
        /// The entry of the pod's `resourceClaims`.
        pub name: String = "name" always,
        /// The request of the claim; empty is all of it.
        pub request: String = "request",
    }

    /// A claim of a pod; exactly one of the last two members.
    pub struct PodResourceClaim {
        /// A name for it in the pod: a DNS label.
        pub name: String = "name" always,
        /// A claim that is there, in the same namespace.
        pub resource_claim_name: Option<String> = "resourceClaimName",
        /// A template that a claim is made from, for this pod alone.
        pub resource_claim_template_name: Option<String> = "resourceClaimTemplateName",
    }

    /// How much storage a claim asks for.
    pub struct VolumeResourceRequirements {
        /// The most, by resource.
        pub limits: BTreeMap<String, Quantity> = "limits",
        /// The least, by resource: `storage`.
        pub requests: BTreeMap<String, Quantity> = "requests",
    }
}

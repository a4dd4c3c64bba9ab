//! Limits of what a namespace may use as a whole.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// What a namespace may use as a whole.
    pub struct ResourceQuota {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ResourceQuotaSpec = "spec",
        /// What was last seen.
        pub status: ResourceQuotaStatus = "status",
    }

    /// The limits.
    pub struct ResourceQuotaSpec {
        /// The most of each resource: `pods`, `requests.cpu`, `count/secrets`.
        pub hard: BTreeMap<String, Quantity> = "hard",
        /// Which objects count; all that is said must be true.
        pub scopes: Vec<ResourceQuotaScope> = "scopes",
        /// Which objects count, by values of their scopes.
        pub scope_selector: Option<Box<ScopeSelector>> = "scopeSelector",
    }

    /// Which objects count, by values of their scopes.
    pub struct ScopeSelector {
        /// The conditions; all of them must be true.
        pub match_expressions: Vec<ScopedResourceSelectorRequirement> = "matchExpressions",
    }

    /// A condition on a scope.
    pub struct ScopedResourceSelectorRequirement {
        /// The scope.
        pub scope_name: ResourceQuotaScope = "scopeName" always,
        /// How its value is compared.
        pub operator: ScopeSelectorOperator = "operator" always,
        /// What it is compared with; empty for `Exists` and `DoesNotExist`.
        pub values: Vec<String> = "values",
    }

    /// What was last seen of a quota.
    pub struct ResourceQuotaStatus {
        /// The most of each resource.
        pub hard: BTreeMap<String, Quantity> = "hard",
        /// How much of it is used.
        pub used: BTreeMap<String, Quantity> = "used",
    }
}

open_enum! {
    /// What an object must be to count.
    pub enum ResourceQuotaScope {
        /// A pod of the class `BestEffort`.
        BestEffort = "BestEffort",
        /// A pod whose affinity speaks of other namespaces.
        CrossNamespacePodAffinity = "CrossNamespacePodAffinity",
        /// A pod of another class.
        NotBestEffort = "NotBestEffort",
        /// A pod without a deadline.
        NotTerminating = "NotTerminating",
        /// A pod of some class of priority.
        PriorityClass = "PriorityClass",
        /// A pod with a deadline.
        Terminating = "Terminating",
        /// A claim with some class of attributes.
        VolumeAttributesClass = "VolumeAttributesClass",
    }

    /// How the value of a scope is compared.
    pub enum ScopeSelectorOperator {
        /// The object is not in the scope.
        DoesNotExist = "DoesNotExist",
        /// The object is in the scope, whatever its value.
        Exists = "Exists",
        /// The value is one of those given.
        In = "In",
        /// The value is none of those given.
        NotIn = "NotIn",
    }
}

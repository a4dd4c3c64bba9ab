//! The group `node.k8s.io/v1`: classes of runtime.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::core::Toleration;
use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// A flavour of runtime that pods can ask for.
    pub struct RuntimeClass {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The name by which the node's runtime knows it: a DNS label.
        pub handler: String = "handler" always,
        /// What the runtime itself needs, for each pod.
        pub overhead: Option<Box<Overhead>> = "overhead",
        /// The nodes that have it.
        pub scheduling: Option<Box<Scheduling>> = "scheduling",
    }

    /// What a runtime itself needs.
    pub struct Overhead {
        /// How much, by resource.
        pub pod_fixed: BTreeMap<String, Quantity> = "podFixed",
    }

    /// The nodes that have a runtime.
    pub struct Scheduling {
        /// Labels that they have.
        pub node_selector: BTreeMap<String, String> = "nodeSelector",
        /// Taints that pods of the class bear.
        pub tolerations: Vec<Toleration> = "tolerations",
    }
}

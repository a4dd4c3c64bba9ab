//! Namespaces.

use super::ConditionStatus;
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// A space for names.
    pub struct Namespace {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: NamespaceSpec = "spec",
        /// What was last seen.
        pub status: NamespaceStatus = "status",
    }

    /// What is wanted of a namespace.
    pub struct NamespaceSpec {
        /// Who must empty it before it may go.
        pub finalizers: Vec<FinalizerName> = "finalizers",
    }

    /// What was last seen of a namespace.
    pub struct NamespaceStatus {
        /// Where it is in its life.
        pub phase: NamespacePhase = "phase",
        /// What is so of it, by type.
        pub conditions: Vec<NamespaceCondition> = "conditions" [merge "type"],
    }

    /// A condition of a namespace.
    pub struct NamespaceCondition {
        /// What it is about.
        pub type_: NamespaceConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }
}

open_enum! {
    /// Who must empty a namespace before it may go.
    pub enum FinalizerName {
        /// The namespace controller.
        Kubernetes = "kubernetes",
    }

    /// Where a namespace is in its life.
    pub enum NamespacePhase {
        /// It is in use.
        Active = "Active",
        /// It is on its way out.
        Terminating = "Terminating",
    }

    /// What a condition of a namespace is about.
    pub enum NamespaceConditionType {
        /// There are objects left in it.
        NamespaceContentRemaining = "NamespaceContentRemaining",
        /// An object could not be deleted.
        NamespaceDeletionContentFailure = "NamespaceDeletionContentFailure",
        /// It could not be found out which kinds there are.
        NamespaceDeletionDiscoveryFailure = "NamespaceDeletionDiscoveryFailure",
        /// The version of some kind could not be understood.
        NamespaceDeletionGroupVersionParsingFailure = "NamespaceDeletionGroupVersionParsingFailure",
        /// An object waits for somebody.
        NamespaceFinalizersRemaining = "NamespaceFinalizersRemaining",
    }
}

//! How an object is deleted.

use crate::schema::{object, open_enum};

object! {
    /// How an object is deleted.
    pub struct DeleteOptions {
        /// `DeleteOptions`, or empty.
        pub kind: String = "kind",
        /// The version of these options, or empty.
        pub api_version: String = "apiVersion",
        /// How many seconds it has; 0 is at once.
        pub grace_period_seconds: Option<i64> = "gracePeriodSeconds",
        /// What must be so, or nothing is deleted.
        pub preconditions: Option<Box<Preconditions>> = "preconditions",
        /// Whether what belongs to it stays; deprecated.
        pub orphan_dependents: Option<bool> = "orphanDependents",
        /// What becomes of what belongs to it.
        pub propagation_policy: Option<DeletionPropagation> = "propagationPolicy",
        /// `All` does nothing but check.
        pub dry_run: Vec<String> = "dryRun",
        /// Whether it is deleted although it cannot be read; this skips all checks.
        pub ignore_store_read_error_with_cluster_breaking_potential: Option<bool> = "ignoreStoreReadErrorWithClusterBreakingPotential",
    }

    /// What must be so of an object.
    pub struct Preconditions {
        /// Its identifier.
        pub uid: Option<String> = "uid",
        /// Its state.
        pub resource_version: Option<String> = "resourceVersion",
    }
}

open_enum! {
    /// What becomes of what belongs to a deleted object.
    pub enum DeletionPropagation {
        /// It is deleted afterwards.
        Background = "Background",
        /// It is deleted first.
        Foreground = "Foreground",
        /// It stays.
        Orphan = "Orphan",
    }
}

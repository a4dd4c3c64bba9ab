//! Limits of what one pod, container or claim may ask for.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};

object! {
    /// What pods, containers and claims of a namespace get and may ask for.
    pub struct LimitRange {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: LimitRangeSpec = "spec",
    }

    /// The limits.
    pub struct LimitRangeSpec {
        /// Them, each for one sort of thing.
        pub limits: Vec<LimitRangeItem> = "limits" always,
    }

    /// The limits of one sort of thing, by resource.
    pub struct LimitRangeItem {
        /// The sort of thing.
        pub type_: LimitType = "type" always,
        /// The most that it may use.
        pub max: BTreeMap<String, Quantity> = "max",
        /// The least that it must ask for.
        pub min: BTreeMap<String, Quantity> = "min",
        /// The limit of one that has none.
        pub default: BTreeMap<String, Quantity> = "default",
        /// The request of one that has none.
        pub default_request: BTreeMap<String, Quantity> = "defaultRequest",
        /// How much larger a limit may be than the request.
        pub max_limit_request_ratio: BTreeMap<String, Quantity> = "maxLimitRequestRatio",
    }
}

open_enum! {
    /// What a limit is for.
    pub enum LimitType {
        /// Each container.
        Container = "Container",
        /// Each claim.
        PersistentVolumeClaim = "PersistentVolumeClaim",
        /// Each pod as a whole.
        Pod = "Pod",
    }
}

//! Scales: how many pods a controller keeps.

use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// How many pods a controller keeps, whatever its kind: the subresource `scale`, of `autoscaling/v1`.
    pub struct Scale {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: ScaleSpec = "spec",
        /// What was last seen.
        pub status: ScaleStatus = "status",
    }

    /// What is wanted.
    pub struct ScaleSpec {
        /// How many pods there should be.
        pub replicas: i32 = "replicas",
    }

    /// What was last seen.
    pub struct ScaleStatus {
        /// How many pods there are.
        pub replicas: i32 = "replicas" always,
        /// Which pods they are: a selector as text.
        pub selector: String = "selector",
    }
}

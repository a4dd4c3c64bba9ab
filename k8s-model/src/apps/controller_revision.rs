//! Revisions of daemon sets and stateful sets.

use serde_json::Value;

use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// What a daemon set or stateful set once was; it does not change.
    pub struct ControllerRevision {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What it was.
        pub data: Option<Value> = "data",
        /// The number of the revision.
        pub revision: i64 = "revision" always,
    }
}

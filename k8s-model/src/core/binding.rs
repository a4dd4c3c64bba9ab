//! Binding a pod to its node.

use super::ObjectReference;
use crate::meta::ObjectMeta;
use crate::schema::object;

object! {
    /// Binds a pod to a node: what the scheduler sends.
    pub struct Binding {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// The node.
        pub target: ObjectReference = "target" always,
    }
}

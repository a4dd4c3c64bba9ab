//! Conditions that have the same form in many kinds.

use crate::core::ConditionStatus;
use crate::schema::object;
use crate::time::Time;

object! {
    /// A condition of an object.
    pub struct Condition {
        /// What it is about.
        pub type_: String = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// The generation of the object that it speaks of.
        pub observed_generation: i64 = "observedGeneration",
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason" always,
        /// Why, for people.
        pub message: String = "message" always,
    }
}

//! The group `events.k8s.io/v1`: events in their newer form.

use crate::core::{EventSource, ObjectReference};
use crate::meta::ObjectMeta;
use crate::schema::object;
use crate::time::{MicroTime, Time};

object! {
    /// Something that happened to an object.
    pub struct Event {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata" always,
        /// When it was first seen.
        pub event_time: Option<MicroTime> = "eventTime" always,
        /// The series that it began.
        pub series: Option<Box<EventSeries>> = "series",
        /// The controller that says so: `kubernetes.io/kubelet`.
        pub reporting_controller: String = "reportingController",
        /// Which instance of it: `kubelet-xyz`.
        pub reporting_instance: String = "reportingInstance",
        /// What was done or failed, in one word.
        pub action: String = "action",
        /// Why, in one word: `FailedScheduling`.
        pub reason: String = "reason",
        /// The object that it happened to.
        pub regarding: ObjectReference = "regarding",
        /// A second object that had to do with it.
        pub related: Option<Box<ObjectReference>> = "related",
        /// What happened, for people; at most 1 KiB.
        pub note: String = "note",
        /// How bad it is: `Normal` or `Warning`.
        pub type_: String = "type",
        /// Who says so, in the old form.
        pub deprecated_source: EventSource = "deprecatedSource",
        /// When it was first seen, in the old form.
        pub deprecated_first_timestamp: Option<Time> = "deprecatedFirstTimestamp" always,
        /// When it was last seen, in the old form.
        pub deprecated_last_timestamp: Option<Time> = "deprecatedLastTimestamp" always,
        /// How often it was seen, in the old form.
        pub deprecated_count: i32 = "deprecatedCount",
    }

    /// Events of the same sort, one after the other.
    pub struct EventSeries {
        /// How many so far.
        pub count: i32 = "count" always,
        /// When the last one was seen.
        pub last_observed_time: Option<MicroTime> = "lastObservedTime" always,
    }
}

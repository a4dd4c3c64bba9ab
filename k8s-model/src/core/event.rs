//! Events of the core group.

use super::ObjectReference;
use crate::meta::ObjectMeta;
use crate::schema::object;
use crate::time::{MicroTime, Time};

object! {
    /// Something that happened to an object. The same is an `Event` of `events.k8s.io`, with other names.
    pub struct Event {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata" always,
        /// The object that it happened to.
        pub involved_object: ObjectReference = "involvedObject" always,
        /// Why, in one word: `FailedScheduling`.
        pub reason: String = "reason",
        /// What happened, for people.
        pub message: String = "message",
        /// Who says so.
        pub source: EventSource = "source",
        /// When it was first seen.
        pub first_timestamp: Option<Time> = "firstTimestamp" always,
        /// When it was last seen.
        pub last_timestamp: Option<Time> = "lastTimestamp" always,
        /// How often it was seen.
        pub count: i32 = "count",
        /// How bad it is: `Normal` or `Warning`.
        pub type_: String = "type",
        /// When it was first seen, to the microsecond.
        pub event_time: Option<MicroTime> = "eventTime" always,
        /// The series that it began.
        pub series: Option<Box<EventSeries>> = "series",
        /// What was done or failed, in one word.
        pub action: String = "action",
        /// A second object that had to do with it.
        pub related: Option<Box<ObjectReference>> = "related",
        /// The controller that says so: `kubernetes.io/kubelet`.
        pub reporting_component: String = "reportingComponent" always,
        /// Which instance of it: `kubelet-xyz`.
        pub reporting_instance: String = "reportingInstance" always,
    }

    /// Who reported an event.
    pub struct EventSource {
        /// The component.
        pub component: String = "component",
        /// The node that it is on.
        pub host: String = "host",
    }

    /// Events of the same sort, one after the other.
    pub struct EventSeries {
        /// How many so far.
        pub count: i32 = "count",
        /// When the last one was seen.
        pub last_observed_time: Option<MicroTime> = "lastObservedTime" always,
    }
}

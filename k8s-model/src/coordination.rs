//! The group `coordination.k8s.io/v1`: leases.

use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::MicroTime;

object! {
    /// Who holds something, and until when.
    pub struct Lease {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: LeaseSpec = "spec",
    }

    /// Who holds a lease.
    pub struct LeaseSpec {
        /// The holder.
        pub holder_identity: Option<String> = "holderIdentity",
        /// How many seconds after `renewTime` another one may take it.
        pub lease_duration_seconds: Option<i32> = "leaseDurationSeconds",
        /// When the holder took it.
        pub acquire_time: Option<MicroTime> = "acquireTime",
        /// When the holder last renewed it.
        pub renew_time: Option<MicroTime> = "renewTime",
        /// How often it went from one holder to another.
        pub lease_transitions: Option<i32> = "leaseTransitions",
        /// How the holder is chosen, when candidates are coordinated.
        pub strategy: Option<CoordinatedLeaseStrategy> = "strategy",
        /// Who should get it next.
        pub preferred_holder: Option<String> = "preferredHolder",
    }
}

open_enum! {
    /// How the holder of a lease is chosen.
    pub enum CoordinatedLeaseStrategy {
        /// The oldest version that is emulated, then the oldest binary, then the oldest candidate.
        OldestEmulationVersion = "OldestEmulationVersion",
    }
}

//! The time that a pod lives by: the wall clock at its start, and what the monotonic clock says has passed since.

use std::time::{Duration, Instant, SystemTime};

use pod_core::Timestamp;
use rustix::time::Timespec;

/// A clock that does not jump when somebody sets the time.
#[derive(Debug)]
pub(super) struct Clock {
    wall: Timestamp,
    start: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { wall: SystemTime::now().into(), start: Instant::now() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.wall + self.start.elapsed()
    }

    /// How long to wait until a moment, for poll(2): rounded up, so that the moment has come when it returns.
    pub(super) fn until(&self, moment: Timestamp) -> Timespec {
        let wait = moment.since(self.now()) + Duration::from_nanos(1);
        Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        }
    }
}

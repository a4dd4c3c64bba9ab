//! How long to wait before trying again: image pulls and crashed apps (client-go `util/flowcontrol`, `Backoff`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The wait before the next try of one thing, doubling with each.
///
/// The first try after a quiet time is immediate. The time is the caller's.
///
/// ```
/// use std::time::Duration;
/// use pod_core::Timestamp;
/// use pod_core::backoff::Backoff;
///
/// let at = |seconds| Timestamp::UNIX_EPOCH + Duration::from_secs(seconds);
/// let mut backoff = Backoff::kubelet();
/// assert_eq!(backoff.remaining(at(1000)), Duration::ZERO);
/// backoff.failed(at(1000));
/// assert_eq!(backoff.remaining(at(1004)), Duration::from_secs(6));
/// backoff.failed(at(1010));
/// assert_eq!(backoff.remaining(at(1010)), Duration::from_secs(20));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    delay: Duration,
    since: Timestamp,
}

impl Backoff {
    /// The kubelet's: 10 seconds, doubling to 300.
    #[must_use]
    pub const fn kubelet() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(300))
    }

    /// Waits `initial`, doubling to `max`.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max, delay: Duration::ZERO, since: Timestamp::UNIX_EPOCH }
    }

    /// Counts a try at `now`: the wait begins, twice as long as the one before. More than twice the maximum after the last
    /// try, it begins anew.
    pub fn failed(&mut self, now: Timestamp) {
        self.delay =
            if self.is_expired(now) { self.initial } else { (self.delay * 2).clamp(self.initial, self.max) };
        self.since = now;
    }

    /// How long to wait from `now`; zero when the next try is due.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Duration {
        if self.is_expired(now) { Duration::ZERO } else { (self.since + self.delay).since(now) }
    }

    /// The whole wait that the last [`Backoff::failed`] began.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    fn is_expired(&self, now: Timestamp) -> bool {
        self.delay.is_zero() || now.since(self.since) > self.max * 2
    }
}

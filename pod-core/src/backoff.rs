//! How long to wait before trying again: image pulls and crashed apps (client-go `util/flowcontrol`, `Backoff`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The wait before the next try of one thing, doubling with each.
///
/// The first try after a quiet time is immediate. The time is the caller's. There are two ways to use it, the kubelet's own:
///
/// - A try that failed counts when it failed, and the wait runs from there ([`Backoff::failed`], [`Backoff::remaining`]): image
///   pulls.
/// - A try counts when it begins, and the wait runs from something later, such as the end of a run ([`Backoff::next`],
///   [`Backoff::remaining_since`]): restarts of an app. So the first restart is immediate.
///
/// Either way it begins anew when twice the longest wait has passed since the last count: ten minutes for the kubelet's. Upstream
/// can add a random part to each wait; the kubelet asks for none, and there is none here.
///
/// ```
/// use std::time::Duration;
/// use pod_core::Timestamp;
/// use pod_core::backoff::Backoff;
///
/// let at = |seconds| Timestamp::UNIX_EPOCH + Duration::from_secs(seconds);
/// let mut pull = Backoff::kubelet();
/// assert_eq!(pull.remaining(at(1000)), Duration::ZERO);
/// pull.failed(at(1000));
/// assert_eq!(pull.remaining(at(1004)), Duration::from_secs(6));
/// pull.failed(at(1010));
/// assert_eq!(pull.remaining(at(1010)), Duration::from_secs(20));
///
/// let mut restart = Backoff::kubelet();
/// assert_eq!(restart.remaining_since(at(1000), at(1000)), Duration::ZERO);
/// restart.next(at(1000), at(1000));
/// // The restarted app ran for five seconds and ended again: it waits ten from its end.
/// assert_eq!(restart.remaining_since(at(1005), at(1005)), Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backoff {
    initial: Duration,
    max: Duration,
    /// How long after the last count it begins anew.
    forgets: Duration,
    delay: Duration,
    counted: Timestamp,
}

/// When the kubelet forgives an app, whatever the longest wait is (`crashLoopBackOff.HasExpiredFunc`).
const FORGIVES: Duration = Duration::from_secs(600);

impl Backoff {
    /// The kubelet's: 10 seconds, doubling to 300.
    #[must_use]
    pub const fn kubelet() -> Self {
        Self::new(Duration::from_secs(10), Duration::from_secs(300))
    }

    /// The kubelet's for restarts, with another longest wait (KubeletConfiguration `crashLoopBackOff.maxContainerRestartPeriod`, 1 to 300
    /// seconds). Below 10 seconds it is the first wait as well. It begins anew after ten minutes all the same.
    #[must_use]
    pub fn restarts_within(max: Duration) -> Self {
        Self { forgets: FORGIVES, ..Self::new(max.min(Duration::from_secs(10)), max) }
    }

    /// The kubelet's for restarts with the feature `ReduceDefaultCrashLoopBackOffDecay`: 1 second, doubling to 60. It begins anew after ten
    /// minutes all the same.
    #[must_use]
    pub const fn reduced() -> Self {
        Self { forgets: FORGIVES, ..Self::new(Duration::from_secs(1), Duration::from_secs(60)) }
    }

    /// Waits `initial`, doubling to `max`.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        let forgets = max.saturating_mul(2);
        Self { initial, max, forgets, delay: Duration::ZERO, counted: Timestamp::UNIX_EPOCH }
    }

    /// Counts a failed try: [`Backoff::next`] with `now` for both times.
    pub fn failed(&mut self, now: Timestamp) {
        self.next(now, now);
    }

    /// Counts a try at `now`, which answers what happened at `event`: the wait doubles, or begins anew when `event` is more than
    /// twice the longest wait after the last count (client-go `Backoff.Next`).
    pub fn next(&mut self, event: Timestamp, now: Timestamp) {
        let doubled = self.delay.saturating_mul(2);
        self.delay =
            if self.is_expired(event) { self.initial } else { doubled.max(self.initial) }.min(self.max);
        self.counted = now;
    }

    /// How long to wait from `now` after the last count; zero when the next try is due (client-go `IsInBackOffSinceUpdate`).
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Duration {
        if self.is_expired(now) { Duration::ZERO } else { (self.counted + self.delay).since(now) }
    }

    /// How long to wait from `now` after what happened at `event`; zero when the next try is due (client-go `IsInBackOffSince`).
    #[must_use]
    pub fn remaining_since(&self, event: Timestamp, now: Timestamp) -> Duration {
        if self.is_expired(event) { Duration::ZERO } else { (event + self.delay).since(now) }
    }

    /// The whole wait that the last count began; zero before the first.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        self.delay
    }

    fn is_expired(&self, event: Timestamp) -> bool {
        self.delay.is_zero() || event.since(self.counted) > self.forgets
    }
}

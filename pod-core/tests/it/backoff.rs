//! Back-off: client-go `util/flowcontrol/backoff.go`, by the cases of its test, with the kubelet's ten and three hundred seconds.

use std::time::Duration;

use pod_core::Timestamp;
use pod_core::backoff::Backoff;

fn at(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `TestSlowBackoff`: the delays double, and stop at the maximum.
#[test]
fn doubles_up_to_its_maximum() {
    let mut backoff = Backoff::kubelet();
    let mut now = 0;
    for delay in [10, 20, 40, 80, 160, 300, 300] {
        backoff.failed(at(now));
        assert_eq!(backoff.delay(), secs(delay));
        assert_eq!(backoff.remaining(at(now)), secs(delay));
        assert_eq!(backoff.remaining(at(now + delay - 1)), secs(1));
        now += delay;
        assert_eq!(backoff.remaining(at(now)), Duration::ZERO);
    }
}

/// `TestBackoffReset`, `hasExpired`: more than twice the maximum after the last count it begins anew; at twice the maximum not yet.
#[test]
fn begins_anew_after_a_quiet_time() {
    let mut backoff = Backoff::kubelet();
    backoff.failed(at(0));
    backoff.failed(at(10));
    let mut early = backoff.clone();
    early.failed(at(10 + 600));
    assert_eq!(early.delay(), secs(40));
    assert_eq!(backoff.remaining(at(10 + 601)), Duration::ZERO);
    backoff.failed(at(10 + 601));
    assert_eq!(backoff.delay(), secs(10));
}

/// `IsInBackOffSince`: the wait runs from the event, and whether it is over for good is judged by the event too.
#[test]
fn restarts_wait_from_the_end_of_the_run() {
    let mut backoff = Backoff::kubelet();
    assert_eq!(backoff.remaining_since(at(0), at(0)), Duration::ZERO);
    backoff.next(at(0), at(0));
    // It ran for a minute: the ten seconds begin only then.
    assert_eq!(backoff.remaining_since(at(60), at(60)), secs(10));
    assert_eq!(backoff.remaining_since(at(60), at(70)), Duration::ZERO);
    backoff.next(at(60), at(70));
    assert_eq!(backoff.delay(), secs(20));
    // It ran for more than ten minutes: forgiven.
    assert_eq!(backoff.remaining_since(at(70 + 601), at(70 + 601)), Duration::ZERO);
    backoff.next(at(70 + 601), at(70 + 601));
    assert_eq!(backoff.delay(), secs(10));
}

#[test]
fn extremes_do_not_overflow() {
    let mut backoff = Backoff::new(Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        backoff.failed(at(0));
    }
    assert!(backoff.remaining(at(0)) > secs(1 << 32));
    let mut none = Backoff::new(Duration::ZERO, Duration::ZERO);
    none.failed(at(0));
    assert_eq!(none.remaining(at(0)), Duration::ZERO);
}

/// kubelet `newCrashLoopBackOff`, `maxContainerRestartPeriod` and the feature `ReduceDefaultCrashLoopBackOffDecay`: other waits, but ten minutes
/// forgive all the same.
#[test]
fn other_waits_between_restarts() {
    for (mut backoff, waits) in [
        (Backoff::restarts_within(secs(100)), [10, 20, 40, 80, 100, 100, 100]),
        (Backoff::restarts_within(secs(2)), [2, 2, 2, 2, 2, 2, 2]),
        (Backoff::reduced(), [1, 2, 4, 8, 16, 32, 60]),
    ] {
        let mut now = 0;
        for wait in waits {
            backoff.next(at(now), at(now));
            assert_eq!(backoff.delay(), secs(wait));
            now += wait;
        }
        let last = now - waits[6];
        assert!(!backoff.remaining_since(at(last + 600), at(last + 600)).is_zero());
        assert!(backoff.remaining_since(at(last + 601), at(last + 601)).is_zero());
    }
}

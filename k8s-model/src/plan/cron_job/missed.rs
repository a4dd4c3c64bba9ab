//! Which time is due, however many were missed (`mostRecentScheduleTime`).

use std::time::Duration;

use pod_core::Timestamp;

use super::super::pods::seconds;
use super::schedule::{Schedule, TimeZoneName};
use crate::batch::{CronJob, CronJobStatus};
use crate::time::Time;

/// From how many on missed times are worth a warning.
const MANY: u64 = 100;

/// What is due.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    /// The last time that is not in the future, and not too long ago.
    pub(super) time: Option<Timestamp>,
    /// Whether more than a hundred were missed.
    pub(super) too_many: bool,
    /// The next time.
    pub(super) next: Option<Timestamp>,
}

pub(super) fn due(
    cron: &CronJob,
    status: &CronJobStatus,
    now: Timestamp,
    schedule: &Schedule,
    zone: &TimeZoneName,
) -> Due {
    let last = status.last_schedule_time.or(cron.metadata.creation_timestamp);
    let first = last.map_or(now, Time::timestamp);
    let recent = |from: Timestamp| recent(from, now, schedule, zone);
    let next = match recent(first) {
        Recent { time: Some(time), .. } => schedule.next(time, zone),
        Recent { missed: 0, .. } => schedule.next(first, zone),
        Recent { .. } => schedule.next(now, zone),
    };
    // What is older than the deadline is not looked for.
    let deadline = cron.spec.starting_deadline_seconds;
    let Recent { time, missed } =
        recent(deadline.map_or(first, |deadline| first.max(before(now, seconds(deadline)))));
    Due { time, too_many: missed > MANY, next: next.map(|next| next.max(now)) }
}

fn before(moment: Timestamp, length: Duration) -> Timestamp {
    let (since, _) = moment.unix();
    let since = u64::try_from(since).unwrap_or(0).saturating_sub(length.as_secs());
    Timestamp::UNIX_EPOCH + Duration::from_secs(since)
}

/// The last time up to now, and about how many there were since.
struct Recent {
    time: Option<Timestamp>,
    missed: u64,
}

fn recent(from: Timestamp, now: Timestamp, schedule: &Schedule, zone: &TimeZoneName) -> Recent {
    let none = Recent { time: None, missed: 0 };
    let Some(first) = schedule.next(from, zone).filter(|first| *first <= now) else { return none };
    let Some(second) = schedule.next(first, zone).filter(|second| *second <= now) else {
        return Recent { time: Some(first), missed: 0 };
    };
    let between = second.since(first).as_secs().max(1);
    let missed = now.since(first).as_secs() / between + 1;
    // From one interval before on times are looked at one by one, because not all are equally far apart.
    let mut last = first + Duration::from_secs(missed.saturating_sub(2).saturating_mul(between));
    let mut time = None;
    while let Some(next) = schedule.next(last, zone).filter(|next| *next <= now) {
        time = Some(next);
        last = next;
    }
    Recent { time, missed }
}

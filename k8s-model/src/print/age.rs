//! How long ago something was (`k8s.io/apimachinery/pkg/util/duration`).

use pod_core::Timestamp;

use crate::time::Time;

/// A length of time in whole seconds as people read it: two units at most, and fewer the longer it is.
///
/// ```
/// use k8s_model::print::human_duration;
///
/// assert_eq!(human_duration(119), "119s");
/// assert_eq!(human_duration(7_500), "125m");
/// assert_eq!(human_duration(90_000), "25h");
/// assert_eq!(human_duration(-5), "<invalid>");
/// ```
#[must_use]
pub fn human_duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let two = |first: i64, unit: &str, second: i64, small: &str| {
        if second == 0 { format!("{first}{unit}") } else { format!("{first}{unit}{second}{small}") }
    };
    match seconds {
        // Clocks may be a little apart.
        ..=-2 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

/// The seconds from one moment to another; fractions are cut off.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    let ((from, from_nanos), (to, to_nanos)) = (from.unix(), to.unix());
    let nanos = i128::from(to - from) * 1_000_000_000 + i128::from(to_nanos - from_nanos);
    i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX)
}

/// How long ago something was; `<unknown>` when it was never.
#[must_use]
pub fn since(time: Option<Time>, now: Timestamp) -> String {
    time.map_or_else(|| "<unknown>".to_owned(), |time| human_duration(seconds(time.timestamp(), now)))
}

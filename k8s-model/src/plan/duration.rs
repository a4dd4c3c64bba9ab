//! Lengths of time as Go writes them: `1h30m`, `1.5s`.

use std::time::Duration;

/// Reads a length of time; `None` for other texts, for less than nothing, and for more than 584 years.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut nanos: f64 = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, after) = rest.split_at_checked(digits)?;
        let number: f64 = number.parse().ok()?;
        let (unit, size) = UNITS.into_iter().find(|(unit, _)| after.starts_with(unit))?;
        nanos += number * size;
        rest = after.get(unit.len()..)?;
    }
    Duration::try_from_secs_f64(nanos / 1e9).ok().filter(|length| length.as_nanos() <= u128::from(u64::MAX))
}

/// The units; of two of which one is the beginning of the other, the longer one first.
const UNITS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

//! Schedules of cron jobs, as `github.com/robfig/cron` v3's standard parser reads them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use pod_core::Timestamp;

use super::super::duration;

/// The range of a field, and its names.
struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Bounds; 5] = [
    Bounds { min: 0, max: 59, names: &[] },
    Bounds { min: 0, max: 23, names: &[] },
    Bounds { min: 1, max: 31, names: &[] },
    Bounds { min: 1, max: 12, names: MONTHS },
    Bounds { min: 0, max: 6, names: DAYS },
];

/// Short forms of schedules.
const DESCRIPTORS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// How many days are looked at for the next time: five years.
const HORIZON: usize = 5 * 366;

/// When something is done: five fields as in cron (minute, hour, day of the month, month, day of the week), a short form such as
/// `@hourly`, or `@every 1h30m`.
///
/// When both days are restricted, either is enough. Where clocks are put forward, a time that does not exist is left out; where they
/// are put back, one that exists twice counts twice.
///
/// ```
/// use k8s_model::plan::cron_job::{Schedule, TimeZoneName};
///
/// let schedule: Schedule = "30 6 * * 1-5".parse()?;
/// let zone: TimeZoneName = "Europe/Vienna".parse()?;
/// let friday = "2026-11-27T12:00:00Z".parse()?;
/// assert_eq!(schedule.next(friday, &zone).unwrap().to_string(), "2026-11-30T05:30:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Every(Duration),
    Fields([Field; 5]),
}

/// The numbers that a field allows, and whether it was written as any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Field {
    bits: u64,
    any: bool,
}

impl Field {
    const fn has(self, number: i8) -> bool {
        number >= 0 && self.bits >> number & 1 == 1
    }

    fn numbers(self) -> impl Iterator<Item = i8> {
        (0..60).filter(move |number| self.has(*number))
    }
}

/// A text that is no schedule, in the parser's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseScheduleError(String);

impl fmt::Display for ParseScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseScheduleError {}

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    /// Reads a schedule without a time zone.
    ///
    /// # Errors
    ///
    /// On an empty text, other than five fields (`* * *`), numbers out of range (`60 * * * *`), steps of 0, ranges that end before they begin,
    /// and short forms that there are not (`@always`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self).map_err(ParseScheduleError)
    }
}

fn parse(text: &str) -> Result<Kind, String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    if let Some(every) = text.strip_prefix("@every ") {
        let length = duration::parse(every)
            .or_else(|| duration::parse(every.strip_prefix('-')?).map(|_| Duration::ZERO));
        let length = length
            .ok_or_else(|| format!("failed to parse duration {text}: time: invalid duration {every:?}"))?;
        return Ok(Kind::Every(Duration::from_secs(length.as_secs().max(1))));
    }
    let full = match DESCRIPTORS.iter().find(|(short, _)| *short == text) {
        Some((_, full)) => full,
        None if text.starts_with('@') => return Err(format!("unrecognized descriptor: {text}")),
        None => text,
    };
    let words: Vec<&str> = full.split_whitespace().collect();
    if words.len() != FIELDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", words.len(), words.join(" ")));
    }
    let mut fields = [Field::default(); 5];
    for ((word, bounds), field) in words.into_iter().zip(&FIELDS).zip(&mut fields) {
        for part in word.split(',').filter(|part| !part.is_empty()) {
            let found = range(part, bounds)?;
            field.bits |= found.bits;
            field.any |= found.any;
        }
    }
    Ok(Kind::Fields(fields))
}

/// Reads a number or range, with or without a step.
fn range(text: &str, bounds: &Bounds) -> Result<Field, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (range, step) = match parts.as_slice() {
        [range] => (*range, None),
        [range, step] => (*range, Some(*step)),
        _ => return Err(format!("too many slashes: {text}")),
    };
    let ends: Vec<&str> = range.split('-').collect();
    let (start, mut end, mut any) = match ends.as_slice() {
        ["*" | "?"] => (bounds.min, bounds.max, true),
        [only] => {
            let number = number(only, bounds)?;
            (number, number, false)
        }
        [start, end] => (number(start, bounds)?, number(end, bounds)?, false),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = match step.map(plain_number).transpose()? {
        None => 1,
        Some(0) => return Err(format!("step of range should be a positive number: {text}")),
        Some(step) => {
            if ends.len() == 1 {
                end = bounds.max;
            }
            any &= step == 1;
            step
        }
    };
    if start < bounds.min {
        return Err(format!("beginning of range ({start}) below minimum ({}): {text}", bounds.min));
    }
    if end > bounds.max {
        return Err(format!("end of range ({end}) above maximum ({}): {text}", bounds.max));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    Ok(Field { bits: (start..=end).step_by(step).fold(0, |bits, number| bits | 1 << number), any })
}

fn number(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let name = text.to_lowercase();
    match bounds.names.iter().position(|known| *known == name) {
        // Months count from 1, days of the week from 0.
        Some(index) => Ok(bounds.min + u32::try_from(index).unwrap_or_default()),
        None => plain_number(text),
    }
}

fn plain_number(text: &str) -> Result<u32, String> {
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) => {
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
        }
    }
}

/// A time zone of the IANA database, of the version that is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZoneName(TimeZone);

impl TimeZoneName {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);
}

/// A name that no time zone has, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTimeZone(String);

impl fmt::Display for UnknownTimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone {}", self.0)
    }
}

impl std::error::Error for UnknownTimeZone {}

impl FromStr for TimeZoneName {
    type Err = UnknownTimeZone;

    /// Finds a time zone by its name.
    ///
    /// # Errors
    ///
    /// On a name that is none, such as `Europe/Nowhere` or `+01:00`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "UTC" || name.is_empty() {
            return Ok(Self::UTC);
        }
        let found = jiff::tz::TimeZoneDatabase::bundled().get(name);
        found.map(Self).map_err(|_| UnknownTimeZone(name.to_owned()))
    }
}

impl Schedule {
    /// The first time after a moment, as clocks in a time zone show it; `None` when there is none within five years.
    #[must_use]
    pub fn next(&self, after: Timestamp, zone: &TimeZoneName) -> Option<Timestamp> {
        match &self.0 {
            Kind::Every(length) => Some(after.whole_seconds() + *length),
            Kind::Fields(fields) => {
                next_of(fields, jiff::Timestamp::from_second(after.unix().0).ok()?, &zone.0)
            }
        }
    }
}

fn next_of(fields: &[Field; 5], after: jiff::Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let [minutes, hours, days, months, weekdays] = fields;
    // A day before, as a clock that was put back may show yesterday's time once more.
    let first = zone.to_datetime(after).date().yesterday().ok()?;
    let matches = |date: &Date| {
        let (day, weekday) = (days.has(date.day()), weekdays.has(date.weekday().to_sunday_zero_offset()));
        let fits = if days.any || weekdays.any { day && weekday } else { day || weekday };
        months.has(date.month()) && fits
    };
    let all = first.series(jiff::Span::new().days(1)).take(HORIZON);
    all.filter(matches).find_map(|date| {
        let times = hours.numbers().flat_map(|hour| minutes.numbers().map(move |minute| (hour, minute)));
        let moments = times.flat_map(|(hour, minute)| match Time::new(hour, minute, 0, 0) {
            Ok(time) => moments(DateTime::from_parts(date, time), zone),
            Err(_) => Vec::new(),
        });
        let next = moments.filter(|moment| *moment > after).min()?;
        let seconds = u64::try_from(next.as_second()).ok()?;
        Some(Timestamp::UNIX_EPOCH + Duration::from_secs(seconds))
    })
}

/// The moments at which clocks show a time: one, none, or two.
fn moments(time: DateTime, zone: &TimeZone) -> Vec<jiff::Timestamp> {
    let offsets = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => vec![offset],
        AmbiguousOffset::Gap { .. } => Vec::new(),
        AmbiguousOffset::Fold { before, after } => vec![before, after],
    };
    offsets.into_iter().filter_map(|offset| offset.to_timestamp(time).ok()).collect()
}

//! Dates (specification, `created` annotation; RFC 3339).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::Strength;
use crate::json::Scalar;

/// A moment with its offset from UTC, to the second.
///
/// ```
/// use appc_spec::Date;
///
/// let date: Date = "2014-10-27T19:32:27.670217980+00:00".parse()?;
/// assert_eq!(date.to_string(), "2014-10-27T19:32:27Z");
/// assert_eq!(date.unix_seconds(), 1_414_438_347);
/// # Ok::<(), appc_spec::ParseDateError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    offset_minutes: i64,
}

/// Why a text is no date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDateError {
    kind: Kind,
    position: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Wanted(&'static str, Option<char>),
    Range(&'static str),
}

impl ParseDateError {
    /// The byte at which the text stops being a date.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match self.kind {
            Kind::Wanted(wanted, Some(c)) => {
                write!(f, "unexpected `{}` at byte {at} of a date: {wanted} is wanted", c.escape_debug())
            }
            Kind::Wanted(wanted, None) => write!(f, "a date ends at byte {at} where {wanted} is wanted"),
            Kind::Range(part) => write!(f, "the {part} at byte {at} of a date is out of range"),
        }
    }
}

impl std::error::Error for ParseDateError {}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn wanted(&self, wanted: &'static str) -> ParseDateError {
        ParseDateError { kind: Kind::Wanted(wanted, self.peek()), position: self.at }
    }

    fn one_of(&mut self, chars: &str, wanted: &'static str) -> Result<char, ParseDateError> {
        match self.peek().filter(|c| chars.contains(*c)) {
            Some(c) => {
                self.at += 1;
                Ok(c)
            }
            None => Err(self.wanted(wanted)),
        }
    }

    fn digits(&mut self, min: usize, max: usize) -> Result<i64, ParseDateError> {
        let mut value = 0;
        for count in 0..max {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) else {
                if count < min {
                    return Err(self.wanted("a digit"));
                }
                break;
            };
            value = value * 10 + i64::from(digit);
            self.at += 1;
        }
        Ok(value)
    }

    fn within(&self, value: i64, min: i64, max: i64, part: &'static str) -> Result<i64, ParseDateError> {
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        Err(ParseDateError { kind: Kind::Range(part), position: self.at.saturating_sub(2) })
    }
}

impl Date {
    /// Reads an RFC 3339 date. The Go implementation takes an hour of one digit and a `,` before the fraction too, but no
    /// `t`, `z` or leap second; both drop the fraction.
    ///
    /// # Errors
    ///
    /// On another shape (`2014-10-27 19:32:27Z`, no offset) and on numbers out of range (`2014-02-30T00:00:00Z`).
    pub fn parse(text: &str, strength: Strength) -> Result<Self, ParseDateError> {
        let mut reader = Reader { text, at: 0 };
        let strict = strength.is_strict();
        let year = reader.digits(4, 4)?;
        reader.one_of("-", "`-`")?;
        let month = reader.digits(2, 2)?;
        let month = reader.within(month, 1, 12, "month")?;
        reader.one_of("-", "`-`")?;
        let day = reader.digits(2, 2)?;
        let day = reader.within(day, 1, days_in(year, month), "day")?;
        reader.one_of(if strict { "Tt" } else { "T" }, "`T`")?;
        let hour = reader.digits(if strict { 2 } else { 1 }, 2)?;
        let hour = reader.within(hour, 0, 23, "hour")?;
        reader.one_of(":", "`:`")?;
        let minute = reader.digits(2, 2)?;
        let minute = reader.within(minute, 0, 59, "minute")?;
        reader.one_of(":", "`:`")?;
        let second = reader.digits(2, 2)?;
        let second = reader.within(second, 0, if strict { 60 } else { 59 }, "second")?;
        if reader.one_of(if strict { "." } else { ".," }, "").is_ok() {
            reader.digits(1, 1)?;
            while reader.digits(1, 1).is_ok() {}
        }
        let sign = reader.one_of(if strict { "Zz+-" } else { "Z+-" }, "an offset such as `Z` or `+01:00`")?;
        let mut offset_minutes = 0;
        if matches!(sign, '+' | '-') {
            let hours = reader.digits(2, 2)?;
            let hours = reader.within(hours, 0, if strict { 23 } else { 24 }, "offset")?;
            reader.one_of(":", "`:`")?;
            let minutes = reader.digits(2, 2)?;
            let minutes = reader.within(minutes, 0, if strict { 59 } else { 60 }, "offset")?;
            offset_minutes = (hours * 60 + minutes) * if sign == '-' { -1 } else { 1 };
        }
        if reader.peek().is_some() {
            return Err(reader.wanted("the end"));
        }
        Ok(Self { year, month, day, hour, minute, second, offset_minutes })
    }

    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    #[must_use]
    pub const fn unix_seconds(&self) -> i64 {
        // Days from the civil calendar, counted in 400-year eras that begin on 1 March.
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days * 86_400 + self.hour * 3_600 + (self.minute - self.offset_minutes) * 60 + self.second
    }
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    /// Reads a date strictly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, Strength::Strict)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, offset_minutes } = *self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if offset_minutes == 0 {
            return f.write_str("Z");
        }
        let sign = if offset_minutes < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", offset_minutes.abs() / 60, offset_minutes.abs() % 60)
    }
}

impl Scalar for Date {
    type Error = ParseDateError;

    fn parse_as(text: &str, strength: Strength) -> Result<Self, Self::Error> {
        Self::parse(text, strength)
    }

    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

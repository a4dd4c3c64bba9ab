//! Points in time as the API writes them (RFC 3339, always in UTC): `2026-11-25T12:00:00Z`.
//!
//! The calendar is computed here, in a few lines, rather than by a date library, which every user of this crate would compile.

use std::fmt;
use std::str::FromStr;

use crate::decode::Decoder;
use crate::encode::Sink;
use crate::schema::{Shape, Value};
use crate::tree::Node;

const MICROS: i64 = 1_000_000;

/// A point in time to the second: `metav1.Time`.
///
/// ```
/// use k8s_model::time::Time;
///
/// let time: Time = "2026-11-25T13:00:00+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-25T12:00:00Z");
/// assert_eq!(time.unix_seconds(), 1_795_608_000);
/// # Ok::<(), k8s_model::time::ParseTimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

/// A point in time to the microsecond: `metav1.MicroTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MicroTime(i64);

impl Time {
    /// So many seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// The seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }
}

impl MicroTime {
    /// So many microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }
}

/// Why a text is no point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTimeError {
    position: usize,
    wanted: &'static str,
}

impl fmt::Display for ParseTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a time such as `2026-11-25T12:00:00Z` is wanted: at byte {} there is not {}",
            self.position, self.wanted
        )
    }
}

impl std::error::Error for ParseTimeError {}

impl FromStr for Time {
    type Err = ParseTimeError;

    /// Reads RFC 3339; fractions of a second are cut off.
    ///
    /// # Errors
    ///
    /// On a text without zone (`2026-11-25T12:00:00`), a date that does not exist (`2026-02-30T…`), and other forms.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(|micros| Self(micros.div_euclid(MICROS)))
    }
}

impl FromStr for MicroTime {
    type Err = ParseTimeError;

    /// Reads RFC 3339; what is below a microsecond is cut off.
    ///
    /// # Errors
    ///
    /// As for [`Time`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map(Self)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)?;
        f.write_str("Z")
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0.div_euclid(MICROS))?;
        write!(f, ".{:06}Z", self.0.rem_euclid(MICROS))
    }
}

fn write_seconds(f: &mut fmt::Formatter<'_>, seconds: i64) -> fmt::Result {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Reads digits and separators one after the other.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    const fn error(&self, wanted: &'static str) -> ParseTimeError {
        ParseTimeError { position: self.at, wanted }
    }

    fn number(
        &mut self,
        digits: usize,
        min: i64,
        max: i64,
        wanted: &'static str,
    ) -> Result<i64, ParseTimeError> {
        let text = self.text.get(self.at..self.at + digits).unwrap_or_default();
        if text.len() != digits || !text.iter().all(u8::is_ascii_digit) {
            return Err(self.error(wanted));
        }
        let number = text.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        if number < min || number > max {
            return Err(self.error(wanted));
        }
        self.at += digits;
        Ok(number)
    }

    fn one_of(&mut self, bytes: &[u8], wanted: &'static str) -> Result<u8, ParseTimeError> {
        match self.text.get(self.at) {
            Some(byte) if bytes.contains(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            _ => Err(self.error(wanted)),
        }
    }
}

/// Microseconds since 1970.
fn parse(text: &str) -> Result<i64, ParseTimeError> {
    let mut cursor = Cursor { text: text.as_bytes(), at: 0 };
    let year = cursor.number(4, 0, 9999, "a year of four digits")?;
    cursor.one_of(b"-", "`-`")?;
    let month = cursor.number(2, 1, 12, "a month from 01 to 12")?;
    cursor.one_of(b"-", "`-`")?;
    let day = cursor.number(2, 1, days_in(year, month), "a day of that month")?;
    cursor.one_of(b"Tt", "`T`")?;
    let hour = cursor.number(2, 0, 23, "an hour from 00 to 23")?;
    cursor.one_of(b":", "`:`")?;
    let minute = cursor.number(2, 0, 59, "a minute from 00 to 59")?;
    cursor.one_of(b":", "`:`")?;
    let second = cursor.number(2, 0, 59, "a second from 00 to 59")?;
    let micros = fraction(&mut cursor)?;
    let offset = match cursor.one_of(b"Zz+-", "`Z` or an offset such as `+01:00`")? {
        sign @ (b'+' | b'-') => {
            let hours = cursor.number(2, 0, 23, "an offset such as `+01:00`")?;
            cursor.one_of(b":", "`:`")?;
            let minutes = cursor.number(2, 0, 59, "an offset such as `+01:00`")?;
            let offset = hours * 3600 + minutes * 60;
            if sign == b'-' { -offset } else { offset }
        }
        _ => 0,
    };
    if cursor.at != text.len() {
        return Err(cursor.error("the end"));
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Ok(seconds * MICROS + micros)
}

fn fraction(cursor: &mut Cursor<'_>) -> Result<i64, ParseTimeError> {
    if cursor.one_of(b".", "a point").is_err() {
        return Ok(0);
    }
    let mut unit = MICROS;
    let mut micros = cursor.number(1, 0, 9, "a digit")? * (unit / 10);
    unit /= 10;
    while let Ok(digit) = cursor.number(1, 0, 9, "a digit") {
        unit /= 10;
        micros += digit * unit;
    }
    Ok(micros)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that begin in March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a day since 1970-01-01.
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

macro_rules! value {
    ($type:ident, $shape:ident) => {
        impl Value for $type {
            fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
                match decoder.text(node).map(str::parse) {
                    Some(Ok(time)) => *self = time,
                    Some(Err(error)) => decoder.invalid(node, ParseTimeError::to_string(&error)),
                    None => {}
                }
            }

            fn encode(&self, sink: &mut dyn Sink) {
                sink.string(&self.to_string());
            }

            fn is_empty(&self) -> bool {
                false
            }

            fn initial() -> Self {
                Self::default()
            }

            fn shape() -> Shape {
                Shape::$shape
            }
        }
    };
}

value!(Time, Time);
value!(MicroTime, MicroTime);

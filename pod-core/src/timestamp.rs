//! A moment of wall-clock time, as an argument: nothing in this crate asks a clock.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A moment, with nanoseconds, in UTC. Arithmetic saturates at the years -9999 and 9999.
///
/// Text and JSON are RFC 3339: printing keeps as many digits of the second as are needed and ends with `Z`; any offset is read.
///
/// ```
/// use std::time::Duration;
/// use pod_core::Timestamp;
///
/// let start: Timestamp = "2026-11-25T10:00:00+02:00".parse()?;
/// assert_eq!((start + Duration::from_millis(1500)).to_string(), "2026-11-25T08:00:01.5Z");
/// assert_eq!((start + Duration::from_secs(90)).since(start), Duration::from_secs(90));
/// # Ok::<(), pod_core::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The Unix epoch, 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// How long it is since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0).try_into().unwrap_or(Duration::ZERO)
    }

    /// The same moment without the part below a second, as Kubernetes keeps times.
    #[must_use]
    pub fn whole_seconds(self) -> Self {
        jiff::Timestamp::from_second(self.0.as_second()).map_or(self, Self)
    }

    /// Seconds and nanoseconds since the Unix epoch; before it both are negative or zero.
    #[must_use]
    pub fn unix(self) -> (i64, i32) {
        (self.0.as_second(), self.0.subsec_nanosecond())
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration).unwrap_or(jiff::Timestamp::MAX))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let end = if time < SystemTime::UNIX_EPOCH { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::try_from(time).unwrap_or(end))
    }
}

/// Why a text is no timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTimestampError(String);

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no RFC 3339 time: one such as `2026-11-25T10:00:00Z` is wanted",
            self.0.escape_debug()
        )
    }
}

impl std::error::Error for ParseTimestampError {}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    /// # Errors
    ///
    /// On text that is not RFC 3339 §5.6: `yesterday`, `2026-11-25`, `2026-11-25T10:00:00` (no offset), `2026-13-01T00:00:00Z`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| ParseTimestampError(text.to_owned()))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = ParseTimestampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

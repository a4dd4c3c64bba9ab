//! Points in time as the API writes them: RFC 3339, in UTC, to the second or to the microsecond.

use std::fmt;
use std::str::FromStr;

use pod_core::{ParseTimestampError, Timestamp};

use crate::decode::Decoder;
use crate::encode::Sink;
use crate::schema::{Shape, Value};
use crate::tree::Node;

/// A point in time to the second: `metav1.Time`.
///
/// ```
/// use k8s_model::time::Time;
///
/// let time: Time = "2026-11-25T13:00:00.7+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-25T12:00:00Z");
/// # Ok::<(), pod_core::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

impl Time {
    /// The same as a moment of the neutral model.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for Time {
    /// What is below a second is cut off.
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.whole_seconds())
    }
}

impl FromStr for Time {
    type Err = ParseTimestampError;

    /// Reads RFC 3339; fractions of a second are cut off.
    ///
    /// # Errors
    ///
    /// On a text without offset (`2026-11-25T12:00:00`), a date that does not exist (`2026-02-30T00:00:00Z`), and other forms.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Timestamp>().map(Self::from)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A point in time to the microsecond: `metav1.MicroTime`. Six digits of the second are always written.
///
/// ```
/// use k8s_model::time::MicroTime;
///
/// let time: MicroTime = "2026-11-25T13:00:00.5+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-25T12:00:00.500000Z");
/// # Ok::<(), pod_core::ParseTimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime(Timestamp);

impl MicroTime {
    /// The same as a moment of the neutral model.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for MicroTime {
    /// What is below a microsecond is cut off.
    fn from(timestamp: Timestamp) -> Self {
        Self(six_digits(timestamp).parse().unwrap_or(timestamp))
    }
}

impl FromStr for MicroTime {
    type Err = ParseTimestampError;

    /// Reads RFC 3339; what is below a microsecond is cut off.
    ///
    /// # Errors
    ///
    /// On a text without offset (`2026-11-25T12:00:00.000000`), a date that does not exist (`2026-02-30T00:00:00Z`), and other forms.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Timestamp>().map(Self::from)
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&six_digits(self.0))
    }
}

/// RFC 3339 with six digits of the second.
fn six_digits(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    let text = text.trim_end_matches('Z');
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{seconds}.{fraction:0<6.6}Z")
}

/// How a moment stands in an object: as text, whatever its digits, and never left out, because it is a struct in Go.
macro_rules! value {
    ($time:ident) => {
        impl Value for $time {
            fn decode<'t>(&mut self, node: Node<'t>, decoder: &mut Decoder<'t>) {
                match decoder.text(node).map(str::parse) {
                    Some(Ok(time)) => *self = time,
                    Some(Err(error)) => decoder.invalid(node, ParseTimestampError::to_string(&error)),
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
                Self(Timestamp::UNIX_EPOCH)
            }

            fn shape() -> Shape {
                Shape::$time
            }
        }
    };
}

value!(Time);
value!(MicroTime);

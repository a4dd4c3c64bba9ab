//! Amounts of resources: Kubernetes' `resource.Quantity` (apimachinery `pkg/api/resource`).
//!
//! A [`Quantity`] is a fixed-point number with nine decimal places and a notation: decimal suffixes (`n u m k M G T P E`),
//! binary ones (`Ki` to `Ei`), or a decimal exponent (`e3`). The App Container specification uses the same grammar.

mod amount;
mod parse;
mod print;

pub use parse::ParseQuantityError;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use amount::Amount;

/// The fixed point: a billionth.
const NANO: i128 = 1_000_000_000;

/// An amount of a resource, such as `500m` processors or `64Mi` bytes.
///
/// Comparison, equality and hashing go by value (`1000m` equals `1`); printing keeps the notation, and like the API server
/// the text itself where that was close to canonical. Amounts have up to 38 significant digits and any exponent of 32 bits
/// (`1e30`); what does not fit is an error, never wrapped. Only binary suffixes saturate, at 2⁶³-1, as upstream does.
///
/// ```
/// use pod_core::quantity::Quantity;
///
/// let memory: Quantity = "64Mi".parse()?;
/// assert_eq!(memory.value(), Some(67_108_864));
/// let cpu: Quantity = "0.5".parse()?;
/// assert_eq!(cpu.to_string(), "500m");
/// assert_eq!(cpu.milli_value(), Some(500));
/// assert!("1.5Gi".parse::<Quantity>()? > memory);
/// # Ok::<(), pod_core::quantity::ParseQuantityError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    written: Option<Box<str>>,
}

/// How a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Decimal suffixes: `1500m`, `2k`.
    DecimalSi,
    /// Binary suffixes: `64Mi`.
    BinarySi,
    /// A decimal exponent: `12e6`.
    DecimalExponent,
}

impl Quantity {
    /// A whole number.
    #[must_use]
    pub fn from_units(units: i64, format: Format) -> Self {
        Self { amount: Amount::from_nanos(i128::from(units) * NANO), format, written: None }
    }

    /// A number of thousandths.
    #[must_use]
    pub fn from_milli(milli: i64, format: Format) -> Self {
        Self { amount: Amount::from_nanos(i128::from(milli) * (NANO / 1000)), format, written: None }
    }

    /// How it is written.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.amount.is_negative()
    }

    /// The amount in units, rounded away from zero; `None` beyond 64 bits (`10E`).
    #[must_use]
    pub fn value(&self) -> Option<i64> {
        i64::try_from(divide_away_from_zero(self.amount.nanos()?, NANO)).ok()
    }

    /// The amount in thousandths, rounded away from zero; `None` beyond 64 bits (`1Ei`).
    #[must_use]
    pub fn milli_value(&self) -> Option<i64> {
        i64::try_from(divide_away_from_zero(self.amount.nanos()?, NANO / 1000)).ok()
    }

    /// The sum in this quantity's notation, or in the other's when this one is zero; `None` when it has more than 38 significant
    /// digits.
    #[must_use]
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(self.combine(other, self.amount.checked_add(other.amount)?))
    }

    /// The difference, in the notation that [`Quantity::checked_add`] would choose; `None` as there.
    #[must_use]
    pub fn checked_sub(&self, other: &Self) -> Option<Self> {
        Some(self.combine(other, self.amount.checked_add(other.amount.negated())?))
    }

    /// The same amount rounded up (away from zero) to thousandths, as the API server stores resource lists.
    #[must_use]
    pub fn round_up_to_milli(&self) -> Self {
        let unit = NANO / 1000;
        match self.amount.nanos() {
            Some(nanos) if nanos % unit != 0 => {
                // Rounding adds less than a thousandth to what is far from the limit, or there would be no digits to round.
                let rounded = divide_away_from_zero(nanos, unit).saturating_mul(unit);
                Self { amount: Amount::from_nanos(rounded), format: self.format, written: None }
            }
            _ => self.clone(),
        }
    }

    /// The canonical text: the largest suffix without a fraction.
    #[must_use]
    pub fn canonical(&self) -> String {
        print::canonical(self.amount, self.format)
    }

    /// The text that it was read from, where that is what the API server would print (`0.5` is not: it prints `500m`).
    #[must_use]
    pub fn as_written(&self) -> Option<&str> {
        self.written.as_deref()
    }

    const fn combine(&self, other: &Self, amount: Amount) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { amount, format, written: None }
    }
}

fn divide_away_from_zero(value: i128, unit: i128) -> i128 {
    value / unit + (value % unit).signum()
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.amount == other.amount
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.amount.cmp(&other.amount)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.amount.hash(state);
    }
}

impl fmt::Display for Quantity {
    /// As the API server writes it: the text itself where that was close to canonical, else [`Quantity::canonical`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.written {
            Some(text) => f.pad(text),
            None => f.pad(&self.canonical()),
        }
    }
}

impl serde::Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Quantity {
    /// Takes a string, with spaces around it, and a JSON number.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity, such as `500m` or `64Mi`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.trim().parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quantity, E> {
                Ok(Quantity::from_units(number, Format::DecimalSi))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quantity, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quantity, E> {
                // The text is lost; what was surely written with an exponent is read with one.
                let text = if number.abs() < 1e16 { number.to_string() } else { format!("{number:e}") };
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

//! Reading a quantity (apimachinery `ParseQuantity`).

use std::fmt;
use std::str::FromStr;

use super::amount::Amount;
use super::{Format, NANO, Quantity};

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseQuantityError {
    kind: Kind,
    position: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Empty,
    NoNumber(char),
    Suffix(String),
    TooLarge,
}

impl ParseQuantityError {
    /// The byte at which the text stops being a quantity.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for ParseQuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match &self.kind {
            Kind::Empty => f.write_str("a quantity is empty"),
            Kind::NoNumber(c) => {
                write!(f, "unexpected `{}` at byte {at} of a quantity: a digit is wanted", c.escape_debug())
            }
            Kind::Suffix(text) => write!(
                f,
                "unknown suffix `{}` at byte {at} of a quantity: one of n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3 \
                 is wanted",
                text.escape_debug(),
            ),
            Kind::TooLarge => {
                f.write_str("a quantity has more than 38 significant digits, or its exponent is too large")
            }
        }
    }
}

impl std::error::Error for ParseQuantityError {}

/// The text of a quantity, taken apart.
struct Parts<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros.
    whole: &'a str,
    /// Digits after the point.
    fraction: &'a str,
    suffix: &'a str,
    suffix_at: usize,
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    /// Reads `[+-]digits[.digits][suffix]`. More than nine decimal places are rounded away from zero; with a binary suffix
    /// the magnitude is capped at 2⁶³-1, both as upstream does.
    ///
    /// # Errors
    ///
    /// On an empty text, no digit (`ten`, `Ei`; but `Ki`, `-` and `.` are 0, as upstream), an unknown suffix (`1K`, `1mi`, `1 `, and an exponent beyond 32 bits,
    /// `1e9999999999`), and more than 38 significant digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = split(text)?;
        let suffix = Suffix::parse(parts.suffix).ok_or_else(|| ParseQuantityError {
            kind: Kind::Suffix(parts.suffix.to_owned()),
            position: parts.suffix_at,
        })?;
        let magnitude =
            suffix.magnitude(&parts).ok_or(ParseQuantityError { kind: Kind::TooLarge, position: 0 })?;
        let amount = if parts.negative { magnitude.negated() } else { magnitude };
        let written = suffix.keeps_text(&parts).then(|| text.into());
        Ok(Self { amount, format: suffix.format(), written })
    }
}

impl TryFrom<&str> for Quantity {
    type Error = ParseQuantityError;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }
}

fn split(text: &str) -> Result<Parts<'_>, ParseQuantityError> {
    if text.is_empty() {
        return Err(ParseQuantityError { kind: Kind::Empty, position: 0 });
    }
    let signed = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, mut rest) = signed.split_at(digits(signed));
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        (fraction, rest) = after.split_at(digits(after));
    }
    let suffix_at = text.len() - rest.len();
    // Upstream reads a suffix alone, and even a sign or a point, as nothing, if only it takes its short cut.
    if whole.is_empty()
        && fraction.is_empty()
        && let Some(found) = rest.chars().next()
        && !Suffix::parse(rest).is_some_and(Suffix::may_stand_alone)
    {
        return Err(ParseQuantityError { kind: Kind::NoNumber(found), position: suffix_at });
    }
    Ok(Parts {
        negative: text.starts_with('-'),
        whole: whole.trim_start_matches('0'),
        fraction,
        suffix: rest,
        suffix_at,
    })
}

/// A power that a number is multiplied with.
#[derive(Clone, Copy)]
enum Suffix {
    Decimal(i32),
    Exponent(i32),
    Binary(u32),
}

impl Suffix {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "" => Self::Decimal(0),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            _ => {
                let number = text.strip_prefix(['e', 'E'])?;
                let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                Self::Exponent(number.parse().ok()?)
            }
        })
    }

    const fn format(self) -> Format {
        match self {
            Self::Decimal(_) => Format::DecimalSi,
            Self::Exponent(_) => Format::DecimalExponent,
            Self::Binary(_) => Format::BinarySi,
        }
    }

    /// The magnitude; `None` when it has too many digits.
    fn magnitude(self, parts: &Parts<'_>) -> Option<Amount> {
        match self {
            Self::Decimal(exponent) | Self::Exponent(exponent) => {
                let digits = [parts.whole, parts.fraction].concat();
                decimal(digits.as_bytes(), parts.whole.len(), exponent)
            }
            Self::Binary(power) => {
                let cap = i128::from(i64::MAX) * NANO;
                // Exact before it is rounded, as upstream.
                let product = doubled(parts, power);
                let whole = product.len().saturating_sub(parts.fraction.len());
                let nanos = decimal(&product, whole, 0).and_then(Amount::nanos);
                Some(Amount::from_nanos(nanos.map_or(cap, |nanos| nanos.min(cap))))
            }
        }
    }

    /// Whether it may stand without a number, which is 0 then.
    const fn may_stand_alone(self) -> bool {
        match self {
            Self::Decimal(exponent) | Self::Exponent(exponent) => exponent >= -9,
            Self::Binary(power) => power <= 40,
        }
    }

    /// Whether upstream keeps the text as it was typed: what its fast path takes as already canonical enough.
    fn keeps_text(self, parts: &Parts<'_>) -> bool {
        match self {
            Self::Decimal(exponent) | Self::Exponent(exponent) => {
                let scale = i64::from(exponent) - parts.fraction.len() as i64;
                let zeros = [parts.whole, parts.fraction].concat().ends_with("000");
                // A number without digits before its point begins with a zero for upstream.
                parts.whole.len() + parts.fraction.len() <= 18
                    && scale >= -9
                    && scale % 3 == 0
                    && !zeros
                    && !parts.whole.is_empty()
            }
            Self::Binary(power) => {
                let precision = 14 - parts.whole.len() as i64 - i64::from(power) * 3 / 10;
                parts.fraction.is_empty()
                    && precision >= 0
                    && parts.whole.parse::<i64>().is_ok_and(|mantissa| mantissa % 8 != 0)
            }
        }
    }
}

/// The digits of a number times a power of two. The point stays where it was, counted from the end.
fn doubled(parts: &Parts<'_>, power: u32) -> Vec<u8> {
    let mut digits: Vec<u8> = parts.whole.bytes().chain(parts.fraction.bytes()).collect();
    for _ in 0..power {
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let double = (*digit - b'0') * 2 + carry;
            *digit = b'0' + double % 10;
            carry = double / 10;
        }
        if carry > 0 {
            digits.insert(0, b'0' + carry);
        }
    }
    digits
}

/// `digits × 10^exponent` with a point after the first `whole` digits, rounded away from zero at the billionth; `None` when it has too
/// many digits.
fn decimal(digits: &[u8], whole: usize, exponent: i32) -> Option<Amount> {
    // Digits before this one count fully; what comes after is only rounded up.
    let places = i64::try_from(whole).ok()? + i64::from(exponent) + 9;
    let mut value: i128 = 0;
    let mut zeros: i64 = 0;
    let mut rest = false;
    let mut count: i64 = 0;
    for &digit in digits {
        if count >= places {
            rest |= digit != b'0';
        } else if digit == b'0' {
            zeros += 1;
        } else {
            value = push(value, zeros, digit - b'0')?;
            zeros = 0;
        }
        count += 1;
    }
    if rest {
        // Digits were left out, so the last one that counted is the billionth.
        return shift(value, zeros)?.checked_add(1).map(Amount::from_nanos);
    }
    zeros += (places - count).max(0);
    if value == 0 {
        return Some(Amount::from_nanos(0));
    }
    Some(Amount::new(value, u32::try_from(zeros).ok()?))
}

/// `value` with so many zeros and then a digit behind it.
fn push(value: i128, zeros: i64, digit: u8) -> Option<i128> {
    shift(value, zeros + 1)?.checked_add(i128::from(digit))
}

fn shift(value: i128, zeros: i64) -> Option<i128> {
    if value == 0 {
        return Some(0);
    }
    value.checked_mul(10_i128.checked_pow(u32::try_from(zeros).ok()?)?)
}

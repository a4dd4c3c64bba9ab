//! Writing a quantity canonically (apimachinery `CanonicalizeBytes`).

use super::amount::Amount;
use super::{Format, NANO};

const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The text with the largest suffix that leaves no fraction. A binary amount below 1024, or with a fraction, is decimal.
pub(super) fn canonical(amount: Amount, format: Format) -> String {
    if amount.is_zero() {
        return "0".to_owned();
    }
    match (format, amount.nanos()) {
        (Format::BinarySi, Some(nanos))
            if nanos.unsigned_abs() >= 1024 * NANO.unsigned_abs() && nanos % NANO == 0 =>
        {
            binary(nanos / NANO)
        }
        (Format::BinarySi | Format::DecimalSi, _) => {
            let (digits, step) = decimal(amount, DECIMAL.len() - 1);
            digits + DECIMAL.get(step).copied().unwrap_or_default()
        }
        (Format::DecimalExponent, _) => {
            let (digits, step) = decimal(amount, usize::MAX);
            // In thousands from the billionth.
            match step.cmp(&3) {
                std::cmp::Ordering::Equal => digits,
                std::cmp::Ordering::Less => format!("{digits}e-{}", (3 - step) * 3),
                std::cmp::Ordering::Greater => format!("{digits}e{}", (step - 3) * 3),
            }
        }
    }
}

/// The digits, and the power of 1000 from the billionth that they are to be multiplied with, at most `last`.
fn decimal(amount: Amount, last: usize) -> (String, usize) {
    let (digits, zeros) = amount.digits();
    let step = usize::try_from(zeros / 3).unwrap_or(usize::MAX).min(last);
    let left = zeros as usize - step * 3;
    let sign = if amount.is_negative() { "-" } else { "" };
    (format!("{sign}{digits}{}", "0".repeat(left)), step)
}

fn binary(mut units: i128) -> String {
    let mut step = 0;
    while units % 1024 == 0 && step + 1 < BINARY.len() {
        units /= 1024;
        step += 1;
    }
    format!("{units}{}", BINARY.get(step).copied().unwrap_or_default())
}

//! Writing a quantity canonically (apimachinery `CanonicalizeBytes`).

use super::{Format, NANO};

const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The text with the largest suffix that leaves no fraction. A binary amount below 1024, or with a fraction, is decimal.
pub(super) fn canonical(nanos: i128, format: Format) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    match format {
        Format::BinarySi if nanos.abs() >= 1024 * NANO && nanos % NANO == 0 => binary(nanos / NANO),
        Format::BinarySi | Format::DecimalSi => {
            decimal(nanos, |step| DECIMAL.get(step).copied().map(ToOwned::to_owned))
        }
        Format::DecimalExponent => decimal(nanos, |step| {
            let exponent = i64::try_from(step).ok()? * 3 - 9;
            Some(if exponent == 0 { String::new() } else { format!("e{exponent}") })
        }),
    }
}

fn decimal(mut nanos: i128, suffix: impl Fn(usize) -> Option<String>) -> String {
    let mut step = 0;
    while nanos % 1000 == 0 && suffix(step + 1).is_some() {
        nanos /= 1000;
        step += 1;
    }
    format!("{nanos}{}", suffix(step).unwrap_or_default())
}

fn binary(mut units: i128) -> String {
    let mut step = 0;
    while units % 1024 == 0 && step + 1 < BINARY.len() {
        units /= 1024;
        step += 1;
    }
    format!("{units}{}", BINARY.get(step).copied().unwrap_or_default())
}

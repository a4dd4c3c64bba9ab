//! What a plain YAML scalar is, as Kubernetes' Go library has it (`sigs.k8s.io/yaml` over goyaml v2: YAML 1.1 with Go's numbers).

use std::borrow::Cow;

use super::Kind;

/// Resolves a plain scalar.
pub(super) fn resolve(text: Cow<'_, str>) -> Result<Kind<'_>, &'static str> {
    let Some(first) = text.as_bytes().first() else { return Ok(Kind::Null) };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => Ok(word(text)),
        _ => Ok(Kind::String(text)),
    }
}

/// Whether a plain scalar of this text would be read back as that text.
pub(crate) fn plain_is_string(text: &str) -> bool {
    matches!(resolve(Cow::Borrowed(text)), Ok(Kind::String(_)))
}

fn word(text: Cow<'_, str>) -> Kind<'_> {
    match &*text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Kind::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Kind::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Kind::Null,
        _ => Kind::String(text),
    }
}

fn number(text: Cow<'_, str>) -> Result<Kind<'_>, &'static str> {
    if is_not_finite(&text) {
        return Err("a number that JSON does not have: `.inf` and `.nan` are only for YAML");
    }
    let plain: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(&text) };
    if let Some(value) = integer(&plain) {
        return Ok(
            i64::try_from(value).map_or_else(|_| Kind::Number(Cow::Owned(value.to_string())), Kind::Int)
        );
    }
    if is_float(&plain)
        && let Ok(value) = plain.parse::<f64>()
        && value.is_finite()
    {
        return Ok(from_float(value));
    }
    Ok(Kind::String(text))
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Go's `strconv.ParseInt(s, 0, 64)`, and `ParseUint` after it: a prefix says the base, a leading `0` is octal.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // `from_str_radix` takes a sign of its own, which has no place here.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(digits, base).ok()?;
    let value = if negative { -value } else { value };
    (i128::from(i64::MIN) <= value && value <= i128::from(u64::MAX)).then_some(value)
}

/// YAML's decimal numbers: digits with at most one point, and an exponent.
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !unsigned.is_empty() && digits(unsigned)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

/// The number that Go's JSON encoder writes for a float: without a fraction it is a whole number again.
fn from_float<'a>(value: f64) -> Kind<'a> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Kind::Int(value as i64);
    }
    let text = if value.abs() < 1e-6 || value.abs() >= 1e21 {
        let text = format!("{value:e}");
        // Go writes the sign of the exponent.
        if text.contains("e-") { text } else { text.replace('e', "e+") }
    } else {
        format!("{value}")
    };
    Kind::Number(Cow::Owned(text))
}

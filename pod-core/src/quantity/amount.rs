//! The number of a quantity: fixed point at a billionth, with an exponent where that is not enough.

use std::cmp::Ordering;

/// `mantissa × 10^zeros` billionths.
///
/// There is one form of each number, so that equality and hashing can be derived: `zeros` is 0 whenever the number of
/// billionths fits an `i128`, and otherwise the mantissa does not end with a zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Amount {
    mantissa: i128,
    zeros: u32,
}

impl Amount {
    pub(super) const fn from_nanos(nanos: i128) -> Self {
        Self { mantissa: nanos, zeros: 0 }
    }

    /// The form of `mantissa × 10^zeros` billionths.
    pub(super) fn new(mantissa: i128, zeros: u32) -> Self {
        match 10_i128.checked_pow(zeros).and_then(|power| mantissa.checked_mul(power)) {
            Some(nanos) => Self::from_nanos(nanos),
            None if mantissa == 0 => Self::from_nanos(0),
            None => {
                let (mantissa, more) = without_trailing_zeros(mantissa);
                Self { mantissa, zeros: zeros.saturating_add(more) }
            }
        }
    }

    /// The number of billionths, where that fits.
    pub(super) const fn nanos(self) -> Option<i128> {
        if self.zeros == 0 { Some(self.mantissa) } else { None }
    }

    pub(super) const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub(super) const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// The magnitude's digits without trailing zeros, and how many zeros follow them (up to the billionths).
    pub(super) fn digits(self) -> (u128, u32) {
        let (mantissa, more) = without_trailing_zeros(self.mantissa);
        (mantissa.unsigned_abs(), self.zeros.saturating_add(more))
    }

    pub(super) const fn negated(self) -> Self {
        // No amount is made from `i128::MIN`, whose negation would not fit.
        Self { mantissa: self.mantissa.saturating_neg(), zeros: self.zeros }
    }

    /// The sum; `None` when it has more digits than a mantissa holds.
    pub(super) fn checked_add(self, other: Self) -> Option<Self> {
        let sum = if let (Some(a), Some(b)) = (self.nanos(), other.nanos()) {
            a.checked_add(b).map(Self::from_nanos)
        } else {
            let (mine, zeros) = without_trailing_zeros(self.mantissa);
            let (theirs, other_zeros) = without_trailing_zeros(other.mantissa);
            let (zeros, other_zeros) =
                (zeros.saturating_add(self.zeros), other_zeros.saturating_add(other.zeros));
            let least = match (mine, theirs) {
                (0, _) => other_zeros,
                (_, 0) => zeros,
                _ => zeros.min(other_zeros),
            };
            let a = shifted(mine, zeros.saturating_sub(least))?;
            let b = shifted(theirs, other_zeros.saturating_sub(least))?;
            a.checked_add(b).map(|sum| Self::new(sum, least))
        };
        sum.filter(|sum| sum.mantissa != i128::MIN)
    }

    /// How many decimal digits the magnitude has.
    fn length(self) -> u64 {
        u64::from(self.mantissa.unsigned_abs().checked_ilog10().map_or(0, |log| log + 1))
            + u64::from(self.zeros)
    }

    fn compare_magnitude(self, other: Self) -> Ordering {
        self.length().cmp(&other.length()).then_with(|| {
            // Equally long: the shorter mantissa is filled up with zeros to the length of the longer one, which fits 128 bits.
            let zeros = self.zeros.min(other.zeros);
            let filled = |amount: Self| {
                let power = 10_u128.saturating_pow(amount.zeros - zeros);
                amount.mantissa.unsigned_abs().saturating_mul(power)
            };
            filled(self).cmp(&filled(other))
        })
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.mantissa.signum();
        sign.cmp(&other.mantissa.signum()).then_with(|| {
            let magnitude = self.compare_magnitude(*other);
            if sign < 0 { magnitude.reverse() } else { magnitude }
        })
    }
}

fn without_trailing_zeros(mut mantissa: i128) -> (i128, u32) {
    let mut zeros = 0;
    while mantissa != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        zeros += 1;
    }
    (mantissa, zeros)
}

fn shifted(mantissa: i128, zeros: u32) -> Option<i128> {
    if mantissa == 0 {
        return Some(0);
    }
    mantissa.checked_mul(10_i128.checked_pow(zeros)?)
}

//! One condition on one label.

use std::fmt;

use super::{Labels, ParseSelectorError};
use crate::validate::names;

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The value is this one: `=`.
    Equals,
    /// The same, written `==`.
    DoubleEquals,
    /// The value is not this one, or the label is not there: `!=`.
    NotEquals,
    /// The value is one of these.
    In,
    /// The value is none of these, or the label is not there.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there: `!label`.
    DoesNotExist,
    /// The value is a whole number above this one.
    GreaterThan,
    /// The value is a whole number below this one.
    LessThan,
}

/// A condition on a label; its label and values are well formed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    key: String,
    operator: Operator,
    /// Sorted, each once.
    values: Vec<String>,
    /// The value of `>` and `<` as a number.
    bound: Option<i64>,
}

impl Requirement {
    /// A condition.
    ///
    /// # Errors
    ///
    /// On a label or value that is not well formed (`-x`, `w*`), on `in` and `notin` without values, on a comparison with other
    /// than one value, on `>` and `<` with something other than a whole number of 64 bits.
    pub fn new<'v>(
        key: impl Into<String>,
        operator: Operator,
        values: impl IntoIterator<Item = &'v str>,
    ) -> Result<Self, ParseSelectorError> {
        let key = key.into();
        Self::check_key(&key)?;
        let mut values: Vec<String> = values.into_iter().map(str::to_owned).collect();
        values.sort_unstable();
        values.dedup();
        let mut bound = None;
        match (operator, values.as_slice()) {
            (Operator::In | Operator::NotIn, []) => {
                let reason = "Invalid value: []: for 'in', 'notin' operators, values set can't be empty";
                return Err(ParseSelectorError::values("values", reason));
            }
            (Operator::In | Operator::NotIn, _) | (Operator::Exists | Operator::DoesNotExist, []) => {}
            (Operator::Exists | Operator::DoesNotExist, _) => {
                let reason = "Invalid value: values set must be empty for exists and does not exist";
                return Err(ParseSelectorError::values("values", reason));
            }
            (Operator::GreaterThan | Operator::LessThan, [value]) => match value.parse::<i64>() {
                Ok(number) => bound = Some(number),
                Err(_) => {
                    let reason = ["for 'Gt', 'Lt' operators, the value must be an integer".to_owned()];
                    return Err(ParseSelectorError::malformed("values[0]", None, value, &reason));
                }
            },
            (_, [_]) => {}
            _ => {
                let reason = "Invalid value: exact-match compatibility requires one single value";
                return Err(ParseSelectorError::values("values", reason));
            }
        }
        for value in &values {
            let reasons = names::label_value(value);
            if !reasons.is_empty() {
                return Err(ParseSelectorError::malformed("values[0]", Some(&key), value, &reasons));
            }
        }
        Ok(Self { key, operator, values, bound })
    }

    /// The condition that a label has a value; neither is checked.
    pub(super) fn equals(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), operator: Operator::Equals, values: vec![value.to_owned()], bound: None }
    }

    pub(super) fn check_key(key: &str) -> Result<(), ParseSelectorError> {
        let reasons = names::qualified_name(key);
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(ParseSelectorError::malformed("key", None, key, &reasons))
        }
    }

    /// The label.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How it is compared.
    #[must_use]
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What it is compared with: sorted, each value once.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Whether labels meet the condition.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.key).map(String::as_str))
    }

    /// Whether the value of the label meets the condition; `None` where the label is not there.
    #[must_use]
    pub fn matches_value(&self, value: Option<&str>) -> bool {
        let listed = |value: &str| self.values.binary_search_by(|known| known.as_str().cmp(value)).is_ok();
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => value.is_some_and(listed),
            Operator::NotEquals | Operator::NotIn => !value.is_some_and(listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compare(value).is_some_and(|(value, bound)| value > bound),
            Operator::LessThan => self.compare(value).is_some_and(|(value, bound)| value < bound),
        }
    }

    fn compare(&self, value: Option<&str>) -> Option<(i64, i64)> {
        Some((value?.parse().ok()?, self.bound?))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, values, .. } = self;
        let values = values.join(",");
        match self.operator {
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

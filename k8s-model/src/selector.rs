//! Which objects are meant: label selectors, field selectors, taints and tolerations.
//!
//! The language is that of `k8s.io/apimachinery/pkg/labels` and `…/fields`, which `kubectl -l` and `--field-selector` take.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use k8s_model::selector::Selector;
//!
//! let selector: Selector = "env in (production, qa), tier != web, !canary".parse()?;
//! let labels = BTreeMap::from([("env".to_owned(), "qa".to_owned())]);
//! assert!(selector.matches(&labels));
//! // The conditions are sorted by their label.
//! assert_eq!(selector.to_string(), "!canary,env in (production,qa),tier!=web");
//! # Ok::<(), k8s_model::selector::ParseSelectorError>(())
//! ```

mod error;
mod field;
mod fields_of;
mod index;
mod lexer;
mod matcher;
mod parse;
mod requirement;
mod taint;

pub use error::ParseSelectorError;
pub use field::{FieldSelector, FieldTerm};
pub use fields_of::{FieldsError, json_fields, object_fields};
pub use index::Index;
pub use matcher::Matcher;
pub use requirement::{Operator, Requirement};
pub use taint::{ParseTaintError, TaintChange, tolerates, untolerated};

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::meta::{LabelSelector, LabelSelectorOperator};

/// A set of labels, as an object has it.
pub type Labels = BTreeMap<String, String>;

/// Conditions on labels that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selector {
    requirements: Vec<Requirement>,
    /// What an absent [`LabelSelector`] is: it matches nothing at all.
    nothing: bool,
}

impl Selector {
    /// The selector that matches everything.
    #[must_use]
    pub const fn everything() -> Self {
        Self { requirements: Vec::new(), nothing: false }
    }

    /// The selector that matches nothing.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { requirements: Vec::new(), nothing: true }
    }

    /// The selector of these conditions; they are sorted by their label.
    #[must_use]
    pub fn new(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key().cmp(b.key()));
        Self { requirements, nothing: false }
    }

    /// The selector of a map whose labels must all have these values, as a Service and a ReplicationController have it.
    ///
    /// The labels are not checked; an empty map matches everything.
    #[must_use]
    pub fn from_map(labels: &Labels) -> Self {
        let requirements = labels.iter().map(|(key, value)| Requirement::equals(key, value)).collect();
        Self { requirements, nothing: false }
    }

    /// The selector of the structured form (`metav1.LabelSelectorAsSelector`): an absent one matches nothing, an empty one everything.
    ///
    /// # Errors
    ///
    /// On an operator that is none (`In` is one, `in` is not), `In` and `NotIn` without values, `Exists` and `DoesNotExist` with
    /// some, and labels or values that are not well formed.
    pub fn from_structured(selector: Option<&LabelSelector>) -> Result<Self, ParseSelectorError> {
        let Some(selector) = selector else { return Ok(Self::nothing()) };
        let mut requirements = Vec::new();
        for (key, value) in &selector.match_labels {
            requirements.push(Requirement::new(key.as_str(), Operator::Equals, [value.as_str()])?);
        }
        for expression in &selector.match_expressions {
            let operator = match &expression.operator {
                LabelSelectorOperator::In => Operator::In,
                LabelSelectorOperator::NotIn => Operator::NotIn,
                LabelSelectorOperator::Exists => Operator::Exists,
                LabelSelectorOperator::DoesNotExist => Operator::DoesNotExist,
                other => return Err(ParseSelectorError::unknown_operator(other.as_str())),
            };
            let values = expression.values.iter().map(String::as_str);
            requirements.push(Requirement::new(expression.key.as_str(), operator, values)?);
        }
        Ok(Self::new(requirements))
    }

    /// The conditions, sorted by their label.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether nothing is asked, so that everything matches.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Whether it can match nothing: it is that of an absent structured selector.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.nothing
    }

    /// Whether an object with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        !self.nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }

    /// The same for many objects, prepared once.
    #[must_use]
    pub fn compile(&self) -> Matcher {
        Matcher::new(self)
    }
}

impl FromStr for Selector {
    type Err = ParseSelectorError;

    /// Reads a selector of `kubectl -l`; an empty text matches everything.
    ///
    /// # Errors
    ///
    /// On `app in`, `app in (web`, `app=web,`, `app===web`, `a b=c`, `num>abc`, and on labels and values that are not well formed
    /// (`-x=1`, `app=w*`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::requirements(text).map(Self::new)
    }
}

impl fmt::Display for Selector {
    /// In the language that it is read from; a selector of nothing has no form there and is shown as upstream shows it: empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            fmt::Display::fmt(requirement, f)?;
        }
        Ok(())
    }
}

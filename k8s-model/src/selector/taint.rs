//! The strings of taints (`kubectl taint node n k=v:NoExecute`), and which tolerations bear them.

use std::fmt;
use std::str::FromStr;

use crate::core::{Taint, TaintEffect, Toleration, TolerationOperator};
use crate::validate::names;

/// A change of a node's taints.
///
/// ```
/// use k8s_model::core::Taint;
/// use k8s_model::selector::TaintChange;
///
/// let taint: Taint = "dedicated=ci:NoExecute".parse()?;
/// assert_eq!((taint.key.as_str(), taint.value.as_str(), taint.effect.as_str()), ("dedicated", "ci", "NoExecute"));
/// assert!(matches!("dedicated:NoExecute-".parse()?, TaintChange::Remove { effect: Some(_), .. }));
/// # Ok::<(), k8s_model::selector::ParseTaintError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum TaintChange {
    /// `key=value:Effect` or `key:Effect`.
    Add(Taint),
    /// `key:Effect-` or `key-`: every taint with that key, and that effect where it is given.
    Remove {
        /// The key.
        key: String,
        /// The effect, where only one is taken away.
        effect: Option<TaintEffect>,
    },
}

/// A text that is no taint, in kubectl's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTaintError {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Shape,
    Effect(String),
    Malformed(String),
}

impl fmt::Display for ParseTaintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        match &self.kind {
            Kind::Shape => write!(f, "invalid taint spec: {text}"),
            Kind::Effect(effect) => {
                let supported = TaintEffect::KNOWN.join(", ");
                write!(f, "invalid taint effect: {effect}, unsupported taint effect; known are {supported}")
            }
            Kind::Malformed(reason) => write!(f, "invalid taint spec: {text}, {reason}"),
        }
    }
}

impl std::error::Error for ParseTaintError {}

impl ParseTaintError {
    fn new(text: &str, kind: Kind) -> Self {
        Self { text: text.to_owned(), kind }
    }
}

/// The parts of `key[=value][:Effect]`.
fn parse(text: &str) -> Result<(String, String, TaintEffect), ParseTaintError> {
    let (pair, effect) = match text.split(':').collect::<Vec<_>>().as_slice() {
        [pair] => (*pair, TaintEffect::Unset),
        [pair, effect] => {
            if !TaintEffect::KNOWN.contains(effect) {
                return Err(ParseTaintError::new(text, Kind::Effect((*effect).to_owned())));
            }
            (*pair, TaintEffect::from(*effect))
        }
        _ => return Err(ParseTaintError::new(text, Kind::Shape)),
    };
    let (key, value) = match pair.split('=').collect::<Vec<_>>().as_slice() {
        [key] => (*key, ""),
        [key, value] => (*key, *value),
        _ => return Err(ParseTaintError::new(text, Kind::Shape)),
    };
    let reasons = [names::qualified_name(key), names::label_value(value)].concat();
    if reasons.is_empty() {
        Ok((key.to_owned(), value.to_owned(), effect))
    } else {
        Err(ParseTaintError::new(text, Kind::Malformed(reasons.join("; "))))
    }
}

impl FromStr for Taint {
    type Err = ParseTaintError;

    /// Reads `key=value:Effect` or `key:Effect`.
    ///
    /// # Errors
    ///
    /// On a text without effect (`k=v`), with an effect that there is not (`k=v:Never`), and on keys and values that are not well
    /// formed (`-k:NoExecute`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value, effect) = parse(text)?;
        if effect.is_unset() {
            return Err(ParseTaintError::new(text, Kind::Shape));
        }
        Ok(Self { key, value, effect, time_added: None })
    }
}

impl FromStr for TaintChange {
    type Err = ParseTaintError;

    /// Reads a taint, or one that is to go away, with a hyphen at its end.
    ///
    /// # Errors
    ///
    /// Those of a [`Taint`]; one that is to go away must not have a value (`k=v:NoExecute-`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(gone) = text.strip_suffix('-') else { return text.parse().map(Self::Add) };
        let (key, value, effect) = parse(gone)?;
        if !value.is_empty() || gone.contains('=') {
            return Err(ParseTaintError::new(text, Kind::Shape));
        }
        Ok(Self::Remove { key, effect: (!effect.is_unset()).then_some(effect) })
    }
}

impl fmt::Display for Taint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, effect, .. } = self;
        let effect = effect.as_str();
        if value.is_empty() { write!(f, "{key}:{effect}") } else { write!(f, "{key}={value}:{effect}") }
    }
}

impl Taint {
    /// Whether a toleration bears it (`Toleration.ToleratesTaint`): an empty key or effect of the toleration stands for any.
    #[must_use]
    pub fn is_borne_by(&self, toleration: &Toleration) -> bool {
        if !toleration.effect.is_unset() && toleration.effect != self.effect {
            return false;
        }
        if !toleration.key.is_empty() && toleration.key != self.key {
            return false;
        }
        match &toleration.operator {
            TolerationOperator::Unset | TolerationOperator::Equal => toleration.value == self.value,
            TolerationOperator::Exists => true,
            // Numbers are compared only where both are numbers.
            TolerationOperator::Lt | TolerationOperator::Gt => {
                match (self.value.parse::<i64>(), toleration.value.parse::<i64>()) {
                    (Ok(own), Ok(bound)) if toleration.operator == TolerationOperator::Lt => own < bound,
                    (Ok(own), Ok(bound)) => own > bound,
                    _ => false,
                }
            }
            TolerationOperator::Other(_) => false,
        }
    }
}

/// Whether some toleration bears a taint.
#[must_use]
pub fn tolerates(tolerations: &[Toleration], taint: &Taint) -> bool {
    tolerations.iter().any(|toleration| taint.is_borne_by(toleration))
}

/// The first taint of one of these effects that no toleration bears (`FindMatchingUntoleratedTaint`).
#[must_use]
pub fn untolerated<'t>(
    taints: &'t [Taint],
    tolerations: &[Toleration],
    effects: &[TaintEffect],
) -> Option<&'t Taint> {
    taints.iter().find(|taint| effects.contains(&taint.effect) && !tolerates(tolerations, taint))
}

impl fmt::Display for Toleration {
    /// As `kubectl describe` shows it: `key=value:NoExecute op=Exists for 300s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if !self.value.is_empty() {
            write!(f, "={}", self.value)?;
        }
        if !self.effect.is_unset() {
            write!(f, ":{}", self.effect.as_str())?;
        }
        // An operator that adds nothing to what stands there already is not shown.
        if self.operator == TolerationOperator::Exists && self.value.is_empty() {
            if self.key.is_empty() && self.effect.is_unset() {
                f.write_str("op=Exists")?;
            } else {
                f.write_str(" op=Exists")?;
            }
        }
        self.toleration_seconds.map_or(Ok(()), |seconds| write!(f, " for {seconds}s"))
    }
}

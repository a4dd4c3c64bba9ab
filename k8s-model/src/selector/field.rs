//! The language of field selectors (`fields.ParseSelector`): `status.phase!=Running,spec.nodeName=n1`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::ParseSelectorError;

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldTerm {
    /// The field: `spec.nodeName`.
    pub field: String,
    /// Whether its value must be another one (`!=`).
    pub negated: bool,
    /// The value, without backslashes.
    pub value: String,
}

/// Conditions on fields that must all hold.
///
/// ```
/// use k8s_model::selector::FieldSelector;
///
/// let selector: FieldSelector = r"metadata.name==a\,b,status.phase!=Running".parse()?;
/// assert_eq!(selector.terms()[0].value, "a,b");
/// assert_eq!(selector.to_string(), r"metadata.name=a\,b,status.phase!=Running");
/// # Ok::<(), k8s_model::selector::ParseSelectorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FieldSelector {
    terms: Vec<FieldTerm>,
}

impl FieldSelector {
    /// The conditions, in the order of their texts.
    #[must_use]
    pub fn terms(&self) -> &[FieldTerm] {
        &self.terms
    }

    /// Whether an object with these fields is meant; a field that is not there counts as empty.
    #[must_use]
    pub fn matches(&self, fields: &BTreeMap<&str, String>) -> bool {
        self.terms.iter().all(|term| {
            let value = fields.get(term.field.as_str()).map_or("", String::as_str);
            (value == term.value) != term.negated
        })
    }
}

impl FromStr for FieldSelector {
    type Err = ParseSelectorError;

    /// Reads a selector of `--field-selector`; an empty text, and a comma with nothing beside it, ask nothing.
    ///
    /// # Errors
    ///
    /// On a condition without an operator (`metadata.name`), a value with a bare comma or equals sign (`a=b=c`), and a backslash
    /// before anything but `\`, `,` and `=`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = split_terms(text);
        parts.sort_by_key(|(_, part)| *part);
        let mut terms = Vec::new();
        for (at, part) in parts.into_iter().filter(|(_, part)| !part.is_empty()) {
            let (field, operator, value) =
                split_term(part).ok_or_else(|| ParseSelectorError::term(at, text, part))?;
            let value = unescape(value, at + field.len() + operator.len())?;
            terms.push(FieldTerm { field: field.to_owned(), negated: operator == "!=", value });
        }
        Ok(Self { terms })
    }
}

/// The parts between commas that stand after no backslash, with their places.
fn split_terms(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.push((start, text.get(start..index).unwrap_or_default()));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push((start, text.get(start..).unwrap_or_default()));
    parts
}

fn split_term(term: &str) -> Option<(&str, &'static str, &str)> {
    let at = term.char_indices().map(|(index, _)| index).find_map(|index| {
        let rest = term.get(index..)?;
        ["!=", "==", "="].into_iter().find(|operator| rest.starts_with(operator)).map(|found| (index, found))
    });
    let (index, operator) = at?;
    Some((term.get(..index)?, operator, term.get(index + operator.len()..)?))
}

fn unescape(text: &str, start: usize) -> Result<String, ParseSelectorError> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((index, character)) = chars.next() {
        match character {
            '\\' => match chars.next() {
                Some((_, next @ ('\\' | ',' | '='))) => value.push(next),
                next => {
                    let sequence: String = std::iter::once('\\').chain(next.map(|(_, next)| next)).collect();
                    return Err(ParseSelectorError::escape(start + index, &sequence));
                }
            },
            ',' | '=' => return Err(ParseSelectorError::unescaped(start + index, character)),
            other => value.push(other),
        }
    }
    Ok(value)
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{}{}=", term.field, if term.negated { "!" } else { "" })?;
            for character in term.value.chars() {
                if matches!(character, '\\' | ',' | '=') {
                    f.write_str("\\")?;
                }
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

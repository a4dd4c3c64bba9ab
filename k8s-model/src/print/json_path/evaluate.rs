//! What a template comes to for a value.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Filter, JsonPathError, Operand, Part, Step};

type Result<T> = std::result::Result<T, JsonPathError>;

/// Prints the pieces of a template.
pub(super) fn render(parts: &[Part], root: &Value, current: &Value, text: &mut String) -> Result<()> {
    for part in parts {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Path(steps) => {
                let values = follow(steps, root, current)?;
                let shown: Vec<String> = values.into_iter().map(shown).collect();
                text.push_str(&shown.join(" "));
            }
            Part::Range(steps, inner) => {
                for value in follow(steps, root, current)? {
                    render(inner, root, value, text)?;
                }
            }
        }
    }
    Ok(())
}

/// A value as kubectl prints it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The values that a path leads to.
pub(super) fn follow<'v>(steps: &[Step], root: &'v Value, current: &'v Value) -> Result<Vec<&'v Value>> {
    let mut values = vec![current];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            one(step, root, value, &mut next)?;
        }
        values = next;
    }
    Ok(values)
}

fn one<'v>(step: &Step, root: &'v Value, value: &'v Value, found: &mut Vec<&'v Value>) -> Result<()> {
    match step {
        Step::Root => found.push(root),
        Step::Current => found.push(value),
        Step::Field(name) => found.extend(value.get(name)),
        Step::Wildcard => match value {
            Value::Array(elements) => found.extend(elements),
            Value::Object(entries) => found.extend(entries.values()),
            _ => {}
        },
        Step::Recursive => descend(value, found),
        Step::Index(index) => match value {
            Value::Array(elements) => {
                let place = place(*index, elements.len());
                let element = usize::try_from(place).ok().and_then(|place| elements.get(place));
                let beyond = || {
                    let last = elements.len();
                    JsonPathError(format!("array index out of bounds: index {index}, length {last}"))
                };
                found.push(element.ok_or_else(beyond)?);
            }
            Value::Null => {}
            other => return Err(JsonPathError(format!("{other} is not array or slice"))),
        },
        Step::Slice { start, end, step } => {
            if let Value::Array(elements) = value {
                found.extend(slice(elements, *start, *end, *step));
            }
        }
        Step::Union(steps) => {
            for step in steps {
                one(step, root, value, found)?;
            }
        }
        Step::Filter(filter) => {
            let candidates: Vec<&Value> = match value {
                Value::Array(elements) => elements.iter().collect(),
                Value::Object(entries) => entries.values().collect(),
                _ => Vec::new(),
            };
            for candidate in candidates {
                if holds(filter, root, candidate)? {
                    found.push(candidate);
                }
            }
        }
    }
    Ok(())
}

/// An index that counts from the end where it is negative.
fn place(index: i64, len: usize) -> i64 {
    if index < 0 { i64::try_from(len).unwrap_or(i64::MAX).saturating_add(index) } else { index }
}

fn slice(elements: &[Value], start: Option<i64>, end: Option<i64>, step: Option<i64>) -> Vec<&Value> {
    let bound = |index: Option<i64>, otherwise: usize| {
        index.map_or(otherwise, |index| {
            usize::try_from(place(index, elements.len())).unwrap_or(0).min(elements.len())
        })
    };
    let (start, end) = (bound(start, 0), bound(end, elements.len()));
    let step = step.and_then(|step| usize::try_from(step).ok()).unwrap_or(1).max(1);
    elements.get(start..end.max(start)).unwrap_or_default().iter().step_by(step).collect()
}

/// A value, and then all that is in it.
fn descend<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    found.push(value);
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| descend(element, found)),
        Value::Object(entries) => entries.values().for_each(|entry| descend(entry, found)),
        _ => {}
    }
}

fn holds(filter: &Filter, root: &Value, candidate: &Value) -> Result<bool> {
    let values = |operand: &Operand| match operand {
        Operand::Literal(value) => Ok(vec![value.clone()]),
        Operand::Path(steps) => {
            follow(steps, root, candidate).map(|values| values.into_iter().cloned().collect())
        }
    };
    let left = values(&filter.left)?;
    let Some((comparison, right)) = &filter.comparison else { return Ok(!left.is_empty()) };
    let right = values(right)?;
    match (left.as_slice(), right.as_slice()) {
        ([left], [right]) => compare(left, *comparison, right),
        ([] | [_], [] | [_]) => Ok(false),
        _ => Err(JsonPathError("can only compare one element at a time".to_owned())),
    }
}

fn compare(left: &Value, comparison: Comparison, right: &Value) -> Result<bool> {
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().and_then(|a| a.partial_cmp(&b.as_f64()?)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (a, b) => (a == b).then_some(Ordering::Equal),
    };
    Ok(match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        _ => {
            let order =
                order.ok_or_else(|| JsonPathError(format!("{left} and {right} cannot be compared")))?;
            match comparison {
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                _ => order.is_ge(),
            }
        }
    })
}

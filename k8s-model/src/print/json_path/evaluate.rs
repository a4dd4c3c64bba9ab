//! What a template comes to for a value.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Filter, JsonPathError, Operand, Part, Step};

type Result<T> = std::result::Result<T, JsonPathError>;

/// How many values a path may lead to.
const MOST_VALUES: usize = 1_000_000;

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
        // What `['a','b']` names is grouped by the names, not by the values.
        let parts = if let Step::Union(parts) = step { parts.as_slice() } else { std::slice::from_ref(step) };
        for part in parts {
            for value in &values {
                one(part, root, value, &mut next)?;
                // Each `..` multiplies what there is.
                if next.len() > MOST_VALUES {
                    return Err(JsonPathError(format!("a path leads to more than {MOST_VALUES} values")));
                }
            }
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
        Step::Index(index) => {
            if let Some(elements) = elements(value)? {
                let place = place(*index, elements.len());
                let element = usize::try_from(place).ok().and_then(|place| elements.get(place));
                found.push(element.ok_or_else(|| beyond(place, elements.len()))?);
            }
        }
        Step::Slice { start, end, step } => {
            if let Some(elements) = elements(value)? {
                found.extend(slice(elements, *start, *end, *step)?);
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

/// The elements of a list; null has none.
fn elements(value: &Value) -> Result<Option<&[Value]>> {
    match value {
        Value::Array(elements) => Ok(Some(elements)),
        Value::Null => Ok(None),
        other => Err(JsonPathError(format!("{other} is not array or slice"))),
    }
}

fn beyond(index: i64, len: usize) -> JsonPathError {
    JsonPathError(format!("array index out of bounds: index {index}, length {len}"))
}

/// Elements by their places; those that are beyond the list are an error, unless none are wanted.
fn slice(
    elements: &[Value],
    start: Option<i64>,
    end: Option<i64>,
    step: Option<i64>,
) -> Result<impl Iterator<Item = &Value>> {
    let len = elements.len();
    let first = place(start.unwrap_or(0), len);
    let last = end.map_or_else(|| i64::try_from(len).unwrap_or(i64::MAX), |end| place(end, len));
    let wanted = if first == last {
        &[]
    } else {
        let from =
            usize::try_from(first).ok().filter(|from| *from < len).ok_or_else(|| beyond(first, len))?;
        let to = usize::try_from(last).ok().filter(|to| *to <= len);
        let to = to.ok_or_else(|| beyond(last.saturating_sub(1), len))?;
        let backwards =
            || JsonPathError(format!("starting index {first} is greater than ending index {last}"));
        elements.get(from..to).ok_or_else(backwards)?
    };
    let step = step.and_then(|step| usize::try_from(step).ok()).unwrap_or(1).max(1);
    Ok(wanted.iter().step_by(step))
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

/// Compares two values as Go's templates do: those of different types, whole numbers and others among them, cannot be compared.
fn compare(left: &Value, comparison: Comparison, right: &Value) -> Result<bool> {
    let differ = || JsonPathError("incompatible types for comparison".to_owned());
    let is_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a, b).ok_or_else(differ)?,
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) if !is_order => a.cmp(b),
        (Value::Number(_) | Value::String(_) | Value::Bool(_), Value::Number(_) | Value::String(_)) => {
            return Err(differ());
        }
        (Value::Number(_) | Value::String(_), Value::Bool(_)) => return Err(differ()),
        _ => return Err(JsonPathError("invalid type for comparison".to_owned())),
    };
    Ok(match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

/// Two whole numbers, or two others.
fn number(a: &serde_json::Number, b: &serde_json::Number) -> Option<Ordering> {
    match (a.is_f64(), b.is_f64()) {
        (false, false) => Some(whole(a)?.cmp(&whole(b)?)),
        (true, true) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        _ => None,
    }
}

fn whole(number: &serde_json::Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

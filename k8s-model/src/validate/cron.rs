//! Schedules of cron jobs, as `github.com/robfig/cron` v3's standard parser reads them.

/// The range of a field, and its names.
struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Bounds; 5] = [
    Bounds { min: 0, max: 59, names: &[] },
    Bounds { min: 0, max: 23, names: &[] },
    Bounds { min: 1, max: 31, names: &[] },
    Bounds { min: 1, max: 12, names: MONTHS },
    Bounds { min: 0, max: 6, names: DAYS },
];

const DESCRIPTORS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What is wrong with a schedule, in the parser's words.
pub(super) fn problem(schedule: &str) -> Option<String> {
    if schedule.is_empty() {
        return Some("empty spec string".to_owned());
    }
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return descriptor_problem(schedule, descriptor);
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let found = fields.iter().map(|field| (*field).to_owned()).collect::<Vec<_>>();
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), found.join(" ")));
    }
    fields.into_iter().zip(&FIELDS).find_map(|(field, bounds)| field_problem(field, bounds))
}

fn descriptor_problem(schedule: &str, descriptor: &str) -> Option<String> {
    if let Some(every) = descriptor.strip_prefix("every ") {
        return (!is_duration(every))
            .then(|| format!("failed to parse duration {schedule}: time: invalid duration {every:?}"));
    }
    (!DESCRIPTORS.contains(&schedule)).then(|| format!("unrecognized descriptor: {schedule}"))
}

/// Whether a text is a duration of Go: `1h30m`, `1.5s`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (digits, after) = rest.split_at(number);
        let good = digits.bytes().any(|b| b.is_ascii_digit()) && digits.matches('.').count() <= 1;
        let units = ["ns", "us", "µs", "ms", "s", "m", "h"];
        let unit = units
            .iter()
            .filter(|unit| after.starts_with(**unit))
            .max_by_key(|unit| unit.len())
            .filter(|_| good);
        let Some(unit) = unit else { return false };
        rest = after.get(unit.len()..).unwrap_or_default();
    }
    true
}

fn field_problem(field: &str, bounds: &Bounds) -> Option<String> {
    field.split(',').filter(|part| !part.is_empty()).find_map(|part| range_problem(part, bounds))
}

fn range_problem(text: &str, bounds: &Bounds) -> Option<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let (range, step) = match parts.as_slice() {
        [range] => (*range, None),
        [range, step] => (*range, Some(*step)),
        _ => return Some(format!("too many slashes: {text}")),
    };
    let ends: Vec<&str> = range.split('-').collect();
    let (start, mut end) = match ends.as_slice() {
        ["*" | "?"] => (bounds.min, bounds.max),
        [only] => match number(only, bounds) {
            Ok(number) => (number, number),
            Err(problem) => return Some(problem),
        },
        [start, end] => match (number(start, bounds), number(end, bounds)) {
            (Ok(start), Ok(end)) => (start, end),
            (Err(problem), _) | (_, Err(problem)) => return Some(problem),
        },
        _ => return Some(format!("too many hyphens: {text}")),
    };
    if let Some(step) = step {
        match plain_number(step) {
            Ok(0) => return Some(format!("step of range should be a positive number: {text}")),
            Ok(_) if ends.len() == 1 => end = bounds.max,
            Ok(_) => {}
            Err(problem) => return Some(problem),
        }
    }
    if start < bounds.min {
        return Some(format!("beginning of range ({start}) below minimum ({}): {text}", bounds.min));
    }
    if end > bounds.max {
        return Some(format!("end of range ({end}) above maximum ({}): {text}", bounds.max));
    }
    (start > end).then(|| format!("beginning of range ({start}) beyond end of range ({end}): {text}"))
}

fn number(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let name = text.to_lowercase();
    match bounds.names.iter().position(|known| *known == name) {
        // Months count from 1, days of the week from 0.
        Some(index) => Ok(bounds.min + u32::try_from(index).unwrap_or_default()),
        None => plain_number(text),
    }
}

fn plain_number(text: &str) -> Result<u32, String> {
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(u32::try_from(number).unwrap_or(u32::MAX)),
        Err(_) => {
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
        }
    }
}

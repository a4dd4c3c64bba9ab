//! Sets of indexes in the form in which a job's status has them.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

/// Numbers in the form `1,3-5,7` (`intervals` of `pkg/controller/job/indexed_job_utils.go`).
///
/// ```
/// use k8s_model::plan::job::Indexes;
///
/// let indexes: Indexes = [1, 3, 4, 5, 7, 8].into_iter().collect();
/// assert_eq!(indexes.to_string(), "1,3-5,7,8");
/// assert_eq!(Indexes::parse("0,2-10", 5).len(), 4);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Indexes(BTreeSet<i32>);

impl Indexes {
    /// Reads those below a limit. What is no number and no range ends the reading, as upstream has it: the status is its own.
    #[must_use]
    pub fn parse(text: &str, limit: i32) -> Self {
        let mut all = BTreeSet::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let Some(range) = range(part) else { break };
            let last = (*range.end()).min(limit - 1);
            all.extend((*range.start()).max(0)..=last);
        }
        Self(all)
    }

    /// Whether an index is one of them.
    #[must_use]
    pub fn contains(&self, index: i32) -> bool {
        self.0.contains(&index)
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one; whether it is new.
    pub fn insert(&mut self, index: i32) -> bool {
        self.0.insert(index)
    }

    /// How many of them are among others.
    #[must_use]
    pub fn common(&self, others: &Self) -> usize {
        self.0.intersection(&others.0).count()
    }
}

fn range(part: &str) -> Option<RangeInclusive<i32>> {
    match part.split_once('-') {
        Some((first, last)) => Some(first.trim().parse().ok()?..=last.trim().parse().ok()?),
        None => {
            let only = part.trim().parse().ok()?;
            Some(only..=only)
        }
    }
}

impl FromIterator<i32> for Indexes {
    fn from_iter<I: IntoIterator<Item = i32>>(indexes: I) -> Self {
        Self(indexes.into_iter().collect())
    }
}

impl fmt::Display for Indexes {
    /// Two in a row are written one after the other, more as a range.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(i32, i32)> = Vec::new();
        for index in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *index => *last = *index,
                _ => runs.push((*index, *index)),
            }
        }
        for (number, (first, last)) in runs.into_iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

//! Many objects by their labels.

use std::collections::{BTreeMap, BTreeSet};

use super::{Labels, Operator, Requirement, Selector};

/// The labels of many objects, turned round: which objects have a label, and which have it with a value.
///
/// A selector with a condition that an object can only meet by having a label looks at those objects alone.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use k8s_model::selector::{Index, Selector};
///
/// let mut index = Index::default();
/// index.insert("a", BTreeMap::from([("app".to_owned(), "web".to_owned())]));
/// index.insert("b", BTreeMap::from([("app".to_owned(), "db".to_owned())]));
/// let selector: Selector = "app in (db, cache)".parse()?;
/// assert_eq!(index.select(&selector), [&"b"]);
/// # Ok::<(), k8s_model::selector::ParseSelectorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Index<K> {
    labels: BTreeMap<K, Labels>,
    with: BTreeMap<String, BTreeMap<String, BTreeSet<K>>>,
}

impl<K> Default for Index<K> {
    fn default() -> Self {
        Self { labels: BTreeMap::new(), with: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Index<K> {
    /// Adds an object under a key, or changes the labels of the one that is there.
    pub fn insert(&mut self, key: K, labels: Labels) {
        self.remove(&key);
        for (name, value) in &labels {
            self.with.entry(name.clone()).or_default().entry(value.clone()).or_default().insert(key.clone());
        }
        self.labels.insert(key, labels);
    }

    /// Takes an object away; its labels.
    pub fn remove(&mut self, key: &K) -> Option<Labels> {
        let labels = self.labels.remove(key)?;
        for (name, value) in &labels {
            let Some(values) = self.with.get_mut(name) else { continue };
            if let Some(keys) = values.get_mut(value) {
                keys.remove(key);
                if keys.is_empty() {
                    values.remove(value);
                }
            }
            if values.is_empty() {
                self.with.remove(name);
            }
        }
        Some(labels)
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The keys of the objects that a selector means, in their order.
    #[must_use]
    pub fn select(&self, selector: &Selector) -> Vec<&K> {
        if selector.is_nothing() {
            return Vec::new();
        }
        let best = selector
            .requirements()
            .iter()
            .filter_map(|requirement| Some((self.count(requirement)?, requirement)))
            .min_by_key(|(count, _)| *count);
        let matcher = selector.compile();
        let Some((_, narrow)) = best else {
            return self
                .labels
                .iter()
                .filter(|(_, labels)| matcher.matches(labels))
                .map(|(key, _)| key)
                .collect();
        };
        let mut found: Vec<&K> = self
            .sets(narrow)
            .into_iter()
            .flatten()
            .filter(|key| self.labels.get(key).is_some_and(|labels| matcher.matches(labels)))
            .collect();
        found.sort_unstable();
        found
    }

    /// How many objects a condition leaves; `None` for one that an object without the label can meet.
    fn count(&self, requirement: &Requirement) -> Option<usize> {
        let positive =
            !matches!(requirement.operator(), Operator::NotEquals | Operator::NotIn | Operator::DoesNotExist);
        positive.then(|| self.sets(requirement).into_iter().map(BTreeSet::len).sum())
    }

    /// The objects whose value of the label meets a condition.
    fn sets(&self, requirement: &Requirement) -> Vec<&BTreeSet<K>> {
        let Some(values) = self.with.get(requirement.key()) else { return Vec::new() };
        match requirement.operator() {
            Operator::Equals | Operator::DoubleEquals | Operator::In => {
                requirement.values().iter().filter_map(|value| values.get(value)).collect()
            }
            _ => values
                .iter()
                .filter(|(value, _)| requirement.matches_value(Some(value)))
                .map(|(_, keys)| keys)
                .collect(),
        }
    }
}

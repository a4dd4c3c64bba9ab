//! A selector that was prepared for many objects.

use super::{Labels, Operator, Requirement, Selector};

/// A prepared selector: the conditions that most often fail come first, and a label with several conditions is looked up once.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use k8s_model::selector::Selector;
///
/// let matcher = "app=web,num>1,num<5".parse::<Selector>()?.compile();
/// let labels = BTreeMap::from([("app".to_owned(), "web".to_owned()), ("num".to_owned(), "3".to_owned())]);
/// assert!(matcher.matches(&labels));
/// # Ok::<(), k8s_model::selector::ParseSelectorError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The conditions by label; `None` where nothing matches.
    groups: Option<Vec<Group>>,
}

#[derive(Debug, Clone)]
struct Group {
    key: String,
    requirements: Vec<Requirement>,
}

impl Matcher {
    pub(super) fn new(selector: &Selector) -> Self {
        if selector.is_nothing() || contradicts(selector.requirements()) {
            return Self { groups: None };
        }
        let mut groups: Vec<Group> = Vec::new();
        for requirement in selector.requirements() {
            match groups.last_mut().filter(|group| group.key == requirement.key()) {
                Some(group) => group.requirements.push(requirement.clone()),
                None => groups.push(Group {
                    key: requirement.key().to_owned(),
                    requirements: vec![requirement.clone()],
                }),
            }
        }
        for group in &mut groups {
            group.requirements.sort_by_key(weight);
        }
        groups.sort_by_key(|group| group.requirements.first().map(weight));
        Self { groups: Some(groups) }
    }

    /// Whether an object with these labels is meant.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_with(|key| labels.get(key).map(String::as_str))
    }

    /// The same for labels that are kept in another way: the function finds the value of a label.
    #[must_use]
    pub fn matches_with<'l>(&self, value_of: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.groups.as_ref().is_some_and(|groups| {
            groups.iter().all(|group| {
                let value = value_of(&group.key);
                group.requirements.iter().all(|requirement| requirement.matches_value(value))
            })
        })
    }
}

/// The less, the fewer objects usually meet the condition.
fn weight(requirement: &Requirement) -> usize {
    match requirement.operator() {
        Operator::Equals | Operator::DoubleEquals => 0,
        Operator::In => requirement.values().len(),
        Operator::GreaterThan | Operator::LessThan => 100,
        Operator::Exists => 200,
        Operator::DoesNotExist => 300,
        Operator::NotEquals | Operator::NotIn => 400,
    }
}

/// Whether two conditions can never hold together: two values for one label, or one that must and must not be there.
fn contradicts(requirements: &[Requirement]) -> bool {
    requirements.windows(2).any(|pair| {
        let [a, b] = pair else { return false };
        let fixed = |r: &Requirement| matches!(r.operator(), Operator::Equals | Operator::DoubleEquals);
        a.key() == b.key() && fixed(a) && fixed(b) && a.values() != b.values()
    })
}

//! Which nodes a pod may run on, and which suit it better (`k8s.io/component-helpers/scheduling/corev1/nodeaffinity`).

use crate::core::{
    Node, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm, PodSpec,
};
use crate::selector::{Labels, Operator, Requirement};

/// The field of nodes that terms may name.
const NAME: &str = "metadata.name";

/// The nodes that a node selector and the required node affinity mean, prepared for many nodes.
///
/// ```
/// use k8s_model::core::{Node, PodSpec};
/// use k8s_model::schedule::NodeSelection;
///
/// let mut spec = PodSpec::default();
/// spec.node_selector.insert("disk".to_owned(), "ssd".to_owned());
/// let mut node = Node::default();
/// assert!(!NodeSelection::of(&spec).matches(&node));
/// node.metadata.labels.insert("disk".to_owned(), "ssd".to_owned());
/// assert!(NodeSelection::of(&spec).matches(&node));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeSelection {
    labels: Labels,
    /// One of them must hold; `None` where there is no affinity.
    terms: Option<Vec<Term>>,
}

/// A term; its conditions must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    /// `None` for a term that is not well formed, or has no condition: it holds nowhere.
    conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Label(Requirement),
    Name { is: bool, value: String },
}

impl NodeSelection {
    /// That of a pod: `nodeSelector`, and the required part of `affinity.nodeAffinity`.
    #[must_use]
    pub fn of(spec: &PodSpec) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let required = affinity
            .and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
        Self {
            labels: spec.node_selector.clone(),
            ..required.map(|selector| Self::new(selector)).unwrap_or_default()
        }
    }

    /// That of a selector, such as a volume's node affinity. One without terms means no node.
    #[must_use]
    pub fn new(selector: &NodeSelector) -> Self {
        let terms = selector.node_selector_terms.iter().map(Term::new).collect();
        Self { labels: Labels::new(), terms: Some(terms) }
    }

    /// Whether every node is meant.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.terms.is_none()
    }

    /// Whether a node is meant.
    #[must_use]
    pub fn matches(&self, node: &Node) -> bool {
        let labels = &node.metadata.labels;
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|term| term.matches(node)))
    }
}

/// The names that the terms of an affinity leave, where each term names nodes: upstream looks at no others then.
///
/// `None` where some term does not.
pub(super) fn names(spec: &PodSpec) -> Option<Vec<&str>> {
    let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let terms = &affinity.required_during_scheduling_ignored_during_execution.as_ref()?.node_selector_terms;
    let mut all = Vec::new();
    for term in terms {
        let mut named: Option<Vec<&str>> = None;
        for field in &term.match_fields {
            if field.key == NAME && field.operator == NodeSelectorOperator::In {
                let values = field.values.iter().map(String::as_str);
                named = Some(match named {
                    Some(known) => values.filter(|value| known.contains(value)).collect(),
                    None => values.collect(),
                });
            }
        }
        all.extend(named?);
    }
    (!terms.is_empty()).then_some(all)
}

impl Term {
    fn new(term: &NodeSelectorTerm) -> Self {
        let labels = term.match_expressions.iter().map(label);
        let conditions: Option<Vec<_>> = labels.chain(term.match_fields.iter().map(field)).collect();
        Self { conditions: conditions.filter(|conditions| !conditions.is_empty()) }
    }

    fn matches(&self, node: &Node) -> bool {
        self.conditions.as_ref().is_some_and(|conditions| {
            conditions.iter().all(|condition| match condition {
                Condition::Label(requirement) => requirement.matches(&node.metadata.labels),
                Condition::Name { is, value } => (node.metadata.name == *value) == *is,
            })
        })
    }
}

/// A condition on a label; `None` for one that is not well formed.
fn label(requirement: &NodeSelectorRequirement) -> Option<Condition> {
    let operator = match requirement.operator {
        NodeSelectorOperator::In => Operator::In,
        NodeSelectorOperator::NotIn => Operator::NotIn,
        NodeSelectorOperator::Exists => Operator::Exists,
        NodeSelectorOperator::DoesNotExist => Operator::DoesNotExist,
        NodeSelectorOperator::Gt => Operator::GreaterThan,
        NodeSelectorOperator::Lt => Operator::LessThan,
        _ => return None,
    };
    let values = requirement.values.iter().map(String::as_str);
    Requirement::new(requirement.key.as_str(), operator, values).ok().map(Condition::Label)
}

/// A condition on the name: `In` or `NotIn` with one value.
fn field(requirement: &NodeSelectorRequirement) -> Option<Condition> {
    let is = match requirement.operator {
        NodeSelectorOperator::In => true,
        NodeSelectorOperator::NotIn => false,
        _ => return None,
    };
    match requirement.values.as_slice() {
        [value] if requirement.key == NAME => Some(Condition::Name { is, value: value.clone() }),
        _ => None,
    }
}

/// The nodes that a pod would rather run on, prepared for many nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodePreferences {
    terms: Vec<(i64, Term)>,
}

impl NodePreferences {
    /// Those of a pod; terms without weight or conditions do nothing.
    #[must_use]
    pub fn of(spec: &PodSpec) -> Self {
        let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let terms = affinity
            .into_iter()
            .flat_map(|affinity| &affinity.preferred_during_scheduling_ignored_during_execution)
            .filter(|term| term.weight != 0)
            .map(|term| (i64::from(term.weight), Term::new(&term.preference)))
            .collect();
        Self { terms }
    }

    /// The weights of the terms that hold for a node, together.
    #[must_use]
    pub fn weight(&self, node: &Node) -> i64 {
        self.terms.iter().filter(|(_, term)| term.matches(node)).map(|(weight, _)| weight).sum()
    }

    /// Whether nothing is preferred.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

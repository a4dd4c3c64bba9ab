//! The pods that a pod wants near or far, and those that it is spread with.

use std::collections::BTreeMap;

use crate::core::{
    Affinity, NodeInclusionPolicy, Pod, PodAffinityTerm, TopologySpreadConstraint,
    UnsatisfiableConstraintAction,
};
use crate::meta::LabelSelector;
use crate::selector::{Labels, Operator, Requirement, Selector};

/// The labels of the namespaces that are known.
pub(super) type Namespaces = BTreeMap<String, Labels>;

/// Pods in a topology.
#[derive(Debug, Clone)]
pub(super) struct Term {
    namespaces: Vec<String>,
    by_labels: Selector,
    selector: Selector,
    pub(super) key: String,
}

impl Term {
    fn new(pod: &Pod, term: &PodAffinityTerm) -> Self {
        let own = term.namespaces.is_empty() && term.namespace_selector.is_none();
        let same = keyed(&pod.metadata.labels, &term.match_label_keys, Operator::In);
        let other = keyed(&pod.metadata.labels, &term.mismatch_label_keys, Operator::NotIn);
        Self {
            namespaces: if own { vec![pod.metadata.namespace.clone()] } else { term.namespaces.clone() },
            by_labels: selector(term.namespace_selector.as_deref(), []),
            selector: selector(term.label_selector.as_deref(), same.chain(other)),
            key: term.topology_key.clone(),
        }
    }

    /// Whether pods with these labels, in this namespace, are meant.
    pub(super) fn matches(&self, namespace: &str, labels: &Labels, namespaces: &Namespaces) -> bool {
        let by_labels = || match namespaces.get(namespace) {
            _ if self.by_labels.is_nothing() => false,
            Some(labels) => self.by_labels.matches(labels),
            // Each namespace has this one.
            None => self
                .by_labels
                .matches(&Labels::from([("kubernetes.io/metadata.name".to_owned(), namespace.to_owned())])),
        };
        (self.namespaces.iter().any(|known| known == namespace) || by_labels())
            && self.selector.matches(labels)
    }
}

/// Objects are valid here; a selector that is not means nothing.
fn selector(structured: Option<&LabelSelector>, more: impl IntoIterator<Item = Requirement>) -> Selector {
    let base = Selector::from_structured(structured).unwrap_or_else(|_| Selector::nothing());
    if base.is_nothing() {
        return base;
    }
    Selector::new(base.requirements().iter().cloned().chain(more).collect())
}

/// Conditions on labels, with the values that a pod has itself; an API server writes them into the selector.
fn keyed<'k>(
    labels: &'k Labels,
    keys: &'k [String],
    operator: Operator,
) -> impl Iterator<Item = Requirement> + 'k {
    keys.iter()
        .filter_map(move |key| Requirement::new(key.as_str(), operator, [labels.get(key)?.as_str()]).ok())
}

/// What a pod wants of its neighbours.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    /// All of them must be near.
    pub(super) near: Vec<Term>,
    /// None of them may be near.
    pub(super) far: Vec<Term>,
    /// How much better, or worse below 0, a place near them is.
    pub(super) wishes: Vec<(i64, Term)>,
}

impl Neighbours {
    pub(super) fn of(pod: &Pod) -> Self {
        let Some(affinity) = &pod.spec.affinity else { return Self::default() };
        let Affinity { pod_affinity, pod_anti_affinity, .. } = &**affinity;
        let mut neighbours = Self::default();
        if let Some(near) = pod_affinity {
            let required = &near.required_during_scheduling_ignored_during_execution;
            neighbours.near = required.iter().map(|term| Term::new(pod, term)).collect();
            let preferred = near.preferred_during_scheduling_ignored_during_execution.iter();
            neighbours.wishes = preferred
                .map(|term| (i64::from(term.weight), Term::new(pod, &term.pod_affinity_term)))
                .collect();
        }
        if let Some(far) = pod_anti_affinity {
            let required = &far.required_during_scheduling_ignored_during_execution;
            neighbours.far = required.iter().map(|term| Term::new(pod, term)).collect();
            let preferred = far.preferred_during_scheduling_ignored_during_execution.iter();
            neighbours.wishes.extend(
                preferred.map(|term| (-i64::from(term.weight), Term::new(pod, &term.pod_affinity_term))),
            );
        }
        neighbours
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.near.is_empty() && self.far.is_empty() && self.wishes.is_empty()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let wishes = self.wishes.iter().map(|(_, term)| term);
        self.near.iter().chain(&self.far).chain(wishes).map(|term| term.key.as_str())
    }
}

/// How a pod is spread over the parts of a topology.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    pub(super) key: String,
    pub(super) max_skew: i64,
    pub(super) min_domains: usize,
    pub(super) selector: Selector,
    /// Whether only nodes count that the pod's selector and affinity mean.
    pub(super) honors_affinity: bool,
    /// Whether only nodes count whose taints it bears.
    pub(super) honors_taints: bool,
}

impl Constraint {
    /// The constraints of a pod with one of the two actions.
    pub(super) fn of(pod: &Pod, action: &UnsatisfiableConstraintAction) -> Vec<Self> {
        let all = pod.spec.topology_spread_constraints.iter();
        all.filter(|constraint| constraint.when_unsatisfiable == *action)
            .map(|constraint| Self::new(pod, constraint))
            .collect()
    }

    fn new(pod: &Pod, constraint: &TopologySpreadConstraint) -> Self {
        let same = keyed(&pod.metadata.labels, &constraint.match_label_keys, Operator::In);
        Self {
            key: constraint.topology_key.clone(),
            max_skew: i64::from(constraint.max_skew),
            min_domains: constraint.min_domains.and_then(|count| usize::try_from(count).ok()).unwrap_or(1),
            selector: selector(constraint.label_selector.as_deref(), same),
            honors_affinity: constraint.node_affinity_policy != Some(NodeInclusionPolicy::Ignore),
            honors_taints: constraint.node_taints_policy == Some(NodeInclusionPolicy::Honor),
        }
    }
}

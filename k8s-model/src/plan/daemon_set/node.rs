//! Which nodes a daemon set's pods run on.

use crate::apps::DaemonSet;
use crate::core::{
    Node, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement, NodeSelectorTerm, Pod,
    PodTemplateSpec, TaintEffect, Toleration, TolerationOperator,
};
use crate::hash::CONTROLLER_REVISION_HASH;
use crate::schedule::NodeSelection;
use crate::selector::untolerated;

/// Whether a daemon set's pod belongs on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It runs there.
    Runs,
    /// One that is there stays, and none is made.
    Stays,
    /// None should be there.
    Not,
}

const NAME: &str = "metadata.name";

/// The taints that the pods of daemon sets bear by themselves.
const BORNE: [(&str, TaintEffect); 6] = [
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
];

/// The tolerations of a pod of the set: its own, and those that all such pods have.
fn tolerations(set: &DaemonSet) -> Vec<Toleration> {
    let spec = &set.spec.template.spec;
    let network = ("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule);
    let more =
        BORNE.into_iter().chain(spec.host_network.then_some(network)).map(|(key, effect)| Toleration {
            key: key.to_owned(),
            operator: TolerationOperator::Exists,
            effect,
            ..Toleration::default()
        });
    let mut all = spec.tolerations.clone();
    for toleration in more {
        if !all.contains(&toleration) {
            all.push(toleration);
        }
    }
    all
}

/// Whether a pod of the set belongs on a node (`NodeShouldRunDaemonPod`).
#[must_use]
pub fn fit(set: &DaemonSet, node: &Node) -> Fit {
    let spec = &set.spec.template.spec;
    let elsewhere = !spec.node_name.is_empty() && spec.node_name != node.metadata.name;
    if elsewhere || !NodeSelection::of(spec).matches(node) {
        return Fit::Not;
    }
    let tolerations = tolerations(set);
    let repels = |effects: &[TaintEffect]| untolerated(&node.spec.taints, &tolerations, effects).is_some();
    if repels(&[TaintEffect::NoExecute]) {
        Fit::Not
    } else if repels(&[TaintEffect::NoSchedule]) {
        Fit::Stays
    } else {
        Fit::Runs
    }
}

/// The template of the set's pods: with their tolerations, and the hash of their revision.
pub(super) fn template(set: &DaemonSet, hash: &str) -> PodTemplateSpec {
    let mut template = set.spec.template.clone();
    template.spec.tolerations = tolerations(set);
    template.metadata.labels.insert(CONTROLLER_REVISION_HASH.to_owned(), hash.to_owned());
    template
}

/// Binds a pod to a node by an affinity to its name; what it required of nodes before is met already.
pub(super) fn bind(pod: &mut Pod, node: &str) {
    let name = NodeSelectorRequirement {
        key: NAME.to_owned(),
        operator: NodeSelectorOperator::In,
        values: vec![node.to_owned()],
    };
    let term = NodeSelectorTerm { match_fields: vec![name], ..NodeSelectorTerm::default() };
    let affinity = pod.spec.affinity.get_or_insert_default().node_affinity.get_or_insert_default();
    affinity.required_during_scheduling_ignored_during_execution =
        Some(Box::new(NodeSelector { node_selector_terms: vec![term] }));
}

/// The node that a pod is on, or is bound to.
pub(super) fn of(pod: &Pod) -> Option<&str> {
    if !pod.spec.node_name.is_empty() {
        return Some(&pod.spec.node_name);
    }
    let affinity = pod.spec.affinity.as_ref()?.node_affinity.as_ref()?;
    let required = affinity.required_during_scheduling_ignored_during_execution.as_ref()?;
    let mut fields = required.node_selector_terms.iter().flat_map(|term| &term.match_fields);
    let name = fields.find(|field| field.key == NAME && field.operator == NodeSelectorOperator::In)?;
    name.values.first().map(String::as_str)
}

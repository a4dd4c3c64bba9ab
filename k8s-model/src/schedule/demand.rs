//! What matters of a pod for its place, prepared.

use std::fmt::Write as _;

use pod_core::quantity::{Format, Quantity};

use super::amounts::Amounts;
use super::node_selection::{NodePreferences, NodeSelection, names};
use super::ports::{self, HostPort};
use super::score::{UNSAID, image_name};
use super::term::{Constraint, Neighbours};
use crate::core::{Node, Pod, Taint, TaintEffect, Toleration, UnsatisfiableConstraintAction};
use crate::encode::{Part, to_json};
use crate::resources::pod_requests;
use crate::schema::Value;
use crate::selector::{Labels, tolerates, untolerated};

/// What matters of a pod for its place. Pods with the same [`key`] have the same.
#[derive(Debug)]
pub(super) struct Demand {
    pub(super) namespace: String,
    pub(super) labels: Labels,
    node_name: String,
    pub(super) requests: Amounts,
    /// Processor and memory, where containers without requests count too.
    pub(super) nonzero: (i64, i64),
    pub(super) ports: Vec<HostPort>,
    tolerations: Vec<Toleration>,
    pub(super) selection: NodeSelection,
    /// The only nodes that are looked at.
    pub(super) names: Option<Vec<String>>,
    preferences: NodePreferences,
    pub(super) images: Vec<String>,
    pub(super) neighbours: Neighbours,
    pub(super) must_spread: Vec<Constraint>,
    pub(super) may_spread: Vec<Constraint>,
    /// Whether it is on its way out, so that others are not spread with it.
    pub(super) is_leaving: bool,
}

/// A text that is the same for pods that any node suits equally.
pub(super) fn key(pod: &Pod) -> String {
    let (metadata, spec) = (&pod.metadata, &pod.spec);
    let containers = spec.containers.iter().chain(&spec.init_containers);
    let mut parts: Vec<&dyn Value> = vec![
        &metadata.namespace,
        &metadata.labels,
        &spec.node_name,
        &spec.node_selector,
        &spec.affinity,
        &spec.tolerations,
        &spec.topology_spread_constraints,
        &spec.resources,
        &spec.overhead,
    ];
    for container in containers {
        parts.extend([
            &container.image as &dyn Value,
            &container.resources,
            &container.ports,
            &container.restart_policy,
        ]);
    }
    let mut key: String = parts.into_iter().map(|part| to_json(&Part(part)) + "\n").collect();
    let _ = write!(key, "{} {}", spec.init_containers.len(), metadata.deletion_timestamp.is_some());
    key
}

impl Demand {
    pub(super) fn of(pod: &Pod) -> Self {
        let (metadata, spec) = (&pod.metadata, &pod.spec);
        let requests = Amounts::of_pod(spec);
        let images = spec.containers.iter().chain(&spec.init_containers);
        Self {
            namespace: metadata.namespace.clone(),
            labels: metadata.labels.clone(),
            node_name: spec.node_name.clone(),
            nonzero: nonzero(pod),
            requests,
            ports: ports::wanted(spec),
            tolerations: spec.tolerations.clone(),
            selection: NodeSelection::of(spec),
            names: names(spec).map(|names| names.into_iter().map(str::to_owned).collect()),
            preferences: NodePreferences::of(spec),
            images: images.map(|container| image_name(&container.image)).collect(),
            neighbours: Neighbours::of(pod),
            must_spread: Constraint::of(pod, &UnsatisfiableConstraintAction::DoNotSchedule),
            may_spread: Constraint::of(pod, &UnsatisfiableConstraintAction::ScheduleAnyway),
            is_leaving: metadata.deletion_timestamp.is_some(),
        }
    }

    /// Why a node will never do, whatever runs on it.
    pub(super) fn refusal(&self, node: &Node) -> Option<&'static str> {
        if self.names.as_ref().is_some_and(|names| !names.contains(&node.metadata.name)) {
            return Some("node(s) didn't satisfy plugin(s) [NodeAffinity]");
        }
        if node.spec.unschedulable && !tolerates(&self.tolerations, &unschedulable()) {
            return Some("node(s) were unschedulable");
        }
        if !self.node_name.is_empty() && self.node_name != node.metadata.name {
            return Some("node(s) didn't match the requested node name");
        }
        if !self.bears(node) {
            return Some("node(s) had untolerated taint(s)");
        }
        (!self.selection.matches(node)).then_some("node(s) didn't match Pod's node affinity/selector")
    }

    /// Whether it bears the taints that keep pods away.
    pub(super) fn bears(&self, node: &Node) -> bool {
        let effects = [TaintEffect::NoSchedule, TaintEffect::NoExecute];
        untolerated(&node.spec.taints, &self.tolerations, &effects).is_none()
    }

    /// How many taints that would rather have it elsewhere it does not bear.
    pub(super) fn unwelcome(&self, node: &Node) -> i64 {
        let taints = node.spec.taints.iter();
        let count = taints
            .filter(|taint| {
                taint.effect == TaintEffect::PreferNoSchedule && !tolerates(&self.tolerations, taint)
            })
            .count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// How much a node suits its preferred affinity.
    pub(super) fn preference(&self, node: &Node) -> i64 {
        self.preferences.weight(node)
    }

    /// Whether it asks for nothing, so that no node is out of balance by it.
    pub(super) fn is_best_effort(&self) -> bool {
        let Amounts { cpu, memory, storage, others, .. } = &self.requests;
        *cpu == 0 && *memory == 0 && *storage == 0 && others.values().all(|amount| *amount == 0)
    }

    /// The topologies that it looks at itself.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let spread =
            self.must_spread.iter().chain(&self.may_spread).map(|constraint| constraint.key.as_str());
        self.neighbours.keys().chain(spread)
    }
}

/// What `spec.unschedulable` stands for.
fn unschedulable() -> Taint {
    Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        effect: TaintEffect::NoSchedule,
        ..Taint::default()
    }
}

/// The requests of processor and memory, where each container that says nothing counts as a little, unless the pod says it as a whole.
fn nonzero(pod: &Pod) -> (i64, i64) {
    let mut spec = pod.spec.clone();
    let unsaid = [
        ("cpu", Quantity::from_milli(UNSAID.0, Format::DecimalSi)),
        ("memory", Quantity::from_units(UNSAID.1, Format::BinarySi)),
    ];
    for (name, least) in unsaid {
        if spec.resources.as_ref().is_some_and(|resources| resources.requests.contains_key(name)) {
            continue;
        }
        for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
            container.resources.requests.entry(name.to_owned()).or_insert_with(|| least.clone());
        }
    }
    let asked = Amounts::of(&pod_requests(&spec));
    (asked.cpu, asked.memory)
}

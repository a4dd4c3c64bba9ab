//! Which node a pod goes to.

use std::collections::HashMap;

use super::Cluster;
use super::life::set;
use crate::core::{ConditionStatus, Node, Pod, PodConditionType, Taint, TaintEffect};
use crate::object::Object;
use crate::plan::store::Key;
use crate::schedule::{Amounts, NodeSelection};
use crate::selector::{tolerates, untolerated};
use crate::time::Time;

/// What the pods on each node take.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats {
    taken: HashMap<String, Amounts>,
    by_pod: HashMap<String, (String, Amounts)>,
}

impl Seats {
    /// Counts a pod on a node, once.
    pub(super) fn take(&mut self, pod: &Pod, node: &str) {
        if !self.by_pod.contains_key(&pod.metadata.uid) {
            let amounts = Amounts::of_pod(&pod.spec);
            self.taken.entry(node.to_owned()).or_default().add(&amounts);
            self.by_pod.insert(pod.metadata.uid.clone(), (node.to_owned(), amounts));
        }
    }

    /// Counts a pod no longer.
    pub(super) fn leave(&mut self, uid: &str) {
        if let Some((node, amounts)) = self.by_pod.remove(uid)
            && let Some(taken) = self.taken.get_mut(&node)
        {
            taken.subtract(&amounts);
        }
    }
}

impl Cluster {
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.store.objects().filter_map(|object| match object {
            Object::Node(node) => Some(&**node),
            _ => None,
        })
    }

    /// Puts a pod on the node with the fewest pods of those that suit it, or lets it wait.
    pub(super) fn place(&mut self, key: Key, pod: &Pod) {
        if pod.metadata.deletion_timestamp.is_some() || !pod.spec.scheduling_gates.is_empty() {
            return;
        }
        let Some(node) = self.best_node(pod) else {
            if self.waiting.insert(key) {
                let mut pod = pod.clone();
                let message = format!("0/{} nodes are available.", self.nodes().count());
                let (type_, now) = (PodConditionType::PodScheduled, Time::from(self.now));
                set(&mut pod.status, type_, ConditionStatus::False, "Unschedulable", &message, now);
                // The pod is there: it was just read.
                let _ = self.store.update_status(&pod.into());
            }
            return;
        };
        self.waiting.remove(&key);
        self.seats.take(pod, &node);
        let mut pod = pod.clone();
        pod.spec.node_name = node;
        pod.metadata.resource_version.clear();
        // As above.
        let _ = self.store.update(pod.into());
    }

    pub(super) fn place_waiting(&mut self) {
        for key in self.waiting.clone() {
            if let Some(pod) = self.pod(&key).cloned() {
                self.place(key, &pod);
            }
        }
    }

    fn best_node(&self, pod: &Pod) -> Option<String> {
        let selection = NodeSelection::of(&pod.spec);
        let wanted = Amounts::of_pod(&pod.spec);
        let nothing = Amounts::default();
        let mut best: Option<(i64, &str)> = None;
        for node in self.nodes().filter(|node| selection.matches(node) && is_open(node, pod)) {
            let used = self.seats.taken.get(&node.metadata.name).unwrap_or(&nothing);
            let fits = Amounts::of(&node.status.allocatable).has_room_for(&wanted, used);
            if fits && best.is_none_or(|(count, _)| used.pods < count) {
                best = Some((used.pods, &node.metadata.name));
            }
        }
        best.map(|(_, name)| name.to_owned())
    }
}

/// Whether a node takes a pod, in spite of its taints; one that is closed to new pods counts as tainted.
fn is_open(node: &Node, pod: &Pod) -> bool {
    let closed = Taint {
        key: "node.kubernetes.io/unschedulable".to_owned(),
        effect: TaintEffect::NoSchedule,
        ..Taint::default()
    };
    let effects = [TaintEffect::NoSchedule, TaintEffect::NoExecute];
    let tolerations = &pod.spec.tolerations;
    untolerated(&node.spec.taints, tolerations, &effects).is_none()
        && (!node.spec.unschedulable || tolerates(tolerations, &closed))
}

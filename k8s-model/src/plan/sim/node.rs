//! Nodes, and what becomes of pods when one is lost (`pkg/controller/nodelifecycle`, `…/tainteviction`, `…/podgc`).

use std::collections::BTreeMap;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::quantity::Quantity;

use super::life::{Life, set};
use super::{Cluster, Task};
use crate::core::{
    ConditionStatus, Node, NodeCondition, NodeConditionType, Pod, PodConditionType, Taint, TaintEffect,
};
use crate::meta::{DeleteOptions, ObjectMeta};
use crate::object::Object;
use crate::plan::action::{earlier, reference};
use crate::plan::store::Key;
use crate::time::Time;

/// How long a node may be silent, and how long its pods then wait for it unless they say so themselves.
const SILENCE: Duration = Duration::from_secs(50);
const PATIENCE: i64 = 300;
/// How long pods of a node that does not exist are kept.
const QUARANTINE: Duration = Duration::from_secs(40);
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// A node that fell silent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Down {
    since: Timestamp,
    /// When it was given up.
    lost: Option<Timestamp>,
}

/// A node as good as any.
pub(super) fn ordinary(name: &str, now: Timestamp) -> Node {
    let amounts: BTreeMap<String, Quantity> = [("cpu", "4"), ("memory", "16Gi"), ("pods", "110")]
        .into_iter()
        .filter_map(|(name, amount)| Some((name.to_owned(), amount.parse().ok()?)))
        .collect();
    let mut node = Node {
        metadata: ObjectMeta {
            name: name.to_owned(),
            labels: [("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..ObjectMeta::default()
        },
        ..Node::default()
    };
    node.status.capacity.clone_from(&amounts);
    node.status.allocatable = amounts;
    say(&mut node, true, now);
    node
}

/// Writes whether a node is heard of.
fn say(node: &mut Node, ready: bool, now: Timestamp) {
    let (status, reason, message) = if ready {
        (ConditionStatus::True, "KubeletReady", "kubelet is posting ready status")
    } else {
        (ConditionStatus::Unknown, "NodeStatusUnknown", "Kubelet stopped posting node status.")
    };
    let condition = NodeCondition {
        type_: NodeConditionType::Ready,
        status,
        last_heartbeat_time: Some(now.into()),
        last_transition_time: Some(now.into()),
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let conditions = &mut node.status.conditions;
    conditions.retain(|condition| condition.type_ != NodeConditionType::Ready);
    conditions.push(condition);
    let taints = &mut node.spec.taints;
    taints.retain(|taint| taint.key != UNREACHABLE);
    if !ready {
        taints.extend([TaintEffect::NoSchedule, TaintEffect::NoExecute].map(|effect| Taint {
            key: UNREACHABLE.to_owned(),
            effect,
            time_added: Some(Time::from(now)),
            ..Taint::default()
        }));
    }
}

impl Cluster {
    pub(super) fn node(&self, name: &str) -> Option<&Node> {
        self.nodes().find(|node| node.metadata.name == name)
    }

    fn write_node(&mut self, name: &str, ready: bool) {
        let Some(mut node) = self.node(name).cloned() else { return };
        say(&mut node, ready, self.now);
        // The node is there: it was just read. Its version is another one after the first write.
        let _ = self.store.update_status(&node.clone().into());
        node.metadata.resource_version.clear();
        let _ = self.store.update(node.into());
    }

    /// Lets a node fall silent.
    pub(super) fn fail_node(&mut self, name: &str) {
        self.down.entry(name.to_owned()).or_insert(Down { since: self.now, lost: None });
        self.plan_task(self.now + SILENCE, Task::Unheard(name.to_owned()));
    }

    /// Gives a silent node up: its pods are no longer ready, and leave it after a while.
    pub(super) fn node_unheard(&mut self, name: &str) {
        let now = self.now;
        match self.down.get_mut(name) {
            Some(down) if down.lost.is_none() && down.since + SILENCE <= now => down.lost = Some(now),
            _ => return,
        }
        self.write_node(name, false);
        for (_, mut pod) in self.pods_on(name) {
            let conditions = [PodConditionType::Ready, PodConditionType::ContainersReady];
            for type_ in conditions {
                set(&mut pod.status, type_, ConditionStatus::False, "NodeLost", "", Time::from(now));
            }
            // The pod is there: it was just read.
            let _ = self.store.update_status(&pod.into());
        }
        self.evict(name);
    }

    /// Takes away the pods of a lost node whose patience is over.
    pub(super) fn evict(&mut self, name: &str) {
        let Some(lost) = self.down.get(name).and_then(|down| down.lost) else { return };
        let mut next: Option<Timestamp> = None;
        for (_, pod) in self.pods_on(name) {
            let Some(patience) = patience(&pod) else { continue };
            let end = lost + patience;
            if end > self.now {
                next = earlier(next, Some(end));
            } else if pod.metadata.deletion_timestamp.is_none() {
                let at = self.at();
                // The pod is there: it was just read.
                let _ =
                    self.store.delete(&reference("v1", "Pod", &pod.metadata), &DeleteOptions::default(), at);
            }
        }
        if let Some(next) = next {
            self.plan_task(next, Task::Evict(name.to_owned()));
        }
    }

    /// Lets a silent node be heard again: what it was to stop, it stops, and the other pods are started again.
    pub(super) fn restore_node(&mut self, name: &str) {
        if self.down.remove(name).is_none() {
            return;
        }
        self.write_node(name, true);
        for (_, pod) in self.pods_on(name) {
            let uid = pod.metadata.uid.clone();
            let Some(run) = self.runs.get_mut(&uid) else { continue };
            if run.stopping {
                self.remove_pod(&Key::of(&pod.into()));
            } else if matches!(run.life, Life::Running { .. } | Life::BackOff) {
                run.life = Life::Running { ready: true };
                self.exit(&uid, 255);
            } else {
                let turn = run.turn;
                self.step(&uid, turn);
            }
        }
        self.place_waiting();
    }

    /// The pods of a node that does not exist any more are taken away after a while.
    pub(super) fn lose_pods_of(&mut self, name: &str) {
        for (key, _) in self.pods_on(name) {
            self.plan_task(self.now + QUARANTINE, Task::Lost(key));
        }
    }

    /// The pods on a node, in the order of their names.
    pub(super) fn pods_on(&self, name: &str) -> Vec<(Key, Pod)> {
        let pods = self.store.iter().filter_map(|(key, object)| match object {
            Object::Pod(pod) if pod.spec.node_name == name => Some((key.clone(), (**pod).clone())),
            _ => None,
        });
        pods.collect()
    }
}

/// How long a pod stays on a node that cannot be reached; `None` is for ever.
fn patience(pod: &Pod) -> Option<Duration> {
    let taint = Taint { key: UNREACHABLE.to_owned(), effect: TaintEffect::NoExecute, ..Taint::default() };
    let borne = pod.spec.tolerations.iter().filter(|toleration| taint.is_borne_by(toleration));
    let seconds: Vec<Option<i64>> = borne.map(|toleration| toleration.toleration_seconds).collect();
    // The API server adds a toleration of five minutes to pods that have none.
    let least = if seconds.is_empty() { Some(PATIENCE) } else { seconds.into_iter().flatten().min() };
    least.map(crate::plan::pods::seconds)
}

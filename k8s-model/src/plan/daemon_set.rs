//! Daemon sets (`pkg/controller/daemon`).

mod node;
mod update;

pub use node::{Fit, fit};

use std::collections::BTreeMap;

use super::action::{self, Action, Plan};
use super::at::{At, Names};
use super::history::{self, Parent, Present};
use super::owner::{Claim, controller_reference};
use super::pods::{available_at, from_template, is_available, is_ready, prefix};
use super::replica_set::count;
use crate::apps::{ControllerRevision, DaemonSet, DaemonSetStatus, DaemonSetUpdateStrategyType};
use crate::core::{Node, ObjectReference, Pod, PodPhase, PodTemplateSpec};
use crate::hash::CONTROLLER_REVISION_HASH;
use crate::object::Object;
use crate::selector::{Matcher, Selector};

/// How many pods are made or deleted at a time at most.
const BURST: usize = 250;

/// What is seen beside the daemon set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// All nodes.
    pub nodes: &'a [&'a Node],
    /// The pods of its namespace that it controls or that nobody controls; others do no harm.
    pub pods: &'a [&'a Pod],
    /// The revisions that it controls or that nobody controls.
    pub revisions: &'a [&'a ControllerRevision],
}

/// The plan of a daemon set. Its pods are bound to their node by an affinity, and placed there by the scheduler.
///
/// What is changed and what is updated is not done in one plan: an update waits until every node has its pod.
#[must_use]
pub fn plan(set: &DaemonSet, observed: &Observed<'_>, at: At) -> Plan<DaemonSetStatus> {
    let Ok(selector) = Selector::from_structured(set.spec.selector.as_deref()) else {
        return Plan::idle(set.status.clone());
    };
    if selector.is_everything() {
        let message = "This daemon set is selecting all pods. A non-empty selector is required.".to_owned();
        let told = action::warning(reference(set), "SelectingAll", message);
        return Plan { actions: vec![told], ..Plan::idle(set.status.clone()) };
    }
    Sync::new(set, &selector.compile(), observed, at).run()
}

fn reference(set: &DaemonSet) -> ObjectReference {
    action::reference("apps/v1", "DaemonSet", &set.metadata)
}

/// A daemon set that is being planned.
struct Sync<'a> {
    set: &'a DaemonSet,
    nodes: Vec<(&'a Node, Fit)>,
    /// The pods by the node that they are on or meant for, the oldest first.
    on_node: BTreeMap<&'a str, Vec<&'a Pod>>,
    pods: Vec<&'a Pod>,
    revisions: Vec<&'a ControllerRevision>,
    /// The hash of the present template.
    hash: String,
    collisions: i32,
    at: At,
    actions: Vec<Action>,
}

impl<'a> Sync<'a> {
    fn new(set: &'a DaemonSet, matcher: &Matcher, observed: &Observed<'a>, at: At) -> Self {
        let claim = Claim { owner: &set.metadata, api_version: "apps/v1", kind: "DaemonSet", matcher };
        let mut actions = Vec::new();
        let mut revisions = claim.claim(observed.revisions.iter().copied(), &mut actions);
        history::sort(&mut revisions);
        let pods = claim.claim(observed.pods.iter().copied(), &mut actions);
        let parent = Parent {
            metadata: &set.metadata,
            kind: "DaemonSet",
            hash_label: CONTROLLER_REVISION_HASH,
            template: &set.spec.template,
            collisions: set.status.collision_count,
        };
        let Present { revision, action, collisions } = parent.present(&revisions);
        actions.extend(action);
        let hash = revision.metadata.labels.get(CONTROLLER_REVISION_HASH).cloned().unwrap_or_default();
        let mut on_node: BTreeMap<&str, Vec<&Pod>> = BTreeMap::new();
        for pod in &pods {
            if let Some(name) = node::of(pod) {
                on_node.entry(name).or_default().push(pod);
            }
        }
        for pods in on_node.values_mut() {
            pods.sort_by_key(|pod| {
                (pod.spec.node_name.is_empty(), pod.metadata.creation_timestamp, &pod.metadata.name)
            });
        }
        let nodes = observed.nodes.iter().map(|node| (*node, fit(set, node))).collect();
        Self { set, nodes, on_node, pods, revisions, hash, collisions, at, actions }
    }

    fn run(mut self) -> Plan<DaemonSetStatus> {
        if self.set.metadata.deletion_timestamp.is_none() {
            let (to_create, to_delete) = self.missing_and_surplus();
            let settled = to_create.is_empty() && to_delete.is_empty();
            self.sync_nodes(&to_create, to_delete);
            if settled && self.set.spec.update_strategy.type_ == DaemonSetUpdateStrategyType::RollingUpdate {
                self.roll();
            }
            self.truncate();
        }
        self.finish()
    }

    fn on(&self, node: &str) -> &[&'a Pod] {
        self.on_node.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_new(&self, pod: &Pod) -> bool {
        pod.metadata.labels.get(CONTROLLER_REVISION_HASH) == Some(&self.hash)
    }

    fn is_available(&self, pod: &Pod) -> bool {
        is_available(pod, self.set.spec.min_ready_seconds, self.at.now)
    }

    /// The nodes that miss their pod, and the pods that are too many (`podsShouldBeOnNode`).
    fn missing_and_surplus(&mut self) -> (Vec<&'a str>, Vec<&'a Pod>) {
        let (mut to_create, mut to_delete) = (Vec::new(), Vec::new());
        for (node, fit) in self.nodes.clone() {
            let name = node.metadata.name.as_str();
            let pods: Vec<&Pod> = self.on(name).to_vec();
            let alive = pods.iter().copied().filter(|pod| pod.metadata.deletion_timestamp.is_none());
            match fit {
                Fit::Runs if pods.is_empty() => to_create.push(name),
                Fit::Runs | Fit::Stays => {
                    let running = self.without_ended(alive, &mut to_delete);
                    if !self.surges() {
                        to_delete.extend(running.into_iter().skip(1));
                    } else if running.is_empty() && fit == Fit::Runs && !self.pods_wait(name) {
                        to_create.push(name);
                    } else if running.len() > 1 {
                        to_delete.extend(self.surplus_of_surge(&running));
                    }
                }
                Fit::Not => to_delete.extend(alive),
            }
        }
        // Pods that wait for a node that is not there.
        let known: std::collections::BTreeSet<&str> =
            self.nodes.iter().map(|(node, _)| node.metadata.name.as_str()).collect();
        for (name, pods) in &self.on_node {
            if !known.contains(name) {
                to_delete.extend(pods.iter().filter(|pod| {
                    pod.spec.node_name.is_empty() && pod.metadata.deletion_timestamp.is_none()
                }));
            }
        }
        (to_create, to_delete)
    }

    /// Whether a pod that ended is still to be deleted before another one is made.
    fn pods_wait(&self, node: &str) -> bool {
        self.on(node).iter().any(|pod| {
            pod.metadata.deletion_timestamp.is_none()
                && matches!(pod.status.phase, PodPhase::Failed | PodPhase::Succeeded)
        })
    }

    /// The pods that did not end; those that did are deleted, so that they are made anew.
    fn without_ended(
        &mut self,
        pods: impl Iterator<Item = &'a Pod>,
        to_delete: &mut Vec<&'a Pod>,
    ) -> Vec<&'a Pod> {
        let mut running = Vec::new();
        for pod in pods {
            let place = format!(
                "daemon pod {}/{} on node {}",
                pod.metadata.namespace, pod.metadata.name, pod.spec.node_name
            );
            let told = match pod.status.phase {
                PodPhase::Failed => {
                    let message = format!("Found failed {place}, will try to kill it");
                    action::warning(reference(self.set), "FailedDaemonPod", message)
                }
                PodPhase::Succeeded => {
                    let message = format!("Found succeeded {place}, will try to delete it");
                    action::normal(reference(self.set), "SucceededDaemonPod", message)
                }
                _ => {
                    running.push(pod);
                    continue;
                }
            };
            self.actions.push(told);
            to_delete.push(pod);
        }
        running
    }

    fn sync_nodes(&mut self, to_create: &[&str], to_delete: Vec<&Pod>) {
        let metadata = &self.set.metadata;
        let owner = controller_reference("apps/v1", "DaemonSet", metadata);
        let taken: Vec<&str> = self.pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        let mut names = Names::new(self.at, prefix(&metadata.name), &metadata.uid, taken);
        let template: PodTemplateSpec = node::template(self.set, &self.hash);
        let mut told = Vec::new();
        for node in to_create.iter().take(BURST) {
            let mut pod = from_template(&template, &metadata.namespace, owner.clone());
            pod.metadata.generate_name.clone_from(&names.prefix);
            pod.metadata.name = names.next();
            node::bind(&mut pod, node);
            told.push(("SuccessfulCreate", format!("Created pod: {}", pod.metadata.name)));
            self.actions.push(Action::Create(pod.into()));
        }
        for pod in to_delete.into_iter().take(BURST) {
            told.push(("SuccessfulDelete", format!("Deleted pod: {}", pod.metadata.name)));
            self.actions.push(action::delete(action::reference("v1", "Pod", &pod.metadata), None));
        }
        let object = reference(self.set);
        self.actions.extend(
            told.into_iter().map(|(reason, message)| action::normal(object.clone(), reason, message)),
        );
    }

    fn truncate(&mut self) {
        let is_live = |revision: &ControllerRevision| {
            let hash = revision.metadata.labels.get(CONTROLLER_REVISION_HASH);
            let has =
                |pod: &&Pod| hash.is_some() && pod.metadata.labels.get(CONTROLLER_REVISION_HASH) == hash;
            hash == Some(&self.hash) || self.pods.iter().any(has)
        };
        let limit = self.set.spec.revision_history_limit.unwrap_or(10);
        self.actions.extend(history::truncate(&self.revisions, is_live, limit));
    }

    fn status(&self) -> DaemonSetStatus {
        let mut status = DaemonSetStatus {
            observed_generation: self.set.metadata.generation,
            conditions: self.set.status.conditions.clone(),
            collision_count: (self.collisions > 0).then_some(self.collisions),
            ..DaemonSetStatus::default()
        };
        for (node, fit) in &self.nodes {
            let first = self.on(&node.metadata.name).first();
            if *fit != Fit::Runs {
                status.number_misscheduled += i32::from(first.is_some());
                continue;
            }
            status.desired_number_scheduled += 1;
            let Some(pod) = first else { continue };
            status.current_number_scheduled += 1;
            status.number_ready += i32::from(is_ready(pod));
            status.number_available += i32::from(self.is_available(pod));
            status.updated_number_scheduled += i32::from(self.is_new(pod));
        }
        status.number_unavailable = status.desired_number_scheduled - status.number_available;
        status
    }

    fn finish(mut self) -> Plan<DaemonSetStatus> {
        let status = self.status();
        let min_ready = self.set.spec.min_ready_seconds;
        let requeue_at = (min_ready > 0 && status.number_ready != status.number_available)
            .then(|| self.pods.iter().filter_map(|pod| available_at(pod, min_ready)))
            .and_then(|moments| moments.filter(|moment| *moment > self.at.now).min());
        if status != self.set.status {
            let written = DaemonSet { status: status.clone(), ..self.set.clone() };
            self.actions.push(Action::UpdateStatus(Object::from(written)));
        }
        Plan { actions: self.actions, status, requeue_at }
    }

    /// How many nodes should have the pod.
    fn desired(&self) -> i32 {
        count(self.nodes.iter().filter(|(_, fit)| *fit == Fit::Runs).count())
    }
}

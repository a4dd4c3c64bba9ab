//! Stateful sets (`pkg/controller/statefulset`).

mod claims;
mod identity;
mod update;

pub use identity::{POD_INDEX, POD_NAME};

use std::collections::HashMap;

use super::action::{self, Action, Plan};
use super::at::At;
use super::history::{self, Parent, Present};
use super::owner::Claim;
use super::pods::{available_at, is_available, is_over, is_ready};
use crate::apps::{
    ControllerRevision, PodManagementPolicyType, StatefulSet, StatefulSetStatus,
    StatefulSetUpdateStrategyType,
};
use crate::core::{ObjectReference, PersistentVolumeClaim, Pod, PodPhase, PodTemplateSpec};
use crate::hash::CONTROLLER_REVISION_HASH;
use crate::object::Object;
use crate::selector::{Matcher, Selector};

/// What is seen beside the stateful set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// The pods of its namespace that it controls or that nobody controls; others do no harm.
    pub pods: &'a [&'a Pod],
    /// The revisions that it controls or that nobody controls.
    pub revisions: &'a [&'a ControllerRevision],
    /// The claims of its namespace; others than its own do no harm.
    pub claims: &'a [&'a PersistentVolumeClaim],
}

/// The plan of a stateful set.
///
/// How many pods may be missing in an update is heeded with both ways of pod management. A pod of an old revision that is not available
/// anyway does not wait for that.
#[must_use]
pub fn plan(set: &StatefulSet, observed: &Observed<'_>, at: At) -> Plan<StatefulSetStatus> {
    let Ok(selector) = Selector::from_structured(set.spec.selector.as_deref()) else {
        return Plan::idle(set.status.clone());
    };
    Sync::new(set, &selector.compile(), observed, at).run()
}

/// A pod as the controller looks at it: there, or to be made.
struct Replica<'a> {
    pod: std::borrow::Cow<'a, Pod>,
    ordinal: i32,
}

impl Replica<'_> {
    fn is_created(&self) -> bool {
        !self.pod.status.phase.is_unset()
    }

    fn is_going(&self) -> bool {
        self.pod.metadata.deletion_timestamp.is_some()
    }

    fn is_running_and_ready(&self) -> bool {
        self.pod.status.phase == PodPhase::Running && is_ready(&self.pod)
    }

    fn is_healthy(&self) -> bool {
        self.is_running_and_ready() && !self.is_going()
    }

    fn revision(&self) -> &str {
        self.pod.metadata.labels.get(CONTROLLER_REVISION_HASH).map(String::as_str).unwrap_or_default()
    }
}

/// Whether a plan may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Next,
    Wait,
}

/// A stateful set that is being planned.
struct Sync<'a> {
    set: &'a StatefulSet,
    revisions: Vec<&'a ControllerRevision>,
    pods: Vec<&'a Pod>,
    claims: HashMap<&'a str, &'a PersistentVolumeClaim>,
    current: String,
    update: String,
    /// The template of the revision that is not replaced yet.
    current_template: PodTemplateSpec,
    collisions: i32,
    at: At,
    actions: Vec<Action>,
}

impl<'a> Sync<'a> {
    fn new(set: &'a StatefulSet, matcher: &Matcher, observed: &'a Observed<'a>, at: At) -> Self {
        let claim = Claim { owner: &set.metadata, api_version: "apps/v1", kind: "StatefulSet", matcher };
        let mut actions = Vec::new();
        let mut revisions = claim.claim(observed.revisions.iter().copied(), &mut actions);
        history::sort(&mut revisions);
        let members = observed.pods.iter().copied().filter(|pod| identity::ordinal(set, pod).is_some());
        let pods = claim.claim(members, &mut actions);
        let parent = Parent {
            metadata: &set.metadata,
            kind: "StatefulSet",
            hash_label: history::HASH,
            template: &set.spec.template,
            collisions: set.status.collision_count,
        };
        let Present { revision, action, collisions } = parent.present(&revisions);
        actions.extend(action);
        let update = revision.metadata.name;
        let current = revisions.iter().find(|revision| revision.metadata.name == set.status.current_revision);
        let template = current.and_then(|current| history::template_of(current));
        Self {
            current: current.map_or_else(|| update.clone(), |current| current.metadata.name.clone()),
            current_template: template.unwrap_or_else(|| set.spec.template.clone()),
            update,
            claims: (observed.claims.iter())
                .filter(|claim| claim.metadata.namespace == set.metadata.namespace)
                .map(|claim| (claim.metadata.name.as_str(), *claim))
                .collect(),
            set,
            revisions,
            pods,
            collisions,
            at,
            actions,
        }
    }

    fn run(mut self) -> Plan<StatefulSetStatus> {
        let (mut replicas, mut condemned) = self.partition();
        let mut status =
            self.status(replicas.iter().filter(|replica| replica.is_created()).chain(&condemned));
        if self.set.metadata.deletion_timestamp.is_none() {
            let replaced = self.keep(&mut replicas, &mut condemned);
            status = self.status(replicas.iter().chain(&condemned));
            status.current_replicas -= replaced;
        }
        self.finish(status)
    }

    /// Sorts the pods into those whose number is wanted, with those that are missing, and those whose number is not, the highest first.
    fn partition(&self) -> (Vec<Replica<'a>>, Vec<Replica<'a>>) {
        let (start, count) = (self.start(), self.replicas());
        let mut by_number: std::collections::BTreeMap<i32, Replica<'a>> = std::collections::BTreeMap::new();
        let mut condemned = Vec::new();
        for pod in self.pods.iter().copied() {
            let Some(ordinal) = identity::ordinal(self.set, pod) else { continue };
            let replica = Replica { pod: std::borrow::Cow::Borrowed(pod), ordinal };
            if (start..start.saturating_add(count)).contains(&ordinal) {
                by_number.insert(ordinal, replica);
            } else {
                condemned.push(replica);
            }
        }
        condemned.sort_by_key(|replica| std::cmp::Reverse(replica.ordinal));
        let wanted = start..start.saturating_add(count);
        let replicas =
            wanted.map(|ordinal| by_number.remove(&ordinal).unwrap_or_else(|| self.missing(ordinal)));
        (replicas.collect(), condemned)
    }

    fn missing(&self, ordinal: i32) -> Replica<'a> {
        let pod = if self.needs_current(ordinal) {
            identity::pod(self.set, &self.current_template, &self.current, ordinal)
        } else {
            identity::pod(self.set, &self.set.spec.template, &self.update, ordinal)
        };
        Replica { pod: std::borrow::Cow::Owned(pod), ordinal }
    }

    /// Whether a pod of that number is still made from the old revision.
    fn needs_current(&self, ordinal: i32) -> bool {
        let strategy = &self.set.spec.update_strategy;
        if strategy.type_ != StatefulSetUpdateStrategyType::RollingUpdate {
            return false;
        }
        let kept = match &strategy.rolling_update {
            None => self.set.status.current_replicas,
            Some(rolling) => rolling.partition.unwrap_or(0),
        };
        ordinal < self.start().saturating_add(kept)
    }

    fn start(&self) -> i32 {
        self.set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start)
    }

    fn replicas(&self) -> i32 {
        self.set.spec.replicas.unwrap_or(1).max(0)
    }

    fn is_ordered(&self) -> bool {
        self.set.spec.pod_management_policy != PodManagementPolicyType::Parallel
    }

    fn is_available(&self, replica: &Replica<'_>) -> bool {
        replica.is_running_and_ready()
            && is_available(&replica.pod, self.set.spec.min_ready_seconds, self.at.now)
    }

    fn reference(&self) -> ObjectReference {
        action::reference("apps/v1", "StatefulSet", &self.set.metadata)
    }

    fn report(&mut self, reason: &'static str, message: String) {
        self.actions.push(action::normal(self.reference(), reason, message));
    }

    fn status<'r, 'p: 'r>(&self, replicas: impl Iterator<Item = &'r Replica<'p>>) -> StatefulSetStatus {
        let mut status = StatefulSetStatus {
            observed_generation: self.set.metadata.generation,
            current_revision: self.current.clone(),
            update_revision: self.update.clone(),
            collision_count: Some(self.collisions),
            conditions: self.set.status.conditions.clone(),
            ..StatefulSetStatus::default()
        };
        for replica in replicas.filter(|replica| replica.is_created()) {
            status.replicas += 1;
            status.ready_replicas += i32::from(replica.is_running_and_ready());
            status.available_replicas += i32::from(self.is_available(replica));
            if !replica.is_going() {
                status.current_replicas += i32::from(replica.revision() == self.current);
                status.updated_replicas += i32::from(replica.revision() == self.update);
            }
        }
        status
    }

    fn finish(mut self, mut status: StatefulSetStatus) -> Plan<StatefulSetStatus> {
        let (spec, replicas) = (&self.set.spec, self.replicas());
        // When all are of the new revision and ready, it becomes the present one.
        if spec.update_strategy.type_ == StatefulSetUpdateStrategyType::RollingUpdate
            && [status.updated_replicas, status.ready_replicas, status.replicas] == [replicas; 3]
        {
            status.current_replicas = status.updated_replicas;
            status.current_revision.clone_from(&status.update_revision);
        }
        let min_ready = spec.min_ready_seconds;
        let requeue_at = (min_ready > 0 && status.available_replicas != replicas)
            .then(|| self.pods.iter().filter_map(|pod| available_at(pod, min_ready)))
            .and_then(|moments| moments.filter(|moment| *moment > self.at.now).min());
        self.truncate();
        if status != self.set.status {
            let written = StatefulSet { status: status.clone(), ..self.set.clone() };
            self.actions.push(Action::UpdateStatus(Object::from(written)));
        }
        Plan { actions: self.actions, status, requeue_at }
    }

    fn truncate(&mut self) {
        let is_live = |revision: &ControllerRevision| {
            let name = &revision.metadata.name;
            let label = |pod: &Pod| pod.metadata.labels.get(CONTROLLER_REVISION_HASH) == Some(name);
            [&self.current, &self.update].contains(&name) || self.pods.iter().any(|pod| label(pod))
        };
        let limit = self.set.spec.revision_history_limit.unwrap_or(10);
        self.actions.extend(history::truncate(&self.revisions, is_live, limit));
    }

    fn delete(&mut self, replica: &Replica<'_>) {
        let metadata = &replica.pod.metadata;
        let message =
            format!("delete Pod {} in StatefulSet {} successful", metadata.name, self.set.metadata.name);
        self.actions.push(action::delete(action::reference("v1", "Pod", metadata), None));
        self.report("SuccessfulDelete", message);
    }
}

/// Whether a pod ended and must be made anew.
fn has_ended(replica: &Replica<'_>) -> bool {
    is_over(&replica.pod)
}

//! Replica sets, and replication controllers, which are the same (`pkg/controller/replicaset`).

use super::action::{self, Action, Plan};
use super::at::{At, Names};
use super::owner::{Claim, controller_reference};
use super::pods::{available_at, from_template, is_active, is_available, is_ready, is_terminating, prefix};
use super::rank;
use crate::apps::{ReplicaSet, ReplicaSetCondition, ReplicaSetConditionType, ReplicaSetStatus};
use crate::core::{
    ConditionStatus, ObjectReference, Pod, PodTemplateSpec, ReplicationController,
    ReplicationControllerCondition, ReplicationControllerConditionType, ReplicationControllerStatus,
};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::selector::{Matcher, Selector};
use crate::time::Time;

/// How many pods are made or deleted at a time at most.
pub const BURST: usize = 500;

/// What is seen beside the replica set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// The pods of its namespace that it controls or that nobody controls; others do no harm.
    pub pods: &'a [&'a Pod],
    /// The pods of all replica sets with the same controller, its own among them; empty when it has none.
    pub related: &'a [&'a Pod],
    /// Why pods could not be made or deleted the last time.
    pub failure: Option<&'a str>,
}

/// The plan of a replica set.
///
/// A selector that is none, or that is absent, selects nothing, and nothing is done.
#[must_use]
pub fn plan(set: &ReplicaSet, observed: &Observed<'_>, at: At) -> Plan<ReplicaSetStatus> {
    let spec = &set.spec;
    let Ok(selector) = Selector::from_structured(spec.selector.as_deref()) else {
        return Plan::idle(set.status.clone());
    };
    let keeper = Keeper {
        metadata: &set.metadata,
        api_version: "apps/v1",
        kind: "ReplicaSet",
        replicas: spec.replicas.unwrap_or(1),
        min_ready_seconds: spec.min_ready_seconds,
        matcher: selector.compile(),
        template: &spec.template,
        status: &set.status,
    };
    let mut plan = keeper.plan(observed, at);
    if plan.status != set.status {
        plan.actions.push(Action::UpdateStatus(Object::from(ReplicaSet {
            status: plan.status.clone(),
            ..set.clone()
        })));
    }
    plan
}

/// The plan of a replication controller. One without a template makes no pods.
#[must_use]
pub fn plan_replication_controller(
    controller: &ReplicationController,
    observed: &Observed<'_>,
    at: At,
) -> Plan<ReplicationControllerStatus> {
    let (spec, status) = (&controller.spec, &controller.status);
    let Some(template) = spec.template.as_deref() else { return Plan::idle(status.clone()) };
    let keeper = Keeper {
        metadata: &controller.metadata,
        api_version: "v1",
        kind: "ReplicationController",
        replicas: spec.replicas.unwrap_or(1),
        min_ready_seconds: spec.min_ready_seconds,
        matcher: Selector::from_map(&spec.selector).compile(),
        template,
        status: &status_of(status),
    };
    let Plan { mut actions, status: new, requeue_at } = keeper.plan(observed, at);
    let new = controller_status(new);
    if new != *status {
        let controller = ReplicationController { status: new.clone(), ..controller.clone() };
        actions.push(Action::UpdateStatus(controller.into()));
    }
    Plan { actions, status: new, requeue_at }
}

fn status_of(status: &ReplicationControllerStatus) -> ReplicaSetStatus {
    let condition = |condition: &ReplicationControllerCondition| ReplicaSetCondition {
        type_: ReplicaSetConditionType::from(condition.type_.as_str()),
        status: condition.status.clone(),
        last_transition_time: condition.last_transition_time,
        reason: condition.reason.clone(),
        message: condition.message.clone(),
    };
    ReplicaSetStatus {
        replicas: status.replicas,
        fully_labeled_replicas: status.fully_labeled_replicas,
        ready_replicas: status.ready_replicas,
        available_replicas: status.available_replicas,
        terminating_replicas: None,
        observed_generation: status.observed_generation,
        conditions: status.conditions.iter().map(condition).collect(),
    }
}

fn controller_status(status: ReplicaSetStatus) -> ReplicationControllerStatus {
    let condition = |condition: ReplicaSetCondition| ReplicationControllerCondition {
        type_: ReplicationControllerConditionType::from(condition.type_.as_str()),
        status: condition.status,
        last_transition_time: condition.last_transition_time,
        reason: condition.reason,
        message: condition.message,
    };
    ReplicationControllerStatus {
        replicas: status.replicas,
        fully_labeled_replicas: status.fully_labeled_replicas,
        ready_replicas: status.ready_replicas,
        available_replicas: status.available_replicas,
        observed_generation: status.observed_generation,
        conditions: status.conditions.into_iter().map(condition).collect(),
    }
}

/// What keeps a number of pods: what the two kinds have in common.
struct Keeper<'k> {
    metadata: &'k ObjectMeta,
    api_version: &'static str,
    kind: &'static str,
    replicas: i32,
    min_ready_seconds: i32,
    matcher: Matcher,
    template: &'k PodTemplateSpec,
    status: &'k ReplicaSetStatus,
}

impl Keeper<'_> {
    fn plan(&self, observed: &Observed<'_>, at: At) -> Plan<ReplicaSetStatus> {
        let claim = Claim {
            owner: self.metadata,
            api_version: self.api_version,
            kind: self.kind,
            matcher: &self.matcher,
        };
        let mut actions = Vec::new();
        let active = observed.pods.iter().copied().filter(|pod| is_active(pod));
        let own = claim.claim(active, &mut actions);
        let going = claim.claimed(observed.pods.iter().copied().filter(|pod| is_terminating(pod)));
        if self.metadata.deletion_timestamp.is_none() {
            self.manage(&own, observed, at, &mut actions);
        }
        let status = self.status(&own, going.len(), observed.failure, at);
        let requeue_at = (self.min_ready_seconds > 0 && status.ready_replicas != status.available_replicas)
            .then(|| own.iter().filter_map(|pod| available_at(pod, self.min_ready_seconds)))
            .and_then(|moments| moments.filter(|moment| *moment > at.now).min());
        Plan { actions, status, requeue_at }
    }

    fn reference(&self) -> ObjectReference {
        action::reference(self.api_version, self.kind, self.metadata)
    }

    fn manage(&self, own: &[&Pod], observed: &Observed<'_>, at: At, actions: &mut Vec<Action>) {
        let wanted = usize::try_from(self.replicas).unwrap_or(0);
        if own.len() < wanted {
            self.create((wanted - own.len()).min(BURST), observed, at, actions);
        } else {
            let count = (own.len() - wanted).min(BURST);
            for pod in rank::to_delete(own, observed.related, count, at.now) {
                let message = format!("Deleted pod: {}", pod.metadata.name);
                actions.push(action::delete(action::reference("v1", "Pod", &pod.metadata), None));
                actions.push(action::normal(self.reference(), "SuccessfulDelete", message));
            }
        }
    }

    fn create(&self, count: usize, observed: &Observed<'_>, at: At, actions: &mut Vec<Action>) {
        let owner = controller_reference(self.api_version, self.kind, self.metadata);
        let taken = observed.pods.iter().map(|pod| pod.metadata.name.as_str());
        let mut names = Names::new(at, prefix(&self.metadata.name), &self.metadata.uid, taken);
        let first = actions.len();
        for _ in 0..count {
            let mut pod = from_template(self.template, &self.metadata.namespace, owner.clone());
            pod.metadata.generate_name.clone_from(&names.prefix);
            pod.metadata.name = names.next();
            actions.push(Action::Create(pod.into()));
        }
        let made: Vec<Action> = actions
            .iter()
            .skip(first)
            .filter_map(|action| match action {
                Action::Create(pod) => Some(format!("Created pod: {}", pod.name())),
                _ => None,
            })
            .map(|message| action::normal(self.reference(), "SuccessfulCreate", message))
            .collect();
        actions.extend(made);
    }

    fn status(&self, own: &[&Pod], going: usize, failure: Option<&str>, at: At) -> ReplicaSetStatus {
        let labels = &self.template.metadata.labels;
        let mut status = ReplicaSetStatus {
            replicas: count(own.len()),
            observed_generation: self.metadata.generation,
            conditions: self.status.conditions.clone(),
            terminating_replicas: Some(count(going)),
            ..ReplicaSetStatus::default()
        };
        for pod in own {
            let full = labels.iter().all(|(key, value)| pod.metadata.labels.get(key) == Some(value));
            let available = is_available(pod, self.min_ready_seconds, at.now);
            status.fully_labeled_replicas += i32::from(full);
            status.ready_replicas += i32::from(is_ready(pod));
            status.available_replicas += i32::from(available);
        }
        let failed =
            |condition: &ReplicaSetCondition| condition.type_ == ReplicaSetConditionType::ReplicaFailure;
        match failure {
            None => status.conditions.retain(|condition| !failed(condition)),
            Some(_) if status.conditions.iter().any(failed) => {}
            Some(message) => status.conditions.push(ReplicaSetCondition {
                type_: ReplicaSetConditionType::ReplicaFailure,
                status: ConditionStatus::True,
                last_transition_time: Some(Time::from(at.now)),
                reason: self.failure_reason(own.len()).to_owned(),
                message: message.to_owned(),
            }),
        }
        status
    }

    fn failure_reason(&self, own: usize) -> &'static str {
        match count(own).cmp(&self.replicas) {
            std::cmp::Ordering::Less => "FailedCreate",
            std::cmp::Ordering::Equal => "",
            std::cmp::Ordering::Greater => "FailedDelete",
        }
    }
}

/// How many, in the type of the API.
pub(super) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

//! Deployments (`pkg/controller/deployment`).
//!
//! A deployment makes a replica set for each template that it has had, and moves pods from the old ones to the new one.

mod cleanup;
mod condition;
mod progress;
mod rollout;
mod scale;
mod sets;
mod undo;

pub use sets::{new_set_name, revision};
pub use undo::{UndoError, undo};

use super::action::{self, Action, Plan};
use super::at::At;
use super::owner::Claim;
use crate::apps::{Deployment, DeploymentStatus, DeploymentStrategyType, ReplicaSet};
use crate::core::{ObjectReference, Pod};
use crate::object::Object;
use crate::selector::{Matcher, Selector};
use sets::Set;

/// The annotation that numbers the revisions of a deployment, on itself and on its replica sets.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// The annotation of a replica set with the numbers that it had before.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// The annotation of a replica set with the size of the deployment when it was last scaled.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// The annotation of a replica set with the most pods that the deployment could have when it was last scaled.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// The annotation that asks for an old revision; 0 is the one before.
pub const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// What is seen beside the deployment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// The replica sets of its namespace that it controls or that nobody controls, and the one with the name [`new_set_name`], whoever
    /// controls it. Others do no harm.
    pub sets: &'a [&'a ReplicaSet],
    /// The pods of those replica sets; only the strategy `Recreate` looks at them.
    pub pods: &'a [&'a Pod],
    /// Why a replica set could not be made the last time.
    pub failure: Option<&'a str>,
}

/// The plan of a deployment. Its defaults must be filled in, and so must those of the replica sets, or none of them.
///
/// ```
/// use k8s_model::apps::{Deployment, ReplicaSet};
/// use k8s_model::decode::{Mode, decode_str};
/// use k8s_model::default::default;
/// use k8s_model::object::Object;
/// use k8s_model::plan::{Action, At, deployment};
///
/// let text = "
/// apiVersion: apps/v1
/// kind: Deployment
/// metadata: {name: web, namespace: default, uid: 1f}
/// spec:
///   replicas: 3
///   selector: {matchLabels: {app: web}}
///   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
/// ";
/// let mut object = decode_str(text, "web.yaml", Mode::Strict).documents.remove(0).object;
/// default(&mut object);
/// let Object::Deployment(deployment) = object else { unreachable!() };
/// let at = At::new("2026-11-25T12:00:00Z".parse()?, 1);
/// let plan = deployment::plan(&deployment, &deployment::Observed::default(), at);
/// let Action::Create(Object::ReplicaSet(set)) = &plan.actions[0] else { unreachable!() };
/// assert_eq!(set.spec.replicas, Some(3));
/// # Ok::<(), pod_core::ParseTimestampError>(())
/// ```
#[must_use]
pub fn plan(deployment: &Deployment, observed: &Observed<'_>, at: At) -> Plan<DeploymentStatus> {
    let Ok(selector) = Selector::from_structured(deployment.spec.selector.as_deref()) else {
        return Plan::idle(deployment.status.clone());
    };
    let mut sync = Sync::new(deployment, &selector.compile(), observed, at);
    if selector.is_everything() {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        sync.actions.push(action::warning(sync.reference(), "SelectingAll", message.to_owned()));
        let generation = deployment.metadata.generation;
        sync.deployment.status.observed_generation =
            sync.deployment.status.observed_generation.max(generation);
        return sync.finish(None);
    }
    sync.run()
}

/// A deployment that is being planned: copies of all that may change.
struct Sync<'a> {
    before: &'a Deployment,
    observed: &'a Observed<'a>,
    deployment: Deployment,
    /// Its replica sets, the oldest first; one that is to be made is the last.
    sets: Vec<Set>,
    /// Which of them is of the present template.
    new: Option<usize>,
    at: At,
    actions: Vec<Action>,
}

impl<'a> Sync<'a> {
    fn new(deployment: &'a Deployment, matcher: &Matcher, observed: &'a Observed<'a>, at: At) -> Self {
        let claim =
            Claim { owner: &deployment.metadata, api_version: "apps/v1", kind: "Deployment", matcher };
        let mut actions = Vec::new();
        let own = claim.claim(observed.sets.iter().copied(), &mut actions);
        // One that is adopted has an owner from now on, also when it is written once more.
        let mut adopted: Vec<ReplicaSet> = Vec::new();
        actions.retain(|action| match action {
            Action::Update(Object::ReplicaSet(set))
                if own.iter().any(|own| own.metadata.uid == set.metadata.uid) =>
            {
                adopted.push((**set).clone());
                false
            }
            _ => true,
        });
        let mut sets: Vec<Set> = own
            .into_iter()
            .map(|set| match adopted.iter().find(|adopted| adopted.metadata.uid == set.metadata.uid) {
                Some(adopted) => Set { changed: true, ..Set::observed(adopted.clone()) },
                None => Set::observed(set.clone()),
            })
            .collect();
        sets.sort_by(Set::older);
        Self { before: deployment, observed, deployment: deployment.clone(), sets, new: None, at, actions }
    }

    fn run(mut self) -> Plan<DeploymentStatus> {
        if self.deployment.metadata.deletion_timestamp.is_some() {
            self.find_new(false);
            let status = self.counted();
            return self.finish(Some(status));
        }
        self.check_paused();
        if self.deployment.spec.paused {
            return self.run_scaling();
        }
        if self.deployment.metadata.annotations.contains_key(ROLLBACK_TO) {
            self.roll_back();
            return self.finish(None);
        }
        self.find_new(false);
        if self.is_scaling() {
            return self.run_scaling();
        }
        let going_on = match self.deployment.spec.strategy.type_ {
            DeploymentStrategyType::Recreate => self.recreate(),
            _ => self.roll(),
        };
        if !going_on {
            return self.finish(None);
        }
        let status = self.rolled_out();
        self.finish(Some(status))
    }

    /// What is done when the deployment is paused, or its size changed: its replica sets are scaled, and nothing is rolled out.
    fn run_scaling(mut self) -> Plan<DeploymentStatus> {
        self.find_new(false);
        self.scale();
        if self.deployment.spec.paused && !self.deployment.metadata.annotations.contains_key(ROLLBACK_TO) {
            self.clean_up();
        }
        let status = self.counted();
        self.finish(Some(status))
    }

    fn reference(&self) -> ObjectReference {
        action::reference("apps/v1", "Deployment", &self.before.metadata)
    }

    fn report(&mut self, reason: &'static str, message: String) {
        self.actions.push(action::normal(self.reference(), reason, message));
    }

    const fn replicas(&self) -> i32 {
        match self.deployment.spec.replicas {
            Some(replicas) => replicas,
            None => 1,
        }
    }

    /// The sets before the present one.
    fn old(&self) -> impl Iterator<Item = &Set> {
        let new = self.new;
        self.sets.iter().enumerate().filter(move |(index, _)| Some(*index) != new).map(|(_, set)| set)
    }

    fn new_set(&self) -> Option<&Set> {
        self.new.and_then(|index| self.sets.get(index))
    }

    /// Writes what changed: replica sets first, as far as they are not deleted, then the deployment.
    fn finish(mut self, status: Option<DeploymentStatus>) -> Plan<DeploymentStatus> {
        if let Some(status) = status {
            self.deployment.status = status;
        }
        let mut actions = Vec::new();
        for set in self.sets.iter().filter(|set| set.changed && !set.deleted) {
            let object = Object::from(set.object.clone());
            actions.push(if set.created { Action::Create(object) } else { Action::Update(object) });
        }
        actions.append(&mut self.actions);
        let requeue_at = self.stuck_at();
        let Deployment { metadata, spec, status } = self.deployment;
        if metadata != self.before.metadata || spec != self.before.spec {
            let written = Deployment { metadata, spec, status: self.before.status.clone() };
            actions.push(Action::Update(written.into()));
        }
        if status != self.before.status {
            let written = Deployment { status: status.clone(), ..self.before.clone() };
            actions.push(Action::UpdateStatus(written.into()));
        }
        Plan { actions, status, requeue_at }
    }
}

//! All objects together: each controller is given what it looks at.

use std::collections::HashMap;

use pod_core::Timestamp;

use super::action::{Action, Plan, reference};
use super::at::At;
use super::owner::controller_of;
use super::{deployment, job, replica_set, stateful_set};
use crate::apps::{ControllerRevision, Deployment, ReplicaSet, StatefulSet};
use crate::core::{ObjectReference, PersistentVolumeClaim, Pod, ReplicationController};
use crate::meta::ObjectMeta;
use crate::object::Object;

/// The objects that are seen, by who controls them.
///
/// It only borrows them, and making it costs one pass.
#[derive(Debug, Clone, Default)]
pub struct World<'a> {
    objects: Vec<&'a Object>,
    pods: Kept<'a, Pod>,
    sets: Kept<'a, ReplicaSet>,
    revisions: Kept<'a, ControllerRevision>,
    claims: HashMap<&'a str, Vec<&'a PersistentVolumeClaim>>,
    sets_by_name: HashMap<(&'a str, &'a str), &'a ReplicaSet>,
    failures: HashMap<String, String>,
}

/// What is due for one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The object.
    pub object: ObjectReference,
    /// What is to be done.
    pub actions: Vec<Action>,
    /// When to look again, even when nothing happens; absent is never.
    pub requeue_at: Option<Timestamp>,
}

/// Objects of a kind by the identifier of their controller, and those without one by namespace.
#[derive(Debug, Clone)]
struct Kept<'a, T> {
    by_controller: HashMap<&'a str, Vec<&'a T>>,
    orphans: HashMap<&'a str, Vec<&'a T>>,
}

impl<T> Default for Kept<'_, T> {
    fn default() -> Self {
        Self { by_controller: HashMap::new(), orphans: HashMap::new() }
    }
}

impl<'a, T> Kept<'a, T> {
    fn insert(&mut self, metadata: &'a ObjectMeta, object: &'a T) {
        match controller_of(metadata) {
            Some(owner) => self.by_controller.entry(&owner.uid).or_default().push(object),
            None => self.orphans.entry(&metadata.namespace).or_default().push(object),
        }
    }

    fn of(&self, uid: &str) -> &[&'a T] {
        self.by_controller.get(uid).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of a controller, and those of nobody that it may adopt.
    fn candidates(&self, metadata: &ObjectMeta) -> Vec<&'a T> {
        let orphans = self.orphans.get(metadata.namespace.as_str()).map(Vec::as_slice).unwrap_or_default();
        [self.of(&metadata.uid), orphans].concat()
    }
}

impl<'a> World<'a> {
    /// The world of these objects. Lists count as what is in them.
    #[must_use]
    pub fn new(objects: impl IntoIterator<Item = &'a Object>) -> Self {
        let mut world = Self::default();
        objects.into_iter().for_each(|object| world.insert(object));
        world
    }

    fn insert(&mut self, object: &'a Object) {
        match object {
            Object::List(list) => return list.items.iter().for_each(|object| self.insert(object)),
            Object::Pod(pod) => self.pods.insert(&pod.metadata, pod),
            Object::ReplicaSet(set) => {
                self.sets.insert(&set.metadata, set);
                self.sets_by_name.insert((&set.metadata.namespace, &set.metadata.name), set);
            }
            Object::ControllerRevision(revision) => self.revisions.insert(&revision.metadata, revision),
            Object::PersistentVolumeClaim(claim) => {
                self.claims.entry(&claim.metadata.namespace).or_default().push(claim);
            }
            _ => {}
        }
        self.objects.push(object);
    }

    /// Says that what was planned for the object with this identifier failed the last time, and why: it goes to its conditions.
    pub fn failed(&mut self, uid: impl Into<String>, why: impl Into<String>) {
        self.failures.insert(uid.into(), why.into());
    }

    /// What all controllers want done now, in the order of the objects; objects that are as they should be, and need not be looked at
    /// again, are left out.
    #[must_use]
    pub fn plan(&self, at: At) -> Vec<Planned> {
        self.objects.iter().filter_map(|object| self.plan_object(object, at)).collect()
    }

    /// What the controller of one object wants done; `None` when it has none, or nothing is due and never will be by itself.
    #[must_use]
    pub fn plan_object(&self, object: &Object, at: At) -> Option<Planned> {
        let due = match object {
            Object::Deployment(deployment) => due(self.deployment(deployment, at)),
            Object::ReplicaSet(set) => due(self.replica_set(set, at)),
            Object::ReplicationController(controller) => due(self.replication_controller(controller, at)),
            Object::StatefulSet(set) => due(self.stateful_set(set, at)),
            Object::Job(job) => {
                let observed = job::Observed { pods: &self.pods.candidates(&job.metadata) };
                due(job::plan(job, &observed, at))
            }
            _ => return None,
        };
        let (actions, requeue_at) = due;
        let metadata = object.metadata()?;
        (!actions.is_empty() || requeue_at.is_some()).then(|| Planned {
            object: reference(object.api_version(), object.kind(), metadata),
            actions,
            requeue_at,
        })
    }

    fn failure(&self, metadata: &ObjectMeta) -> Option<&str> {
        self.failures.get(&metadata.uid).map(String::as_str)
    }

    fn deployment(&self, object: &Deployment, at: At) -> Plan<crate::apps::DeploymentStatus> {
        let mut sets = self.sets.candidates(&object.metadata);
        let name = deployment::new_set_name(object);
        let taken = self.sets_by_name.get(&(object.metadata.namespace.as_str(), name.as_str()));
        sets.extend(taken.filter(|set| {
            controller_of(&set.metadata).is_some_and(|owner| owner.uid != object.metadata.uid)
        }));
        let pods: Vec<&Pod> = sets.iter().flat_map(|set| self.pods.of(&set.metadata.uid)).copied().collect();
        let observed =
            deployment::Observed { sets: &sets, pods: &pods, failure: self.failure(&object.metadata) };
        deployment::plan(object, &observed, at)
    }

    fn replica_set(&self, set: &ReplicaSet, at: At) -> Plan<crate::apps::ReplicaSetStatus> {
        let siblings = controller_of(&set.metadata).map_or(&[][..], |owner| self.sets.of(&owner.uid));
        let related: Vec<&Pod> =
            siblings.iter().flat_map(|set| self.pods.of(&set.metadata.uid)).copied().collect();
        let observed = replica_set::Observed {
            pods: &self.pods.candidates(&set.metadata),
            related: &related,
            failure: self.failure(&set.metadata),
        };
        replica_set::plan(set, &observed, at)
    }

    fn stateful_set(&self, set: &StatefulSet, at: At) -> Plan<crate::apps::StatefulSetStatus> {
        let claims = self.claims.get(set.metadata.namespace.as_str()).map(Vec::as_slice).unwrap_or_default();
        let observed = stateful_set::Observed {
            pods: &self.pods.candidates(&set.metadata),
            revisions: &self.revisions.candidates(&set.metadata),
            claims,
        };
        stateful_set::plan(set, &observed, at)
    }

    fn replication_controller(
        &self,
        controller: &ReplicationController,
        at: At,
    ) -> Plan<crate::core::ReplicationControllerStatus> {
        let observed = replica_set::Observed {
            pods: &self.pods.candidates(&controller.metadata),
            related: &[],
            failure: self.failure(&controller.metadata),
        };
        replica_set::plan_replication_controller(controller, &observed, at)
    }
}

fn due<S>(plan: Plan<S>) -> (Vec<Action>, Option<Timestamp>) {
    (plan.actions, plan.requeue_at)
}

//! All objects together: each controller is given what it looks at.

use std::collections::HashMap;

use pod_core::Timestamp;

use super::action::{Action, Plan, reference};
use super::at::At;
use super::garbage::Graph;
use super::owner::controller_of;
use super::{cron_job, daemon_set, deployment, endpoints, job, namespace, replica_set, stateful_set};
use crate::apps::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use crate::batch::Job;
use crate::core::{
    Endpoints, Node, ObjectReference, PersistentVolumeClaim, Pod, ReplicationController, Service,
};
use crate::discovery::{EndpointSlice, SERVICE_NAME_LABEL};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::selector::Selector;

/// The objects that are seen, by who controls them.
///
/// It only borrows them, and making it costs one pass.
#[derive(Debug, Clone, Default)]
pub struct World<'a> {
    objects: Vec<&'a Object>,
    graph: Graph<'a>,
    pods: Kept<'a, Pod>,
    sets: Kept<'a, ReplicaSet>,
    revisions: Kept<'a, ControllerRevision>,
    claims: HashMap<&'a str, Vec<&'a PersistentVolumeClaim>>,
    jobs: Kept<'a, Job>,
    nodes: Vec<&'a Node>,
    pods_in: HashMap<&'a str, Vec<&'a Pod>>,
    slices: HashMap<(&'a str, &'a str), Vec<&'a EndpointSlice>>,
    endpoints: HashMap<(&'a str, &'a str), &'a Endpoints>,
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
            Object::Pod(pod) => {
                self.pods.insert(&pod.metadata, pod);
                self.pods_in.entry(&pod.metadata.namespace).or_default().push(pod);
            }
            Object::Job(job) => self.jobs.insert(&job.metadata, job),
            Object::Node(node) => self.nodes.push(node),
            Object::Endpoints(endpoints) => {
                self.endpoints.insert((&endpoints.metadata.namespace, &endpoints.metadata.name), endpoints);
            }
            Object::EndpointSlice(slice) => {
                if let Some(service) = slice.metadata.labels.get(SERVICE_NAME_LABEL) {
                    self.slices.entry((&slice.metadata.namespace, service)).or_default().push(slice);
                }
            }
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
        self.graph.insert(object);
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
            Object::DaemonSet(set) => due(self.daemon_set(set, at)),
            Object::CronJob(cron) => {
                let observed = cron_job::Observed { jobs: self.jobs.of(&cron.metadata.uid) };
                due(cron_job::plan(cron, &observed, at))
            }
            Object::Service(service) => (self.service(service, at), None),
            Object::Namespace(namespace) if namespace.metadata.deletion_timestamp.is_some() => {
                due(namespace::plan(namespace, &self.objects, at))
            }
            _ => (Vec::new(), None),
        };
        let (mut actions, requeue_at) = due;
        actions.extend(self.graph.plan(object));
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

    fn daemon_set(&self, set: &DaemonSet, at: At) -> Plan<crate::apps::DaemonSetStatus> {
        let observed = daemon_set::Observed {
            nodes: &self.nodes,
            pods: &self.pods.candidates(&set.metadata),
            revisions: &self.revisions.candidates(&set.metadata),
        };
        daemon_set::plan(set, &observed, at)
    }

    fn service(&self, service: &Service, at: At) -> Vec<Action> {
        if !endpoints::is_kept(service) || service.metadata.deletion_timestamp.is_some() {
            return Vec::new();
        }
        let matcher = Selector::from_map(&service.spec.selector).compile();
        let key = (service.metadata.namespace.as_str(), service.metadata.name.as_str());
        let pods: Vec<&Pod> = (self.pods_in.get(key.0).into_iter().flatten())
            .filter(|pod| matcher.matches(&pod.metadata.labels))
            .copied()
            .collect();
        let slices = self.slices.get(&key).map(Vec::as_slice).unwrap_or_default();
        let mut actions = endpoints::plan(service, &pods, slices, &self.nodes, at);
        actions.extend(endpoints::plan_endpoints(service, &pods, self.endpoints.get(&key).copied()));
        actions
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

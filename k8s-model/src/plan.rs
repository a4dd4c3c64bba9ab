//! What the controllers of a cluster do, as pure functions: from the objects that are seen and the time to the actions that are due.
//!
//! Each controller has a module with a function `plan`, which takes an object, what is observed beside it, and the moment
//! ([`At`]), and gives a [`Plan`]: [`Action`]s, the new status, and when to look again. Nothing is remembered from one plan to the next
//! and nothing is done: somebody carries the actions out, observes again, and asks again. When a plan has no actions, the object is
//! as it should be. What is planned twice from the same observation is the same, names included, so that doing it twice fails on names
//! that are taken instead of making twice as much.
//!
//! [`World`] does this for all objects together: it gives each controller what it looks at.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//! use k8s_model::plan::{Action, At, World};
//!
//! let text = "
//! apiVersion: apps/v1
//! kind: ReplicaSet
//! metadata: {name: web, namespace: default, uid: 1f}
//! spec:
//!   replicas: 2
//!   selector: {matchLabels: {app: web}}
//!   template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: nginx}]}}
//! ";
//! let mut objects = vec![decode_str(text, "web.yaml", Mode::Strict).documents.remove(0).object];
//! objects.iter_mut().for_each(default);
//! let at = At::new("2026-11-25T12:00:00Z".parse()?, 7);
//! let planned = World::new(&objects).plan(at);
//! let created = planned[0].actions.iter().filter(|action| matches!(action, Action::Create(_)));
//! assert_eq!(created.count(), 2);
//! # Ok::<(), pod_core::ParseTimestampError>(())
//! ```
//!
//! Source: `pkg/controller` of Kubernetes 1.36. Objects must have their defaults ([`crate::default`]) and, to own others, a `uid`.

mod action;
mod at;
pub mod cron_job;
pub mod daemon_set;
pub mod deployment;
mod duration;
pub mod endpoints;
pub mod garbage;
mod history;
pub mod job;
pub mod namespace;
mod owner;
mod pods;
mod rank;
pub mod replica_set;
mod share;
pub mod sim;
pub mod stateful_set;
pub mod store;
mod world;

pub use action::{Action, Plan, Report};
pub use at::At;
pub use owner::{controller_of, controller_reference};
pub use pods::{is_active, is_available, is_over, is_ready, is_terminating, ready_since};
pub use rank::POD_DELETION_COST;
pub use world::{Planned, World};

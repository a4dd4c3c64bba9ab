//! Which node a pod goes to: the filters and scores of the default scheduler, and its words when no node will do.
//!
//! ```
//! use k8s_model::schedule::Cluster;
//! # use k8s_model::decode::{Mode, decode_str};
//! # use k8s_model::object::Object;
//! # let text = "
//! # apiVersion: v1
//! # kind: Node
//! # metadata: {name: small}
//! # status: {allocatable: {cpu: '1', memory: 1Gi, pods: '10'}}
//! # ---
//! # apiVersion: v1
//! # kind: Node
//! # metadata: {name: large}
//! # status: {allocatable: {cpu: '8', memory: 8Gi, pods: '10'}}
//! # ---
//! # apiVersion: v1
//! # kind: Pod
//! # metadata: {name: web, namespace: default}
//! # spec: {containers: [{name: web, resources: {requests: {cpu: '5'}}}]}
//! # ";
//! # let decoded = decode_str(text, "cluster.yaml", Mode::Strict);
//! # let objects: Vec<_> = decoded.documents.into_iter().map(|document| document.object).collect();
//! # let (Object::Node(small), Object::Node(large), Object::Pod(pod)) = (&objects[0], &objects[1], &objects[2]) else { panic!() };
//! let mut cluster = Cluster::default();
//! cluster.set_node((**small).clone());
//! cluster.set_node((**large).clone());
//! assert_eq!(cluster.place(pod)?, "large");
//! let mut next = (**pod).clone();
//! next.metadata.name = "next".to_owned();
//! let error = cluster.place(&next).unwrap_err();
//! assert_eq!(error.to_string(), "0/2 nodes are available: 2 Insufficient cpu.");
//! # Ok::<(), k8s_model::schedule::Unschedulable>(())
//! ```
//!
//! [`NodeSelection`] and [`Amounts`] are the rules that others need too: which nodes a pod's selector and affinity mean, and whether what
//! it asks for fits.
//!
//! The filters are those of unschedulable nodes, the name, taints, the selector and affinity, ports, resources, spread over a topology, and
//! other pods near or far; the scores are least allocated and balanced resources, images that are there, preferred affinity and taints,
//! and spread, with their default weights. Volumes are [`volume_binding`](crate::volume_binding)'s, by [`Cluster::place_with_claims`]. All nodes
//! are looked at, where upstream looks at a part of many, and of equal ones the first is taken, where upstream takes any.
//!
//! Source: `pkg/scheduler/framework/plugins` of Kubernetes 1.36 with its default configuration. What is left out: preemption, extenders,
//! claims of devices, limits of attached volumes, and the default constraints for the pods of a service.

mod amounts;
mod cluster;
mod demand;
mod node_selection;
mod ports;
mod score;
mod shape;
mod standing;
mod tally;
mod term;
mod unschedulable;

pub use amounts::Amounts;
pub use cluster::{Cluster, queue};
pub use node_selection::{NodePreferences, NodeSelection};
pub use unschedulable::Unschedulable;

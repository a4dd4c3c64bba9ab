//! Kubernetes objects and what they mean, without a cluster: read manifests strictly, fill in the API server's defaults, find
//! what it would refuse, and turn a pod into something that one machine can run.
//!
//! For tools that read manifests: linters and admission hooks, CI, node agents, runtimes. The fields and rules are those of
//! Kubernetes 1.36.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//!
//! let text = "\
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!   - name: web
//!     image: nginx
//!     ports: [{containerPort: 80000}]
//! ";
//! let mut decoded = decode_str(text, "web.yaml", Mode::Strict);
//! assert!(decoded.problems.is_empty());
//! let document = &mut decoded.documents[0];
//! default(&mut document.object);
//! assert_eq!(
//!     document.validate()[0].to_string(),
//!     "web.yaml:8:29: spec.containers[0].ports[0].containerPort: \
//!      Invalid value: 80000: must be between 1 and 65535, inclusive",
//! );
//! ```
//!
//! # Where things are
//!
//! - [`decode`]: YAML and JSON streams into [`Object`](object::Object)s; every problem at once, with line, column and field path.
//! - [`object`], [`registry`]: any object, and the kinds that there are.
//! - [`meta`] and a module for each API group ([`core`], [`apps`], [`batch`], [`networking`], …), [`kubeconfig`], [`kustomization`]: the
//!   types. Each has all its fields; enums keep values that they do not know.
//! - [`convert`]: old apiVersions, such as `extensions/v1beta1`, read and written.
//! - [`encode`]: JSON in Go's field order, and YAML.
//! - [`default`], [`validate`]: what the API server fills in, and what it refuses, in its own words.
//! - [`admission`]: what it does to an object because of others: limits, quotas, classes of priority, runtime and storage, accounts.
//! - [`selector`]: label and field selectors, taints and tolerations: read, printed, matched, and an index over many objects.
//! - [`patch`]: JSON Patch, merge patch, strategic merge patch, `kubectl apply`.
//! - [`expand`]: `$(VAR)`, the environment, and volumes of files.
//! - [`explain`]: what a kind or a field is, in words.
//! - [`resources`]: what a pod asks for as a whole, its class of service, OOM scores.
//! - [`service`]: which endpoints a service's traffic goes to, the rules that kube-proxy writes for `iptables-restore`, and DNS records.
//! - [`ingress`]: which service an HTTP request goes to.
//! - [`schedule`]: which node a pod goes to, and why none will do.
//! - [`volume_binding`]: which volume a claim gets, and what becomes of it.
//! - [`mod@print`]: the tables of `kubectl get`, ages, JSONPath, custom columns, `describe`.
//! - [`plan`]: what the controllers of a cluster do, as pure functions, and a simulated cluster.
//! - [`rollout`]: how far a new version has come, restart, pause, history.
//! - [`generate`], [`kustomize`]: objects from kubectl's flags, and from kustomizations; [`kubeconfig`] files are merged and redacted.
//! - [`hash`]: `pod-template-hash` and revision hashes.
//! - [`lower`]: a pod as a [`pod_core::pod::PodSpec`], or the names of the fields that cannot be carried over.
//! - [`tree`], [`schema`]: what decoding is made of: a tree with positions, and types that describe themselves. Typed decoding is
//!   compiled once, here, and not again in a crate that uses it.
//!
//! [`Object`](object::Object) and every kind have serde's traits, which read strictly and write in Go's order.
//!
//! # Features
//!
//! - `docs`: the sentences about kinds and fields at run time, for [`explain`].
//! - `k8s-openapi`: conversions to and from its types (`openapi`), without loss.
//!
//! # What it does not do
//!
//! It does no IO and asks no server: what depends on other objects is looked at where they are given ([`admission`]), and webhooks are not
//! called. Hashes of pod templates are not those of a cluster. Kustomizations with Helm charts, replacements, variables or plugins are refused.
#![forbid(unsafe_code)]

pub mod admission;
pub mod apps;
pub mod autoscaling;
pub mod batch;
pub mod convert;
pub mod coordination;
pub mod core;
pub mod decode;
pub mod default;
pub mod discovery;
pub mod encode;
pub mod events;
pub mod expand;
pub mod explain;
pub mod generate;
pub mod hash;
pub mod ingress;
pub mod int_or_string;
pub mod kubeconfig;
pub mod kustomization;
pub mod kustomize;
pub mod lower;
pub mod meta;
pub mod networking;
pub mod node;
pub mod object;
#[cfg(feature = "k8s-openapi")]
pub mod openapi;
pub mod patch;
mod path;
pub mod plan;
pub mod policy;
pub mod print;
pub mod rbac;
pub mod registry;
pub mod resources;
pub mod rollout;
pub mod schedule;
pub mod scheduling;
pub mod schema;
pub mod selector;
mod serde_traits;
pub mod service;
pub mod storage;
pub mod time;
pub mod tree;
pub mod validate;
pub mod volume_binding;

/// The examples of the README are tested with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

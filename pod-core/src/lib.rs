//! What a pod is, as data and decisions: resource quantities, image names and pull policies, credentials for registries, the
//! neutral pod model, and the life of a pod as a state machine, by Kubernetes' own rules.
//!
//! ```
//! use pod_core::image::{PullPolicy, Reference};
//! use pod_core::quantity::Quantity;
//!
//! let image = Reference::parse("nginx")?;
//! assert_eq!(image.to_string(), "docker.io/library/nginx");
//! assert_eq!(PullPolicy::default_for("nginx"), PullPolicy::Always);
//!
//! let (limit, used): (Quantity, Quantity) = ("1.5Gi".parse()?, "900Mi".parse()?);
//! assert!(used < limit);
//! assert_eq!(limit.checked_sub(&used).map(|left| left.to_string()).as_deref(), Some("636Mi"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! - [`quantity::Quantity`]: an amount of a resource, `500m` or `64Mi`.
//! - [`image`]: [`image::Reference`], the name of an image; [`image::Digest`]; [`image::PullPolicy`], when it is pulled;
//!   [`image::Platform`], for which machine; [`image::Keyring`], with which credentials.
//! - [`backoff::Backoff`]: how long to wait before trying again.
//! - [`pod::PodSpec`]: a pod as plain data. Crates that own a manifest format lower into it, an engine runs it.
//! - [`lifecycle::Pod`]: the life of such a pod. Events and the time go in, actions come out.
//! - [`Timestamp`]: a moment. Time is always an argument.
//!
//! # Features
//!
//! - `verify`: digests check contents, at once or as they pass by.
//! - `registry`: a blocking client for OCI registries, with an image layout on disk. Unix only.
//! - `registry-tls`: the same over TLS.
//!
//! # What it does not do
//!
//! Without features it reads no file, starts no process, opens no socket and asks no clock, and is portable. Running pods is `pod-engine`'s business, reading manifests that of `k8s-model` and `appc-spec`.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod image;
pub mod lifecycle;
pub mod pod;
pub mod quantity;
#[cfg(feature = "registry")]
pub mod registry;
mod timestamp;

pub use timestamp::{ParseTimestampError, Timestamp};

/// The examples of the README are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

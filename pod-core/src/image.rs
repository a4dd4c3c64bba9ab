//! Image names, and when they are pulled.
//!
//! - [`Reference`]: the name of an image, as Docker, containerd and the kubelet read it.
//! - [`Digest`]: what an image is called by its content.
//! - [`PullPolicy`] and [`PullDecision`]: whether an image is pulled before its container starts.

mod digest;
mod grammar;
mod parse;
mod pull_policy;
mod reference;

pub use digest::{Algorithm, Digest, ParseDigestError};
pub use parse::ParseReferenceError;
pub use pull_policy::{PullDecision, PullPolicy};
pub use reference::Reference;

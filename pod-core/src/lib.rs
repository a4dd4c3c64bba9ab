//! What a pod is: quantities, image names and pull policies, the pod model, its lifecycle.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod image;
pub mod lifecycle;
pub mod pod;
pub mod quantity;
mod timestamp;

pub use timestamp::{ParseTimestampError, Timestamp};

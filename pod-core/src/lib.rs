//! What a pod is: quantities, image names and pull policies, the pod model, its lifecycle.
#![forbid(unsafe_code)]

pub mod backoff;
pub mod image;
pub mod pod;
pub mod quantity;

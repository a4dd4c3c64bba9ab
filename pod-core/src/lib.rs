//! What a pod is: quantities, image names and pull policies, the pod model, its lifecycle.
#![forbid(unsafe_code)]

pub mod image;
pub mod pod;

//! Image names, and when they are pulled.

mod pull_policy;

pub use pull_policy::PullPolicy;

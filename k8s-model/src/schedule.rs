//! Which node a pod goes to: the filters and scores of the default scheduler, and its words when no node will do.
//!
//! [`NodeSelection`] and [`Amounts`] are the rules that others need too: which nodes a pod's selector and affinity mean, and whether what
//! it asks for fits.
//!
//! Source: `pkg/scheduler/framework/plugins` of Kubernetes 1.36 with its default configuration.

mod amounts;
mod node_selection;

pub use amounts::Amounts;
pub use node_selection::{NodePreferences, NodeSelection};

//! When an image is pulled: the kubelet's three policies.

use serde::{Deserialize, Serialize};

/// When an image is pulled before its container starts (Kubernetes `imagePullPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PullPolicy {
    /// Pull each time a container starts.
    Always,
    /// Pull when the image is not on the node.
    IfNotPresent,
    /// Never pull; a missing image is `ErrImageNeverPull`.
    Never,
}

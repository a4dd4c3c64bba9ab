//! When an image is pulled: the kubelet's three policies.

use serde::{Deserialize, Serialize};

use super::Reference;

/// When an image is pulled before its container starts (Kubernetes `imagePullPolicy`).
///
/// ```
/// use pod_core::image::{PullDecision, PullPolicy};
///
/// assert_eq!(PullPolicy::default_for("nginx"), PullPolicy::Always);
/// assert_eq!(PullPolicy::default_for("nginx:1.27"), PullPolicy::IfNotPresent);
/// assert_eq!(PullPolicy::Never.decide(false), PullDecision::Missing);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PullPolicy {
    /// Pull each time a container starts.
    Always,
    /// Pull when the image is not on the node.
    IfNotPresent,
    /// Never pull; a missing image is `ErrImageNeverPull`.
    Never,
}

/// What a [`PullPolicy`] makes of an image's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PullDecision {
    /// Use the image that is on the node.
    Use,
    /// Pull it; when that fails, the container waits with `ErrImagePull`, even if an older image is there.
    Pull,
    /// It is not on the node and must not be pulled: the container waits with `ErrImageNeverPull`.
    Missing,
}

impl PullPolicy {
    /// The policy of a container that states none (API server, `SetDefaults_Container`).
    ///
    /// `Always` for the tag `latest`, and where there is neither tag nor digest, which means that tag. Everything else is
    /// `IfNotPresent`: another tag, a digest alone, and a name that is no [`Reference`] at all (which fails later, by
    /// `InvalidImageName`). A digest beside the tag `latest` changes nothing.
    #[must_use]
    pub fn default_for(image: &str) -> Self {
        match Reference::parse(image) {
            Ok(name) if name.tag() == Some("latest") => Self::Always,
            Ok(name) if name.is_name_only() => Self::Always,
            Ok(_) | Err(_) => Self::IfNotPresent,
        }
    }

    /// What to do about an image that is, or is not, on the node (kubelet, `EnsureImageExists`).
    #[must_use]
    pub const fn decide(self, present: bool) -> PullDecision {
        match (self, present) {
            (Self::Always, _) | (Self::IfNotPresent, false) => PullDecision::Pull,
            (Self::IfNotPresent | Self::Never, true) => PullDecision::Use,
            (Self::Never, false) => PullDecision::Missing,
        }
    }
}

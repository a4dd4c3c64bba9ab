//! Which pods cannot use a volume at once (`attachdetach`, `csi.IsMultiAttachAllowed`).

use std::fmt;

use crate::core::PersistentVolumeAccessMode;

/// A pod that uses a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'u> {
    /// The pod's namespace and name.
    pub pod: (&'u str, &'u str),
    /// Its node.
    pub node: &'u str,
}

/// Why a pod cannot use a volume now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessConflict {
    /// Another pod has a volume that one pod alone may use.
    OnePod {
        /// The other pod, as `namespace/name`.
        other: String,
    },
    /// Pods of another node have a volume that one node alone may have.
    OneNode {
        /// The volume.
        volume: String,
        /// Pods of the same namespace that have it, by name.
        pods: Vec<String>,
        /// How many of other namespaces have it.
        others: usize,
    },
}

impl fmt::Display for AccessConflict {
    /// In the words of the events of kubelet and attach controller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnePod { .. } => f.write_str(
                "volume uses the ReadWriteOncePod access mode and is already in use by another pod",
            ),
            Self::OneNode { volume, pods, others } => {
                write!(f, "Multi-Attach error for volume \"{volume}\" Volume is already used by ")?;
                match (pods.is_empty(), others) {
                    (true, others) => write!(f, "{others} pod(s) in different namespaces"),
                    (false, 0) => write!(f, "pod(s) {}", pods.join(", ")),
                    (false, others) => {
                        write!(f, "pod(s) {} and {others} pod(s) in different namespaces", pods.join(", "))
                    }
                }
            }
        }
    }
}

impl std::error::Error for AccessConflict {}

/// Whether a pod can use a volume with these access modes beside the pods that have it already.
///
/// Pods of one node share any volume, but one of `ReadWriteOncePod` alone; over nodes it takes `ReadWriteMany` or `ReadOnlyMany`. Whether
/// somebody writes to a `ReadOnlyMany` one is not looked at, as upstream does not.
///
/// # Errors
///
/// When another pod has a volume for one pod, or one of another node has a volume for one node.
pub fn access_conflict(
    volume: &str,
    modes: &[PersistentVolumeAccessMode],
    wanted: Use<'_>,
    users: &[Use<'_>],
) -> Result<(), AccessConflict> {
    use PersistentVolumeAccessMode::{ReadOnlyMany, ReadWriteMany, ReadWriteOncePod};
    let others = || users.iter().filter(|user| user.pod != wanted.pod);
    if modes.contains(&ReadWriteOncePod)
        && let Some(other) = others().next()
    {
        return Err(AccessConflict::OnePod { other: format!("{}/{}", other.pod.0, other.pod.1) });
    }
    // Without any mode nothing is known, and nothing refused.
    if modes.is_empty() || modes.iter().any(|mode| matches!(mode, ReadWriteMany | ReadOnlyMany)) {
        return Ok(());
    }
    let (same, different): (Vec<&Use<'_>>, Vec<&Use<'_>>) =
        others().filter(|user| user.node != wanted.node).partition(|user| user.pod.0 == wanted.pod.0);
    if same.is_empty() && different.is_empty() {
        return Ok(());
    }
    Err(AccessConflict::OneNode {
        volume: volume.to_owned(),
        pods: same.iter().map(|user| user.pod.1.to_owned()).collect(),
        others: different.len(),
    })
}

//! What the controller wants: objects as they should be, and what others have to do.

use std::fmt;

use crate::core::{PersistentVolume, PersistentVolumeClaim};

/// What is to be done. Writing the objects and doing the steps leads to a state where nothing is to be done, but to wait for those who
/// make and delete storage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The claims that are to be written, with their status.
    pub claims: Vec<PersistentVolumeClaim>,
    /// The volumes that are to be written, with their status.
    pub volumes: Vec<PersistentVolume>,
    /// What somebody else does, and events.
    pub steps: Vec<Step>,
}

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `Normal`.
    Normal,
    /// `Warning`.
    Warning,
}

/// Something that is no change of a claim or a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The provisioner of a class makes a volume for a claim; it carries the claim in its `claimRef`.
    Provision {
        /// The namespace of the claim.
        namespace: String,
        /// The name of the claim.
        claim: String,
        /// The class.
        class: String,
        /// Who makes it.
        provisioner: String,
        /// The node that must reach it, where a pod waits for it there.
        node: Option<String>,
    },
    /// The storage of a volume is deleted, and then the volume.
    Delete {
        /// The name of the volume.
        volume: String,
    },
    /// The volume is emptied, and then its `claimRef` is taken away.
    Recycle {
        /// The name of the volume.
        volume: String,
    },
    /// People are told.
    Event {
        /// `PersistentVolumeClaim` or `PersistentVolume`.
        kind: &'static str,
        /// Its namespace; empty for a volume.
        namespace: String,
        /// Its name.
        name: String,
        /// How much it matters.
        severity: Severity,
        /// Why, in one word.
        reason: &'static str,
        /// Why, for people.
        message: String,
    },
}

impl fmt::Display for Step {
    /// A line for people: `Warning VolumeMismatch persistentvolumeclaim default/web: Cannot bind to …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provision { namespace, claim, class, provisioner, node } => {
                write!(
                    f,
                    "`{provisioner}` is to make a volume of class `{class}` for `{namespace}/{claim}`"
                )?;
                node.as_ref().map_or(Ok(()), |node| write!(f, " on node `{node}`"))
            }
            Self::Delete { volume } => write!(f, "volume `{volume}` is to be deleted with its storage"),
            Self::Recycle { volume } => write!(f, "volume `{volume}` is to be emptied and given back"),
            Self::Event { kind, namespace, name, severity, reason, message } => {
                let slash = if namespace.is_empty() { "" } else { "/" };
                write!(
                    f,
                    "{severity:?} {reason} {} {namespace}{slash}{name}: {message}",
                    kind.to_ascii_lowercase()
                )
            }
        }
    }
}

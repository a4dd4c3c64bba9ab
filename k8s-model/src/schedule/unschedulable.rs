//! Why no node will do, in upstream's words (`framework.FitError`).

use std::collections::BTreeMap;
use std::fmt;

/// Why a pod goes nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unschedulable {
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NoNodes,
    Gated,
    /// What rules all nodes out at once.
    All {
        nodes: usize,
        reason: String,
    },
    /// How many nodes each reason rules out.
    Each {
        nodes: usize,
        reasons: BTreeMap<String, usize>,
    },
}

impl Unschedulable {
    pub(super) const fn no_nodes() -> Self {
        Self { kind: Kind::NoNodes }
    }

    pub(super) const fn gated() -> Self {
        Self { kind: Kind::Gated }
    }

    pub(super) fn all(nodes: usize, reason: &str) -> Self {
        Self { kind: Kind::All { nodes, reason: reason.to_owned() } }
    }

    pub(super) const fn each(nodes: usize, reasons: BTreeMap<String, usize>) -> Self {
        Self { kind: Kind::Each { nodes, reasons } }
    }

    /// The reason of the condition `PodScheduled`: `Unschedulable` or `SchedulingGated`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self.kind {
            Kind::Gated => "SchedulingGated",
            _ => "Unschedulable",
        }
    }

    /// How many nodes each reason rules out; a node may have several. Empty where no node was looked at.
    pub fn reasons(&self) -> impl Iterator<Item = (&str, usize)> {
        let each = match &self.kind {
            Kind::Each { reasons, .. } => Some(reasons),
            _ => None,
        };
        each.into_iter().flatten().map(|(reason, count)| (reason.as_str(), *count))
    }
}

impl fmt::Display for Unschedulable {
    /// The message of the condition and of the event `FailedScheduling`, without what preemption says: `0/3 nodes are available: 1
    /// Insufficient cpu, 2 node(s) had untolerated taint(s).`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NoNodes => f.write_str("no nodes available to schedule pods"),
            Kind::Gated => f.write_str("Scheduling is blocked due to non-empty scheduling gates"),
            Kind::All { nodes, reason } => write!(f, "0/{nodes} nodes are available: {reason}."),
            Kind::Each { nodes, reasons } => {
                // They are sorted as texts, with their counts.
                let mut texts: Vec<String> =
                    reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
                texts.sort_unstable();
                write!(f, "0/{nodes} nodes are available: {}.", texts.join(", "))
            }
        }
    }
}

impl std::error::Error for Unschedulable {}

//! What a user is told while a pod lives: Kubernetes events.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::pod::AppName;

/// A thing worth telling about a pod, with the reason and wording of the kubelet's event (`pkg/kubelet/events`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// When it happened.
    pub at: Timestamp,
    /// Whether something is wrong.
    pub severity: Severity,
    /// One word: `Pulled`, `Created`, `Started`, `Killing`, `BackOff`, `Unhealthy`, `FailedPostStartHook`, …
    pub reason: String,
    /// The app that it is about; `None` is the pod.
    pub app: Option<AppName>,
    /// A sentence.
    pub message: String,
}

/// Whether a notice is about something wrong (Kubernetes event `type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// The usual course of things.
    Normal,
    /// Something is wrong.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        })
    }
}

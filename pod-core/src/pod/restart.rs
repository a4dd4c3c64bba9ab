//! What happens to an app that ended.

use serde::{Deserialize, Serialize};

/// What happens to an app that ended (Kubernetes `restartPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RestartPolicy {
    /// It is started again, whatever its exit status was.
    Always,
    /// It is started again when it failed.
    OnFailure,
    /// It stays ended.
    Never,
}

/// What happens to an app that ended in a certain way, whatever its policy says (Kubernetes `restartPolicyRules`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartRule {
    /// What is done.
    pub action: RestartAction,
    /// Which exit codes it is for; 128 + the number for a signal.
    pub exit_codes: ExitCodes,
}

/// What a [`RestartRule`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RestartAction {
    /// The app is started again. (An init app that succeeded is through all the same.)
    Restart,
    /// All apps of the pod are killed, and the pod starts from its first init app again. Its sandbox and volumes stay.
    RestartAll,
}

/// A set of exit codes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitCodes {
    /// These.
    In(Vec<i32>),
    /// All but these.
    NotIn(Vec<i32>),
}

impl ExitCodes {
    /// Whether a code is one of the set.
    ///
    /// ```
    /// use pod_core::pod::ExitCodes;
    ///
    /// assert!(ExitCodes::In(vec![42, 43]).contains(42));
    /// assert!(!ExitCodes::NotIn(vec![0]).contains(0));
    /// ```
    #[must_use]
    pub fn contains(&self, code: i32) -> bool {
        match self {
            Self::In(codes) => codes.contains(&code),
            Self::NotIn(codes) => !codes.contains(&code),
        }
    }
}

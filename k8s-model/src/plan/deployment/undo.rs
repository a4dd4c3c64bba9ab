//! Going back to an old revision.

use std::fmt;

use super::super::action;
use super::sets::{same_template, stays};
use super::{ROLLBACK_TO, Set, Sync, revision};
use crate::apps::{Deployment, ReplicaSet};
use crate::hash::POD_TEMPLATE_HASH;

/// Why a deployment cannot go back, in the words of `kubectl rollout undo`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndoError {
    /// It is paused.
    Paused,
    /// It has no such revision.
    RevisionNotFound(i64),
    /// It has had one revision only.
    NoHistory(String),
    /// Its template is that of the revision already.
    Unchanged(i64),
}

impl fmt::Display for UndoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str(
                "cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
            ),
            Self::RevisionNotFound(revision) => {
                write!(f, "unable to find specified revision {revision} in history")
            }
            Self::NoHistory(name) => write!(f, "no rollout history found for deployment \"{name}\""),
            Self::Unchanged(revision) => {
                write!(f, "skipped rollback (current template already matches revision {revision})")
            }
        }
    }
}

impl std::error::Error for UndoError {}

/// A deployment with the template of an old revision, as `kubectl rollout undo` writes it; without a revision it is the one before.
///
/// `sets` are the replica sets that the deployment controls.
///
/// # Errors
///
/// On a paused deployment, a revision that it does not have, one without another revision, and a template that it has already.
pub fn undo(deployment: &Deployment, sets: &[&ReplicaSet], to: Option<i64>) -> Result<Deployment, UndoError> {
    if deployment.spec.paused {
        return Err(UndoError::Paused);
    }
    let mut numbered: Vec<(i64, &ReplicaSet)> =
        sets.iter().map(|set| (revision(&set.metadata), *set)).collect();
    numbered.sort_by_key(|(number, _)| *number);
    let found = match to.filter(|to| *to != 0) {
        Some(to) => {
            numbered.into_iter().find(|(number, _)| *number == to).ok_or(UndoError::RevisionNotFound(to))?
        }
        None => (numbered.into_iter().rev().nth(1))
            .ok_or_else(|| UndoError::NoHistory(deployment.metadata.name.clone()))?,
    };
    let (number, set) = found;
    if same_template(&set.spec.template, &deployment.spec.template) {
        return Err(UndoError::Unchanged(number));
    }
    let mut deployment = deployment.clone();
    go_back(&mut deployment, set);
    Ok(deployment)
}

fn go_back(deployment: &mut Deployment, set: &ReplicaSet) {
    let mut template = set.spec.template.clone();
    template.metadata.labels.remove(POD_TEMPLATE_HASH);
    deployment.spec.template = template;
    let annotations = &mut deployment.metadata.annotations;
    annotations.retain(|name, _| stays(name));
    for (name, value) in set.metadata.annotations.iter().filter(|(name, _)| !stays(name)) {
        annotations.insert(name.clone(), value.clone());
    }
}

impl Sync<'_> {
    /// Does what the annotation asks for, and takes it away.
    pub(super) fn roll_back(&mut self) {
        let wanted = self.deployment.metadata.annotations.remove(ROLLBACK_TO);
        let wanted: i64 = wanted.and_then(|text| text.parse().ok()).unwrap_or(0);
        self.find_new(true);
        let mut numbers: Vec<i64> = self.sets.iter().map(|set| revision(&set.object.metadata)).collect();
        numbers.sort_unstable();
        let before = numbers.iter().rev().nth(1).copied().filter(|number| *number > 0);
        let Some(to) = (if wanted == 0 { before } else { Some(wanted) }) else {
            return self
                .warn("DeploymentRollbackRevisionNotFound", "Unable to find last revision.".to_owned());
        };
        let Some(set) = self.sets.iter().find(|set| revision(&set.object.metadata) == to) else {
            let message = "Unable to find the revision to rollback to.".to_owned();
            return self.warn("DeploymentRollbackRevisionNotFound", message);
        };
        let Set { object, .. } = set.clone();
        let name = self.deployment.metadata.name.clone();
        if same_template(&object.spec.template, &self.deployment.spec.template) {
            let message =
                format!("The rollback revision contains the same template as current deployment \"{name}\"");
            return self.warn("DeploymentRollbackTemplateUnchanged", message);
        }
        go_back(&mut self.deployment, &object);
        self.report("DeploymentRollback", format!("Rolled back deployment \"{name}\" to revision {to}"));
    }

    fn warn(&mut self, reason: &'static str, message: String) {
        self.actions.push(action::warning(self.reference(), reason, message));
    }
}

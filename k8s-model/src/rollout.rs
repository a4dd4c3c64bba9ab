//! `kubectl rollout`: how far a new version has come, which versions there were, and how one is begun, held and taken back.
//!
//! ```
//! use k8s_model::apps::Deployment;
//! use k8s_model::rollout::{self, Progress};
//!
//! let mut deployment = Deployment::default();
//! deployment.metadata.name = "web".into();
//! deployment.spec.replicas = Some(2);
//! deployment.status.updated_replicas = 1;
//! assert_eq!(
//!     rollout::status(&deployment.into()),
//!     Ok(Progress::Waiting(
//!         "Waiting for deployment \"web\" rollout to finish: 1 out of 2 new replicas have been updated...".into()
//!     )),
//! );
//! ```
//!
//! Source: `pkg/polymorphichelpers` of kubectl 1.36. Taking back is [`plan::deployment::undo`](crate::plan::deployment::undo).

use std::fmt;

use pod_core::Timestamp;

use crate::apps::{DaemonSet, Deployment, StatefulSet};
use crate::object::Object;
use crate::patch::CHANGE_CAUSE;
use crate::plan::deployment::revision;
use crate::time::Time;

/// The annotation of a template that `rollout restart` changes.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// How far a rollout is, in kubectl's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It goes on.
    Waiting(String),
    /// It is through.
    Done(String),
}

/// Why there is no such thing as was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutError(String);

impl fmt::Display for RolloutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RolloutError {}

/// How far the rollout of an object is.
///
/// # Errors
///
/// On an object that has none (`Pod`), a strategy that rolls nothing out (`OnDelete`), and a deployment that exceeded its progress deadline.
pub fn status(object: &Object) -> Result<Progress, RolloutError> {
    match object {
        Object::Deployment(object) => deployment(object),
        Object::DaemonSet(object) => daemon_set(object),
        Object::StatefulSet(object) => stateful_set(object),
        other => Err(RolloutError(format!("no status viewer has been implemented for {}", other.kind()))),
    }
}

fn deployment(object: &Deployment) -> Result<Progress, RolloutError> {
    let (name, status) = (&object.metadata.name, &object.status);
    if object.metadata.generation > status.observed_generation {
        return Ok(Progress::Waiting("Waiting for deployment spec update to be observed...".to_owned()));
    }
    let late = status.conditions.iter().any(|condition| {
        condition.type_.as_str() == "Progressing" && condition.reason == "ProgressDeadlineExceeded"
    });
    if late {
        return Err(RolloutError(format!("deployment \"{name}\" exceeded its progress deadline")));
    }
    let waiting = |what: String| {
        Ok(Progress::Waiting(format!("Waiting for deployment \"{name}\" rollout to finish: {what}...")))
    };
    let (updated, wanted) = (status.updated_replicas, object.spec.replicas.unwrap_or(1));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if status.replicas > updated {
        let old = status.replicas - updated;
        return waiting(format!("{old} old replicas are pending termination"));
    }
    if status.available_replicas < updated {
        let available = status.available_replicas;
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Ok(Progress::Done(format!("deployment \"{name}\" successfully rolled out")))
}

fn daemon_set(object: &DaemonSet) -> Result<Progress, RolloutError> {
    let (name, status) = (&object.metadata.name, &object.status);
    if object.spec.update_strategy.type_.as_str() == "OnDelete" {
        return Err(RolloutError(
            "rollout status is only available for RollingUpdate strategy type".to_owned(),
        ));
    }
    if object.metadata.generation > status.observed_generation {
        return Ok(Progress::Waiting("Waiting for daemon set spec update to be observed...".to_owned()));
    }
    let wanted = status.desired_number_scheduled;
    for (have, what) in [
        (status.updated_number_scheduled, "new pods have been updated"),
        (status.number_available, "updated pods are available"),
    ] {
        if have < wanted {
            let of = if what.starts_with("new") { "out of" } else { "of" };
            return Ok(Progress::Waiting(format!(
                "Waiting for daemon set \"{name}\" rollout to finish: {have} {of} {wanted} {what}..."
            )));
        }
    }
    Ok(Progress::Done(format!("daemon set \"{name}\" successfully rolled out")))
}

fn stateful_set(object: &StatefulSet) -> Result<Progress, RolloutError> {
    let status = &object.status;
    if object.spec.update_strategy.type_.as_str() == "OnDelete" {
        return Err(RolloutError(
            "rollout status is only available for RollingUpdate strategy type".to_owned(),
        ));
    }
    if status.observed_generation == 0 || object.metadata.generation > status.observed_generation {
        return Ok(Progress::Waiting("Waiting for statefulset spec update to be observed...".to_owned()));
    }
    let wanted = object.spec.replicas.unwrap_or(1);
    if status.ready_replicas < wanted {
        let missing = wanted - status.ready_replicas;
        return Ok(Progress::Waiting(format!("Waiting for {missing} pods to be ready...")));
    }
    let partition = object.spec.update_strategy.rolling_update.as_ref().and_then(|update| update.partition);
    if let Some(partition) = partition.filter(|partition| *partition > 0) {
        let (updated, target) = (status.updated_replicas, wanted - partition);
        if updated < target {
            return Ok(Progress::Waiting(format!(
                "Waiting for partitioned roll out to finish: {updated} out of {target} new pods have been updated..."
            )));
        }
        return Ok(Progress::Done(format!(
            "partitioned roll out complete: {updated} new pods have been updated..."
        )));
    }
    if status.update_revision != status.current_revision {
        return Ok(Progress::Waiting(format!(
            "waiting for statefulset rolling update to complete {} pods at revision {}...",
            status.updated_replicas, status.update_revision
        )));
    }
    Ok(Progress::Done(format!(
        "statefulset rolling update complete {} pods at revision {}...",
        status.current_replicas, status.current_revision
    )))
}

/// The revisions of a deployment, the oldest first, each with the reason of its change (`<none>` where none is told). `objects` has its
/// replica sets.
///
/// # Errors
///
/// On an object that keeps no revisions here: `Pod`, `DaemonSet`.
pub fn history(object: &Object, objects: &[&Object]) -> Result<Vec<(i64, String)>, RolloutError> {
    let Object::Deployment(deployment) = object else {
        return Err(RolloutError(format!("no history viewer has been implemented for {}", object.kind())));
    };
    let mut revisions: Vec<(i64, String)> = objects
        .iter()
        .filter_map(|object| match object {
            Object::ReplicaSet(set) => Some(&set.metadata),
            _ => None,
        })
        .filter(|metadata| metadata.owner_references.iter().any(|owner| owner.uid == deployment.metadata.uid))
        .map(|metadata| {
            let cause = metadata.annotations.get(CHANGE_CAUSE).filter(|cause| !cause.is_empty());
            (revision(metadata), cause.cloned().unwrap_or_else(|| "<none>".to_owned()))
        })
        .filter(|(revision, _)| *revision > 0)
        .collect();
    revisions.sort_unstable();
    Ok(revisions)
}

/// Makes all pods of an object new ones, by its usual way of rolling out (`ObjectRestarterFn`).
///
/// # Errors
///
/// On an object without a rollout, and a deployment that is paused.
pub fn restart(object: &mut Object, now: Timestamp) -> Result<(), RolloutError> {
    if let Object::Deployment(deployment) = object
        && deployment.spec.paused
    {
        return Err(RolloutError("can't restart paused deployment (run rollout resume first)".to_owned()));
    }
    match object {
        Object::Deployment(_) | Object::DaemonSet(_) | Object::StatefulSet(_) => {}
        other => return Err(RolloutError(format!("restarting {} is not supported", other.kind()))),
    }
    if let Some(template) = object.pod_template_mut() {
        template.metadata.annotations.insert(RESTARTED_AT.to_owned(), Time::from(now).to_string());
    }
    Ok(())
}

/// Holds a deployment's rollout, or lets it go on.
///
/// # Errors
///
/// On another kind, and when it is so already.
pub fn pause(object: &mut Object, paused: bool) -> Result<(), RolloutError> {
    let Object::Deployment(deployment) = object else {
        let what = if paused { "pausing" } else { "resuming" };
        return Err(RolloutError(format!("{what} is not supported")));
    };
    if deployment.spec.paused == paused {
        return Err(RolloutError(if paused { "is already paused" } else { "is not paused" }.to_owned()));
    }
    deployment.spec.paused = paused;
    Ok(())
}

//! What a controller wants done.

use crate::core::ObjectReference;
use crate::meta::{DeleteOptions, DeletionPropagation, ObjectMeta, Preconditions};
use crate::object::Object;
use pod_core::Timestamp;

/// Something to be done, in the order in which it stands in the plan.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Make an object. It has a name already, also when it has a `generateName`.
    Create(Object),
    /// Write what is wanted of an object, and its metadata. Its status is as it was observed.
    Update(Object),
    /// Write the status of an object. Everything else is as it was observed.
    UpdateStatus(Object),
    /// Delete an object.
    Delete {
        /// The object; its `uid` is set, so that another one of that name is not meant.
        object: ObjectReference,
        /// How.
        options: Box<DeleteOptions>,
    },
    /// Tell people what happened to an object.
    Report(Report),
}

impl Action {
    /// Whether it changes an object, and does not only tell something.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !matches!(self, Self::Report(_))
    }
}

/// What an event says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The object that it happened to.
    pub object: ObjectReference,
    /// Whether something is wrong: the type `Warning` instead of `Normal`.
    pub warning: bool,
    /// Why, in one word.
    pub reason: &'static str,
    /// What happened.
    pub message: String,
}

/// What a controller makes of what it sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<S> {
    /// What is to be done; empty when everything is as it should be.
    pub actions: Vec<Action>,
    /// The status that the object is to have. When it has another one, an action writes it.
    pub status: S,
    /// When to look again, even when nothing happens; absent is never.
    pub requeue_at: Option<Timestamp>,
}

impl<S> Plan<S> {
    /// A plan of nothing.
    pub(super) const fn idle(status: S) -> Self {
        Self { actions: Vec::new(), status, requeue_at: None }
    }

    /// The actions in batches, each to be begun when all of the one before went well: creations go in 1, 2, 4 and so on, so that what
    /// fails for all of them fails only for few (`slowStartBatch`). All other actions stand alone or in one batch between them.
    pub fn batches(&self) -> impl Iterator<Item = &[Action]> {
        let mut rest = self.actions.as_slice();
        let mut most = 1;
        std::iter::from_fn(move || {
            let first = rest.first()?;
            let creates = matches!(first, Action::Create(_));
            let run = rest.iter().take_while(|action| matches!(action, Action::Create(_)) == creates).count();
            let size = if creates { run.min(most) } else { run };
            most = if creates { most.saturating_mul(2) } else { most };
            let (batch, after) = rest.split_at_checked(size)?;
            rest = after;
            Some(batch)
        })
    }
}

/// The earlier of two moments, where there is one.
pub(super) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// An object by its type and metadata.
pub(super) fn reference(api_version: &str, kind: &str, metadata: &ObjectMeta) -> ObjectReference {
    ObjectReference {
        kind: kind.to_owned(),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        api_version: api_version.to_owned(),
        ..ObjectReference::default()
    }
}

/// The deletion of an object; what belongs to it goes as its kind has it, unless something else is said.
pub(super) fn delete(object: ObjectReference, propagation: Option<DeletionPropagation>) -> Action {
    let uid = Some(object.uid.clone()).filter(|uid| !uid.is_empty());
    let preconditions = uid.map(|uid| Box::new(Preconditions { uid: Some(uid), resource_version: None }));
    let options = Box::new(DeleteOptions {
        preconditions,
        propagation_policy: propagation,
        ..DeleteOptions::default()
    });
    Action::Delete { object, options }
}

/// An event of the type `Normal`.
pub(super) const fn normal(object: ObjectReference, reason: &'static str, message: String) -> Action {
    Action::Report(Report { object, warning: false, reason, message })
}

/// An event of the type `Warning`.
pub(super) const fn warning(object: ObjectReference, reason: &'static str, message: String) -> Action {
    Action::Report(Report { object, warning: true, reason, message })
}

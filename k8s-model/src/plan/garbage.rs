//! What goes with its owner (`pkg/controller/garbagecollector`).

use std::collections::HashMap;

use super::action::{self, Action};
use super::job;
use super::owner::controller_of;
use super::store::{FOREGROUND, ORPHAN};
use crate::meta::{DeletionPropagation, ObjectMeta, OwnerReference};
use crate::object::Object;

/// Objects by what they belong to.
#[derive(Debug, Clone, Default)]
pub struct Graph<'a> {
    by_uid: HashMap<&'a str, &'a Object>,
    dependents: HashMap<&'a str, Vec<&'a Object>>,
}

impl<'a> Graph<'a> {
    /// Adds an object.
    pub fn insert(&mut self, object: &'a Object) {
        let Some(metadata) = object.metadata() else { return };
        if !metadata.uid.is_empty() {
            self.by_uid.insert(&metadata.uid, object);
        }
        for (index, owner) in metadata.owner_references.iter().enumerate() {
            let mut before = metadata.owner_references.iter().take(index);
            if !before.any(|other| other.uid == owner.uid) {
                self.dependents.entry(&owner.uid).or_default().push(object);
            }
        }
    }

    /// The objects that say that they belong to the one with this identifier.
    #[must_use]
    pub fn dependents(&self, uid: &str) -> &[&'a Object] {
        self.dependents.get(uid).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is to be done about an object because of those that it belongs to, and because of those that belong to it.
    ///
    /// An object goes when all that it belongs to are gone. What is not among the objects is gone: the graph must know all that are there.
    /// References without an identifier are passed over.
    #[must_use]
    pub fn plan(&self, object: &Object) -> Vec<Action> {
        let Some(metadata) = object.metadata() else { return Vec::new() };
        let mut actions = Vec::new();
        if metadata.deletion_timestamp.is_some() {
            if has(metadata, ORPHAN) {
                self.orphan(object, metadata, &mut actions);
                return actions;
            }
            if has(metadata, FOREGROUND) && !self.is_blocked(metadata) {
                actions.extend(without_finalizer(object, FOREGROUND));
                return actions;
            }
        }
        self.release(object, &mut actions);
        let going = metadata.deletion_timestamp.is_some();
        if !going && let Some(action) = self.collect(object, metadata) {
            actions.push(action);
        }
        actions
    }

    /// Lets the pods of a job that is gone go.
    fn release(&self, object: &Object, actions: &mut Vec<Action>) {
        let Object::Pod(pod) = object else { return };
        let Some(owner) = controller_of(&pod.metadata).filter(|owner| owner.kind == "Job") else { return };
        if self.owner(owner).is_none()
            && let Some(released) = job::released(pod)
        {
            actions.push(Action::Update(released.into()));
        }
    }

    fn owner(&self, reference: &OwnerReference) -> Option<&'a Object> {
        let owner = self.by_uid.get(reference.uid.as_str()).copied()?;
        (owner.kind() == reference.kind && owner.name() == reference.name).then_some(owner)
    }

    /// Whether an object of those that belong to one holds it back.
    fn is_blocked(&self, metadata: &ObjectMeta) -> bool {
        self.dependents(&metadata.uid).iter().filter_map(|object| object.metadata()).any(|dependent| {
            dependent
                .owner_references
                .iter()
                .any(|owner| owner.uid == metadata.uid && owner.block_owner_deletion == Some(true))
        })
    }

    /// Takes an object from those that belong to it, which stay.
    fn orphan(&self, object: &Object, metadata: &ObjectMeta, actions: &mut Vec<Action>) {
        for dependent in self.dependents(&metadata.uid) {
            let mut dependent = (*dependent).clone();
            if let Some(own) = dependent.metadata_mut() {
                own.owner_references.retain(|owner| owner.uid != metadata.uid);
            }
            actions.push(Action::Update(dependent));
        }
        actions.extend(without_finalizer(object, ORPHAN));
    }

    /// Deletes an object when nothing that it belongs to is there any more (`attemptToDeleteItem`).
    fn collect(&self, object: &Object, metadata: &ObjectMeta) -> Option<Action> {
        let (mut solid, mut waiting, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for reference in metadata.owner_references.iter().filter(|reference| !reference.uid.is_empty()) {
            match self.owner(reference).and_then(Object::metadata) {
                None => gone.push(reference),
                Some(owner) if owner.deletion_timestamp.is_some() && has(owner, FOREGROUND) => {
                    waiting.push(reference);
                }
                Some(_) => solid.push(reference),
            }
        }
        if waiting.is_empty() && gone.is_empty() {
            return None;
        }
        if !solid.is_empty() {
            let mut object = object.clone();
            let own = object.metadata_mut()?;
            let useless: Vec<&str> = waiting.iter().chain(&gone).map(|owner| owner.uid.as_str()).collect();
            own.owner_references.retain(|owner| !useless.contains(&owner.uid.as_str()));
            return Some(Action::Update(object));
        }
        let propagation = if !waiting.is_empty() && !self.dependents(&metadata.uid).is_empty() {
            DeletionPropagation::Foreground
        } else if has(metadata, ORPHAN) {
            DeletionPropagation::Orphan
        } else if has(metadata, FOREGROUND) {
            DeletionPropagation::Foreground
        } else {
            DeletionPropagation::Background
        };
        let reference = action::reference(object.api_version(), object.kind(), metadata);
        Some(action::delete(reference, Some(propagation)))
    }
}

fn has(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().any(|other| other == finalizer)
}

fn without_finalizer(object: &Object, finalizer: &str) -> Option<Action> {
    let mut object = object.clone();
    object.metadata_mut()?.finalizers.retain(|other| other != finalizer);
    Some(Action::Update(object))
}

//! Who an object belongs to, and how a controller takes and gives back objects (`pkg/controller/controller_ref_manager.go`).

use super::action::Action;
use crate::apps::{ControllerRevision, ReplicaSet};
use crate::batch::Job;
use crate::core::Pod;
use crate::meta::{ObjectMeta, OwnerReference};
use crate::object::Object;
use crate::selector::Matcher;

/// An object that a controller may own.
pub(super) trait Owned: Clone + Into<Object> {
    fn metadata(&self) -> &ObjectMeta;
    fn metadata_mut(&mut self) -> &mut ObjectMeta;
}

macro_rules! owned {
    ($($type:ty),*) => {$(
        impl Owned for $type {
            fn metadata(&self) -> &ObjectMeta {
                &self.metadata
            }

            fn metadata_mut(&mut self) -> &mut ObjectMeta {
                &mut self.metadata
            }
        }
    )*};
}

owned!(Pod, ReplicaSet, ControllerRevision, Job);

/// The owner that controls an object.
#[must_use]
pub fn controller_of(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().find(|owner| owner.controller == Some(true))
}

/// The reference to an object as the one that controls another (`metav1.NewControllerRef`).
#[must_use]
pub fn controller_reference(api_version: &str, kind: &str, metadata: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Whether an object is controlled by the one with this identifier.
pub(super) fn is_controlled_by(metadata: &ObjectMeta, uid: &str) -> bool {
    controller_of(metadata).is_some_and(|owner| owner.uid == uid)
}

/// A controller that looks for what is its own.
#[derive(Clone, Copy)]
pub(super) struct Claim<'c> {
    /// The controller.
    pub(super) owner: &'c ObjectMeta,
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) matcher: &'c Matcher,
}

impl Claim<'_> {
    /// The objects of those given that are the controller's; those that become or cease to be its own are written.
    ///
    /// An object of somebody else is left alone. One of its own that no longer matches is released. One of nobody that matches is
    /// adopted, unless it or the controller is on its way out.
    pub(super) fn claim<'a, T: Owned>(
        self,
        candidates: impl IntoIterator<Item = &'a T>,
        actions: &mut Vec<Action>,
    ) -> Vec<&'a T> {
        let going = self.owner.deletion_timestamp.is_some();
        let mut own = Vec::new();
        for object in candidates {
            let metadata = object.metadata();
            let matches = self.matcher.matches(&metadata.labels);
            match controller_of(metadata) {
                Some(controller) if controller.uid != self.owner.uid => {}
                Some(_) if matches => own.push(object),
                Some(_) if going => {}
                Some(_) => actions.push(self.release(object)),
                None if going || !matches || metadata.deletion_timestamp.is_some() => {}
                None if metadata.namespace != self.owner.namespace => {}
                None => {
                    actions.push(self.adopt(object));
                    own.push(object);
                }
            }
        }
        own
    }

    /// Those of the given objects that are the controller's already and match; nothing is written.
    pub(super) fn claimed<'a, T: Owned>(self, candidates: impl IntoIterator<Item = &'a T>) -> Vec<&'a T> {
        let own = |object: &&T| {
            let metadata = object.metadata();
            is_controlled_by(metadata, &self.owner.uid) && self.matcher.matches(&metadata.labels)
        };
        candidates.into_iter().filter(own).collect()
    }

    fn adopt<T: Owned>(self, object: &T) -> Action {
        let reference = controller_reference(self.api_version, self.kind, self.owner);
        let mut object = object.clone();
        let owners = &mut object.metadata_mut().owner_references;
        owners.retain(|owner| owner.uid != reference.uid);
        owners.push(reference);
        Action::Update(object.into())
    }

    fn release<T: Owned>(self, object: &T) -> Action {
        let mut object = object.clone();
        object.metadata_mut().owner_references.retain(|owner| owner.uid != self.owner.uid);
        Action::Update(object.into())
    }
}

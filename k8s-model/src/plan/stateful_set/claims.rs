//! The claims of each pod, and what becomes of them.

use super::super::action::Action;
use super::super::owner::controller_reference;
use super::{Replica, Sync};
use crate::apps::{PersistentVolumeClaimRetentionPolicyType, StatefulSet};
use crate::core::{PersistentVolumeClaim, Pod};
use crate::meta::OwnerReference;

/// The name of a claim of the pod with a number.
pub(super) fn claim_name(set: &StatefulSet, template: &PersistentVolumeClaim, ordinal: i32) -> String {
    format!("{}-{}-{ordinal}", template.metadata.name, set.metadata.name)
}

impl<'a> Sync<'a> {
    fn claim(&self, template: &PersistentVolumeClaim, ordinal: i32) -> Option<&'a PersistentVolumeClaim> {
        self.claims.get(claim_name(self.set, template, ordinal).as_str()).copied()
    }

    /// Makes the claims of a pod that are missing.
    pub(super) fn make_claims(&mut self, replica: &Replica<'_>) {
        for template in &self.set.spec.volume_claim_templates {
            if self.claim(template, replica.ordinal).is_some() {
                continue;
            }
            let mut claim = template.clone();
            claim.metadata.name = claim_name(self.set, template, replica.ordinal);
            claim.metadata.namespace.clone_from(&self.set.metadata.namespace);
            if let Some(selector) = &self.set.spec.selector {
                claim.metadata.labels.extend(selector.match_labels.clone());
            }
            claim.status = Default::default();
            let message = format!(
                "create Claim {} Pod {} in StatefulSet {} success",
                claim.metadata.name, replica.pod.metadata.name, self.set.metadata.name
            );
            claim.metadata.owner_references = self.owners(&claim, replica);
            self.actions.push(Action::Create(claim.into()));
            self.report("SuccessfulCreate", message);
        }
    }

    /// Whether a claim of a pod that is to be made still belongs to a pod of that name that is gone.
    pub(super) fn is_stale(&self, replica: &Replica<'_>) -> bool {
        self.set.spec.volume_claim_templates.iter().any(|template| {
            let claim = self.claim(template, replica.ordinal);
            let mut owners = claim.into_iter().flat_map(|claim| &claim.metadata.owner_references);
            owners.any(|owner| {
                owner.kind == "Pod"
                    && owner.name == replica.pod.metadata.name
                    && owner.uid != replica.pod.metadata.uid
            })
        })
    }

    /// Gives the claims of a pod to those with whom they go.
    pub(super) fn keep_claims(&mut self, replica: &Replica<'_>) {
        for template in &self.set.spec.volume_claim_templates {
            let Some(claim) = self.claim(template, replica.ordinal) else { continue };
            let owners = self.owners(claim, replica);
            if owners != claim.metadata.owner_references {
                let mut claim = claim.clone();
                claim.metadata.owner_references = owners;
                self.actions.push(Action::Update(claim.into()));
            }
        }
    }

    /// The owners that a claim should have: the set when it goes with that, the pod when it goes with that and the pod's number is no longer
    /// wanted. A claim that somebody else controls is left alone.
    fn owners(&self, claim: &PersistentVolumeClaim, replica: &Replica<'_>) -> Vec<OwnerReference> {
        let pod: &Pod = &replica.pod;
        let own = |owner: &&OwnerReference| {
            owner.uid == self.set.metadata.uid || owner.kind == "Pod" && owner.name == pod.metadata.name
        };
        let mut owners: Vec<OwnerReference> =
            claim.metadata.owner_references.iter().filter(|owner| !own(owner)).cloned().collect();
        if owners.iter().any(|owner| owner.controller == Some(true)) {
            return claim.metadata.owner_references.clone();
        }
        let policy = self.set.spec.persistent_volume_claim_retention_policy.as_deref();
        let goes = |action: &PersistentVolumeClaimRetentionPolicyType| {
            *action == PersistentVolumeClaimRetentionPolicyType::Delete
        };
        let last = self.start().saturating_add(self.replicas());
        let unwanted = !(self.start()..last).contains(&replica.ordinal);
        if unwanted && policy.is_some_and(|policy| goes(&policy.when_scaled)) {
            owners.push(controller_reference("v1", "Pod", &pod.metadata));
        } else if policy.is_some_and(|policy| goes(&policy.when_deleted)) {
            owners.push(controller_reference("apps/v1", "StatefulSet", &self.set.metadata));
        }
        owners
    }
}

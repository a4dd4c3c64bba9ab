//! The controller of volumes (`pv_controller.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::matching::{self, Mismatch, Search, claim_class, find, is_for};
use super::plan::{Plan, Severity, Step};
use super::pod_volumes::{Binding, PodVolumes};
use crate::core::{
    Node, ObjectReference, PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimPhase,
    PersistentVolumePhase, PersistentVolumeReclaimPolicy, Pod, PodPhase,
};
use crate::object::Object;
use crate::storage::{StorageClass, VolumeBindingMode};

/// Says that a claim was bound once, and must not be bound to another volume.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// Says that the controller made the binding, and may take it back.
const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
/// Names who made a volume.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
/// Names the node of the pod that a claim waited for.
pub(super) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// Says that claims without a class get this one.
const IS_DEFAULT_CLASS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
/// A class whose volumes nobody makes.
pub(super) const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// The namespace and name of an object.
type Key = (String, String);

/// Claims, volumes, classes, and the pods that wait for them.
#[derive(Debug, Clone, Default)]
pub struct Storage {
    pub(super) claims: BTreeMap<Key, PersistentVolumeClaim>,
    pub(super) volumes: BTreeMap<String, PersistentVolume>,
    pub(super) classes: BTreeMap<String, StorageClass>,
    pub(super) pods: BTreeMap<Key, Pod>,
}

fn key(namespace: &str, name: &str) -> Key {
    (namespace.to_owned(), name.to_owned())
}

/// The class that claims without one get: of those that say so the newest, and of these the first by name
/// (`GetDefaultClass`).
#[must_use]
pub fn default_class<'c>(classes: impl IntoIterator<Item = &'c StorageClass>) -> Option<&'c StorageClass> {
    let says = |class: &&StorageClass| {
        IS_DEFAULT_CLASS
            .iter()
            .any(|key| class.metadata.annotations.get(*key).is_some_and(|value| value == "true"))
    };
    classes
        .into_iter()
        .filter(says)
        .min_by_key(|class| (Reverse(class.metadata.creation_timestamp), &class.metadata.name))
}

impl Storage {
    /// Adds an object, or replaces the one of that name. Other kinds are passed over: whether it was taken.
    pub fn take(&mut self, object: Object) -> bool {
        match object {
            Object::PersistentVolumeClaim(claim) => {
                self.claims.insert(key(&claim.metadata.namespace, &claim.metadata.name), *claim);
            }
            Object::PersistentVolume(volume) => {
                self.volumes.insert(volume.metadata.name.clone(), *volume);
            }
            Object::StorageClass(class) => {
                self.classes.insert(class.metadata.name.clone(), *class);
            }
            Object::Pod(pod) => {
                self.pods.insert(key(&pod.metadata.namespace, &pod.metadata.name), *pod);
            }
            _ => return false,
        }
        true
    }

    /// Takes a claim away.
    pub fn remove_claim(&mut self, namespace: &str, name: &str) -> Option<PersistentVolumeClaim> {
        self.claims.remove(&key(namespace, name))
    }

    /// Takes a volume away.
    pub fn remove_volume(&mut self, name: &str) -> Option<PersistentVolume> {
        self.volumes.remove(name)
    }

    /// Takes a pod away.
    pub fn remove_pod(&mut self, namespace: &str, name: &str) -> Option<Pod> {
        self.pods.remove(&key(namespace, name))
    }

    /// Notes that a pod was placed on a node: volumes are kept for its claims that waited, or the claims say for which node one is to be made.
    pub fn place(&mut self, pod: &Pod, node: &Node) {
        let bindings = PodVolumes::of(pod, self).ok().and_then(|volumes| volumes.bindings(node));
        for binding in bindings.unwrap_or_default() {
            let (Binding::Volume { claim, .. } | Binding::Provision { claim, .. }) = &binding;
            let Some(claim) = self.claims.get_mut(&key(&pod.metadata.namespace, claim)) else { continue };
            match &binding {
                Binding::Volume { volume, .. } => {
                    if let Some(volume) = self.volumes.get_mut(volume) {
                        keep_for(volume, claim);
                    }
                }
                Binding::Provision { .. } => {
                    claim.metadata.annotations.insert(SELECTED_NODE.to_owned(), node.metadata.name.clone());
                }
            }
        }
        let mut pod = pod.clone();
        pod.spec.node_name.clone_from(&node.metadata.name);
        self.pods.insert(key(&pod.metadata.namespace, &pod.metadata.name), pod);
    }

    /// The claims, by namespace and name.
    pub fn claims(&self) -> impl Iterator<Item = &PersistentVolumeClaim> {
        self.claims.values()
    }

    /// The volumes, by name.
    pub fn volumes(&self) -> impl Iterator<Item = &PersistentVolume> {
        self.volumes.values()
    }

    /// A claim.
    #[must_use]
    pub fn claim(&self, namespace: &str, name: &str) -> Option<&PersistentVolumeClaim> {
        self.claims.get(&key(namespace, name))
    }

    /// A volume.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&PersistentVolume> {
        self.volumes.get(name)
    }

    /// The class that claims without one get ([`default_class`]).
    #[must_use]
    pub fn default_class(&self) -> Option<&StorageClass> {
        default_class(self.classes.values())
    }

    /// What is to be done: claims are bound, volumes are released and reclaimed, phases are set, and people are told why a claim waits. Claims
    /// must have a `uid`, as an API server gives it; older ones come first.
    #[must_use]
    pub fn reconcile(&self) -> Plan {
        let mut next = self.clone();
        let mut plan = Plan::default();
        // A binding changes both sides, and what one gives back another one takes.
        for _ in 0..self.claims.len() + self.volumes.len() + 2 {
            let before = (next.claims.clone(), next.volumes.clone());
            plan.steps.clear();
            for name in self.volumes.keys() {
                next.sync_volume(name, &mut plan.steps);
            }
            let mut keys: Vec<&Key> = self.claims.keys().collect();
            keys.sort_by_key(|key| self.claims.get(*key).and_then(|claim| claim.metadata.creation_timestamp));
            for key in keys {
                next.sync_claim(key, &mut plan.steps);
            }
            if before == (next.claims.clone(), next.volumes.clone()) {
                break;
            }
        }
        // That a claim is lost is told once.
        plan.steps.retain(|step| !matches!(step, Step::Event { namespace, name, reason: "ClaimLost" | "ClaimMisbound", .. }
            if self.claim(namespace, name).is_some_and(|claim| claim.status.phase == PersistentVolumeClaimPhase::Lost)));
        plan.claims = next
            .claims
            .into_iter()
            .filter(|(key, claim)| self.claims.get(key) != Some(claim))
            .map(|(_, claim)| claim)
            .collect();
        plan.volumes = next
            .volumes
            .into_iter()
            .filter(|(name, volume)| self.volumes.get(name) != Some(volume))
            .map(|(_, volume)| volume)
            .collect();
        plan
    }

    /// Does what [`Storage::reconcile`] wants of claims and volumes; what is left for others.
    pub fn settle(&mut self) -> Vec<Step> {
        let plan = self.reconcile();
        for claim in plan.claims {
            self.take(Object::PersistentVolumeClaim(Box::new(claim)));
        }
        for volume in plan.volumes {
            self.take(Object::PersistentVolume(Box::new(volume)));
        }
        plan.steps
    }

    fn sync_volume(&mut self, name: &str, steps: &mut Vec<Step>) {
        let Some(volume) = self.volumes.get_mut(name) else { return };
        let Some(wanted) = volume.spec.claim_ref.clone().filter(|wanted| !wanted.uid.is_empty()) else {
            // Free, or kept for a claim that has not come.
            volume.status.phase = PersistentVolumePhase::Available;
            return;
        };
        let claim = self.claims.get(&key(&wanted.namespace, &wanted.name));
        let Some(claim) = claim.filter(|claim| claim.metadata.uid == wanted.uid) else {
            release(volume, steps);
            return;
        };
        if claim.spec.volume_name == volume.metadata.name {
            volume.status.phase = PersistentVolumePhase::Bound;
        } else if !claim.spec.volume_name.is_empty() {
            // The claim has another one.
            let made = volume.metadata.annotations.contains_key(PROVISIONED_BY);
            if made && volume.spec.persistent_volume_reclaim_policy == PersistentVolumeReclaimPolicy::Delete {
                release(volume, steps);
            } else {
                unbind(volume);
            }
        }
    }

    fn sync_claim(&mut self, key: &Key, steps: &mut Vec<Step>) {
        let Some(claim) = self.claims.get(key) else { return };
        if claim.metadata.annotations.contains_key(BIND_COMPLETED) {
            self.sync_bound(key, steps);
        } else if claim.spec.volume_name.is_empty() {
            self.search(key, steps);
        } else {
            self.sync_named(key, steps);
        }
    }

    /// A claim that has no volume.
    fn search(&mut self, key: &Key, steps: &mut Vec<Step>) {
        let default = self.default_class().map(|class| class.metadata.name.clone());
        let Some(claim) = self.claims.get_mut(key) else { return };
        let has_annotation =
            claim.metadata.annotations.contains_key("volume.beta.kubernetes.io/storage-class");
        if claim.spec.storage_class_name.is_none() && !has_annotation {
            claim.spec.storage_class_name = default;
        }
        let claim = claim.clone();
        let waits = self.waits(&claim);
        let found = find(&claim, self.volumes.values(), Search::Controller { waits });
        if let Some(name) = found.map(|volume| volume.metadata.name.clone()) {
            self.bind(key, &name);
            return;
        }
        self.set_phase(key, PersistentVolumeClaimPhase::Pending);
        if waits {
            steps.push(self.waiting(&claim));
        } else if claim_class(&claim).is_empty() {
            let message = "no persistent volumes available for this claim and no storage class is set";
            steps.push(event(&claim, Severity::Normal, "FailedBinding", message.to_owned()));
        } else {
            steps.extend(self.provision(&claim));
        }
    }

    /// Whether a claim waits for a pod that uses it to be placed.
    pub(super) fn waits(&self, claim: &PersistentVolumeClaim) -> bool {
        let mode = self.classes.get(claim_class(claim)).and_then(|class| class.volume_binding_mode.as_ref());
        mode == Some(&VolumeBindingMode::WaitForFirstConsumer)
            && !claim.metadata.annotations.contains_key(SELECTED_NODE)
    }

    fn waiting(&self, claim: &PersistentVolumeClaim) -> Step {
        let users = self.pods.values().filter(|pod| uses(pod, claim));
        let pods: Vec<&str> = users
            .filter(|pod| !matches!(pod.status.phase, PodPhase::Succeeded | PodPhase::Failed))
            .filter(|pod| pod.spec.node_name.is_empty())
            .map(|pod| pod.metadata.name.as_str())
            .collect();
        if pods.is_empty() {
            let message = "waiting for first consumer to be created before binding";
            event(claim, Severity::Normal, "WaitForFirstConsumer", message.to_owned())
        } else {
            let message = format!("waiting for pod {} to be scheduled", pods.join(","));
            event(claim, Severity::Normal, "WaitForPodScheduled", message)
        }
    }

    fn provision(&self, claim: &PersistentVolumeClaim) -> Vec<Step> {
        let name = claim_class(claim);
        let Some(class) = self.classes.get(name) else {
            let message = format!("storageclass.storage.k8s.io \"{name}\" not found");
            return vec![event(claim, Severity::Warning, "ProvisioningFailed", message)];
        };
        let provisioner = &class.provisioner;
        if provisioner == NO_PROVISIONER {
            let message = format!("no volume plugin matched name: {provisioner}");
            return vec![event(claim, Severity::Warning, "ProvisioningFailed", message)];
        }
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. \
             If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        vec![
            Step::Provision {
                namespace: claim.metadata.namespace.clone(),
                claim: claim.metadata.name.clone(),
                class: name.to_owned(),
                provisioner: provisioner.clone(),
                node: claim.metadata.annotations.get(SELECTED_NODE).cloned(),
            },
            event(claim, Severity::Normal, "ExternalProvisioning", message),
        ]
    }

    /// A claim that names a volume, and was never bound.
    fn sync_named(&mut self, key: &Key, steps: &mut Vec<Step>) {
        let Some(claim) = self.claims.get(key).cloned() else { return };
        let name = claim.spec.volume_name.clone();
        let verdict = match self.volumes.get(&name) {
            None => None,
            Some(volume) if volume.spec.claim_ref.is_none() => {
                Some(Mismatch::check(&claim, volume).map_err(|error| {
                    (("VolumeMismatch"), format!("Cannot bind to requested volume {name:?}: {error}"))
                }))
            }
            Some(volume) if is_for(volume, &claim) => Some(Ok(())),
            Some(_) => {
                Some(Err(("FailedBinding", format!("volume {name:?} already bound to a different claim."))))
            }
        };
        match verdict {
            Some(Ok(())) => self.bind(key, &name),
            Some(Err((reason, message))) => {
                steps.push(event(&claim, Severity::Warning, reason, message));
                self.set_phase(key, PersistentVolumeClaimPhase::Pending);
            }
            None => self.set_phase(key, PersistentVolumeClaimPhase::Pending),
        }
    }

    /// A claim that was bound.
    fn sync_bound(&mut self, key: &Key, steps: &mut Vec<Step>) {
        let Some(claim) = self.claims.get(key).cloned() else { return };
        let name = claim.spec.volume_name.clone();
        let volume = self.volumes.get(&name);
        let lost = match volume.map(|volume| volume.spec.claim_ref.as_ref()) {
            _ if name.is_empty() => Some((
                "ClaimLost",
                "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
            )),
            None => {
                Some(("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"))
            }
            Some(Some(other)) if other.uid != claim.metadata.uid => Some((
                "ClaimMisbound",
                "Two claims are bound to the same volume, this one is bound incorrectly",
            )),
            Some(_) => None,
        };
        let Some((reason, message)) = lost else { return self.bind(key, &name) };
        steps.push(event(&claim, Severity::Warning, reason, message.to_owned()));
        if let Some(claim) = self.claims.get_mut(key) {
            claim.status.phase = PersistentVolumeClaimPhase::Lost;
            claim.status.access_modes.clear();
            claim.status.capacity.clear();
        }
    }

    /// Binds both to each other.
    fn bind(&mut self, key: &Key, name: &str) {
        let (Some(claim), Some(volume)) = (self.claims.get_mut(key), self.volumes.get_mut(name)) else {
            return;
        };
        keep_for(volume, claim);
        volume.status.phase = PersistentVolumePhase::Bound;
        if claim.spec.volume_name != name {
            name.clone_into(&mut claim.spec.volume_name);
            claim.metadata.annotations.insert(BOUND_BY_CONTROLLER.to_owned(), "yes".to_owned());
        }
        claim.metadata.annotations.insert(BIND_COMPLETED.to_owned(), "yes".to_owned());
        let status = &mut claim.status;
        if status.phase != PersistentVolumeClaimPhase::Bound || status.capacity.is_empty() {
            status.capacity.clone_from(&volume.spec.capacity);
        }
        status.phase = PersistentVolumeClaimPhase::Bound;
        status.access_modes.clone_from(&volume.spec.access_modes);
    }

    fn set_phase(&mut self, key: &Key, phase: PersistentVolumeClaimPhase) {
        if let Some(claim) = self.claims.get_mut(key) {
            claim.status.phase = phase;
        }
    }
}

/// Keeps a volume for a claim.
fn keep_for(volume: &mut PersistentVolume, claim: &PersistentVolumeClaim) {
    if !is_for(volume, claim) {
        volume.metadata.annotations.insert(BOUND_BY_CONTROLLER.to_owned(), "yes".to_owned());
    }
    let metadata = &claim.metadata;
    if volume.spec.claim_ref.as_ref().is_none_or(|known| known.uid != metadata.uid) {
        volume.spec.claim_ref = Some(Box::new(ObjectReference {
            kind: "PersistentVolumeClaim".to_owned(),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            api_version: "v1".to_owned(),
            resource_version: metadata.resource_version.clone(),
            ..ObjectReference::default()
        }));
    }
}

/// Whether a pod uses a claim.
pub(super) fn uses(pod: &Pod, claim: &PersistentVolumeClaim) -> bool {
    pod.metadata.namespace == claim.metadata.namespace
        && claims_of(pod).any(|name| name == claim.metadata.name)
}

/// The names of the claims of a pod: those that it names, and those that are made for it.
pub(super) fn claims_of(pod: &Pod) -> impl Iterator<Item = String> {
    pod.spec.volumes.iter().filter_map(|volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(claim), _) => Some(claim.claim_name.clone()),
        (None, Some(_)) => Some(format!("{}-{}", pod.metadata.name, volume.name)),
        (None, None) => None,
    })
}

/// What becomes of a volume whose claim is gone.
fn release(volume: &mut PersistentVolume, steps: &mut Vec<Step>) {
    if volume.status.phase == PersistentVolumePhase::Failed {
        return;
    }
    volume.status.phase = PersistentVolumePhase::Released;
    let name = volume.metadata.name.clone();
    match volume.spec.persistent_volume_reclaim_policy {
        PersistentVolumeReclaimPolicy::Delete => steps.push(Step::Delete { volume: name }),
        PersistentVolumeReclaimPolicy::Recycle => steps.push(Step::Recycle { volume: name }),
        _ => {}
    }
}

/// Gives a volume back that its claim does not want: for good, or kept for the name where a person said so.
fn unbind(volume: &mut PersistentVolume) {
    if volume.metadata.annotations.remove(BOUND_BY_CONTROLLER).is_some() {
        volume.spec.claim_ref = None;
    } else if let Some(wanted) = &mut volume.spec.claim_ref {
        wanted.uid.clear();
    }
    volume.status.phase = PersistentVolumePhase::Available;
}

fn event(claim: &PersistentVolumeClaim, severity: Severity, reason: &'static str, message: String) -> Step {
    Step::Event {
        kind: "PersistentVolumeClaim",
        namespace: claim.metadata.namespace.clone(),
        name: claim.metadata.name.clone(),
        severity,
        reason,
        message,
    }
}

/// How much storage a claim asks for.
pub(super) fn asked(claim: &PersistentVolumeClaim) -> Option<&pod_core::quantity::Quantity> {
    matching::storage(&claim.spec.resources.requests)
}

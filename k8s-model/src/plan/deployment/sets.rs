//! The replica sets of a deployment: which one is the new one, what they are called, which revision they are.

use std::cmp::Ordering;

use super::super::owner::{controller_of, controller_reference};
use super::super::share::{Round, scaled};
use super::condition::Progressing;
use super::{DESIRED_REPLICAS, MAX_REPLICAS, REVISION, REVISION_HISTORY, ROLLBACK_TO, Sync};
use crate::apps::{Deployment, DeploymentStrategyType, ReplicaSet, ReplicaSetSpec};
use crate::core::PodTemplateSpec;
use crate::hash::{self, POD_TEMPLATE_HASH};
use crate::meta::ObjectMeta;
use crate::patch::LAST_APPLIED;

/// How long the annotation with former revisions may be.
const LONGEST_HISTORY: usize = 2000;

/// A replica set that is being planned.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) object: ReplicaSet,
    pub(super) changed: bool,
    pub(super) created: bool,
    pub(super) deleted: bool,
}

impl Set {
    pub(super) const fn observed(object: ReplicaSet) -> Self {
        Self { object, changed: false, created: false, deleted: false }
    }

    pub(super) fn replicas(&self) -> i32 {
        self.object.spec.replicas.unwrap_or(1)
    }

    pub(super) fn is_active(&self) -> bool {
        self.replicas() > 0
    }

    /// The older one first, then by name. One that is to be made is the youngest.
    pub(super) fn older(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.object.metadata, &other.object.metadata);
        let created = |metadata: &ObjectMeta| metadata.creation_timestamp;
        (self.created.cmp(&other.created))
            .then_with(|| created(a).cmp(&created(b)))
            .then_with(|| a.name.cmp(&b.name))
    }

    pub(super) fn annotation(&self, name: &str) -> Option<i32> {
        self.object.metadata.annotations.get(name)?.parse().ok()
    }

    /// Writes an annotation; whether it was another one.
    fn annotate(&mut self, name: &str, value: String) -> bool {
        let annotations = &mut self.object.metadata.annotations;
        let changes = annotations.get(name) != Some(&value);
        if changes {
            annotations.insert(name.to_owned(), value);
            self.changed = true;
        }
        changes
    }

    /// Writes the annotations that scaling looks at; whether they were others.
    pub(super) fn note_size(&mut self, desired: i32, most: i32) -> bool {
        let desired = self.annotate(DESIRED_REPLICAS, desired.to_string());
        self.annotate(MAX_REPLICAS, most.to_string()) || desired
    }
}

/// The number of a replica set's or a deployment's revision; 0 when it has none, or none that is a number.
#[must_use]
pub fn revision(metadata: &ObjectMeta) -> i64 {
    metadata.annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The name that the replica set of a deployment's present template gets, unless it is there already under another one.
///
/// The hash in it is ours (see [`crate::hash`]), not that of a cluster.
#[must_use]
pub fn new_set_name(deployment: &Deployment) -> String {
    let hash = hash::pod_template(&deployment.spec.template, deployment.status.collision_count);
    set_name(&deployment.metadata.name, &hash)
}

/// A name and a hash; the name is shortened so that both together are the name of an object.
fn set_name(deployment: &str, hash: &str) -> String {
    const LONGEST: usize = 253;
    let most = LONGEST.saturating_sub(hash.len() + 1).min(deployment.len());
    let end = (0..=most).rev().find(|end| deployment.is_char_boundary(*end)).unwrap_or(0);
    format!("{}-{hash}", deployment.get(..end).unwrap_or_default())
}

/// Whether two templates are the same but for the label with their hash (`EqualIgnoreHash`).
pub(super) fn same_template(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let bare = |template: &PodTemplateSpec| {
        let mut metadata = template.metadata.clone();
        metadata.labels.remove(POD_TEMPLATE_HASH);
        metadata
    };
    a.spec == b.spec && bare(a) == bare(b)
}

/// Whether an annotation is not carried from a deployment to its replica sets and back.
pub(super) fn stays(name: &str) -> bool {
    [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO].contains(&name)
}

/// How many pods may be too many and how many may be missing (`ResolveFenceposts`); where both would be none, one may be missing.
fn fence_posts(deployment: &Deployment) -> (i32, i32) {
    let replicas = deployment.spec.replicas.unwrap_or(1);
    let rolling = deployment.spec.strategy.rolling_update.as_deref().cloned().unwrap_or_default();
    let quarter = "25%".into();
    let surge = scaled(rolling.max_surge.as_ref().unwrap_or(&quarter), replicas, Round::Up).unwrap_or(0);
    let missing =
        scaled(rolling.max_unavailable.as_ref().unwrap_or(&quarter), replicas, Round::Down).unwrap_or(0);
    if surge == 0 && missing == 0 { (0, 1) } else { (surge, missing) }
}

impl Sync<'_> {
    pub(super) fn is_rolling(&self) -> bool {
        self.deployment.spec.strategy.type_ != DeploymentStrategyType::Recreate
    }

    pub(super) fn max_surge(&self) -> i32 {
        if self.is_rolling() { fence_posts(&self.deployment).0 } else { 0 }
    }

    pub(super) fn max_unavailable(&self) -> i32 {
        if !self.is_rolling() || self.replicas() == 0 {
            return 0;
        }
        fence_posts(&self.deployment).1.min(self.replicas())
    }

    /// Finds the replica set of the present template, or makes it, and keeps the numbers of revisions (`getNewReplicaSet`). Whether the
    /// plan may go on: it may not when a name is taken.
    pub(super) fn find_new(&mut self, create: bool) -> bool {
        let template = &self.deployment.spec.template;
        self.new = self.sets.iter().position(|set| same_template(&set.object.spec.template, template));
        let next = self.old().map(|set| revision(&set.object.metadata)).max().unwrap_or(0).max(0) + 1;
        if let Some(index) = self.new {
            self.take_up(index, next);
            return true;
        }
        !create || self.make(next)
    }

    fn take_up(&mut self, index: usize, next: i64) {
        let (own, min_ready) =
            (self.deployment.metadata.annotations.clone(), self.deployment.spec.min_ready_seconds);
        let Some(set) = self.sets.get_mut(index) else { return };
        let mut changed = copy_annotations(&own, set);
        changed |= count_up(set, next);
        if changed || set.object.spec.min_ready_seconds != min_ready {
            set.object.spec.min_ready_seconds = min_ready;
            set.changed = true;
            return;
        }
        let (revision, name) =
            (set.object.metadata.annotations.get(REVISION).cloned(), set.object.metadata.name.clone());
        if let Some(revision) = revision {
            self.deployment.metadata.annotations.insert(REVISION.to_owned(), revision);
        }
        if self.has_deadline() && self.progressing().is_none() {
            let message = format!("Found new replica set \"{name}\"");
            self.set_progressing(Progressing::FoundNewReplicaSet, message);
        }
    }

    fn make(&mut self, next: i64) -> bool {
        let set = self.fresh();
        let name = set.object.metadata.name.clone();
        let taken = self.observed.sets.iter().find(|set| {
            set.metadata.name == name && set.metadata.namespace == self.deployment.metadata.namespace
        });
        if let Some(taken) = taken {
            let own =
                controller_of(&taken.metadata).is_some_and(|owner| owner.uid == self.deployment.metadata.uid);
            if !(own && same_template(&taken.spec.template, &self.deployment.spec.template)) {
                let count = self.deployment.status.collision_count.unwrap_or(0);
                self.deployment.status.collision_count = Some(count + 1);
                return false;
            }
        }
        self.new = Some(self.sets.len());
        self.sets.push(set);
        let replicas = self.new_replicas();
        let (desired, most) = (self.replicas(), self.replicas() + self.max_surge());
        let own = self.deployment.metadata.annotations.clone();
        if let Some(set) = self.sets.last_mut() {
            set.object.spec.replicas = Some(replicas);
            copy_annotations(&own, set);
            count_up(set, next);
            set.note_size(desired, most);
        }
        if let Some(failure) = self.observed.failure {
            let message = format!("Failed to create new replica set \"{name}\": {failure}");
            self.actions.push(super::action::warning(
                self.reference(),
                "ReplicaSetCreateError",
                message.clone(),
            ));
            if self.has_deadline() {
                self.set_progressing(Progressing::ReplicaSetCreateError, message);
            }
            return true;
        }
        if replicas > 0 {
            self.report("ScalingReplicaSet", format!("Scaled up replica set {name} from 0 to {replicas}"));
        }
        self.deployment.metadata.annotations.insert(REVISION.to_owned(), next.to_string());
        if self.has_deadline() {
            let message = format!("Created new replica set \"{name}\"");
            self.set_progressing(Progressing::NewReplicaSetCreated, message);
        }
        true
    }

    /// The replica set of the present template, without pods.
    fn fresh(&self) -> Set {
        let Deployment { metadata, spec, status } = &self.deployment;
        let hash = hash::pod_template(&spec.template, status.collision_count);
        let mut template = spec.template.clone();
        template.metadata.labels.insert(POD_TEMPLATE_HASH.to_owned(), hash.clone());
        let mut selector = spec.selector.clone().unwrap_or_default();
        selector.match_labels.insert(POD_TEMPLATE_HASH.to_owned(), hash.clone());
        let object = ReplicaSet {
            metadata: ObjectMeta {
                name: set_name(&metadata.name, &hash),
                namespace: metadata.namespace.clone(),
                labels: template.metadata.labels.clone(),
                owner_references: vec![controller_reference("apps/v1", "Deployment", metadata)],
                ..ObjectMeta::default()
            },
            spec: ReplicaSetSpec {
                replicas: Some(0),
                min_ready_seconds: spec.min_ready_seconds,
                selector: Some(selector),
                template,
            },
            ..ReplicaSet::default()
        };
        Set { changed: true, created: true, ..Set::observed(object) }
    }
}

/// Carries the annotations of a deployment over; whether there was another one.
fn copy_annotations(own: &std::collections::BTreeMap<String, String>, set: &mut Set) -> bool {
    let mut changed = false;
    for (name, value) in own.iter().filter(|(name, _)| !stays(name)) {
        changed |= set.annotate(name, value.clone());
    }
    changed
}

/// Gives a replica set the next number, unless it has a higher one; the number before goes to its history. Whether it changed.
fn count_up(set: &mut Set, next: i64) -> bool {
    let before = set.object.metadata.annotations.get(REVISION).cloned();
    let number = match before.as_deref() {
        None | Some("") => 0,
        Some(text) => match text.parse::<i64>() {
            Ok(number) => number,
            Err(_) => return false,
        },
    };
    if number >= next {
        return false;
    }
    set.annotate(REVISION, next.to_string());
    if let Some(before) = before {
        let history = set.object.metadata.annotations.get(REVISION_HISTORY).cloned().unwrap_or_default();
        if let Some(history) = with_history(&history, &before) {
            set.annotate(REVISION_HISTORY, history);
        }
    }
    true
}

/// A history with one more number; the oldest ones go when it gets too long. `None` when even that is too long.
fn with_history(history: &str, number: &str) -> Option<String> {
    if history.is_empty() {
        return Some(number.to_owned());
    }
    let mut rest = history;
    while rest.len() + number.len() + 1 > LONGEST_HISTORY {
        rest = rest.split_once(',')?.1;
    }
    Some(format!("{rest},{number}"))
}

//! The revisions of stateful sets and daemon sets (`pkg/controller/history`).

use serde_json::{Value, json};

use super::action::{self, Action};
use super::owner::controller_reference;
use crate::apps::ControllerRevision;
use crate::core::{PodTemplate, PodTemplateSpec};
use crate::encode::{Part, to_json};
use crate::hash;
use crate::meta::ObjectMeta;

/// The label of a stateful set's revision with its hash.
pub(super) const HASH: &str = "controller.kubernetes.io/hash";

/// What has revisions.
#[derive(Clone, Copy)]
pub(super) struct Parent<'p> {
    pub(super) metadata: &'p ObjectMeta,
    pub(super) kind: &'static str,
    /// The label of a revision with its hash.
    pub(super) hash_label: &'static str,
    pub(super) template: &'p PodTemplateSpec,
    pub(super) collisions: Option<i32>,
}

/// The revision of the present template, and what must be done for it.
pub(super) struct Present {
    pub(super) revision: ControllerRevision,
    pub(super) action: Option<Action>,
    /// How often a name was taken, one more when this one is.
    pub(super) collisions: i32,
}

impl Parent<'_> {
    /// The revision of the present template: the last one when nothing changed, an old one with a new number when the parent went back, or
    /// a new one. `revisions` are in their order.
    pub(super) fn present(self, revisions: &[&ControllerRevision]) -> Present {
        let collisions = self.collisions.unwrap_or(0);
        let data = data_of(self.template);
        let next = revisions.last().map_or(1, |last| last.revision + 1);
        let equal = |revision: &&&ControllerRevision| revision.data.as_ref() == Some(&data);
        if let Some(found) = revisions.iter().rev().find(equal) {
            let is_last = revisions.last().is_some_and(|last| last.metadata.name == found.metadata.name);
            let revision = if is_last {
                (**found).clone()
            } else {
                ControllerRevision { revision: next, ..(**found).clone() }
            };
            let action = (!is_last).then(|| Action::Update(revision.clone().into()));
            return Present { revision, action, collisions };
        }
        let revision = self.fresh(data, next);
        let taken = revisions.iter().any(|other| other.metadata.name == revision.metadata.name);
        let action = Some(Action::Create(revision.clone().into()));
        if taken {
            return Present { revision, action: None, collisions: collisions + 1 };
        }
        Present { revision, action, collisions }
    }

    fn fresh(self, data: Value, number: i64) -> ControllerRevision {
        let hash = hash::revision(&data, self.collisions);
        let mut labels = self.template.metadata.labels.clone();
        labels.insert(self.hash_label.to_owned(), hash.clone());
        let metadata = ObjectMeta {
            name: hash::revision_name(&self.metadata.name, &hash),
            namespace: self.metadata.namespace.clone(),
            labels,
            annotations: self.metadata.annotations.clone(),
            owner_references: vec![controller_reference("apps/v1", self.kind, self.metadata)],
            ..ObjectMeta::default()
        };
        ControllerRevision { metadata, data: Some(data), revision: number }
    }
}

/// Sorts revisions by their number, then by their age and name.
pub(super) fn sort(revisions: &mut [&ControllerRevision]) {
    revisions.sort_by(|a, b| {
        let key = |revision: &ControllerRevision| (revision.revision, revision.metadata.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
}

/// Deletes the oldest revisions beyond a limit that nothing lives by.
pub(super) fn truncate<'a>(
    revisions: &[&'a ControllerRevision],
    is_live: impl Fn(&'a ControllerRevision) -> bool,
    limit: i32,
) -> Vec<Action> {
    let old: Vec<&ControllerRevision> =
        revisions.iter().copied().filter(|revision| !is_live(revision)).collect();
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    let reference = |revision: &ControllerRevision| {
        action::reference("apps/v1", "ControllerRevision", &revision.metadata)
    };
    old.into_iter().take(surplus).map(|revision| action::delete(reference(revision), None)).collect()
}

/// A template as the patch that a revision holds.
fn data_of(template: &PodTemplateSpec) -> Value {
    let mut template: Value = serde_json::from_str(&to_json(&Part(template))).unwrap_or_default();
    if let Value::Object(members) = &mut template {
        members.insert("$patch".to_owned(), "replace".into());
    }
    json!({ "spec": { "template": template } })
}

/// The template of a revision; `None` when it holds none.
pub(super) fn template_of(revision: &ControllerRevision) -> Option<PodTemplateSpec> {
    let mut template = revision.data.as_ref()?.get("spec")?.get("template")?.clone();
    template.as_object_mut()?.remove("$patch");
    let object = json!({ "apiVersion": "v1", "kind": "PodTemplate", "template": template });
    serde_json::from_value::<PodTemplate>(object).ok().map(|object| object.template)
}

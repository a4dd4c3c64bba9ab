//! Controllers of pods: selectors that follow from the template, and other defaults.
//!
//! Source: `SetDefaults_…` and `Convert_…` of `pkg/apis/extensions/v1beta1` and `pkg/apis/apps/v1beta1`, Kubernetes 1.20.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use super::{Content, Notes};
use crate::apps::{
    DaemonSet, DaemonSetSpec, DaemonSetStatus, DaemonSetUpdateStrategy, DaemonSetUpdateStrategyType,
    StatefulSetUpdateStrategyType,
};
use crate::core::PodTemplateSpec;
use crate::decode::Decoder;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::object::Object;
use crate::schema::{Value, object};
use crate::tree::Node;

object! {
    /// A daemon set of `extensions/v1beta1`.
    pub struct OldDaemonSet as "DaemonSet" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: OldDaemonSetSpec = "spec",
        /// What was last seen.
        pub status: DaemonSetStatus = "status",
    }

    /// What is wanted of a daemon set of `extensions/v1beta1`.
    pub struct OldDaemonSetSpec as "DaemonSetSpec" {
        /// Its pods; those with the labels of the template by default.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// How old pods are replaced by new ones.
        pub update_strategy: DaemonSetUpdateStrategy = "updateStrategy",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// Counts the changes of the template.
        pub template_generation: i64 = "templateGeneration",
        /// How many old revisions are kept.
        pub revision_history_limit: Option<i32> = "revisionHistoryLimit",
    }
}

/// Where the modelled form keeps `templateGeneration`.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

pub(super) fn read_daemon_set<'t>(root: Node<'t>, decoder: &mut Decoder<'t>, notes: &mut Notes) -> Object {
    let mut old = OldDaemonSet::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let OldDaemonSet { mut metadata, mut spec, status } = old;
    from_template(&mut metadata, &mut spec.selector, &spec.template, notes);
    if spec.template_generation != 0 {
        metadata.annotations.insert(TEMPLATE_GENERATION.into(), spec.template_generation.to_string());
        let message = format!("it is kept as the annotation `{TEMPLATE_GENERATION}`");
        notes.add("spec.templateGeneration", message);
    }
    if spec.update_strategy.type_.is_unset() {
        spec.update_strategy.type_ = DaemonSetUpdateStrategyType::OnDelete;
        notes.add("spec.updateStrategy.type", "`OnDelete` is filled in, the default of its version");
    }
    let spec = DaemonSetSpec {
        selector: spec.selector,
        template: spec.template,
        update_strategy: spec.update_strategy,
        min_ready_seconds: spec.min_ready_seconds,
        revision_history_limit: spec.revision_history_limit,
    };
    DaemonSet { metadata, spec, status }.into()
}

pub(super) fn write_daemon_set(object: &mut DaemonSet, notes: &mut Notes) -> Content {
    let DaemonSet { mut metadata, spec, status } = std::mem::take(object);
    let generation = metadata.annotations.get(TEMPLATE_GENERATION).and_then(|text| text.parse().ok());
    if generation.is_some() {
        metadata.annotations.remove(TEMPLATE_GENERATION);
    }
    let mut update_strategy = spec.update_strategy;
    if update_strategy.type_.is_unset() {
        update_strategy.type_ = DaemonSetUpdateStrategyType::RollingUpdate;
        notes
            .add("spec.updateStrategy.type", "`RollingUpdate` is filled in: the version has another default");
    }
    let spec = OldDaemonSetSpec {
        selector: spec.selector,
        template: spec.template,
        update_strategy,
        min_ready_seconds: spec.min_ready_seconds,
        template_generation: generation.unwrap_or_default(),
        revision_history_limit: spec.revision_history_limit,
    };
    Content::Old(Box::new(OldDaemonSet { metadata, spec, status }))
}

/// What a replica set or stateful set of an old version means, written out.
pub(super) fn after_reading(object: &mut Object, notes: &mut Notes) {
    match object {
        Object::ReplicaSet(set) => {
            from_template(&mut set.metadata, &mut set.spec.selector, &set.spec.template, notes);
        }
        Object::StatefulSet(set) => {
            from_template(&mut set.metadata, &mut set.spec.selector, &set.spec.template, notes);
            if set.spec.update_strategy.type_.is_unset() {
                set.spec.update_strategy.type_ = StatefulSetUpdateStrategyType::OnDelete;
                notes.add("spec.updateStrategy.type", "`OnDelete` is filled in, the default of its version");
            }
        }
        _ => {}
    }
}

/// What a stateful set means, written out for a version with another default.
pub(super) fn before_writing(object: &mut Object, notes: &mut Notes) {
    if let Object::StatefulSet(set) = object
        && set.spec.update_strategy.type_.is_unset()
    {
        set.spec.update_strategy.type_ = StatefulSetUpdateStrategyType::RollingUpdate;
        notes
            .add("spec.updateStrategy.type", "`RollingUpdate` is filled in: the version has another default");
    }
}

/// Selector and labels follow from the labels of the template.
pub(super) fn from_template(
    metadata: &mut ObjectMeta,
    selector: &mut Option<Box<LabelSelector>>,
    template: &PodTemplateSpec,
    notes: &mut Notes,
) {
    let labels = &template.metadata.labels;
    if labels.is_empty() {
        return;
    }
    if selector.is_none() {
        *selector =
            Some(Box::new(LabelSelector { match_labels: labels.clone(), ..LabelSelector::default() }));
        notes.add(
            "spec.selector",
            "it is filled in from the labels of the template, the default of its version",
        );
    }
    if metadata.labels.is_empty() {
        metadata.labels.clone_from(labels);
        notes.add("metadata.labels", "they are filled in from the template, the default of its version");
    }
}

//! Deployments of `extensions/v1beta1` and `apps/v1beta1`.
//!
//! Source: `SetDefaults_Deployment` and `Convert_…_Deployment…` of both groups, Kubernetes 1.20.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use super::workload::from_template;
use super::{Content, Notes};
use crate::apps::{
    Deployment, DeploymentSpec, DeploymentStatus, DeploymentStrategy, DeploymentStrategyType,
    RollingUpdateDeployment,
};
use crate::core::PodTemplateSpec;
use crate::decode::Decoder;
use crate::int_or_string::IntOrString;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::object::Object;
use crate::schema::{Value, object};
use crate::tree::Node;

object! {
    /// A deployment of an old version.
    pub struct OldDeployment as "Deployment" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: OldDeploymentSpec = "spec",
        /// What was last seen.
        pub status: DeploymentStatus = "status",
    }

    /// What is wanted of a deployment of an old version.
    pub struct OldDeploymentSpec as "DeploymentSpec" {
        /// How many pods there should be.
        pub replicas: Option<i32> = "replicas",
        /// Its pods; those with the labels of the template by default.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// The pods that it makes.
        pub template: PodTemplateSpec = "template" always,
        /// How old pods are replaced by new ones.
        pub strategy: DeploymentStrategy = "strategy",
        /// How many seconds a pod must be ready before it counts as available.
        pub min_ready_seconds: i32 = "minReadySeconds",
        /// How many old replica sets are kept.
        pub revision_history_limit: Option<i32> = "revisionHistoryLimit",
        /// Whether nothing is changed for now.
        pub paused: bool = "paused",
        /// The revision that it is to become again.
        pub rollback_to: Option<Box<RollbackConfig>> = "rollbackTo",
        /// After how many seconds without progress it counts as failed.
        pub progress_deadline_seconds: Option<i32> = "progressDeadlineSeconds",
    }

    /// The revision that a deployment is to become again.
    pub struct RollbackConfig {
        /// Its number; 0 is the one before.
        pub revision: i64 = "revision",
    }
}

/// Where the modelled form keeps `rollbackTo`.
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

pub(super) fn read<'t>(history: i32, root: Node<'t>, decoder: &mut Decoder<'t>, notes: &mut Notes) -> Object {
    let mut old = OldDeployment::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let OldDeployment { mut metadata, mut spec, status } = old;
    from_template(&mut metadata, &mut spec.selector, &spec.template, notes);
    if let Some(rollback) = &spec.rollback_to {
        metadata.annotations.insert(ROLLBACK_TO.into(), rollback.revision.to_string());
        notes.add("spec.rollbackTo", format!("it is kept as the annotation `{ROLLBACK_TO}`"));
    }
    // `extensions/v1beta1` keeps all, and waits for ever.
    let endless = history == i32::MAX;
    if spec.revision_history_limit.is_none() {
        spec.revision_history_limit = Some(history);
        notes.add(
            "spec.revisionHistoryLimit",
            format!("`{history}` is filled in, the default of its version"),
        );
    }
    if endless && spec.progress_deadline_seconds.is_none() {
        spec.progress_deadline_seconds = Some(i32::MAX);
        let message = format!("`{}` is filled in, the default of its version", i32::MAX);
        notes.add("spec.progressDeadlineSeconds", message);
    }
    if endless {
        rolling_update(&mut spec.strategy, &IntOrString::Int(1), ", the default of its version", notes);
    }
    let spec = DeploymentSpec {
        replicas: spec.replicas,
        selector: spec.selector,
        template: spec.template,
        strategy: spec.strategy,
        min_ready_seconds: spec.min_ready_seconds,
        revision_history_limit: spec.revision_history_limit,
        paused: spec.paused,
        progress_deadline_seconds: spec.progress_deadline_seconds,
    };
    Deployment { metadata, spec, status }.into()
}

pub(super) fn write(object: &mut Deployment, notes: &mut Notes) -> Content {
    let Deployment { mut metadata, spec, status } = std::mem::take(object);
    let rollback_to = metadata.annotations.get(ROLLBACK_TO).and_then(|text| text.parse().ok());
    if rollback_to.is_some() {
        metadata.annotations.remove(ROLLBACK_TO);
    }
    let mut spec = OldDeploymentSpec {
        replicas: spec.replicas,
        selector: spec.selector,
        template: spec.template,
        strategy: spec.strategy,
        min_ready_seconds: spec.min_ready_seconds,
        revision_history_limit: spec.revision_history_limit,
        paused: spec.paused,
        rollback_to: rollback_to.map(|revision| Box::new(RollbackConfig { revision })),
        progress_deadline_seconds: spec.progress_deadline_seconds,
    };
    let why = ": the version has another default";
    for (field, name, value) in [
        (&mut spec.revision_history_limit, "revisionHistoryLimit", 10),
        (&mut spec.progress_deadline_seconds, "progressDeadlineSeconds", 600),
    ] {
        if field.is_none() {
            *field = Some(value);
            notes.add(format!("spec.{name}"), format!("`{value}` is filled in{why}"));
        }
    }
    rolling_update(&mut spec.strategy, &IntOrString::from("25%"), why, notes);
    Content::Old(Box::new(OldDeployment { metadata, spec, status }))
}

/// How fast pods are replaced when nothing is said about it.
fn rolling_update(strategy: &mut DeploymentStrategy, default: &IntOrString, why: &str, notes: &mut Notes) {
    if strategy.type_.is_unset() {
        strategy.type_ = DeploymentStrategyType::RollingUpdate;
    }
    if strategy.type_ != DeploymentStrategyType::RollingUpdate {
        return;
    }
    let update = strategy.rolling_update.get_or_insert_with(|| Box::new(RollingUpdateDeployment::default()));
    for (field, name) in
        [(&mut update.max_unavailable, "maxUnavailable"), (&mut update.max_surge, "maxSurge")]
    {
        if field.is_none() {
            *field = Some(default.clone());
            let message = format!("`{default}` is filled in{why}");
            notes.add(format!("spec.strategy.rollingUpdate.{name}"), message);
        }
    }
}

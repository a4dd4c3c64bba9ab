//! Autoscalers of `autoscaling/v1`, whose annotations hold what its fields cannot say, and of `autoscaling/v2beta1`.
//!
//! Source: `pkg/apis/autoscaling/v1/conversion.go`, Kubernetes 1.20.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use super::metric::{OldMetric, OldMetricStatus, new_metric, new_status, old_metric, old_status};
use super::{Content, Notes};
use crate::autoscaling::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerCondition, HorizontalPodAutoscalerSpec, HorizontalPodAutoscalerStatus,
    MetricSourceType, MetricSpec, MetricStatus, MetricTarget, MetricTargetType, MetricValueStatus,
    ResourceMetricSource, ResourceMetricStatus,
};
use crate::decode::{Decoder, Mode};
use crate::encode::{Part, to_json};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::schema::{Value, object};
use crate::time::Time;
use crate::tree::{Limits, Node, Tree};

object! {
    /// An autoscaler of `autoscaling/v1`.
    pub struct OldAutoscaler as "HorizontalPodAutoscaler" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: OldSpec = "spec",
        /// What was last seen.
        pub status: OldStatus = "status",
    }

    /// What is wanted of an autoscaler of `autoscaling/v1`.
    pub struct OldSpec as "HorizontalPodAutoscalerSpec" {
        /// The controller.
        pub scale_target_ref: CrossVersionObjectReference = "scaleTargetRef" always,
        /// The least number of pods.
        pub min_replicas: Option<i32> = "minReplicas",
        /// The greatest number of pods.
        pub max_replicas: i32 = "maxReplicas" always,
        /// How much of the processor the pods should use, in percent of what they ask for.
        pub target_cpu: Option<i32> = "targetCPUUtilizationPercentage",
    }

    /// What was last seen of an autoscaler of `autoscaling/v1`.
    pub struct OldStatus as "HorizontalPodAutoscalerStatus" {
        /// The generation of the object that this speaks of.
        pub observed_generation: Option<i64> = "observedGeneration",
        /// When the number was last changed.
        pub last_scale_time: Option<Time> = "lastScaleTime",
        /// How many pods there were.
        pub current_replicas: i32 = "currentReplicas" always,
        /// How many pods are wanted.
        pub desired_replicas: i32 = "desiredReplicas" always,
        /// How much of the processor the pods use.
        pub current_cpu: Option<i32> = "currentCPUUtilizationPercentage",
    }

    /// An autoscaler of `autoscaling/v2beta1`.
    pub struct BetaAutoscaler as "HorizontalPodAutoscaler" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: BetaSpec = "spec",
        /// What was last seen.
        pub status: BetaStatus = "status",
    }

    /// What is wanted of an autoscaler of `autoscaling/v2beta1`.
    pub struct BetaSpec as "HorizontalPodAutoscalerSpec" {
        /// The controller.
        pub scale_target_ref: CrossVersionObjectReference = "scaleTargetRef" always,
        /// The least number of pods.
        pub min_replicas: Option<i32> = "minReplicas",
        /// The greatest number of pods.
        pub max_replicas: i32 = "maxReplicas" always,
        /// What the load is measured by.
        pub metrics: Vec<OldMetric> = "metrics",
    }

    /// What was last seen of an autoscaler of `autoscaling/v2beta1`.
    pub struct BetaStatus as "HorizontalPodAutoscalerStatus" {
        /// The generation of the object that this speaks of.
        pub observed_generation: Option<i64> = "observedGeneration",
        /// When the number was last changed.
        pub last_scale_time: Option<Time> = "lastScaleTime",
        /// How many pods there were.
        pub current_replicas: i32 = "currentReplicas" always,
        /// How many pods are wanted.
        pub desired_replicas: i32 = "desiredReplicas" always,
        /// What was measured.
        pub current_metrics: Vec<OldMetricStatus> = "currentMetrics" always,
        /// What is so of it, by type.
        pub conditions: Vec<HorizontalPodAutoscalerCondition> = "conditions" always,
    }
}

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT_METRICS: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Takes the value out of an annotation; what is not understood stays there.
fn take<T: Value>(metadata: &mut ObjectMeta, name: &str, notes: &mut Notes) -> Option<T> {
    let text = metadata.annotations.get(name)?;
    let mut value = T::initial();
    let well = Tree::json(text, &Limits::default()).is_ok_and(|tree| {
        let mut decoder = Decoder::new(Mode::Strict, "".into(), 1);
        value.decode(tree.root(), &mut decoder);
        decoder.finish().is_empty()
    });
    if well {
        metadata.annotations.remove(name);
        return Some(value);
    }
    notes.add(format!("metadata.annotations[{name}]"), "it is not understood, and stays as it is");
    None
}

pub(super) fn read<'t>(root: Node<'t>, decoder: &mut Decoder<'t>, notes: &mut Notes) -> Object {
    let mut old = OldAutoscaler::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let OldAutoscaler { mut metadata, spec, status } = old;
    let further: Vec<OldMetric> = take(&mut metadata, METRICS, notes).unwrap_or_default();
    let measured: Vec<OldMetricStatus> = take(&mut metadata, CURRENT_METRICS, notes).unwrap_or_default();
    let spec = HorizontalPodAutoscalerSpec {
        scale_target_ref: spec.scale_target_ref,
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        metrics: spec.target_cpu.map(cpu).into_iter().chain(further.into_iter().map(new_metric)).collect(),
        behavior: take::<HorizontalPodAutoscalerBehavior>(&mut metadata, BEHAVIOR, notes).map(Box::new),
    };
    let status = HorizontalPodAutoscalerStatus {
        observed_generation: status.observed_generation,
        last_scale_time: status.last_scale_time,
        current_replicas: status.current_replicas,
        desired_replicas: status.desired_replicas,
        current_metrics: status
            .current_cpu
            .map(current_cpu)
            .into_iter()
            .chain(measured.into_iter().map(new_status))
            .collect(),
        conditions: take(&mut metadata, CONDITIONS, notes).unwrap_or_default(),
    };
    HorizontalPodAutoscaler { metadata, spec, status }.into()
}

/// A target for the processor, in percent.
fn cpu(percent: i32) -> MetricSpec {
    let target = MetricTarget {
        type_: MetricTargetType::Utilization,
        average_utilization: Some(percent),
        ..MetricTarget::default()
    };
    MetricSpec {
        type_: MetricSourceType::Resource,
        resource: Some(Box::new(ResourceMetricSource { name: "cpu".into(), target })),
        ..MetricSpec::default()
    }
}

fn current_cpu(percent: i32) -> MetricStatus {
    let current = MetricValueStatus { average_utilization: Some(percent), ..MetricValueStatus::default() };
    MetricStatus {
        type_: MetricSourceType::Resource,
        resource: Some(Box::new(ResourceMetricStatus { name: "cpu".into(), current })),
        ..MetricStatus::default()
    }
}

pub(super) fn write(object: &mut HorizontalPodAutoscaler) -> Content {
    let HorizontalPodAutoscaler { mut metadata, spec, status } = std::mem::take(object);
    let mut annotate = |name: &str, value: &dyn Value| {
        if !value.is_empty() {
            metadata.annotations.insert(name.to_owned(), to_json(&Part(value)));
        }
    };
    let mut metrics = spec.metrics;
    let target_cpu = metrics.iter().position(|metric| percent_of(metric).is_some());
    let target_cpu = target_cpu.and_then(|at| percent_of(&metrics.remove(at)));
    let mut further = Vec::new();
    let mut lost = Notes::default();
    for metric in metrics {
        further.push(old_metric("", metric, &mut lost));
    }
    let mut measured = status.current_metrics;
    let current_cpu = measured.iter().position(|metric| current_percent_of(metric).is_some());
    let current_cpu = current_cpu.and_then(|at| current_percent_of(&measured.remove(at)));
    let measured: Vec<OldMetricStatus> = measured.into_iter().map(old_status).collect();
    annotate(METRICS, &further);
    annotate(CURRENT_METRICS, &measured);
    annotate(CONDITIONS, &status.conditions);
    annotate(BEHAVIOR, &spec.behavior);
    let spec = OldSpec {
        scale_target_ref: spec.scale_target_ref,
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        target_cpu,
    };
    let status = OldStatus {
        observed_generation: status.observed_generation,
        last_scale_time: status.last_scale_time,
        current_replicas: status.current_replicas,
        desired_replicas: status.desired_replicas,
        current_cpu,
    };
    Content::Old(Box::new(OldAutoscaler { metadata, spec, status }))
}

fn percent_of(metric: &MetricSpec) -> Option<i32> {
    metric.resource.as_ref().filter(|resource| resource.name == "cpu")?.target.average_utilization
}

/// Of what was measured, only what the one field of `autoscaling/v1` can say whole.
fn current_percent_of(metric: &MetricStatus) -> Option<i32> {
    let resource = metric.resource.as_ref().filter(|resource| resource.name == "cpu")?;
    resource.current.average_utilization.filter(|_| resource.current.average_value.is_none())
}

pub(super) fn read_beta<'t>(root: Node<'t>, decoder: &mut Decoder<'t>) -> Object {
    let mut old = BetaAutoscaler::initial();
    crate::schema::decode_fields(&mut old, root, decoder, &["apiVersion", "kind"]);
    let BetaAutoscaler { metadata, spec, status } = old;
    let spec = HorizontalPodAutoscalerSpec {
        scale_target_ref: spec.scale_target_ref,
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        metrics: spec.metrics.into_iter().map(new_metric).collect(),
        behavior: None,
    };
    let status = HorizontalPodAutoscalerStatus {
        observed_generation: status.observed_generation,
        last_scale_time: status.last_scale_time,
        current_replicas: status.current_replicas,
        desired_replicas: status.desired_replicas,
        current_metrics: status.current_metrics.into_iter().map(new_status).collect(),
        conditions: status.conditions,
    };
    HorizontalPodAutoscaler { metadata, spec, status }.into()
}

pub(super) fn write_beta(object: &mut HorizontalPodAutoscaler, notes: &mut Notes) -> Content {
    let HorizontalPodAutoscaler { metadata, spec, status } = std::mem::take(object);
    if spec.behavior.is_some() {
        notes.add("spec.behavior", "the version has no such field: it is left out");
    }
    let metrics = spec.metrics.into_iter().enumerate();
    let spec = BetaSpec {
        scale_target_ref: spec.scale_target_ref,
        min_replicas: spec.min_replicas,
        max_replicas: spec.max_replicas,
        metrics: metrics
            .map(|(index, metric)| old_metric(&format!("spec.metrics[{index}]"), metric, notes))
            .collect(),
    };
    let status = BetaStatus {
        observed_generation: status.observed_generation,
        last_scale_time: status.last_scale_time,
        current_replicas: status.current_replicas,
        desired_replicas: status.desired_replicas,
        current_metrics: status.current_metrics.into_iter().map(old_status).collect(),
        conditions: status.conditions,
    };
    Content::Old(Box::new(BetaAutoscaler { metadata, spec, status }))
}

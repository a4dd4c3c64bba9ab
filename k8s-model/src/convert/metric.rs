//! Metrics of `autoscaling/v2beta1`, with their targets beside them. `autoscaling/v1` keeps the same in an annotation.
//!
//! Source: `pkg/apis/autoscaling/v1/conversion.go` and `v2beta1/conversion.go`, Kubernetes 1.20.

#![expect(unreachable_pub, reason = "the declaration of an object makes it public")]

use pod_core::quantity::{Format, Quantity};

use super::Notes;
use crate::autoscaling::{
    ContainerResourceMetricSource, ContainerResourceMetricStatus, CrossVersionObjectReference,
    ExternalMetricSource, ExternalMetricStatus, MetricIdentifier, MetricSourceType, MetricSpec, MetricStatus,
    MetricTarget, MetricTargetType, MetricValueStatus, ObjectMetricSource, ObjectMetricStatus,
    PodsMetricSource, PodsMetricStatus, ResourceMetricSource, ResourceMetricStatus,
};
use crate::meta::LabelSelector;
use crate::schema::object;

object! {
    /// What the load is measured by.
    pub struct OldMetric as "MetricSpec" {
        /// Where the measure comes from.
        pub type_: MetricSourceType = "type" always,
        /// A measure of one object.
        pub object: Option<Box<OldObject>> = "object",
        /// A measure of each pod.
        pub pods: Option<Box<OldPods>> = "pods",
        /// A resource that the pods use.
        pub resource: Option<Box<OldResource>> = "resource",
        /// A resource that one container of the pods uses.
        pub container_resource: Option<Box<OldContainer>> = "containerResource",
        /// A measure from outside the cluster.
        pub external: Option<Box<OldExternal>> = "external",
    }

    /// A measure of one object.
    pub struct OldObject as "ObjectMetricSource" {
        /// The object.
        pub target: CrossVersionObjectReference = "target" always,
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// What it should be.
        pub target_value: Option<Quantity> = "targetValue" always,
        /// Labels by which it is picked.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// What its mean over all pods should be.
        pub average_value: Option<Quantity> = "averageValue",
    }

    /// A measure of each pod.
    pub struct OldPods as "PodsMetricSource" {
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// What its mean should be.
        pub target_average_value: Option<Quantity> = "targetAverageValue" always,
        /// Labels by which it is picked.
        pub selector: Option<Box<LabelSelector>> = "selector",
    }

    /// A resource that the pods use.
    pub struct OldResource as "ResourceMetricSource" {
        /// The resource.
        pub name: String = "name" always,
        /// What its mean should be, in percent of what the pods ask for.
        pub target_average_utilization: Option<i32> = "targetAverageUtilization",
        /// What its mean should be.
        pub target_average_value: Option<Quantity> = "targetAverageValue",
    }

    /// A resource that one container of the pods uses.
    pub struct OldContainer as "ContainerResourceMetricSource" {
        /// The resource.
        pub name: String = "name" always,
        /// What its mean should be, in percent of what the pods ask for.
        pub target_average_utilization: Option<i32> = "targetAverageUtilization",
        /// What its mean should be.
        pub target_average_value: Option<Quantity> = "targetAverageValue",
        /// The container.
        pub container: String = "container" always,
    }

    /// A measure from outside the cluster.
    pub struct OldExternal as "ExternalMetricSource" {
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// Labels by which it is picked.
        pub metric_selector: Option<Box<LabelSelector>> = "metricSelector",
        /// What it should be.
        pub target_value: Option<Quantity> = "targetValue",
        /// What its mean over all pods should be.
        pub target_average_value: Option<Quantity> = "targetAverageValue",
    }

    /// What was measured.
    pub struct OldMetricStatus as "MetricStatus" {
        /// Where the measure comes from.
        pub type_: MetricSourceType = "type" always,
        /// A measure of one object.
        pub object: Option<Box<OldObjectStatus>> = "object",
        /// A measure of each pod.
        pub pods: Option<Box<OldPodsStatus>> = "pods",
        /// A resource that the pods use.
        pub resource: Option<Box<OldResourceStatus>> = "resource",
        /// A resource that one container of the pods uses.
        pub container_resource: Option<Box<OldContainerStatus>> = "containerResource",
        /// A measure from outside the cluster.
        pub external: Option<Box<OldExternalStatus>> = "external",
    }

    /// What was measured of one object.
    pub struct OldObjectStatus as "ObjectMetricStatus" {
        /// The object.
        pub target: CrossVersionObjectReference = "target" always,
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// What it is.
        pub current_value: Option<Quantity> = "currentValue" always,
        /// Labels by which it is picked.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// What its mean over all pods is.
        pub average_value: Option<Quantity> = "averageValue",
    }

    /// What was measured of the pods.
    pub struct OldPodsStatus as "PodsMetricStatus" {
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// What its mean is.
        pub current_average_value: Option<Quantity> = "currentAverageValue" always,
        /// Labels by which it is picked.
        pub selector: Option<Box<LabelSelector>> = "selector",
    }

    /// How much the pods use of a resource.
    pub struct OldResourceStatus as "ResourceMetricStatus" {
        /// The resource.
        pub name: String = "name" always,
        /// Its mean, in percent of what the pods ask for.
        pub current_average_utilization: Option<i32> = "currentAverageUtilization",
        /// Its mean.
        pub current_average_value: Option<Quantity> = "currentAverageValue" always,
    }

    /// How much one container of the pods uses of a resource.
    pub struct OldContainerStatus as "ContainerResourceMetricStatus" {
        /// The resource.
        pub name: String = "name" always,
        /// Its mean, in percent of what the pods ask for.
        pub current_average_utilization: Option<i32> = "currentAverageUtilization",
        /// Its mean.
        pub current_average_value: Option<Quantity> = "currentAverageValue" always,
        /// The container.
        pub container: String = "container" always,
    }

    /// What was measured outside the cluster.
    pub struct OldExternalStatus as "ExternalMetricStatus" {
        /// The name of the measure.
        pub metric_name: String = "metricName" always,
        /// Labels by which it is picked.
        pub metric_selector: Option<Box<LabelSelector>> = "metricSelector",
        /// What it is.
        pub current_value: Option<Quantity> = "currentValue" always,
        /// What its mean over all pods is.
        pub current_average_value: Option<Quantity> = "currentAverageValue",
    }
}

/// A target, of which at most one is meant.
fn target(
    value: Option<Quantity>,
    average_value: Option<Quantity>,
    utilization: Option<i32>,
) -> MetricTarget {
    let type_ = if utilization.is_some() {
        MetricTargetType::Utilization
    } else if average_value.is_some() {
        MetricTargetType::AverageValue
    } else {
        MetricTargetType::Value
    };
    MetricTarget { type_, value, average_value, average_utilization: utilization }
}

fn zero() -> Quantity {
    Quantity::from_units(0, Format::DecimalSi)
}

const fn metric(name: String, selector: Option<Box<LabelSelector>>) -> MetricIdentifier {
    MetricIdentifier { name, selector }
}

pub(super) fn new_metric(old: OldMetric) -> MetricSpec {
    MetricSpec {
        type_: old.type_,
        object: old.object.map(|old| {
            Box::new(ObjectMetricSource {
                described_object: old.target,
                // A value of 0 stands beside an average, for the field cannot be left out.
                target: target(
                    old.target_value.filter(|value| old.average_value.is_none() || *value != zero()),
                    old.average_value,
                    None,
                ),
                metric: metric(old.metric_name, old.selector),
            })
        }),
        pods: old.pods.map(|old| {
            Box::new(PodsMetricSource {
                metric: metric(old.metric_name, old.selector),
                target: target(None, old.target_average_value, None),
            })
        }),
        resource: old.resource.map(|old| {
            let target = target(None, old.target_average_value, old.target_average_utilization);
            Box::new(ResourceMetricSource { name: old.name, target })
        }),
        container_resource: old.container_resource.map(|old| {
            let target = target(None, old.target_average_value, old.target_average_utilization);
            Box::new(ContainerResourceMetricSource { name: old.name, target, container: old.container })
        }),
        external: old.external.map(|old| {
            Box::new(ExternalMetricSource {
                metric: metric(old.metric_name, old.metric_selector),
                target: target(old.target_value, old.target_average_value, None),
            })
        }),
    }
}

pub(super) fn old_metric(at: &str, new: MetricSpec, notes: &mut Notes) -> OldMetric {
    let mut cannot = |member: &str| {
        notes.add(format!("{at}.{member}.target.value"), "the version has no such target: it is left out");
    };
    if new.resource.as_ref().is_some_and(|metric| metric.target.value.is_some()) {
        cannot("resource");
    }
    if new.container_resource.as_ref().is_some_and(|metric| metric.target.value.is_some()) {
        cannot("containerResource");
    }
    if new.pods.as_ref().is_some_and(|metric| metric.target.value.is_some()) {
        cannot("pods");
    }
    OldMetric {
        type_: new.type_,
        object: new.object.map(|new| {
            Box::new(OldObject {
                target: new.described_object,
                metric_name: new.metric.name,
                target_value: Some(new.target.value.unwrap_or_else(zero)),
                selector: new.metric.selector,
                average_value: new.target.average_value,
            })
        }),
        pods: new.pods.map(|new| {
            Box::new(OldPods {
                metric_name: new.metric.name,
                target_average_value: new.target.average_value,
                selector: new.metric.selector,
            })
        }),
        resource: new.resource.map(|new| {
            Box::new(OldResource {
                name: new.name,
                target_average_utilization: new.target.average_utilization,
                target_average_value: new.target.average_value,
            })
        }),
        container_resource: new.container_resource.map(|new| {
            Box::new(OldContainer {
                name: new.name,
                target_average_utilization: new.target.average_utilization,
                target_average_value: new.target.average_value,
                container: new.container,
            })
        }),
        external: new.external.map(|new| {
            Box::new(OldExternal {
                metric_name: new.metric.name,
                metric_selector: new.metric.selector,
                target_value: new.target.value,
                target_average_value: new.target.average_value,
            })
        }),
    }
}

pub(super) fn new_status(old: OldMetricStatus) -> MetricStatus {
    let current = |value: Option<Quantity>, average_value, average_utilization| MetricValueStatus {
        value,
        average_value,
        average_utilization,
    };
    MetricStatus {
        type_: old.type_,
        object: old.object.map(|old| {
            Box::new(ObjectMetricStatus {
                metric: metric(old.metric_name, old.selector),
                current: current(old.current_value, old.average_value, None),
                described_object: old.target,
            })
        }),
        pods: old.pods.map(|old| {
            Box::new(PodsMetricStatus {
                metric: metric(old.metric_name, old.selector),
                current: current(None, old.current_average_value, None),
            })
        }),
        resource: old.resource.map(|old| {
            let current = current(None, old.current_average_value, old.current_average_utilization);
            Box::new(ResourceMetricStatus { name: old.name, current })
        }),
        container_resource: old.container_resource.map(|old| {
            let current = current(None, old.current_average_value, old.current_average_utilization);
            Box::new(ContainerResourceMetricStatus { name: old.name, current, container: old.container })
        }),
        external: old.external.map(|old| {
            Box::new(ExternalMetricStatus {
                metric: metric(old.metric_name, old.metric_selector),
                current: current(old.current_value, old.current_average_value, None),
            })
        }),
    }
}

pub(super) fn old_status(new: MetricStatus) -> OldMetricStatus {
    OldMetricStatus {
        type_: new.type_,
        object: new.object.map(|new| {
            Box::new(OldObjectStatus {
                target: new.described_object,
                metric_name: new.metric.name,
                current_value: new.current.value,
                selector: new.metric.selector,
                average_value: new.current.average_value,
            })
        }),
        pods: new.pods.map(|new| {
            Box::new(OldPodsStatus {
                metric_name: new.metric.name,
                current_average_value: new.current.average_value,
                selector: new.metric.selector,
            })
        }),
        resource: new.resource.map(|new| {
            Box::new(OldResourceStatus {
                name: new.name,
                current_average_utilization: new.current.average_utilization,
                current_average_value: new.current.average_value,
            })
        }),
        container_resource: new.container_resource.map(|new| {
            Box::new(OldContainerStatus {
                name: new.name,
                current_average_utilization: new.current.average_utilization,
                current_average_value: new.current.average_value,
                container: new.container,
            })
        }),
        external: new.external.map(|new| {
            Box::new(OldExternalStatus {
                metric_name: new.metric.name,
                metric_selector: new.metric.selector,
                current_value: new.current.value,
                current_average_value: new.current.average_value,
            })
        }),
    }
}

//! What an autoscaler measures.

use pod_core::quantity::Quantity;

use super::CrossVersionObjectReference;
use crate::meta::LabelSelector;
use crate::schema::{object, open_enum};

object! {
    /// What the load is measured by: the type, and the member of that type.
    pub struct MetricSpec {
        /// Where the measure comes from.
        pub type_: MetricSourceType = "type" always,
        /// A measure of one object.
        pub object: Option<Box<ObjectMetricSource>> = "object",
        /// A measure of each pod.
        pub pods: Option<Box<PodsMetricSource>> = "pods",
        /// A resource that the pods use.
        pub resource: Option<Box<ResourceMetricSource>> = "resource",
        /// A resource that one container of the pods uses.
        pub container_resource: Option<Box<ContainerResourceMetricSource>> = "containerResource",
        /// A measure from outside the cluster.
        pub external: Option<Box<ExternalMetricSource>> = "external",
    }

    /// A measure of one object.
    pub struct ObjectMetricSource {
        /// The object.
        pub described_object: CrossVersionObjectReference = "describedObject" always,
        /// What the measure should be.
        pub target: MetricTarget = "target" always,
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
    }

    /// A measure of each pod, as their mean.
    pub struct PodsMetricSource {
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
        /// What the measure should be.
        pub target: MetricTarget = "target" always,
    }

    /// A resource that the pods use.
    pub struct ResourceMetricSource {
        /// The resource.
        pub name: String = "name" always,
        /// What the measure should be.
        pub target: MetricTarget = "target" always,
    }

    /// A resource that one container of the pods uses.
    pub struct ContainerResourceMetricSource {
        /// The resource.
        pub name: String = "name" always,
        /// What the measure should be.
        pub target: MetricTarget = "target" always,
        /// The container.
        pub container: String = "container" always,
    }

    /// A measure from outside the cluster.
    pub struct ExternalMetricSource {
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
        /// What the measure should be.
        pub target: MetricTarget = "target" always,
    }

    /// A measure.
    pub struct MetricIdentifier {
        /// Its name.
        pub name: String = "name" always,
        /// Labels by which it is picked.
        pub selector: Option<Box<LabelSelector>> = "selector",
    }

    /// What a measure should be: the type, and the member of that type.
    pub struct MetricTarget {
        /// What is compared.
        pub type_: MetricTargetType = "type" always,
        /// The value as such.
        pub value: Option<Quantity> = "value",
        /// The mean over all pods.
        pub average_value: Option<Quantity> = "averageValue",
        /// The mean over all pods, in percent of what they ask for.
        pub average_utilization: Option<i32> = "averageUtilization",
    }

    /// What was measured: the type, and the member of that type.
    pub struct MetricStatus {
        /// Where the measure comes from.
        pub type_: MetricSourceType = "type" always,
        /// A measure of one object.
        pub object: Option<Box<ObjectMetricStatus>> = "object",
        /// A measure of each pod.
        pub pods: Option<Box<PodsMetricStatus>> = "pods",
        /// A resource that the pods use.
        pub resource: Option<Box<ResourceMetricStatus>> = "resource",
        /// A resource that one container of the pods uses.
        pub container_resource: Option<Box<ContainerResourceMetricStatus>> = "containerResource",
        /// A measure from outside the cluster.
        pub external: Option<Box<ExternalMetricStatus>> = "external",
    }

    /// What was measured of one object.
    pub struct ObjectMetricStatus {
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
        /// What it is.
        pub current: MetricValueStatus = "current" always,
        /// The object.
        pub described_object: CrossVersionObjectReference = "describedObject" always,
    }

    /// What was measured of the pods, as their mean.
    pub struct PodsMetricStatus {
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
        /// What it is.
        pub current: MetricValueStatus = "current" always,
    }

    /// How much the pods use of a resource.
    pub struct ResourceMetricStatus {
        /// The resource.
        pub name: String = "name" always,
        /// How much it is.
        pub current: MetricValueStatus = "current" always,
    }

    /// How much one container of the pods uses of a resource.
    pub struct ContainerResourceMetricStatus {
        /// The resource.
        pub name: String = "name" always,
        /// How much it is.
        pub current: MetricValueStatus = "current" always,
        /// The container.
        pub container: String = "container" always,
    }

    /// What was measured outside the cluster.
    pub struct ExternalMetricStatus {
        /// The measure.
        pub metric: MetricIdentifier = "metric" always,
        /// What it is.
        pub current: MetricValueStatus = "current" always,
    }

    /// What a measure is.
    pub struct MetricValueStatus {
        /// The value as such.
        pub value: Option<Quantity> = "value",
        /// The mean over all pods.
        pub average_value: Option<Quantity> = "averageValue",
        /// The mean over all pods, in percent of what they ask for.
        pub average_utilization: Option<i32> = "averageUtilization",
    }
}

open_enum! {
    /// Where a measure comes from.
    pub enum MetricSourceType {
        /// A resource that one container of the pods uses.
        ContainerResource = "ContainerResource",
        /// From outside the cluster.
        External = "External",
        /// From one object.
        Object = "Object",
        /// From each pod.
        Pods = "Pods",
        /// A resource that the pods use.
        Resource = "Resource",
    }

    /// What is compared.
    pub enum MetricTargetType {
        /// The mean over all pods.
        AverageValue = "AverageValue",
        /// The mean over all pods, in percent of what they ask for.
        Utilization = "Utilization",
        /// The value as such.
        Value = "Value",
    }
}

//! Autoscalers: as many pods as the load needs.

use pod_core::quantity::Quantity;

use super::{MetricSpec, MetricStatus};
use crate::core::ConditionStatus;
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// Makes a controller keep as many pods as the load needs.
    pub struct HorizontalPodAutoscaler {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: HorizontalPodAutoscalerSpec = "spec",
        /// What was last seen.
        pub status: HorizontalPodAutoscalerStatus = "status",
    }

    /// What is wanted of an autoscaler.
    pub struct HorizontalPodAutoscalerSpec {
        /// The controller.
        pub scale_target_ref: CrossVersionObjectReference = "scaleTargetRef" always,
        /// The least number of pods; 1 by default.
        pub min_replicas: Option<i32> = "minReplicas",
        /// The greatest number of pods.
        pub max_replicas: i32 = "maxReplicas" always,
        /// What the load is measured by; the largest number counts.
        pub metrics: Vec<MetricSpec> = "metrics",
        /// How fast the number changes.
        pub behavior: Option<Box<HorizontalPodAutoscalerBehavior>> = "behavior",
    }

    /// An object of the same namespace, whatever the version of its kind.
    pub struct CrossVersionObjectReference {
        /// Its kind.
        pub kind: String = "kind" always,
        /// Its name.
        pub name: String = "name" always,
        /// A version of its kind, with its group.
        pub api_version: String = "apiVersion",
    }

    /// How fast the number of pods changes.
    pub struct HorizontalPodAutoscalerBehavior {
        /// Upwards.
        pub scale_up: Option<Box<HpaScalingRules>> = "scaleUp",
        /// Downwards.
        pub scale_down: Option<Box<HpaScalingRules>> = "scaleDown",
    }

    /// How fast the number of pods changes in one direction.
    pub struct HpaScalingRules as "HPAScalingRules" {
        /// How many seconds are looked back, so that it does not flutter; up to 3600.
        pub stabilization_window_seconds: Option<i32> = "stabilizationWindowSeconds",
        /// Which policy counts when there are several.
        pub select_policy: Option<ScalingPolicySelect> = "selectPolicy",
        /// How much it may change in some time.
        pub policies: Vec<HpaScalingPolicy> = "policies",
        /// How far the measure may be off before anything is done; 0.1 by default.
        pub tolerance: Option<Quantity> = "tolerance",
    }

    /// How much the number of pods may change in some time.
    pub struct HpaScalingPolicy as "HPAScalingPolicy" {
        /// What is counted.
        pub type_: HpaScalingPolicyType = "type" always,
        /// How much.
        pub value: i32 = "value" always,
        /// In how many seconds; from 1 to 1800.
        pub period_seconds: i32 = "periodSeconds" always,
    }

    /// What was last seen of an autoscaler.
    pub struct HorizontalPodAutoscalerStatus {
        /// The generation of the object that this speaks of.
        pub observed_generation: Option<i64> = "observedGeneration",
        /// When the number was last changed.
        pub last_scale_time: Option<Time> = "lastScaleTime",
        /// How many pods there were.
        pub current_replicas: i32 = "currentReplicas",
        /// How many pods are wanted.
        pub desired_replicas: i32 = "desiredReplicas" always,
        /// What was measured.
        pub current_metrics: Vec<MetricStatus> = "currentMetrics" always,
        /// What is so of it, by type.
        pub conditions: Vec<HorizontalPodAutoscalerCondition> = "conditions" [merge "type"],
    }

    /// A condition of an autoscaler.
    pub struct HorizontalPodAutoscalerCondition {
        /// What it is about.
        pub type_: HorizontalPodAutoscalerConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }
}

open_enum! {
    /// Which policy counts when there are several.
    pub enum ScalingPolicySelect {
        /// None: nothing is changed in this direction.
        Disabled = "Disabled",
        /// The one that changes most.
        Max = "Max",
        /// The one that changes least.
        Min = "Min",
    }

    /// What a policy counts.
    pub enum HpaScalingPolicyType {
        /// A share of the pods there are.
        Percent = "Percent",
        /// Pods.
        Pods = "Pods",
    }

    /// What a condition of an autoscaler is about.
    pub enum HorizontalPodAutoscalerConditionType {
        /// The number can be read and changed.
        AbleToScale = "AbleToScale",
        /// There are no pods, for there is no load.
        ScaledToZero = "ScaledToZero",
        /// The number is computed.
        ScalingActive = "ScalingActive",
        /// The number is held back by a limit.
        ScalingLimited = "ScalingLimited",
    }
}

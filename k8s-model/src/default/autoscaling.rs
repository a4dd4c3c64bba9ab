//! Defaults of autoscalers (`autoscaling/v2`).

use crate::autoscaling::{
    HorizontalPodAutoscaler, HpaScalingPolicy, HpaScalingPolicyType, HpaScalingRules, MetricSourceType,
    MetricSpec, MetricTarget, MetricTargetType, ResourceMetricSource, ScalingPolicySelect,
};

/// The share of the processor that is aimed at, where nothing is said (`DefaultCPUUtilization`).
const CPU_PERCENT: i32 = 80;

pub(super) fn autoscaler(object: &mut HorizontalPodAutoscaler) {
    let spec = &mut object.spec;
    spec.min_replicas.get_or_insert(1);
    if spec.metrics.is_empty() {
        let target = MetricTarget {
            type_: MetricTargetType::Utilization,
            average_utilization: Some(CPU_PERCENT),
            ..MetricTarget::default()
        };
        let resource = ResourceMetricSource { name: "cpu".to_owned(), target };
        let type_ = MetricSourceType::Resource;
        spec.metrics.push(MetricSpec { type_, resource: Some(Box::new(resource)), ..MetricSpec::default() });
    }
    let Some(behavior) = &mut spec.behavior else { return };
    let up = behavior.scale_up.get_or_insert_default();
    up.stabilization_window_seconds.get_or_insert(0);
    rules(up, &[(HpaScalingPolicyType::Pods, 4), (HpaScalingPolicyType::Percent, 100)]);
    rules(behavior.scale_down.get_or_insert_default(), &[(HpaScalingPolicyType::Percent, 100)]);
}

fn rules(rules: &mut HpaScalingRules, policies: &[(HpaScalingPolicyType, i32)]) {
    rules.select_policy.get_or_insert(ScalingPolicySelect::Max);
    if rules.policies.is_empty() {
        rules.policies = policies
            .iter()
            .map(|(type_, value)| HpaScalingPolicy {
                type_: type_.clone(),
                value: *value,
                period_seconds: 15,
            })
            .collect();
    }
}

//! Autoscalers and disruption budgets.

use super::errors::{Errors, Json};
use super::workload::{at_most_all, int_or_percent};
use super::{amounts, meta, names};
use crate::autoscaling::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HpaScalingPolicyType, HpaScalingRules,
    MetricIdentifier, MetricSourceType, MetricSpec, MetricTarget, MetricTargetType, Scale,
    ScalingPolicySelect,
};
use crate::path::Path;
use crate::policy::{PodDisruptionBudget, UnhealthyPodEvictionPolicyType};

const ONE_SOURCE: &str = "must populate information for the given metric source";

pub(super) fn scale(object: &Scale, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    errors.non_negative(&Path::new("spec").child("replicas"), object.spec.replicas.into());
}

pub(super) fn autoscaler(object: &HorizontalPodAutoscaler, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    autoscaler_itself(object, 1, errors);
}

/// What is checked of an autoscaler at its creation and at each update; `least` is the lowest bound that is allowed.
pub(super) fn autoscaler_itself(object: &HorizontalPodAutoscaler, least: i32, errors: &mut Errors) {
    let path = Path::new("spec");
    let spec = &object.spec;
    let (min, max) = (path.child("minReplicas"), path.child("maxReplicas"));
    if let Some(given) = spec.min_replicas.filter(|given| *given < least) {
        errors.invalid(&min, given, format!("must be greater than or equal to {least}"));
    }
    if spec.max_replicas < 1 {
        errors.invalid(&max, spec.max_replicas, "must be greater than 0");
    }
    if spec.min_replicas.is_some_and(|given| spec.max_replicas < given) {
        errors.invalid(&max, spec.max_replicas, "must be greater than or equal to `minReplicas`");
    }
    reference(&spec.scale_target_ref, &path.child("scaleTargetRef"), errors);
    let list = path.child("metrics");
    for (index, metric) in spec.metrics.iter().enumerate() {
        self::metric(metric, &list.index(index), errors);
    }
    let reaches_zero = spec
        .metrics
        .iter()
        .any(|metric| matches!(metric.type_, MetricSourceType::Object | MetricSourceType::External));
    if spec.min_replicas == Some(0) && !reaches_zero {
        let detail =
            "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.forbidden(&list, detail);
    }
    if let Some(behavior) = &spec.behavior {
        let path = path.child("behavior");
        for (name, given) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
            if let Some(given) = given {
                rules(given, &path.child(name), errors);
            }
        }
    }
}

fn reference(reference: &CrossVersionObjectReference, path: &Path<'_>, errors: &mut Errors) {
    for (name, value) in [("kind", &reference.kind), ("name", &reference.name)] {
        let own = path.child(name);
        if value.is_empty() {
            errors.required(&own, "");
        } else {
            errors.invalid_all(&own, value, names::path_segment(value));
        }
    }
}

fn rules(rules: &HpaScalingRules, path: &Path<'_>, errors: &mut Errors) {
    const WINDOW: i32 = 3600;
    const PERIOD: i32 = 1800;
    let window = path.child("stabilizationWindowSeconds");
    match rules.stabilization_window_seconds {
        Some(seconds) if seconds < 0 => {
            errors.invalid(&window, seconds, "must be greater than or equal to zero");
        }
        Some(seconds) if seconds > WINDOW => {
            errors.invalid(&window, seconds, format!("must be less than or equal to {WINDOW}"));
        }
        _ => {}
    }
    if let Some(policy) = &rules.select_policy
        && !ScalingPolicySelect::KNOWN.contains(&policy.as_str())
    {
        errors.not_supported(&path.child("selectPolicy"), policy.as_str(), ScalingPolicySelect::KNOWN);
    }
    let list = path.child("policies");
    if rules.policies.is_empty() {
        errors.required(&list, "must specify at least one Policy");
    }
    for (index, policy) in rules.policies.iter().enumerate() {
        let path = list.index(index);
        if !HpaScalingPolicyType::KNOWN.contains(&policy.type_.as_str()) {
            errors.not_supported(&path.child("type"), policy.type_.as_str(), HpaScalingPolicyType::KNOWN);
        }
        if policy.value <= 0 {
            errors.invalid(&path.child("value"), policy.value, "must be greater than zero");
        }
        let period = path.child("periodSeconds");
        if policy.period_seconds <= 0 {
            errors.invalid(&period, policy.period_seconds, "must be greater than zero");
        }
        if policy.period_seconds > PERIOD {
            errors.invalid(&period, policy.period_seconds, format!("must be less than or equal to {PERIOD}"));
        }
    }
    if let Some(tolerance) = rules.tolerance.as_ref().filter(|tolerance| tolerance.is_negative()) {
        errors.invalid(&path.child("tolerance"), tolerance, "must be greater than or equal to 0");
    }
}

fn metric(metric: &MetricSpec, path: &Path<'_>, errors: &mut Errors) {
    let kind = path.child("type");
    let known = MetricSourceType::KNOWN;
    if metric.type_.is_unset() {
        errors.required(&kind, "must specify a metric source type");
    }
    if !known.contains(&metric.type_.as_str()) {
        errors.not_supported(&kind, metric.type_.as_str(), known);
    }
    let present: Vec<&str> = [
        ("object", metric.object.is_some()),
        ("external", metric.external.is_some()),
        ("pods", metric.pods.is_some()),
        ("resource", metric.resource.is_some()),
        ("containerResource", metric.container_resource.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, set)| set.then_some(name))
    .collect();
    if let Some(first) = present.first() {
        source(metric, first, &path.child(first), errors);
    }
    let expected = match metric.type_ {
        MetricSourceType::Object => "object",
        MetricSourceType::Pods => "pods",
        MetricSourceType::Resource => "resource",
        MetricSourceType::External => "external",
        MetricSourceType::ContainerResource => "containerResource",
        _ => {
            errors.not_supported(&kind, metric.type_.as_str(), known);
            ""
        }
    };
    if !expected.is_empty() && !present.contains(&expected) {
        errors.required(&path.child(expected), ONE_SOURCE);
    }
    if present.len() != 1 {
        for other in present.iter().filter(|name| **name != expected) {
            errors.forbidden(&path.child(other), "must populate the given metric source only");
        }
    }
}

/// Checks the first source that a metric has.
fn source(metric: &MetricSpec, name: &str, path: &Path<'_>, errors: &mut Errors) {
    let target = path.child("target");
    match name {
        "object" => {
            let Some(source) = &metric.object else { return };
            reference(&source.described_object, &path.child("describedObject"), errors);
            identifier(&source.metric, &path.child("metric"), errors);
            check_target(&source.target, &target, errors);
            if source.target.value.is_none() && source.target.average_value.is_none() {
                let detail = "must set either a target value or averageValue";
                errors.required(&target.child("averageValue"), detail);
            }
        }
        "external" => {
            let Some(source) = &metric.external else { return };
            identifier(&source.metric, &path.child("metric"), errors);
            check_target(&source.target, &target, errors);
            match (&source.target.value, &source.target.average_value) {
                (None, None) => {
                    let detail = "must set either a target value for metric or a per-pod target";
                    errors.required(&target.child("averageValue"), detail);
                }
                (Some(_), Some(_)) => {
                    let detail = "may not set both a target value for metric and a per-pod target";
                    errors.forbidden(&target.child("value"), detail);
                }
                _ => {}
            }
        }
        "pods" => {
            let Some(source) = &metric.pods else { return };
            identifier(&source.metric, &path.child("metric"), errors);
            check_target(&source.target, &target, errors);
            if source.target.average_value.is_none() {
                let detail = "must specify a positive target averageValue";
                errors.required(&target.child("averageValue"), detail);
            }
        }
        "resource" => {
            if let Some(source) = &metric.resource {
                resource(&source.name, &source.target, path, errors);
            }
        }
        _ => {
            let Some(source) = &metric.container_resource else { return };
            resource(&source.name, &source.target, path, errors);
            if !source.name.is_empty() {
                amounts::container_name(&source.name, &path.child("name"), errors);
            }
            if source.container.is_empty() {
                errors.required(&path.child("container"), "must specify a container");
            }
        }
    }
}

fn resource(name: &str, given: &MetricTarget, path: &Path<'_>, errors: &mut Errors) {
    if name.is_empty() {
        errors.required(&path.child("name"), "must specify a resource name");
    }
    let target = path.child("target");
    check_target(given, &target, errors);
    match (given.average_utilization, &given.average_value) {
        (None, None) => {
            let detail = "must set either a target raw value or a target utilization";
            errors.required(&target.child("averageUtilization"), detail);
        }
        (Some(_), Some(_)) => {
            let detail = "may not set both a target raw value and a target utilization";
            errors.forbidden(&target.child("averageValue"), detail);
        }
        _ => {}
    }
}

fn check_target(target: &MetricTarget, path: &Path<'_>, errors: &mut Errors) {
    let kind = path.child("type");
    if target.type_.is_unset() {
        errors.required(&kind, "must specify a metric target type");
    }
    if !MetricTargetType::KNOWN.contains(&target.type_.as_str()) {
        errors.invalid(&kind, target.type_.as_str(), "must be either Utilization, Value, or AverageValue");
    }
    for (name, amount) in [("value", &target.value), ("averageValue", &target.average_value)] {
        if let Some(amount) = amount.as_ref().filter(|amount| amount.is_zero() || amount.is_negative()) {
            errors.invalid(&path.child(name), amount, "must be positive");
        }
    }
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        errors.invalid(&path.child("averageUtilization"), percent, "must be greater than 0");
    }
}

fn identifier(identifier: &MetricIdentifier, path: &Path<'_>, errors: &mut Errors) {
    let name = path.child("name");
    if identifier.name.is_empty() {
        errors.required(&name, "must specify a metric name");
    } else {
        errors.invalid_all(&name, &identifier.name, names::path_segment(&identifier.name));
    }
}

pub(super) fn disruption_budget(object: &PodDisruptionBudget, errors: &mut Errors) {
    meta::object_meta(&object.metadata, &Path::new("metadata"), errors);
    disruption_budget_itself(object, errors);
}

/// What is checked of a budget at its creation and at each update.
pub(super) fn disruption_budget_itself(object: &PodDisruptionBudget, errors: &mut Errors) {
    let path = Path::new("spec");
    let spec = &object.spec;
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        errors.invalid(&path, Json(spec), "minAvailable and maxUnavailable cannot be both set");
    }
    for (name, bound) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        if let Some(bound) = bound {
            let own = path.child(name);
            int_or_percent(bound, &own, errors);
            at_most_all(bound, &own, errors);
        }
    }
    meta::label_selector(spec.selector.as_deref(), &path.child("selector"), errors);
    if let Some(policy) = &spec.unhealthy_pod_eviction_policy
        && !UnhealthyPodEvictionPolicyType::KNOWN.contains(&policy.as_str())
    {
        let known = UnhealthyPodEvictionPolicyType::KNOWN;
        errors.not_supported(&path.child("unhealthyPodEvictionPolicy"), policy.as_str(), known);
    }
    let status = Path::new("status");
    let counts = [
        ("disruptionsAllowed", object.status.disruptions_allowed),
        ("currentHealthy", object.status.current_healthy),
        ("desiredHealthy", object.status.desired_healthy),
        ("expectedPods", object.status.expected_pods),
    ];
    for (name, count) in counts {
        errors.non_negative(&status.child(name), count.into());
    }
}

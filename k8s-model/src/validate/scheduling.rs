//! Where a pod may run.

use super::errors::Errors;
use super::{meta, names};
use crate::core::{
    Affinity, NodeInclusionPolicy, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement,
    NodeSelectorTerm, PodAffinityTerm, TaintEffect, Toleration, TolerationOperator, TopologySpreadConstraint,
    UnsatisfiableConstraintAction, WeightedPodAffinityTerm,
};
use crate::meta::LabelSelector;
use crate::path::Path;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

pub(super) fn affinity(affinity: &Affinity, path: &Path<'_>, errors: &mut Errors) {
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(selector) = &node.required_during_scheduling_ignored_during_execution {
            node_selector(selector, &path.child(REQUIRED), errors);
        }
        let list = path.child(PREFERRED);
        for (index, term) in node.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            let path = list.index(index);
            weight(term.weight, &path, errors);
            node_term(&term.preference, false, &path.child("preference"), errors);
        }
    }
    if let Some(pods) = &affinity.pod_affinity {
        let path = path.child("podAffinity");
        let required = &pods.required_during_scheduling_ignored_during_execution;
        pod_terms(required, &pods.preferred_during_scheduling_ignored_during_execution, &path, errors);
    }
    if let Some(pods) = &affinity.pod_anti_affinity {
        let path = path.child("podAntiAffinity");
        let required = &pods.required_during_scheduling_ignored_during_execution;
        pod_terms(required, &pods.preferred_during_scheduling_ignored_during_execution, &path, errors);
    }
}

fn weight(weight: i32, path: &Path<'_>, errors: &mut Errors) {
    if !(1..=100).contains(&weight) {
        errors.invalid(&path.child("weight"), weight, "must be in the range 1-100");
    }
}

pub(super) fn node_selector(selector: &NodeSelector, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.required(&list, "must have at least one node selector term");
    }
    for (index, term) in selector.node_selector_terms.iter().enumerate() {
        node_term(term, true, &list.index(index), errors);
    }
}

fn node_term(term: &NodeSelectorTerm, check_values: bool, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        node_requirement(requirement, check_values, &list.index(index), errors);
    }
    let list = path.child("matchFields");
    for (index, requirement) in term.match_fields.iter().enumerate() {
        node_field(requirement, &list.index(index), errors);
    }
}

fn node_requirement(
    requirement: &NodeSelectorRequirement,
    check_values: bool,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let values = path.child("values");
    match requirement.operator {
        NodeSelectorOperator::In | NodeSelectorOperator::NotIn => {
            if requirement.values.is_empty() {
                errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
            }
        }
        NodeSelectorOperator::Exists | NodeSelectorOperator::DoesNotExist => {
            if !requirement.values.is_empty() {
                errors
                    .forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
        }
        NodeSelectorOperator::Gt | NodeSelectorOperator::Lt => {
            if requirement.values.len() != 1 {
                errors.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
        }
        NodeSelectorOperator::Unset | NodeSelectorOperator::Other(_) => {
            let operator = requirement.operator.as_str();
            errors.invalid(&path.child("operator"), operator, "not a valid selector operator");
        }
    }
    meta::label_name(&requirement.key, &path.child("key"), errors);
    if check_values {
        for (index, value) in requirement.values.iter().enumerate() {
            errors.invalid_all(&values.index(index), value, names::label_value(value));
        }
    }
}

fn node_field(requirement: &NodeSelectorRequirement, path: &Path<'_>, errors: &mut Errors) {
    let values = path.child("values");
    if matches!(requirement.operator, NodeSelectorOperator::In | NodeSelectorOperator::NotIn) {
        if requirement.values.len() != 1 {
            let detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.required(&values, detail);
        }
    } else {
        let operator = requirement.operator.as_str();
        errors.invalid(&path.child("operator"), operator, "not a valid selector operator");
    }
    if requirement.key == "metadata.name" {
        for (index, value) in requirement.values.iter().enumerate() {
            errors.invalid_all(&values.index(index), value, names::dns_subdomain(value));
        }
    } else {
        errors.invalid(&path.child("key"), &requirement.key, "not a valid field selector key");
    }
}

fn pod_terms(
    required: &[PodAffinityTerm],
    preferred: &[WeightedPodAffinityTerm],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let list = path.child(REQUIRED);
    for (index, term) in required.iter().enumerate() {
        pod_term(term, &list.index(index), errors);
    }
    let list = path.child(PREFERRED);
    for (index, term) in preferred.iter().enumerate() {
        let path = list.index(index);
        weight(term.weight, &path, errors);
        pod_term(&term.pod_affinity_term, &path.child("podAffinityTerm"), errors);
    }
}

fn pod_term(term: &PodAffinityTerm, path: &Path<'_>, errors: &mut Errors) {
    let selector = term.label_selector.as_deref();
    meta::label_selector(selector, &path.child("labelSelector"), errors);
    meta::label_selector(term.namespace_selector.as_deref(), &path.child("namespaceSelector"), errors);
    for name in &term.namespaces {
        errors.invalid_all(&path.child("namespace"), name, names::dns_label(name));
    }
    for (name, keys) in
        [("matchLabelKeys", &term.match_label_keys), ("mismatchLabelKeys", &term.mismatch_label_keys)]
    {
        label_keys(keys, selector, &path.child(name), errors);
    }
    let list = path.child("matchLabelKeys");
    for (index, key) in term.match_label_keys.iter().enumerate() {
        if term.mismatch_label_keys.contains(key) {
            errors.invalid(&list.index(index), key, "exists in both matchLabelKeys and mismatchLabelKeys");
        }
    }
    let topology = path.child("topologyKey");
    if term.topology_key.is_empty() {
        errors.required(&topology, "can not be empty");
    }
    meta::label_name(&term.topology_key, &topology, errors);
}

fn label_keys(keys: &[String], selector: Option<&LabelSelector>, path: &Path<'_>, errors: &mut Errors) {
    if !keys.is_empty() && selector.is_none() {
        return errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in keys.iter().enumerate() {
        meta::label_name(key, &path.index(index), errors);
    }
}

pub(super) fn tolerations(tolerations: &[Toleration], path: &Path<'_>, errors: &mut Errors) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let path = path.index(index);
        let operator = path.child("operator");
        if !toleration.key.is_empty() {
            meta::label_name(&toleration.key, &path.child("key"), errors);
        } else if toleration.operator != TolerationOperator::Exists {
            let detail =
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&operator, toleration.operator.as_str(), detail);
        }
        let effect = path.child("effect");
        if toleration.toleration_seconds.is_some() && toleration.effect != TaintEffect::NoExecute {
            let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            errors.invalid(&effect, toleration.effect.as_str(), detail);
        }
        match &toleration.operator {
            TolerationOperator::Equal | TolerationOperator::Unset => {
                let messages = names::label_value(&toleration.value);
                if !messages.is_empty() {
                    errors.invalid(&operator, &toleration.value, messages.join(";"));
                }
            }
            TolerationOperator::Exists => {
                if !toleration.value.is_empty() {
                    errors.invalid(
                        &operator,
                        &toleration.value,
                        "value must be empty when `operator` is 'Exists'",
                    );
                }
            }
            // Comparing by number is an alpha feature of 1.36, off by default.
            other => errors.not_supported(&operator, other.as_str(), &["Equal", "Exists"]),
        }
        if let TaintEffect::Other(text) = &toleration.effect {
            errors.not_supported(&effect, text, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
    }
}

pub(super) fn spread(constraints: &[TopologySpreadConstraint], path: &Path<'_>, errors: &mut Errors) {
    for (index, constraint) in constraints.iter().enumerate() {
        let path = path.index(index);
        if constraint.max_skew <= 0 {
            errors.invalid(&path.child("maxSkew"), constraint.max_skew, "must be greater than zero");
        }
        if constraint.topology_key.is_empty() {
            errors.required(&path.child("topologyKey"), "can not be empty");
        }
        let action = constraint.when_unsatisfiable.as_str();
        if !UnsatisfiableConstraintAction::KNOWN.contains(&action) {
            errors.not_supported(
                &path.child("whenUnsatisfiable"),
                action,
                UnsatisfiableConstraintAction::KNOWN,
            );
        }
        let same = |other: &TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key
                && other.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints.iter().skip(index + 1).any(same) {
            let pair = format!("{{{}, {action}}}", constraint.topology_key);
            errors.duplicate(&path.child("{topologyKey, whenUnsatisfiable}"), &pair);
        }
        if let Some(domains) = constraint.min_domains {
            let path = path.child("minDomains");
            if domains <= 0 {
                errors.invalid(&path, domains, "must be greater than zero");
            }
            if constraint.when_unsatisfiable != UnsatisfiableConstraintAction::DoNotSchedule {
                let detail =
                    format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                errors.invalid(&path, domains, detail);
            }
        }
        let policies = [
            ("nodeAffinityPolicy", &constraint.node_affinity_policy),
            ("nodeTaintsPolicy", &constraint.node_taints_policy),
        ];
        for (name, policy) in policies {
            if let Some(policy) = policy
                && !NodeInclusionPolicy::KNOWN.contains(&policy.as_str())
            {
                errors.not_supported(&path.child(name), policy.as_str(), NodeInclusionPolicy::KNOWN);
            }
        }
        spread_keys(constraint, &path.child("matchLabelKeys"), errors);
        meta::label_selector(constraint.label_selector.as_deref(), &path.child("labelSelector"), errors);
    }
}

fn spread_keys(constraint: &TopologySpreadConstraint, path: &Path<'_>, errors: &mut Errors) {
    if constraint.match_label_keys.is_empty() {
        return;
    }
    let selector = constraint.label_selector.as_deref();
    if selector.is_none() {
        errors.forbidden(path, "must not be specified when labelSelector is not set");
    }
    for (index, key) in constraint.match_label_keys.iter().enumerate() {
        let path = path.index(index);
        meta::label_name(key, &path, errors);
        let selected = selector.is_some_and(|selector| {
            selector.match_labels.contains_key(key)
                || selector.match_expressions.iter().any(|expression| expression.key == *key)
        });
        if selected {
            errors.invalid(&path, key, "exists in both matchLabelKeys and labelSelector");
        }
    }
}

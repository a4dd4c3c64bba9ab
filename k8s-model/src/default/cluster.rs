//! Defaults of what belongs to the cluster: namespaces, nodes, limits, roles, priorities.

use super::round_up;
use crate::core::{
    LimitRange, LimitRangeItem, LimitType, Namespace, NamespacePhase, Node, PreemptionPolicy, ResourceQuota,
};
use crate::node::RuntimeClass;
use crate::rbac::{RoleRef, Subject};
use crate::scheduling::PriorityClass;

/// The group that roles, users and groups are of.
const RBAC: &str = "rbac.authorization.k8s.io";

/// The label that holds a namespace's own name.
const NAME: &str = "kubernetes.io/metadata.name";

pub(super) fn namespace(object: &mut Namespace) {
    if object.status.phase.is_unset() {
        object.status.phase = NamespacePhase::Active;
    }
    if !object.metadata.name.is_empty() {
        object.metadata.labels.insert(NAME.to_owned(), object.metadata.name.clone());
    }
}

pub(super) fn node(object: &mut Node) {
    // The older field and the first one of the newer list are the same.
    let spec = &mut object.spec;
    if spec.pod_cidrs.is_empty() && !spec.pod_cidr.is_empty() {
        spec.pod_cidrs.push(spec.pod_cidr.clone());
    }
    if let Some(first) = spec.pod_cidrs.first() {
        spec.pod_cidr.clone_from(first);
    }
    let status = &mut object.status;
    round_up(&mut status.capacity);
    round_up(&mut status.allocatable);
    if status.allocatable.is_empty() {
        status.allocatable.clone_from(&status.capacity);
    }
}

pub(super) fn limit_range(object: &mut LimitRange) {
    object.spec.limits.iter_mut().for_each(limit);
}

fn limit(item: &mut LimitRangeItem) {
    let lists = [
        &mut item.max,
        &mut item.min,
        &mut item.default,
        &mut item.default_request,
        &mut item.max_limit_request_ratio,
    ];
    lists.into_iter().for_each(round_up);
    if item.type_ != LimitType::Container {
        return;
    }
    for (name, most) in &item.max {
        item.default.entry(name.clone()).or_insert_with(|| most.clone());
    }
    for (name, amount) in item.default.iter().chain(&item.min) {
        item.default_request.entry(name.clone()).or_insert_with(|| amount.clone());
    }
}

pub(super) fn quota(object: &mut ResourceQuota) {
    round_up(&mut object.spec.hard);
    round_up(&mut object.status.hard);
    round_up(&mut object.status.used);
}

pub(super) fn runtime_class(object: &mut RuntimeClass) {
    if let Some(overhead) = &mut object.overhead {
        round_up(&mut overhead.pod_fixed);
    }
}

pub(super) fn binding(subjects: &mut [Subject], role: &mut RoleRef) {
    if role.api_group.is_empty() {
        RBAC.clone_into(&mut role.api_group);
    }
    for subject in subjects {
        if subject.api_group.is_empty() && matches!(&*subject.kind, "User" | "Group") {
            RBAC.clone_into(&mut subject.api_group);
        }
    }
}

pub(super) fn priority_class(object: &mut PriorityClass) {
    object.preemption_policy.get_or_insert(PreemptionPolicy::PreemptLowerPriority);
}

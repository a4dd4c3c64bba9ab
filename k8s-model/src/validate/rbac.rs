//! Roles and their bindings.

use super::errors::Errors;
use super::{meta, names};
use crate::path::Path;
use crate::rbac::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn role(object: &Role, errors: &mut Errors) {
    meta::named(&object.metadata, names::path_segment, &Path::new("metadata"), errors);
    rules(&object.rules, true, errors);
}

pub(super) fn cluster_role(object: &ClusterRole, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::path_segment, errors);
    rules(&object.rules, false, errors);
    if let Some(aggregation) = &object.aggregation_rule {
        let list = Path::new("aggregationRule.clusterRoleSelectors");
        if aggregation.cluster_role_selectors.is_empty() {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            errors.required(&list, detail);
        }
        for (index, selector) in aggregation.cluster_role_selectors.iter().enumerate() {
            meta::label_selector(Some(selector), &list.index(index), errors);
        }
    }
}

fn rules(rules: &[PolicyRule], namespaced: bool, errors: &mut Errors) {
    let list = Path::new("rules");
    for (index, rule) in rules.iter().enumerate() {
        let path = list.index(index);
        if rule.verbs.is_empty() {
            errors.required(&path.child("verbs"), "verbs must contain at least one value");
        }
        let urls = rule.non_resource_urls.as_slice();
        let own = path.child("nonResourceURLs");
        if !urls.is_empty() {
            if namespaced {
                errors.invalid(&own, urls, "namespaced rules cannot apply to non-resource URLs");
            }
            let mixed =
                !rule.api_groups.is_empty() || !rule.resources.is_empty() || !rule.resource_names.is_empty();
            if mixed {
                let detail = "rules cannot apply to both regular resources and non-resource URLs";
                errors.invalid(&own, urls, detail);
            }
            continue;
        }
        if rule.api_groups.is_empty() {
            errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule.resources.is_empty() {
            errors.required(&path.child("resources"), "resource rules must supply at least one resource");
        }
    }
}

pub(super) fn role_binding(object: &RoleBinding, errors: &mut Errors) {
    meta::named(&object.metadata, names::path_segment, &Path::new("metadata"), errors);
    role_ref(&object.role_ref, &["ClusterRole", "Role"], errors);
    subjects(&object.subjects, true, errors);
}

pub(super) fn cluster_role_binding(object: &ClusterRoleBinding, errors: &mut Errors) {
    meta::cluster(&object.metadata, names::path_segment, errors);
    role_ref(&object.role_ref, &["ClusterRole"], errors);
    subjects(&object.subjects, false, errors);
}

fn role_ref(role: &RoleRef, kinds: &[&str], errors: &mut Errors) {
    let path = Path::new("roleRef");
    if role.api_group != GROUP {
        errors.not_supported(&path.child("apiGroup"), &role.api_group, &[GROUP]);
    }
    if !kinds.contains(&role.kind.as_str()) {
        errors.not_supported(&path.child("kind"), &role.kind, kinds);
    }
    let name = path.child("name");
    if role.name.is_empty() {
        errors.required(&name, "");
    } else {
        errors.invalid_all(&name, &role.name, names::path_segment(&role.name));
    }
}

fn subjects(subjects: &[Subject], namespaced: bool, errors: &mut Errors) {
    let list = Path::new("subjects");
    for (index, subject) in subjects.iter().enumerate() {
        let path = list.index(index);
        let (name, group) = (path.child("name"), path.child("apiGroup"));
        if subject.name.is_empty() {
            errors.required(&name, "");
        }
        match subject.kind.as_str() {
            "ServiceAccount" => {
                if !subject.name.is_empty() {
                    errors.invalid_all(&name, &subject.name, names::dns_subdomain(&subject.name));
                }
                if !subject.api_group.is_empty() {
                    errors.not_supported(&group, &subject.api_group, &[""]);
                }
                if !namespaced && subject.namespace.is_empty() {
                    errors.required(&path.child("namespace"), "");
                }
            }
            "User" | "Group" => {
                if subject.api_group != GROUP {
                    errors.not_supported(&group, &subject.api_group, &[GROUP]);
                }
            }
            other => errors.not_supported(&path.child("kind"), other, &["Group", "ServiceAccount", "User"]),
        }
    }
}

//! Metadata, labels and selectors.

use std::collections::BTreeMap;

use super::errors::{Errors, Json};
use super::names;
use crate::meta::{LabelSelector, LabelSelectorOperator, ObjectMeta, OwnerReference};
use crate::path::Path;

/// The most bytes that annotations have together.
const MAX_ANNOTATIONS: usize = 256 << 10;

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Metadata of an object that is named like most are: by a DNS subdomain.
pub(super) fn object_meta(meta: &ObjectMeta, path: &Path<'_>, errors: &mut Errors) {
    named(meta, names::dns_subdomain, path, errors);
}

/// Metadata of an object in no namespace, whose name has some form.
pub(super) fn cluster(meta: &ObjectMeta, form: Form, errors: &mut Errors) {
    let path = Path::new("metadata");
    if !meta.namespace.is_empty() {
        errors.forbidden(&path.child("namespace"), "not allowed on this type");
    }
    let meta = ObjectMeta { namespace: String::new(), ..meta.clone() };
    named(&meta, form, &path, errors);
}

/// The form of a name: what is wrong with a text.
pub(super) type Form = fn(&str) -> Vec<String>;

/// Metadata of an object whose name has some form. An absent namespace is the one of the request.
pub(super) fn named(meta: &ObjectMeta, form: Form, path: &Path<'_>, errors: &mut Errors) {
    if !meta.generate_name.is_empty() {
        // A suffix will follow, so the last character may be any that a name has inside.
        let masked = format!("{}a", meta.generate_name.trim_end_matches('-'));
        errors.invalid_all(&path.child("generateName"), &meta.generate_name, form(&masked));
    }
    if meta.name.is_empty() {
        if meta.generate_name.is_empty() {
            errors.required(&path.child("name"), "name or generateName is required");
        }
    } else {
        errors.invalid_all(&path.child("name"), &meta.name, form(&meta.name));
    }
    if !meta.namespace.is_empty() {
        errors.invalid_all(&path.child("namespace"), &meta.namespace, names::dns_label(&meta.namespace));
    }
    errors.non_negative(&path.child("generation"), meta.generation);
    labels(&meta.labels, &path.child("labels"), errors);
    annotations(&meta.annotations, &path.child("annotations"), errors);
    owner_references(&meta.owner_references, &path.child("ownerReferences"), errors);
    finalizers(&meta.finalizers, &path.child("finalizers"), errors);
}

/// Metadata of a template: labels and annotations, and nothing else.
pub(super) fn template_meta(meta: &ObjectMeta, path: &Path<'_>, errors: &mut Errors) {
    use crate::schema::Struct;
    annotations(&meta.annotations, &path.child("annotations"), errors);
    labels(&meta.labels, &path.child("labels"), errors);
    for (index, info) in ObjectMeta::INFO.fields.iter().enumerate() {
        let set = meta.field(index).is_some_and(|field| !field.is_empty());
        if set && !matches!(info.name, "labels" | "annotations") {
            errors.forbidden(&path.child(info.name), "cannot be set");
        }
    }
}

/// The name of a label.
pub(super) fn label_name(name: &str, path: &Path<'_>, errors: &mut Errors) {
    errors.invalid_all(path, name, names::qualified_name(name));
}

pub(super) fn labels(labels: &BTreeMap<String, String>, path: &Path<'_>, errors: &mut Errors) {
    for (name, value) in labels {
        label_name(name, path, errors);
        errors.invalid_all(path, value, names::label_value(value));
    }
}

pub(super) fn annotations(annotations: &BTreeMap<String, String>, path: &Path<'_>, errors: &mut Errors) {
    for name in annotations.keys() {
        errors.invalid_all(path, name, names::qualified_name(&name.to_ascii_lowercase()));
    }
    let total: usize = annotations.iter().map(|(name, value)| name.len() + value.len()).sum();
    if total > MAX_ANNOTATIONS {
        errors.too_long(path, MAX_ANNOTATIONS);
    }
}

pub(super) fn owner_references(owners: &[OwnerReference], path: &Path<'_>, errors: &mut Errors) {
    for owner in owners {
        let parts = [
            ("apiVersion", &owner.api_version, "version must not be empty"),
            ("kind", &owner.kind, "kind must not be empty"),
            ("name", &owner.name, "name must not be empty"),
            ("uid", &owner.uid, "uid must not be empty"),
        ];
        for (name, value, message) in parts {
            if value.is_empty() {
                errors.invalid(&path.child(name), value, message);
            }
        }
        if owner.kind == "Event" && matches!(&*owner.api_version, "v1" | "events.k8s.io/v1") {
            let (group, version) = owner.api_version.rsplit_once('/').unwrap_or(("", &owner.api_version));
            let detail = format!("{group}/{version}, Kind=Event is disallowed from being an owner");
            errors.invalid(path, Json(owner), detail);
        }
    }
    let mut controllers = owners.iter().filter(|owner| owner.controller == Some(true));
    if let (Some(first), Some(second)) = (controllers.next(), controllers.next()) {
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {} and {}",
            first.name, second.name
        );
        errors.invalid(path, Json(&owners.to_vec()), detail);
    }
}

fn finalizers(finalizers: &[String], path: &Path<'_>, errors: &mut Errors) {
    for name in finalizers {
        errors.invalid_all(path, name, names::qualified_name(name));
    }
    standard_finalizers(finalizers, path, errors);
}

/// A finalizer without a domain is one of Kubernetes' own.
pub(super) fn standard_finalizers(finalizers: &[String], path: &Path<'_>, errors: &mut Errors) {
    for (index, name) in finalizers.iter().enumerate() {
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name.as_str()) {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            errors.invalid(&path.index(index), name, detail);
        }
    }
}

/// A selector of labels.
pub(super) fn label_selector(selector: Option<&LabelSelector>, path: &Path<'_>, errors: &mut Errors) {
    let Some(selector) = selector else { return };
    labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let list = path.child("matchExpressions");
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let path = list.index(index);
        let values = path.child("values");
        match requirement.operator {
            LabelSelectorOperator::In | LabelSelectorOperator::NotIn => {
                if requirement.values.is_empty() {
                    errors.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
                }
            }
            LabelSelectorOperator::Exists | LabelSelectorOperator::DoesNotExist => {
                if !requirement.values.is_empty() {
                    errors.forbidden(
                        &values,
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    );
                }
            }
            LabelSelectorOperator::Unset | LabelSelectorOperator::Other(_) => {
                let operator = requirement.operator.as_str();
                errors.invalid(&path.child("operator"), operator, "not a valid selector operator");
            }
        }
        label_name(&requirement.key, &path.child("key"), errors);
        for (index, value) in requirement.values.iter().enumerate() {
            errors.invalid_all(&values.index(index), value, names::label_value(value));
        }
    }
}

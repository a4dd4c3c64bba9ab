//! What a kustomization changes in all of its objects.

use serde_json::Value;

use super::item::{Item, visit};
use super::labels;
use super::references::pod_spec;
use crate::kustomization::{Image, Kustomization};

/// Kinds whose names keep as they are.
const FIXED: [&str; 3] = ["CustomResourceDefinition", "APIService", "Namespace"];

pub(super) fn run(items: &mut [Item], kustomization: &Kustomization) {
    for item in items {
        namespace(item, &kustomization.namespace);
        affixes(item, &kustomization.name_prefix, &kustomization.name_suffix);
        for label in &kustomization.labels {
            labels::labels(item, &label.pairs, label.include_templates, label.include_selectors);
        }
        labels::labels(item, &kustomization.common_labels, true, true);
        labels::annotations(item, &kustomization.common_annotations);
        for replica in &kustomization.replicas {
            let scaled = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
            let called =
                item.name() == replica.name || item.earlier.iter().any(|(name, _)| *name == replica.name);
            if called && scaled.contains(&item.kind()) {
                item.value["spec"]["replicas"] = replica.count.into();
            }
        }
        for image in kustomization.images.iter().chain(&kustomization.image_tags) {
            images(item, image);
        }
    }
}

fn namespace(item: &mut Item, namespace: &str) {
    if namespace.is_empty() {
        return;
    }
    if item.kind() == "Namespace" {
        item.rename("name", namespace.to_owned());
    } else if item.namespaced() {
        item.rename("namespace", namespace.to_owned());
    }
    // The default account is in each namespace; the others follow their objects.
    if matches!(item.kind(), "RoleBinding" | "ClusterRoleBinding") {
        visit(&mut item.value, "subjects[]", false, &mut |subject| {
            if subject["kind"] == "ServiceAccount" && subject["name"] == "default" {
                subject["namespace"] = namespace.into();
            }
        });
    }
}

fn affixes(item: &mut Item, prefix: &str, suffix: &str) {
    if !FIXED.contains(&item.kind()) {
        let name = format!("{prefix}{}{suffix}", item.name());
        item.rename("name", name);
    }
}

fn images(item: &mut Item, image: &Image) {
    let Some(prefix) = pod_spec(item.kind()) else { return };
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        visit(&mut item.value, &format!("{prefix}/{list}[]/image"), false, &mut |place| {
            if let Some(changed) = place.as_str().and_then(|text| changed(text, image)) {
                *place = Value::from(changed);
            }
        });
    }
}

/// The image that takes the place of one; `None` where another is meant.
fn changed(text: &str, image: &Image) -> Option<String> {
    let (rest, digest) = text.split_once('@').map_or((text, ""), |(rest, digest)| (rest, digest));
    // A colon before a slash belongs to a port.
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (rest, ""),
    };
    if name != image.name {
        return None;
    }
    let name = if image.new_name.is_empty() { name } else { &image.new_name };
    Some(if !image.digest.is_empty() && !image.new_tag.is_empty() {
        format!("{name}:{}@{}", image.new_tag, image.digest)
    } else if !image.digest.is_empty() {
        format!("{name}@{}", image.digest)
    } else if !image.new_tag.is_empty() {
        format!("{name}:{}", image.new_tag)
    } else if !image.tag_suffix.is_empty() && !tag.is_empty() {
        format!("{name}:{tag}{}", image.tag_suffix)
    } else {
        let tag = if tag.is_empty() { String::new() } else { format!(":{tag}") };
        let digest = if digest.is_empty() { String::new() } else { format!("@{digest}") };
        format!("{name}{tag}{digest}")
    })
}

//! Where labels and annotations stand.

use std::collections::BTreeMap;

use serde_json::Value;

use super::item::{Item, visit};

const CONTROLLERS: [&str; 6] =
    ["ReplicationController", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job"];

/// Where labels of templates stand.
fn templates(kind: &str) -> &'static [&'static str] {
    match kind {
        "CronJob" => &["spec/jobTemplate/metadata/labels", "spec/jobTemplate/spec/template/metadata/labels"],
        "StatefulSet" => &["spec/template/metadata/labels", "spec/volumeClaimTemplates[]/metadata/labels"],
        kind if CONTROLLERS.contains(&kind) => &["spec/template/metadata/labels"],
        _ => &[],
    }
}

/// Where selectors stand, and whether they are made where there is none.
fn selectors(kind: &str) -> (&'static [&'static str], bool) {
    match kind {
        "Service" | "ReplicationController" => (&["spec/selector"], true),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => (&["spec/selector/matchLabels"], true),
        "Job" | "PodDisruptionBudget" => (&["spec/selector/matchLabels"], false),
        "CronJob" => (&["spec/jobTemplate/spec/selector/matchLabels"], false),
        "NetworkPolicy" => (
            &[
                "spec/podSelector/matchLabels",
                "spec/ingress[]/from[]/podSelector/matchLabels",
                "spec/egress[]/to[]/podSelector/matchLabels",
            ],
            false,
        ),
        _ => (&[], false),
    }
}

/// Selectors inside of pods, which are changed where there are some.
const INNER: [&str; 5] = [
    "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels",
    "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels",
    "spec/template/spec/topologySpreadConstraints[]/labelSelector/matchLabels",
];

fn put(value: &mut Value, path: &str, create: bool, pairs: &BTreeMap<String, String>) {
    visit(value, path, create, &mut |place| {
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        if let Some(entries) = place.as_object_mut() {
            entries.extend(pairs.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
        }
    });
}

/// Puts labels to objects, to templates, and into selectors.
pub(super) fn labels(
    item: &mut Item,
    pairs: &BTreeMap<String, String>,
    in_templates: bool,
    in_selectors: bool,
) {
    if pairs.is_empty() {
        return;
    }
    let kind = item.kind().to_owned();
    put(&mut item.value, "metadata/labels", true, pairs);
    if in_templates || in_selectors {
        for path in templates(&kind) {
            put(&mut item.value, path, true, pairs);
        }
    }
    if in_selectors {
        let (paths, create) = selectors(&kind);
        for path in paths {
            put(&mut item.value, path, create, pairs);
        }
        if matches!(kind.as_str(), "Deployment" | "StatefulSet") {
            for path in INNER {
                put(&mut item.value, path, false, pairs);
            }
        }
    }
}

/// Puts annotations to objects and to the templates of pods.
pub(super) fn annotations(item: &mut Item, pairs: &BTreeMap<String, String>) {
    if pairs.is_empty() {
        return;
    }
    put(&mut item.value, "metadata/annotations", true, pairs);
    let paths: &[&str] = match item.kind() {
        "CronJob" => {
            &["spec/jobTemplate/metadata/annotations", "spec/jobTemplate/spec/template/metadata/annotations"]
        }
        kind if CONTROLLERS.contains(&kind) => &["spec/template/metadata/annotations"],
        _ => &[],
    };
    for path in paths {
        put(&mut item.value, path, true, pairs);
    }
}

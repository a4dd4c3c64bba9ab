//! Names that objects mention, and that follow those objects.

use serde_json::Value;

use super::item::{Item, visit};

/// Where names of a kind stand in the spec of a pod.
const IN_PODS: [(&str, &[&str]); 5] = [
    (
        "ConfigMap",
        &[
            "volumes[]/configMap/name",
            "volumes[]/projected/sources[]/configMap/name",
            "containers[]/env[]/valueFrom/configMapKeyRef/name",
            "containers[]/envFrom[]/configMapRef/name",
            "initContainers[]/env[]/valueFrom/configMapKeyRef/name",
            "initContainers[]/envFrom[]/configMapRef/name",
        ],
    ),
    (
        "Secret",
        &[
            "volumes[]/secret/secretName",
            "volumes[]/projected/sources[]/secret/name",
            "containers[]/env[]/valueFrom/secretKeyRef/name",
            "containers[]/envFrom[]/secretRef/name",
            "initContainers[]/env[]/valueFrom/secretKeyRef/name",
            "initContainers[]/envFrom[]/secretRef/name",
            "imagePullSecrets[]/name",
        ],
    ),
    ("PersistentVolumeClaim", &["volumes[]/persistentVolumeClaim/claimName"]),
    ("ServiceAccount", &["serviceAccountName"]),
    ("PriorityClass", &["priorityClassName"]),
];

/// Where names of a kind stand elsewhere: the kind that is named, that which names it, and the path.
const ELSEWHERE: [(&str, &str, &str); 13] = [
    ("Service", "StatefulSet", "spec/serviceName"),
    ("Service", "Ingress", "spec/rules[]/http/paths[]/backend/service/name"),
    ("Service", "Ingress", "spec/rules[]/http/paths[]/backend/serviceName"),
    ("Service", "Ingress", "spec/defaultBackend/service/name"),
    ("Service", "Ingress", "spec/backend/serviceName"),
    ("Secret", "Ingress", "spec/tls[]/secretName"),
    ("Secret", "ServiceAccount", "imagePullSecrets[]/name"),
    ("Secret", "ServiceAccount", "secrets[]/name"),
    ("PersistentVolume", "PersistentVolumeClaim", "spec/volumeName"),
    ("StorageClass", "PersistentVolumeClaim", "spec/storageClassName"),
    ("StorageClass", "PersistentVolume", "spec/storageClassName"),
    ("StorageClass", "StatefulSet", "spec/volumeClaimTemplates[]/spec/storageClassName"),
    ("IngressClass", "Ingress", "spec/ingressClassName"),
];

/// Where the spec of a kind's pods stands.
pub(super) fn pod_spec(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "Pod" => "spec",
        "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "DaemonSet" | "Job" => {
            "spec/template/spec"
        }
        "CronJob" => "spec/jobTemplate/spec/template/spec",
        "PodTemplate" => "template/spec",
        _ => return None,
    })
}

/// What an object was called, and is now.
struct Renamed {
    kind: String,
    earlier: Vec<(String, String)>,
    name: String,
    namespace: String,
}

/// The object that someone in a namespace means by a name.
fn target<'r>(all: &'r [Renamed], kind: &str, name: &str, from: &str) -> Option<&'r Renamed> {
    let named = |renamed: &&Renamed| {
        renamed.kind == kind && renamed.earlier.iter().any(|(earlier, _)| earlier == name)
    };
    let of_namespace =
        |renamed: &&Renamed| renamed.namespace.is_empty() || from.is_empty() || renamed.namespace == from;
    let mut candidates = all.iter().filter(named).filter(of_namespace);
    // Of several objects none is meant.
    candidates.next().filter(|_| candidates.next().is_none())
}

/// Lets names follow the objects that they name.
pub(super) fn fix(items: &mut [Item]) {
    let renamed: Vec<Renamed> = items
        .iter()
        .filter(|item| !item.earlier.is_empty())
        .map(|item| Renamed {
            kind: item.kind().to_owned(),
            earlier: item.earlier.clone(),
            name: item.name().to_owned(),
            namespace: item.namespace().to_owned(),
        })
        .collect();
    if renamed.is_empty() {
        return;
    }
    for item in items {
        let kind = item.kind().to_owned();
        let namespace = item.namespace().to_owned();
        let follow = |named: &str, place: &mut Value| {
            let found = place.as_str().and_then(|name| target(&renamed, named, name, &namespace));
            if let Some(found) = found {
                *place = found.name.clone().into();
            }
        };
        if let Some(prefix) = pod_spec(&kind) {
            for (named, path) in
                IN_PODS.iter().flat_map(|(named, paths)| paths.iter().map(move |path| (named, path)))
            {
                visit(&mut item.value, &format!("{prefix}/{path}"), false, &mut |place| follow(named, place));
            }
        }
        for (named, _, path) in ELSEWHERE.iter().filter(|(_, by, _)| *by == kind) {
            visit(&mut item.value, path, false, &mut |place| follow(named, place));
        }
        // Some say themselves what kind they name.
        match kind.as_str() {
            "RoleBinding" | "ClusterRoleBinding" => {
                typed(&mut item.value, "roleRef", &renamed, &namespace);
                visit(&mut item.value, "subjects[]", false, &mut |subject| account(subject, &renamed));
            }
            "HorizontalPodAutoscaler" => {
                typed(&mut item.value, "spec/scaleTargetRef", &renamed, &namespace);
            }
            _ => {}
        }
    }
}

fn typed(value: &mut Value, path: &str, renamed: &[Renamed], namespace: &str) {
    visit(value, path, false, &mut |reference| {
        let part = |field: &str| reference[field].as_str().unwrap_or_default().to_owned();
        if let Some(found) = target(renamed, &part("kind"), &part("name"), namespace) {
            reference["name"] = found.name.clone().into();
        }
    });
}

/// A service account names its namespace too.
fn account(subject: &mut Value, renamed: &[Renamed]) {
    if subject["kind"] != "ServiceAccount" {
        return;
    }
    let name = subject["name"].as_str().unwrap_or_default().to_owned();
    let namespace = subject["namespace"].as_str().unwrap_or_default().to_owned();
    let spelled =
        |namespace: &str| if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() };
    let found = renamed.iter().find(|renamed| {
        let was = |(earlier, its): &(String, String)| {
            *earlier == name && (namespace.is_empty() || spelled(its) == spelled(&namespace))
        };
        renamed.kind == "ServiceAccount"
            && renamed.earlier.iter().any(|earlier| {
                was(earlier) || (earlier.0 == name && !namespace.is_empty() && renamed.namespace == namespace)
            })
    });
    if let Some(found) = found {
        subject["name"] = found.name.clone().into();
        if !found.namespace.is_empty() {
            subject["namespace"] = found.namespace.clone().into();
        }
    }
}

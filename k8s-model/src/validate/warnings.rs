//! What the API server takes with a warning (`pkg/api/pod/warnings.go` and the strategies of the registry, Kubernetes 1.36).

use std::collections::BTreeMap;

use super::names;
use crate::core::{Container, PersistentVolumeReclaimPolicy, PodSpec, Volume};
use crate::meta::ObjectMeta;
use crate::object::Object;
use crate::path::Path;

/// The warnings so far.
struct Warnings(Vec<String>);

impl Warnings {
    fn add(&mut self, path: &Path<'_>, text: impl std::fmt::Display) {
        self.0.push(format!("{path}: {text}"));
    }
}

/// What an API server would warn about at the creation of an object: shown as `field.path: text`, in its own words.
///
/// ```
/// use k8s_model::decode::{Mode, decode_str};
/// use k8s_model::validate::warnings;
///
/// let text = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i,
///     env: [{name: A, value: x}, {name: A, value: y}]}]}}";
/// let object = decode_str(text, "", Mode::Strict).documents.remove(0).object;
/// assert_eq!(
///     warnings(&object),
///     ["spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply"],
/// );
/// ```
#[must_use]
pub fn warnings(object: &Object) -> Vec<String> {
    let mut warnings = Warnings(Vec::new());
    match object {
        Object::Pod(pod) => {
            dns_label(&pod.metadata, &mut warnings);
            annotations(&pod.metadata.annotations, &Path::new("metadata.annotations"), &mut warnings);
            spec(&pod.spec, &Path::new("spec"), &mut warnings);
        }
        Object::Endpoints(_) => {
            warnings.0.push(
                "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".to_owned(),
            );
        }
        Object::Ingress(ingress) => {
            if ingress.metadata.annotations.contains_key("kubernetes.io/ingress.class") {
                let text = "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead";
                warnings.0.push(text.to_owned());
            }
        }
        Object::PersistentVolume(volume) => {
            if volume.spec.persistent_volume_reclaim_policy == PersistentVolumeReclaimPolicy::Recycle {
                let text = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
                warnings.add(&Path::new("spec.persistentVolumeReclaimPolicy"), text);
            }
            class_annotation(&volume.metadata, &mut warnings);
        }
        Object::PersistentVolumeClaim(claim) => class_annotation(&claim.metadata, &mut warnings),
        Object::Node(node) => {
            if node.spec.config_source.is_some() {
                let text = "the feature is removed";
                warnings.add(&Path::new("spec.configSource"), text);
            }
            if !node.spec.external_id.is_empty() {
                let text = "this field is deprecated, and is unused by Kubernetes";
                warnings.add(&Path::new("spec.externalID"), text);
            }
        }
        Object::List(list) => warnings.0.extend(list.items.iter().flat_map(self::warnings)),
        other => {
            if matches!(
                other,
                Object::Job(_) | Object::CronJob(_) | Object::ReplicaSet(_) | Object::Deployment(_)
            ) && let Some(metadata) = other.metadata()
            {
                dns_label(metadata, &mut warnings);
            }
        }
    }
    if let Some(template) = object.pod_template() {
        let path = Path::new(object.template_path());
        annotations(&template.metadata.annotations, &path.child("metadata.annotations"), &mut warnings);
        spec(&template.spec, &path.child("spec"), &mut warnings);
    }
    warnings.0
}

/// Names of pods are made of it, and pods are called after their names.
fn dns_label(metadata: &ObjectMeta, warnings: &mut Warnings) {
    let wrong = names::dns_label(&metadata.name);
    if !metadata.name.is_empty() && !wrong.is_empty() && names::dns_subdomain(&metadata.name).is_empty() {
        let text = "this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
        warnings.add(&Path::new("metadata.name"), format_args!("{text}: [{}]", wrong.join(" ")));
    }
}

fn class_annotation(metadata: &ObjectMeta, warnings: &mut Warnings) {
    const CLASS: &str = "volume.beta.kubernetes.io/storage-class";
    if metadata.annotations.contains_key(CLASS) {
        let path = Path::new("metadata.annotations");
        warnings.add(&path.key(CLASS), "deprecated since v1.8; use \"storageClassName\" attribute instead");
    }
}

fn annotations(given: &BTreeMap<String, String>, path: &Path<'_>, warnings: &mut Warnings) {
    const CRITICAL: &str = "scheduler.alpha.kubernetes.io/critical-pod";
    for name in given.keys() {
        let text = match name.as_str() {
            CRITICAL => "non-functional in v1.16+; use the \"priorityClassName\" field instead",
            "security.alpha.kubernetes.io/sysctls" | "security.alpha.kubernetes.io/unsafe-sysctls" => {
                "non-functional in v1.11+; use the \"sysctls\" field instead"
            }
            name if name.starts_with("seccomp.security.alpha.kubernetes.io/")
                || name.starts_with("container.seccomp.security.alpha.kubernetes.io/") =>
            {
                "non-functional in v1.27+; use the \"seccompProfile\" field instead"
            }
            name if name.starts_with("container.apparmor.security.beta.kubernetes.io/") => {
                "deprecated since v1.30; use the \"appArmorProfile\" field instead"
            }
            _ => continue,
        };
        warnings.add(&path.key(name), text);
    }
}

fn spec(spec: &PodSpec, path: &Path<'_>, warnings: &mut Warnings) {
    let selector = path.child("nodeSelector");
    for label in spec.node_selector.keys() {
        if let Some(text) = deprecated_label(label) {
            warnings.add(&selector.key(label), text);
        }
    }
    let list = path.child("topologySpreadConstraints");
    for (index, constraint) in spec.topology_spread_constraints.iter().enumerate() {
        if let Some(text) = deprecated_label(&constraint.topology_key) {
            let element = list.index(index);
            warnings
                .add(&element.child("topologyKey"), format_args!("{} is {text}", constraint.topology_key));
        }
    }
    let list = path.child("imagePullSecrets");
    for (index, secret) in spec.image_pull_secrets.iter().enumerate() {
        let element = list.index(index);
        let name = element.child("name");
        if secret.name.is_empty() {
            warnings.add(&name, "invalid empty name \"\"");
        } else if spec.image_pull_secrets.iter().take(index).any(|other| other.name == secret.name) {
            warnings.add(&name, format_args!("duplicate name {:?}", secret.name));
        }
    }
    let list = path.child("hostAliases");
    for (index, alias) in spec.host_aliases.iter().enumerate() {
        if spec.host_aliases.iter().take(index).any(|other| other.ip == alias.ip) {
            warnings.add(&list.index(index).child("ip"), format_args!("duplicate ip {:?}", alias.ip));
        }
    }
    let list = path.child("volumes");
    for (index, volume) in spec.volumes.iter().enumerate() {
        self::volume(volume, &list.index(index), warnings);
    }
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        let text = "must be >= 0; negative values are invalid and will be treated as 1";
        warnings.add(&path.child("terminationGracePeriodSeconds"), text);
    }
    for (name, containers) in [("initContainers", &spec.init_containers), ("containers", &spec.containers)] {
        let list = path.child(name);
        for (index, container) in containers.iter().enumerate() {
            self::container(container, &list.index(index), warnings);
        }
    }
}

/// What is said of a label that has another name today.
fn deprecated_label(label: &str) -> Option<String> {
    let (since, instead) = match label {
        "beta.kubernetes.io/arch" => ("v1.14", "kubernetes.io/arch"),
        "beta.kubernetes.io/os" => ("v1.14", "kubernetes.io/os"),
        "beta.kubernetes.io/instance-type" => ("v1.17", "node.kubernetes.io/instance-type"),
        "failure-domain.beta.kubernetes.io/region" => ("v1.17", "topology.kubernetes.io/region"),
        "failure-domain.beta.kubernetes.io/zone" => ("v1.17", "topology.kubernetes.io/zone"),
        _ => return None,
    };
    Some(format!("deprecated since {since}; use {instead:?} instead"))
}

fn volume(volume: &Volume, path: &Path<'_>, warnings: &mut Warnings) {
    for kind in volume.kinds() {
        let text = match kind {
            "photonPersistentDisk" => "deprecated in v1.11, non-functional in v1.16+",
            "gitRepo" => "deprecated in v1.11, and disabled by default in v1.33+",
            "scaleIO" => "deprecated in v1.16, non-functional in v1.22+",
            "flocker" => "deprecated in v1.22, non-functional in v1.25+",
            "storageos" => "deprecated in v1.22, non-functional in v1.25+",
            "quobyte" => "deprecated in v1.22, non-functional in v1.25+",
            "glusterfs" => "deprecated in v1.25, non-functional in v1.26+",
            "cephfs" | "rbd" => "deprecated in v1.28, non-functional in v1.31+",
            _ => continue,
        };
        warnings.add(&path.child(kind), text);
    }
}

fn container(container: &Container, path: &Path<'_>, warnings: &mut Warnings) {
    let list = path.child("env");
    for (index, var) in container.env.iter().enumerate() {
        let Some(earlier) = container.env.iter().take(index).rev().find(|other| other.name == var.name)
        else {
            continue;
        };
        // A variable that is made of the one before it needs both.
        if !var.value.contains(&format!("$({})", earlier.name)) {
            let text =
                format!("hides previous definition of {:?}, which may be dropped when using apply", var.name);
            warnings.add(&list.index(index), text);
        }
    }
    let list = path.child("ports");
    for (index, port) in container.ports.iter().enumerate() {
        let earlier = container.ports.iter().take(index).position(|other| {
            (&other.protocol, other.container_port, other.host_port, &other.host_ip)
                == (&port.protocol, port.container_port, port.host_port, &port.host_ip)
        });
        if let Some(earlier) = earlier {
            let text = format!("duplicate port definition with {}", list.index(earlier));
            warnings.add(&list.index(index), text);
        }
    }
    let amounts = [("requests", &container.resources.requests), ("limits", &container.resources.limits)];
    for (name, amounts) in amounts {
        let path = path.child("resources");
        let path = path.child(name);
        for resource in ["memory", "ephemeral-storage"] {
            if let Some(amount) = amounts.get(resource)
                && amount.milli_value().is_some_and(|milli| milli % 1000 != 0)
            {
                let shown = amount.to_string();
                warnings.add(
                    &path.key(resource),
                    format_args!("fractional byte value {shown:?} is invalid, must be an integer"),
                );
            }
        }
    }
}

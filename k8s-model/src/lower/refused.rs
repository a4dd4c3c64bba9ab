//! What is refused of objects before anything of theirs starts.

use pod_core::pod::Uuid;

use super::NodeSettings;
use crate::core::{Container, Pod, Volume};
use crate::expand::{FieldProblem, Objects};
use crate::object::Object;

/// The fields of a pod, or of the template of an object that makes pods, that cannot be carried over, whatever other objects there are or
/// will be: config maps and secrets may still come. The object has its defaults. Other objects have no such fields.
///
/// ```
/// # use k8s_model::decode::{Mode, decode_str};
/// # use k8s_model::expand::Node;
/// # use k8s_model::lower::{self, NodeSettings};
/// let text = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, envFrom: [{configMapRef: {name: later}}]}],
///   volumes: [{name: v, nfs: {server: s, path: /}}]}}";
/// let mut object = decode_str(text, "", Mode::Strict).documents.remove(0).object;
/// k8s_model::default::default(&mut object);
/// let node = Node { name: "here".into(), cpu_milli: 2000, memory: 4 << 30, ephemeral_storage: 10 << 30 };
/// let problems = lower::refused(&object, &NodeSettings::new(node));
/// assert_eq!(problems.len(), 1);
/// assert_eq!(problems[0].field, "spec.volumes[0].nfs");
/// ```
#[must_use]
pub fn refused(object: &Object, settings: &NodeSettings) -> Vec<FieldProblem> {
    let (pod, path) = match object {
        Object::Pod(pod) => ((**pod).clone(), None),
        other => match other.pod_template() {
            Some(template) => {
                let mut pod = Pod { metadata: template.metadata.clone(), ..Pod::default() };
                pod.spec = template.spec.clone();
                "pod".clone_into(&mut pod.metadata.name);
                crate::default::pod(&mut pod);
                (pod, Some(other.template_path()))
            }
            None => return Vec::new(),
        },
    };
    let mut problems = super::pod(&without_others(pod), Uuid::nil(), settings, &Objects::default())
        .err()
        .unwrap_or_default();
    if let Some(path) = path {
        for problem in &mut problems {
            problem.field = format!("{path}.{}", problem.field);
        }
    }
    problems
}

/// The pod without anything that only other objects know.
fn without_others(mut pod: Pod) -> Pod {
    let spec = &mut pod.spec;
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        optional_environment(container);
    }
    spec.volumes.iter_mut().for_each(optional_volume);
    pod
}

fn optional_environment(container: &mut Container) {
    for source in &mut container.env_from {
        source.config_map_ref.iter_mut().for_each(|named| named.optional = Some(true));
        source.secret_ref.iter_mut().for_each(|named| named.optional = Some(true));
    }
    for source in container.env.iter_mut().filter_map(|var| var.value_from.as_mut()) {
        source.config_map_key_ref.iter_mut().for_each(|named| named.optional = Some(true));
        source.secret_key_ref.iter_mut().for_each(|named| named.optional = Some(true));
    }
}

fn optional_volume(volume: &mut Volume) {
    volume.config_map.iter_mut().for_each(|source| source.optional = Some(true));
    volume.secret.iter_mut().for_each(|source| source.optional = Some(true));
    for source in volume.projected.iter_mut().flat_map(|projected| &mut projected.sources) {
        source.config_map.iter_mut().for_each(|source| source.optional = Some(true));
        source.secret.iter_mut().for_each(|source| source.optional = Some(true));
    }
}

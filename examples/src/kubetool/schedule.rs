//! `kubetool schedule`: which node each pod goes to.

use std::process::ExitCode;

use k8s_model::core::Pod;
use k8s_model::object::Object;
use k8s_model::schedule::{Cluster, queue};
use k8s_model::volume_binding::Storage;

use super::cli::cluster::ScheduleArgs;
use super::manifest::applied;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &ScheduleArgs) -> anyhow::Result<ExitCode> {
    let Some(objects) = applied(color, &args.files)? else { return Ok(ExitCode::FAILURE) };
    let (mut cluster, mut storage) = (Cluster::default(), Storage::default());
    let mut pods: Vec<Pod> = Vec::new();
    for object in objects {
        match object {
            Object::Node(node) => cluster.set_node(*node),
            Object::Namespace(namespace) => {
                cluster.set_namespace(&namespace.metadata.name, namespace.metadata.labels);
            }
            Object::Pod(pod) => pods.push(*pod),
            other => {
                storage.take(other);
            }
        }
    }
    for pod in pods.iter().filter(|pod| !pod.spec.node_name.is_empty()) {
        cluster.add(pod);
        storage.take(Object::Pod(Box::new(pod.clone())));
    }
    storage.settle();
    let (mut text, mut all_placed) = (String::new(), true);
    for pod in queue(pods.iter().filter(|pod| pod.spec.node_name.is_empty())) {
        let name = format!("{}/{}", pod.metadata.namespace, pod.metadata.name);
        match cluster.place_with_claims(pod, &storage).map(str::to_owned) {
            Ok(node) => {
                text.push_str(&format!("{name} {node}\n"));
                let found = cluster.nodes().find(|known| known.metadata.name == node);
                if let Some(node) = found {
                    storage.place(pod, node);
                }
            }
            Err(why) => {
                all_placed = false;
                text.push_str(&format!("{name} - {why}\n"));
            }
        }
    }
    print(&text)?;
    Ok(if all_placed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `logs`, `exec`: what the other commands do with a pod by its UUID, by its name.

use std::process::ExitCode;

use anyhow::{Context, bail};
use k8s_model::core::Pod;
use k8s_model::object::Object;
use k8s_model::selector::Selector;
use pod_engine::PodEntry;

use super::cli::{PodExecArgs, PodLogsArgs};
use super::{Play, meant, server};
use crate::podrun::{exec, logs};

pub(super) fn logs(play: &Play<'_>, args: &PodLogsArgs) -> anyhow::Result<ExitCode> {
    logs::show(&entry(play, &pod(play, &args.pod)?)?, &args.options)
}

pub(super) fn exec(play: &Play<'_>, args: &PodExecArgs) -> anyhow::Result<ExitCode> {
    exec::in_pod(&entry(play, &pod(play, &args.pod)?)?, &args.options, &args.command)
}

fn entry(play: &Play<'_>, pod: &Pod) -> anyhow::Result<PodEntry> {
    let uid = server::uuid_of(pod)?.to_string();
    let entry = play.global.engine()?.pod(&uid);
    entry.with_context(|| format!("pod \"{}\" has not been started", pod.metadata.name))
}

/// The pod that a word means: by its name, or one of an object that has some.
fn pod(play: &Play<'_>, word: &str) -> anyhow::Result<Pod> {
    let word = if word.contains('/') { word.to_owned() } else { format!("pod/{word}") };
    let found = meant::objects(play, &meant::read_named(&[word])?, false)?;
    let Some(object) = found.into_iter().next() else { bail!("a pod is wanted") };
    let selector = match &object {
        Object::Pod(pod) => return Ok((**pod).clone()),
        Object::Deployment(object) => Selector::from_structured(object.spec.selector.as_deref())?,
        Object::ReplicaSet(object) => Selector::from_structured(object.spec.selector.as_deref())?,
        Object::StatefulSet(object) => Selector::from_structured(object.spec.selector.as_deref())?,
        Object::DaemonSet(object) => Selector::from_structured(object.spec.selector.as_deref())?,
        Object::Job(object) => Selector::from_structured(object.spec.selector.as_deref())?,
        Object::ReplicationController(object) => Selector::from_map(&object.spec.selector),
        Object::Service(object) => Selector::from_map(&object.spec.selector),
        other => bail!("a {} has no pods", other.kind()),
    };
    let pods = play.store.list("pods", Some(object.namespace()))?.into_iter();
    let mut pods: Vec<Pod> = pods.filter_map(|object| object.try_into().ok()).collect();
    pods.retain(|pod: &Pod| selector.matches(&pod.metadata.labels));
    pods.into_iter().next().with_context(|| format!("{} has no pods", object.resource_name()))
}

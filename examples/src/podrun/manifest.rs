//! A manifest becomes a pod.

use std::path::Path;

use anyhow::bail;
use k8s_model::core::Pod;
use k8s_model::decode::{Decoded, Document, Mode, Problem, ProblemKind, decode_slice};
use k8s_model::default::default;
use k8s_model::expand::Objects;
use k8s_model::lower;
use k8s_model::object::Object;
use pod_core::pod::PodSpec;
use pod_engine::Engine;
use uuid::Uuid;

use super::annotation::Wishes;
use super::cli::Global;
use super::node;
use super::pull_secrets::PullSecrets;
use crate::{diagnostic, input};

/// A Kubernetes Pod.
#[derive(Debug)]
pub(super) struct Manifest {
    /// In the engine's words.
    pub(super) spec: PodSpec,
    /// What it asks of podrun.
    pub(super) wishes: Wishes,
    /// The credentials of its pull secrets.
    pub(super) secrets: PullSecrets,
}

/// Reads a manifest. `None` when it is wrong, which the user has been told then.
pub(super) fn read(global: &Global, file: &Path) -> anyhow::Result<Option<Manifest>> {
    let (name, bytes) = input::read(file)?;
    match pod(&name, &bytes)? {
        Ok(found) => Ok(Some(found)),
        Err(problems) => {
            diagnostic::show(global.color, &String::from_utf8_lossy(&bytes), &problems);
            Ok(None)
        }
    }
}

/// The pod of a text, or what is wrong with the text.
fn pod(name: &str, bytes: &[u8]) -> anyhow::Result<Result<Manifest, Vec<Problem>>> {
    let Decoded { mut documents, problems, .. } = decode_slice(bytes, name, Mode::Strict);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let mut problems = Vec::new();
    for document in &mut documents {
        default(&mut document.object);
        problems.extend(document.validate());
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let (pods, others): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|document| matches!(document.object, Object::Pod(_)));
    match pods.as_slice() {
        [only] => lowered(only, &others.into_iter().map(|document| document.object).collect()),
        [_, second, ..] => {
            let message = format!("this is the second pod of {}: podrun runs one at a time", pods.len());
            Ok(Err(unsupported(second, [("kind", message)])))
        }
        [] => match others.first() {
            Some(other) => Ok(Err(unsupported(
                other,
                [("kind", "the file holds no Pod, and only a Pod is run".to_owned())],
            ))),
            None => bail!("`{name}` holds nothing: a Pod is wanted"),
        },
    }
}

/// The pod in the engine's words, or what stands in the way.
fn lowered(document: &Document, objects: &Objects) -> anyhow::Result<Result<Manifest, Vec<Problem>>> {
    let Object::Pod(pod) = &document.object else { bail!("not a pod") };
    let spec = match lower::pod(pod, Uuid::new_v4(), &node::settings()?, objects) {
        Ok(spec) => spec,
        Err(problems) => {
            let problems = problems.iter().map(|problem| (problem.field.as_str(), problem.reason.clone()));
            return Ok(Err(unsupported(document, problems)));
        }
    };
    let wishes = match Wishes::of(&spec) {
        Ok(wishes) => wishes,
        Err(complaints) => {
            let problems =
                complaints.iter().map(|complaint| (complaint.field.as_str(), complaint.message.clone()));
            return Ok(Err(unsupported(document, problems)));
        }
    };
    match Engine::check(&spec) {
        Err(error) if error.is_refused() => {
            let field =
                error.refused_by().map_or_else(|| "spec".to_owned(), |app| container(pod, app.as_str()));
            Ok(Err(unsupported(document, [(field.as_str(), format!("{:#}", anyhow::Error::from(error)))])))
        }
        checked => {
            Ok(Ok(checked.map(|()| Manifest { spec, wishes, secrets: PullSecrets::of(pod, objects) })?))
        }
    }
}

/// The path of a container by its name.
fn container(pod: &Pod, name: &str) -> String {
    let lists = [("initContainers", &pod.spec.init_containers), ("containers", &pod.spec.containers)];
    let found = lists.into_iter().find_map(|(list, containers)| {
        let index = containers.iter().position(|container| container.name == name)?;
        Some(format!("spec.{list}[{index}]"))
    });
    found.unwrap_or_else(|| "spec".to_owned())
}

fn unsupported<'e>(
    document: &Document,
    problems: impl IntoIterator<Item = (&'e str, String)>,
) -> Vec<Problem> {
    document.origin.problems(ProblemKind::Unsupported, problems)
}

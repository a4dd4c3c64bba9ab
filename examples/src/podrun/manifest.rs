//! A manifest becomes a pod.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use k8s_model::decode::{Decoded, Document, Mode, Origin, Problem, ProblemKind, decode_str};
use k8s_model::default::default;
use k8s_model::expand::Objects;
use k8s_model::lower;
use k8s_model::object::Object;
use pod_core::pod::PodSpec;
use uuid::Uuid;

use super::annotation::Wishes;
use super::cli::Global;
use super::{diagnostic, node};

/// Reads a manifest: the pod, and what it asks of podrun. `None` when it is wrong, which the user has been told then.
pub(super) fn read(global: &Global, file: &Path) -> anyhow::Result<Option<(PodSpec, Wishes)>> {
    let (name, text) = text(file)?;
    let Decoded { mut documents, problems, .. } = decode_str(&text, &name, Mode::Strict);
    if !problems.is_empty() {
        diagnostic::show(global, &text, &problems);
        return Ok(None);
    }
    let mut problems = Vec::new();
    for document in &mut documents {
        default(&mut document.object);
        problems.extend(document.validate());
    }
    if problems.is_empty() {
        let (pod, objects) = only_pod(&name, documents)?;
        match lowered(&pod, &objects)? {
            Ok(found) => return Ok(Some(found)),
            Err(found) => problems = found,
        }
    }
    diagnostic::show(global, &text, &problems);
    Ok(None)
}

/// The text of a file, and what problems call it.
fn text(file: &Path) -> anyhow::Result<(String, String)> {
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(("<stdin>".to_owned(), text));
    }
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read `{name}`"))?;
    Ok((name, text))
}

/// The pod of a manifest, and the objects beside it.
fn only_pod(name: &str, documents: Vec<Document>) -> anyhow::Result<(Document, Objects)> {
    let (mut pods, others): (Vec<_>, Vec<_>) =
        documents.into_iter().partition(|document| matches!(document.object, Object::Pod(_)));
    match (pods.pop(), pods.len()) {
        (Some(pod), 0) => Ok((pod, others.into_iter().map(|document| document.object).collect())),
        (None, _) => bail!("`{name}` holds no pod"),
        (Some(_), more) => bail!("`{name}` holds {} pods: podrun runs one at a time", more + 1),
    }
}

/// The pod in the engine's words, or what stands in the way.
fn lowered(
    document: &Document,
    objects: &Objects,
) -> anyhow::Result<Result<(PodSpec, Wishes), Vec<Problem>>> {
    let Object::Pod(pod) = &document.object else { bail!("not a pod") };
    let spec = match lower::pod(pod, Uuid::new_v4(), &node::settings()?, objects) {
        Ok(spec) => spec,
        Err(problems) => {
            let problems = problems.iter().map(|problem| (problem.field.as_str(), problem.reason.clone()));
            return Ok(Err(unsupported(&document.origin, problems)));
        }
    };
    Ok(match Wishes::of(&spec) {
        Ok(wishes) => Ok((spec, wishes)),
        Err(complaints) => {
            let problems =
                complaints.iter().map(|complaint| (complaint.field.as_str(), complaint.message.clone()));
            Err(unsupported(&document.origin, problems))
        }
    })
}

fn unsupported<'e>(origin: &Origin, problems: impl IntoIterator<Item = (&'e str, String)>) -> Vec<Problem> {
    origin.problems(ProblemKind::Unsupported, problems)
}

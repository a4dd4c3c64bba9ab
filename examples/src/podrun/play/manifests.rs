//! Manifests: everything of them is looked at before anything of them is kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use k8s_model::decode::{Document, Mode, Problem, ProblemKind, Severity, decode_slice};
use k8s_model::default::default;
use k8s_model::lower;
use k8s_model::object::Object;
use k8s_model::registry::{self, Scope};

use super::Play;
use crate::podrun::node;
use crate::{diagnostic, input};

/// An object of a manifest, as it was written.
pub(super) struct Written {
    pub(super) object: Object,
    /// What kubectl calls it: with the group that the manifest names.
    pub(super) name: String,
}

/// Reads manifests. `None` when one is wrong, or asks for what cannot be run here, which the user has been told then.
pub(super) fn read<'f>(
    play: &Play<'_>,
    files: impl IntoIterator<Item = &'f PathBuf>,
) -> anyhow::Result<Option<Vec<Written>>> {
    let mut found = Vec::new();
    let mut well = true;
    let mut any = false;
    for file in files {
        any = true;
        for file in inside(file)? {
            let (name, bytes) = input::read(&file)?;
            let decoded = decode_slice(&bytes, &name, Mode::Strict).unfold();
            let mut problems = decoded.problems;
            if problems.iter().all(|problem| problem.severity() == Severity::Warning) {
                for document in decoded.documents {
                    problems.extend(wrong(&document)?);
                    found.push(written(play, document)?);
                }
            }
            well &= problems.iter().all(|problem| problem.severity() == Severity::Warning);
            diagnostic::show(play.global.color, &String::from_utf8_lossy(&bytes), &problems);
        }
    }
    if well && any && found.is_empty() {
        bail!("no objects passed to play");
    }
    Ok(well.then_some(found))
}

/// The manifests that are meant: a file, or those of a directory.
fn inside(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("cannot list `{}`", path.display()))?;
    let is_manifest = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        path.is_file() && matches!(ending, Some("yaml" | "yml" | "json"))
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_manifest).collect();
    files.sort_unstable();
    Ok(files)
}

fn written(play: &Play<'_>, document: Document) -> anyhow::Result<Written> {
    let old = document.origin.old_version();
    let mut object = document.object;
    let version = old.map_or_else(|| object.api_version().to_owned(), |old| old.api_version.to_owned());
    let namespaced = object.info().is_none_or(|info| info.scope == Scope::Namespaced);
    if let Some(metadata) = object.metadata_mut().filter(|_| namespaced)
        && metadata.namespace.is_empty()
    {
        play.namespace.clone_into(&mut metadata.namespace);
    }
    let kind = object.kind().to_ascii_lowercase();
    let name = match registry::group_of(&version) {
        "" => format!("{kind}/{}", object.name()),
        group => format!("{kind}.{group}/{}", object.name()),
    };
    Ok(Written { object, name })
}

/// What is wrong with a document, or cannot be had here.
fn wrong(document: &Document) -> anyhow::Result<Vec<Problem>> {
    let mut defaulted = document.clone();
    default(&mut defaulted.object);
    let mut problems = defaulted.validate();
    if problems.is_empty() {
        let origin = &document.origin;
        let refused = lower::refused(&defaulted.object, &node::settings()?);
        let refused = refused.iter().map(|problem| (problem.field.as_str(), problem.reason.clone()));
        problems.extend(origin.problems(ProblemKind::Unsupported, refused));
        if let Some((field, reason)) = beyond(&defaulted.object) {
            problems.extend(origin.problems(ProblemKind::Unsupported, [(field, reason)]));
        }
    }
    Ok(problems)
}

/// Kinds that nothing here acts on: taking one in would promise what is not kept.
pub(super) fn beyond(object: &Object) -> Option<(&'static str, String)> {
    let kind = object.kind();
    if let Object::StatefulSet(set) = object
        && !set.spec.volume_claim_templates.is_empty()
    {
        let reason = "podrun play has no volumes for claims yet";
        return Some(("spec.volumeClaimTemplates", reason.to_owned()));
    }
    let meant = matches!(
        object,
        Object::Pod(_)
            | Object::Deployment(_)
            | Object::ReplicaSet(_)
            | Object::ReplicationController(_)
            | Object::StatefulSet(_)
            | Object::DaemonSet(_)
            | Object::Job(_)
            | Object::CronJob(_)
            | Object::ConfigMap(_)
            | Object::Secret(_)
            | Object::ServiceAccount(_)
            | Object::Namespace(_)
            | Object::LimitRange(_)
            | Object::PriorityClass(_)
    );
    (!meant).then(|| ("kind", format!("podrun play does not run a {kind} of `{}`", object.api_version())))
}

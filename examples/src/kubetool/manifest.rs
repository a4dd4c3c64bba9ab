//! Reading manifests, and writing objects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use k8s_model::admission::{Cluster, STEPS, admit};
use k8s_model::decode::{Document, Mode, Problem, ProblemKind, Severity, decode_slice};
use k8s_model::default::default;
use k8s_model::encode::{Encode, to_json_pretty, to_yaml};
use k8s_model::object::Object;
use k8s_model::registry::Scope;

use super::cli::Written;
use crate::output::Color;
use crate::{diagnostic, input};

/// What a file holds.
#[derive(Debug)]
pub(super) struct Manifest {
    /// Its text.
    pub(super) text: String,
    /// The documents that have no error.
    pub(super) documents: Vec<Document>,
    /// Whether that is all of them.
    pub(super) well: bool,
}

impl Manifest {
    /// Reads a file; all problems are shown.
    pub(super) fn read(color: Color, file: &Path, mode: Mode) -> anyhow::Result<Self> {
        let (name, bytes) = input::read(file)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let decoded = decode_slice(&bytes, &name, mode);
        diagnostic::show(color, &text, &decoded.problems);
        let wrong: BTreeSet<usize> = decoded
            .problems
            .iter()
            .filter(|problem| problem.severity() == Severity::Error)
            .map(|problem| problem.document())
            .collect();
        let mut documents = decoded.documents;
        documents.retain(|document| !wrong.contains(&document.origin.document()));
        Ok(Self { text, documents, well: wrong.is_empty() })
    }
}

/// The objects of files as they would be in a cluster: with defaults, and those of a namespace in one. `None` where a manifest is wrong, which
/// has been shown.
pub(super) fn applied(color: Color, files: &[PathBuf]) -> anyhow::Result<Option<Vec<Object>>> {
    let (mut objects, mut all_well) = (Vec::new(), true);
    for file in files {
        let Manifest { documents, well, .. } = Manifest::read(color, file, Mode::Strict)?;
        all_well &= well;
        for document in documents.into_iter().flat_map(Document::unfold) {
            let mut object = document.object;
            default(&mut object);
            let is_of_a_namespace = object.info().is_some_and(|info| info.scope == Scope::Namespaced);
            if let Some(metadata) = object.metadata_mut().filter(|_| is_of_a_namespace)
                && metadata.namespace.is_empty()
            {
                "default".clone_into(&mut metadata.namespace);
            }
            objects.push(object);
        }
    }
    Ok(all_well.then_some(objects))
}

/// The objects of files as a cluster that has them.
pub(super) fn cluster(color: Color, files: &[PathBuf]) -> anyhow::Result<Cluster> {
    let mut cluster = Cluster::default();
    for file in files {
        let manifest = Manifest::read(color, file, Mode::Lenient)?;
        anyhow::ensure!(manifest.well, "what `{}` holds is not understood", file.display());
        cluster.extend(manifest.documents.into_iter().map(|document| document.object));
    }
    Ok(cluster)
}

/// Takes a defaulted object into the cluster; what refuses it is a problem of the document as a whole.
pub(super) fn admitted(document: &mut Document, cluster: &mut Cluster) -> Vec<Problem> {
    match admit(&mut document.object, cluster, STEPS) {
        Ok(()) => {
            cluster.extend([&document.object]);
            Vec::new()
        }
        Err(refusal) => {
            let message = format!("Forbidden: {}: {refusal}", refusal.step());
            document.origin.problems(ProblemKind::Invalid, [("", message)])
        }
    }
}

/// One text of several objects.
pub(super) fn write<'o>(
    written: Written,
    objects: impl IntoIterator<Item = (&'o dyn Encode, String)>,
) -> String {
    let mut text = String::new();
    for (object, name) in objects {
        match written {
            Written::Yaml => {
                if !text.is_empty() {
                    text.push_str("---\n");
                }
                text.push_str(&to_yaml(object));
            }
            Written::Json => {
                text.push_str(&to_json_pretty(object));
                text.push('\n');
            }
            Written::Name => {
                text.push_str(&name);
                text.push('\n');
            }
        }
    }
    text
}

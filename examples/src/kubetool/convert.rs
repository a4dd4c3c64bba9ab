//! `kubetool convert`: objects in another version of their kinds.

use std::process::ExitCode;

use k8s_model::convert::{self, Converted};
use k8s_model::decode::{Document, Mode, Problem, ProblemKind, Severity};
use k8s_model::encode::Encode;
use k8s_model::registry::group_of;

use super::cli::ConvertArgs;
use super::manifest::{self, Manifest};
use crate::diagnostic;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &ConvertArgs) -> anyhow::Result<ExitCode> {
    let mut converted = Vec::new();
    let mut well = true;
    for file in &args.files {
        let manifest = Manifest::read(color, file, Mode::Strict)?;
        well &= manifest.well;
        let text = manifest.text;
        for document in manifest.documents.into_iter().flat_map(Document::unfold) {
            let name = document.object.resource_name();
            let problems = match target(args, &document).map(|to| convert::to(&document.object, to)) {
                None => {
                    converted.push((Box::new(document.object) as Box<dyn Encode>, name));
                    continue;
                }
                Some(Ok(found)) => {
                    let problems = notes(&document, &found);
                    converted.push((Box::new(found), name));
                    problems
                }
                Some(Err(error)) => {
                    let errors = [("apiVersion", error.to_string())];
                    document.origin.problems(ProblemKind::OldVersion, errors)
                }
            };
            well &= !problems.iter().any(|problem| problem.severity() == Severity::Error);
            diagnostic::show(color, &text, &problems);
        }
    }
    print(&manifest::write(args.output, converted.iter().map(|(object, name)| (&**object, name.clone()))))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The version that is wanted of this object; `None` for the one that is modelled, and for objects of other groups.
fn target<'a>(args: &'a ConvertArgs, document: &Document) -> Option<&'a str> {
    let to = args.to.as_deref()?;
    let groups = convert::versions(&document.object);
    groups.iter().any(|version| group_of(version) == group_of(to)).then_some(to)
}

fn notes(document: &Document, converted: &Converted) -> Vec<Problem> {
    let notes = converted.notes().iter().map(|note| (note.field.as_str(), note.message.clone()));
    document.origin.warnings(ProblemKind::OldVersion, notes)
}

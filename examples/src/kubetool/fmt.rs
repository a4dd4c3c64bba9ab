//! `kubetool fmt`: manifests in one form.

use std::process::ExitCode;

use k8s_model::convert;
use k8s_model::decode::{Document, Mode};
use k8s_model::encode::Encode;

use super::cli::{FmtArgs, Written};
use super::manifest::{self, Manifest};
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &FmtArgs) -> anyhow::Result<ExitCode> {
    let mut well = true;
    let mut texts = Vec::new();
    for file in &args.files {
        let manifest = Manifest::read(color, file, Mode::Strict)?;
        well &= manifest.well;
        let objects: Vec<_> = manifest.documents.iter().map(as_written).collect();
        let text = manifest::write(Written::Yaml, objects.iter().map(|object| (&**object, String::new())));
        if args.check {
            if manifest.well && manifest.text != text {
                well = false;
                print(&format!("{}\n", file.display()))?;
            }
        } else if !text.is_empty() {
            texts.push(text);
        }
    }
    print(&texts.join("---\n"))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The object in the version that it was written in.
fn as_written(document: &Document) -> Box<dyn Encode> {
    let old = document.origin.old_version();
    match old.map(|old| convert::to(&document.object, old.api_version)) {
        Some(Ok(object)) => Box::new(object),
        _ => Box::new(document.object.clone()),
    }
}

//! `kubetool decode`: manifests, read strictly and written canonically.

use std::process::ExitCode;

use k8s_model::decode::{Document, Mode};
use k8s_model::encode::Encode;

use super::cli::DecodeArgs;
use super::manifest::{self, Manifest};
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &DecodeArgs) -> anyhow::Result<ExitCode> {
    let mode = if args.lenient { Mode::Lenient } else { Mode::Strict };
    let mut all = Vec::new();
    let mut well = true;
    for file in &args.files {
        let manifest = Manifest::read(color, file, mode)?;
        well &= manifest.well;
        all.extend(manifest.documents);
    }
    if args.unfold {
        all = all.into_iter().flat_map(Document::unfold).collect();
    }
    let objects =
        all.iter().map(|document| (&document.object as &dyn Encode, document.object.resource_name()));
    print(&manifest::write(args.output, objects))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

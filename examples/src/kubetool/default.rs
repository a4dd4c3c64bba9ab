//! `kubetool default`: what an API server fills in.

use std::process::ExitCode;

use k8s_model::decode::Mode;
use k8s_model::default::default;
use k8s_model::encode::Encode;

use super::cli::Written;
use super::cli::meaning::{DefaultArgs, Objects};
use super::manifest::{self, Manifest};
use crate::output::{Color, eprint, print};

pub(super) fn run(color: Color, args: &DefaultArgs) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Strict)?;
        well &= all_well;
        all.extend(documents);
    }
    let mut cluster = match args.cluster.as_slice() {
        [] => None,
        files => Some(manifest::cluster(color, files)?),
    };
    let mut kept = Vec::new();
    for mut document in all {
        default(&mut document.object);
        let problems =
            cluster.as_mut().map_or_else(Vec::new, |cluster| manifest::admitted(&mut document, cluster));
        for problem in &problems {
            eprint(&format!("{problem}\n"));
        }
        if problems.is_empty() {
            kept.push(document);
        } else {
            well = false;
        }
    }
    let written = match args.output {
        Objects::Yaml => Written::Yaml,
        Objects::Json => Written::Json,
    };
    let objects = kept.iter().map(|document| (&document.object as &dyn Encode, String::new()));
    print(&manifest::write(written, objects))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `kubetool default`: what an API server fills in.

use std::process::ExitCode;

use k8s_model::decode::Mode;
use k8s_model::default::default;
use k8s_model::encode::Encode;

use super::cli::Written;
use super::cli::meaning::{DefaultArgs, Objects};
use super::manifest::{self, Manifest};
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &DefaultArgs) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Strict)?;
        well &= all_well;
        all.extend(documents);
    }
    for document in &mut all {
        default(&mut document.object);
    }
    let written = match args.output {
        Objects::Yaml => Written::Yaml,
        Objects::Json => Written::Json,
    };
    let objects = all.iter().map(|document| (&document.object as &dyn Encode, String::new()));
    print(&manifest::write(written, objects))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! `kubetool fmt`: manifests in one form.

use std::process::ExitCode;

use k8s_model::decode::Mode;
use k8s_model::encode::Encode;

use super::cli::{FmtArgs, Written};
use super::manifest;
use crate::input;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &FmtArgs) -> anyhow::Result<ExitCode> {
    let mut well = true;
    let mut texts = Vec::new();
    for file in &args.files {
        let (documents, all_well) = manifest::read(color, file, Mode::Strict)?;
        well &= all_well;
        let objects = documents.iter().map(|document| (&document.object as &dyn Encode, String::new()));
        let text = manifest::write(Written::Yaml, objects);
        if args.check {
            let (name, bytes) = input::read(file)?;
            if all_well && bytes != text.as_bytes() {
                well = false;
                print(&format!("{name}\n"))?;
            }
        } else if !text.is_empty() {
            texts.push(text);
        }
    }
    print(&texts.join("---\n"))?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

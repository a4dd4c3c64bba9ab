//! `kubetool quantity` and `hash`: small answers.

use std::process::ExitCode;

use k8s_model::decode::{Document, Mode};
use k8s_model::hash;
use pod_core::quantity::Quantity;
use serde_json::json;

use super::cli::meaning::{HashArgs, QuantityArgs};
use super::manifest::Manifest;
use crate::output::{Color, eprint, print};

pub(super) fn run(args: &QuantityArgs) -> anyhow::Result<ExitCode> {
    let mut good = true;
    for text in &args.quantities {
        match text.parse::<Quantity>() {
            Ok(quantity) => {
                let canonical = quantity.canonical();
                let written = quantity.as_written().unwrap_or(&canonical);
                let (value, milli) = (quantity.value(), quantity.milli_value());
                print(&format!(
                    "{}\n",
                    json!({"canonical": canonical, "as_written": written, "value": value, "milli": milli})
                ))?;
            }
            Err(error) => {
                good = false;
                eprint(&format!("kubetool: `{text}` is no quantity: {error}\n"));
            }
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn hashes(color: Color, args: &HashArgs) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Strict)?;
        well &= all_well;
        for mut document in documents.into_iter().flat_map(Document::unfold) {
            k8s_model::default::default(&mut document.object);
            if let Some(template) = document.object.pod_template() {
                let hash = hash::pod_template(template, args.collisions);
                text.push_str(&format!("{} {hash}\n", document.object.resource_name()));
            }
        }
    }
    print(&text)?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

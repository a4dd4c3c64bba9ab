//! `kubetool select`: the objects that selectors mean.

use std::process::ExitCode;

use anyhow::Context;
use k8s_model::decode::{Document, Mode};

use super::cli::meaning::SelectArgs;
use super::manifest::Manifest;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &SelectArgs) -> anyhow::Result<ExitCode> {
    let matcher = args.selector.compile();
    let mut text = String::new();
    let mut well = true;
    for file in &args.files {
        let Manifest { documents, well: all_well, .. } = Manifest::read(color, file, Mode::Lenient)?;
        well &= all_well;
        for document in documents.into_iter().flat_map(Document::unfold) {
            let object = &document.object;
            let by_fields = args
                .field_selector
                .matches_object(object)
                .with_context(|| format!("cannot select `{}` by its fields", object.resource_name()))?;
            let labels = object.metadata().map(|metadata| &metadata.labels);
            if by_fields && labels.is_some_and(|labels| matcher.matches(labels)) {
                let name = if args.kinds { object.resource_name() } else { object.name().to_owned() };
                text.push_str(&(name + "\n"));
            }
        }
    }
    print(&text)?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

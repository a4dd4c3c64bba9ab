//! `kubetool kinds`: the kinds that are known.

use std::process::ExitCode;

use k8s_model::registry::{self, KindInfo, Scope};
use serde::Serialize;

use super::cli::KindsArgs;
use crate::output::{Format, columns, print};

/// A kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    namespaced: bool,
    /// Whether its fields are known.
    typed: bool,
}

impl From<&'static KindInfo> for Kind {
    fn from(info: &'static KindInfo) -> Self {
        Self {
            api_version: info.api_version,
            kind: info.kind,
            plural: info.plural,
            short_names: info.short_names,
            namespaced: info.scope == Scope::Namespaced,
            typed: info.fields.is_some(),
        }
    }
}

pub(super) fn run(args: &KindsArgs) -> anyhow::Result<ExitCode> {
    let found: Vec<Kind> = match &args.word {
        Some(word) => registry::find(word).map(Kind::from).collect(),
        None => registry::kinds().map(Kind::from).collect(),
    };
    if args.output == Format::Table {
        let mut rows = vec![["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"].map(str::to_owned)];
        rows.extend(found.iter().map(|kind| {
            [
                kind.plural.to_owned(),
                kind.short_names.join(","),
                kind.api_version.to_owned(),
                kind.namespaced.to_string(),
                kind.kind.to_owned(),
            ]
        }));
        print(&columns(&rows))?;
    }
    args.output.print(&found)?;
    Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

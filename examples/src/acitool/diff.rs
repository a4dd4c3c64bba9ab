//! `acitool diff`: what differs between two images.

use std::path::Path;
use std::process::ExitCode;

use appc_spec::Strength;
use appc_spec::archive::{Contents, Difference};
use serde::Serialize;

use super::cli::DiffArgs;
use super::source::Source;
use crate::output::{Format, print};

/// One difference for programs.
#[derive(Debug, Serialize)]
struct Shown {
    /// `manifest`, `only-first`, `only-second` or `changed`.
    kind: &'static str,
    /// The path in the root file system; of the manifest the member.
    path: String,
    /// What of it differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<&'static str>,
}

pub(super) fn run(output: Format, args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let differences: Vec<Shown> =
        read(&args.first)?.differences(&read(&args.second)?).iter().map(Shown::of).collect();
    match output {
        Format::Table => print(&differences.iter().map(Shown::line).collect::<String>())?,
        Format::Json | Format::Yaml => output.print(&differences)?,
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(path: &Path) -> anyhow::Result<Contents> {
    Ok(Source::open(path)?.pass(Strength::Compat, Contents::read)?)
}

impl Shown {
    fn of(difference: &Difference) -> Self {
        let path = |bytes: &[u8]| format!("/{}", String::from_utf8_lossy(bytes));
        let (kind, path, fields) = match difference {
            Difference::Manifest(member) => ("manifest", (*member).to_owned(), vec![]),
            Difference::OnlyFirst(bytes) => ("only-first", path(bytes), vec![]),
            Difference::OnlySecond(bytes) => ("only-second", path(bytes), vec![]),
            Difference::File(bytes, fields) => ("changed", path(bytes), fields.clone()),
            _ => ("unknown", String::new(), vec![]),
        };
        Self { kind, path, fields }
    }

    fn line(&self) -> String {
        let fields =
            if self.fields.is_empty() { String::new() } else { format!(": {}", self.fields.join(", ")) };
        format!("{:<11} {}{fields}\n", self.kind, self.path)
    }
}

//! `acitool validate`: whether images are as the specification wants them.

use std::path::Path;
use std::process::ExitCode;

use appc_spec::Strength;
use appc_spec::archive::ArchiveError;
use serde::Serialize;

use super::cli::ValidateArgs;
use super::source::Source;
use crate::output::{Format, print};

/// What is found of one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    file: String,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_id: Option<String>,
    /// The first rule that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(output: Format, args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let mut verdicts = Vec::new();
    for file in &args.files {
        let verdict = verdict(file);
        if output == Format::Table {
            let error = verdict.error.as_deref().unwrap_or("valid");
            print(&format!("{}: {error}\n", verdict.file))?;
        }
        verdicts.push(verdict);
    }
    output.print(&verdicts)?;
    Ok(if verdicts.iter().all(|verdict| verdict.valid) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verdict(path: &Path) -> Verdict {
    let file = path.display().to_string();
    let scanned = match Source::open(path) {
        Ok(source) => source.scan(Strength::Strict).map_err(|error| without_name(&file, error)),
        Err(error) => Err(format!("{error:#}")),
    };
    match scanned {
        Ok(summary) => {
            Verdict { file, valid: true, image_id: Some(summary.image_id.to_string()), error: None }
        }
        Err(error) => Verdict { file, valid: false, image_id: None, error: Some(error) },
    }
}

/// The error and its causes; the line begins with the file's name already.
fn without_name(file: &str, error: ArchiveError) -> String {
    let text = format!("{:#}", anyhow::Error::from(error));
    text.strip_prefix(&format!("archive `{file}`: ")).map_or_else(|| text.clone(), str::to_owned)
}

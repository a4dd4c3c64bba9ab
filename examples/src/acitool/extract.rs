//! `acitool extract`: an image becomes a directory.

use std::path::Path;
use std::process::ExitCode;

use appc_spec::Strength;
use appc_spec::archive::{ExtractPolicy, extract};
use serde::Serialize;

use super::cli::ExtractArgs;
use super::source::Source;
use crate::output::Format;
use crate::place::empty_directory;

/// What is printed as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Extracted<'a> {
    directory: &'a Path,
    image_id: String,
    entries: u64,
}

pub(super) fn run(output: Format, args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let source = Source::open(&args.file)?;
    empty_directory(&args.dir)?;
    let policy = policy();
    let summary = source.pass(Strength::Strict, |name, file, options, progress| {
        extract(name, file, &args.dir, options, &policy, progress)
    })?;
    let (image_id, entries) = (summary.image_id.to_string(), summary.entries);
    output.print(&Extracted { directory: &args.dir, image_id, entries })?;
    Ok(ExitCode::SUCCESS)
}

/// Only root can give files away; others unpack to look into an image.
pub(super) fn policy() -> ExtractPolicy {
    if rustix::process::geteuid().is_root() { ExtractPolicy::FAITHFUL } else { ExtractPolicy::PLAIN }
}

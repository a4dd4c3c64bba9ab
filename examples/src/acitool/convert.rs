//! `acitool convert`: from Docker's and OCI's formats to an App Container image, and back.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context;
use appc_spec::Strength;
use appc_spec::oci::{self, NotCarried, Pick, Source};
use appc_spec::store::{self, Store};
use pod_core::image::Platform;
use serde::Serialize;

use super::cli::ConvertArgs;
use crate::output::{Format, eprint};
use crate::place::write_beside;

/// What is printed as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Converted<'a> {
    out: &'a Path,
    /// Of the image's manifest in the OCI world.
    digest: String,
    not_carried: Vec<String>,
}

pub(super) fn run(output: Format, args: &ConvertArgs) -> anyhow::Result<ExitCode> {
    let (digest, not_carried) = if args.to_oci { to_oci(args)? } else { to_aci(args)? };
    let not_carried: Vec<String> = not_carried.iter().map(ToString::to_string).collect();
    for lost in &not_carried {
        eprint(&format!("acitool: not carried over: {lost}\n"));
    }
    output.print(&Converted { out: &args.out, digest, not_carried })?;
    Ok(ExitCode::SUCCESS)
}

fn to_aci(args: &ConvertArgs) -> anyhow::Result<(String, Vec<NotCarried>)> {
    let source = Source::open(&args.source)?;
    let mut pick = Pick::the_only_one(args.platform.clone().unwrap_or_else(Platform::of_this_program));
    pick.image.clone_from(&args.image);
    let options = oci::ImportOptions::new(SystemTime::now());
    let written = write_beside(&args.out, args.overwrite, |file| {
        Ok(oci::write_aci(&source, &pick, &options, &std::env::temp_dir(), file)?)
    })?;
    Ok((written.digest.to_string(), written.not_carried))
}

/// By way of a store that is thrown away.
fn to_oci(args: &ConvertArgs) -> anyhow::Result<(String, Vec<NotCarried>)> {
    let name = args.source.display().to_string();
    let file = std::fs::File::open(&args.source).with_context(|| format!("cannot open `{name}`"))?;
    let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
    let store = Store::open(folder.path().join("store"))?;
    let options = store::ImportOptions::new(Strength::Strict, SystemTime::now());
    let imported = store.import(&name, file, &options, &mut |_| {})?;
    let exported = oci::export(&store, imported.image.id(), &args.out, args.name.as_deref())?;
    Ok((exported.manifest.digest.to_string(), exported.not_carried))
}

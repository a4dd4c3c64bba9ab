//! `kubetool patch`, `diff` and `apply`: what changes, and how.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use k8s_model::patch::{PatchType, Schema, apply, json_diff, merge_diff, patch, strategic_diff};
use serde_json::Value;

use super::cli::meaning::{ApplyArgs, DiffArgs, Objects, Outcomes, PatchArgs};
use super::untyped;
use crate::output::{eprint, print};

/// Documents, with a line between those of YAML.
fn joined(documents: &[String], output: Objects) -> String {
    documents.join(if output == Objects::Yaml { "---\n" } else { "" })
}

pub(super) fn run(args: &PatchArgs) -> anyhow::Result<ExitCode> {
    let change = match args.patch.strip_prefix('@') {
        Some(file) => untyped::read_one(Path::new(file))?,
        None => {
            let documents = k8s_model::tree::documents(&args.patch).context("cannot read the patch")?;
            documents.into_iter().next().context("the patch is empty")?
        }
    };
    let mut documents = Vec::new();
    for object in untyped::read(&args.file)? {
        let patched = patch(&object, &change, args.patch_type, Schema::of_object(&object))
            .with_context(|| format!("cannot patch an object of `{}`", args.file.display()))?;
        documents.push(untyped::write(&patched, args.output)?);
    }
    print(&joined(&documents, args.output))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn diff(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (from, to) = (untyped::read_one(&args.from)?, untyped::read_one(&args.to)?);
    let change = match args.patch_type {
        PatchType::Json => json_diff(&from, &to),
        PatchType::Merge => merge_diff(&from, &to),
        PatchType::Strategic => strategic_diff(&from, &to, Schema::of_object(&from))
            .context("cannot tell the difference of the objects")?,
    };
    let nothing = match &change {
        Value::Object(entries) => entries.is_empty(),
        Value::Array(operations) => operations.is_empty(),
        _ => false,
    };
    if nothing {
        return Ok(ExitCode::SUCCESS);
    }
    print(&untyped::write(&change, args.output)?)?;
    Ok(ExitCode::FAILURE)
}

pub(super) fn apply_files(args: &ApplyArgs) -> anyhow::Result<ExitCode> {
    let live = match &args.live {
        Some(file) => untyped::read(file)?,
        None => Vec::new(),
    };
    let identity = |object: &Value| {
        let part =
            |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        (part("/kind"), part("/metadata/name"), part("/metadata/namespace"))
    };
    let mut documents = Vec::new();
    for file in &args.files {
        for object in untyped::read(file)? {
            let known = live.iter().find(|live| {
                let (mine, other) = (identity(&object), identity(live));
                // An object that names no namespace is meant for that of the live one.
                mine == other || (mine.2.is_empty() && (&mine.0, &mine.1) == (&other.0, &other.1))
            });
            let applied = apply(known, &object)
                .with_context(|| format!("cannot apply an object of `{}`", file.display()))?;
            for warning in &applied.warnings {
                eprint(&format!("Warning: {warning}\n"));
            }
            match args.output {
                Outcomes::Name => documents.push(format!("{applied}\n")),
                Outcomes::Yaml => documents.push(untyped::write(&applied.object, Objects::Yaml)?),
                Outcomes::Json => documents.push(untyped::write(&applied.object, Objects::Json)?),
                Outcomes::Patch => {
                    if let Some((_, change)) = &applied.patch {
                        documents.push(untyped::write(change, Objects::Json)?);
                    }
                }
            }
        }
    }
    let output = if args.output == Outcomes::Yaml { Objects::Yaml } else { Objects::Json };
    print(&joined(&documents, output))?;
    Ok(ExitCode::SUCCESS)
}

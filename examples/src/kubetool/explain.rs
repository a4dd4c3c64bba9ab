//! `kubetool explain`: what a kind or a field is.

use std::fmt::Write;
use std::process::ExitCode;

use anyhow::bail;
use k8s_model::explain::{self, Explained};
use k8s_model::schema::FieldInfo;

use super::cli::ExplainArgs;
use crate::output::print;

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let found = match explain::explain(&args.path, args.api_version.as_deref()) {
        Ok(found) => found,
        Err(error) => bail!("{error}"),
    };
    print(&shown(&found, args.recursive)?)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(found: &Explained, recursive: bool) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "KIND:     {}\nVERSION:  {}\n", found.kind.kind, found.kind.api_version)?;
    if !found.path.is_empty() {
        writeln!(out, "FIELD:    {} <{}>\n", found.path, found.type_name())?;
    }
    writeln!(out, "DESCRIPTION:\n    {}", found.doc())?;
    let values = found.values();
    if !values.is_empty() {
        writeln!(out, "\nVALUES:\n    {}", values.join(", "))?;
    }
    if !found.fields().is_empty() {
        writeln!(out, "\nFIELDS:")?;
        fields(&mut out, found.fields(), 1, recursive)?;
    }
    Ok(out)
}

fn fields(out: &mut String, list: &[FieldInfo], depth: usize, recursive: bool) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    for field in list {
        writeln!(out, "{indent}{} <{}>", field.name, explain::type_name(&(field.shape)()))?;
        if recursive {
            fields(out, explain::fields(&(field.shape)()), depth + 1, true)?;
        } else {
            writeln!(out, "{indent}  {}\n", field.doc.trim())?;
        }
    }
    Ok(())
}

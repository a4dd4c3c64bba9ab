//! `acitool build`: a directory, or programs of this machine, become an image.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use appc_spec::archive::{BuildOptions, Built, ImageBuilder, Owner, Times};
use appc_spec::{ImageManifest, Json, Strength};
use serde::Serialize;

use super::cli::BuildArgs;
use crate::host_image;
use crate::output::Format;
use crate::place::write_beside;

/// What is printed as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    file: &'a Path,
    image_id: String,
    size: u64,
    tar_size: u64,
}

pub(super) fn run(output: Format, args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let (image, options, out) = match (&*args.paths, args.copy_exec.is_empty()) {
        ([layout, out], true) => (from_layout(layout)?, as_it_is(), out),
        ([out], false) => (from_programs(args)?, BuildOptions::reproducible(), out),
        ([_], true) => bail!("name a layout directory and the file to write, or programs with `--copy-exec`"),
        (_, false) => bail!("with `--copy-exec` there is no layout directory: name the file to write only"),
        _ => bail!("name a layout directory and the file to write"),
    };
    let built = write(image, &options, out, args.overwrite)?;
    let Built { image_id, size, tar_size, .. } = built;
    output.print(&Report { file: out, image_id: image_id.to_string(), size, tar_size })?;
    Ok(ExitCode::SUCCESS)
}

fn from_programs(args: &BuildArgs) -> anyhow::Result<ImageBuilder> {
    let name = args.name.as_ref().context("name the image with `--name`")?;
    host_image::builder(name, &args.copy_exec, &args.exec)
}

fn from_layout(layout: &Path) -> anyhow::Result<ImageBuilder> {
    let path = layout.join("manifest");
    let text = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let manifest = ImageManifest::from_json_slice(&text, Strength::Strict)
        .with_context(|| format!("manifest `{}`", path.display()))?;
    Ok(ImageBuilder::new(manifest).host_tree(&layout.join("rootfs"))?)
}

/// A layout's files keep their times and owners.
const fn as_it_is() -> BuildOptions {
    BuildOptions::reproducible().times(Times::Keep).owner(Owner::Keep)
}

fn write(image: ImageBuilder, options: &BuildOptions, out: &Path, overwrite: bool) -> anyhow::Result<Built> {
    write_beside(out, overwrite, |file| Ok(image.write(file, options)?))
}

//! `acitool render`: an image and its dependencies become a root file system.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use appc_spec::archive::{ScanOptions, path_entries, render};
use appc_spec::render::{Candidate, Origin, PathEntry, RenderLimits, RenderOrder, RenderPlan};
use appc_spec::{ImageId, Strength};
use serde::Serialize;

use super::cli::RenderArgs;
use super::extract::policy;
use super::source::Source;
use crate::output::{Format, print};
use crate::place::empty_directory;
use crate::progress::Progress;

/// An image file that has been read.
struct Image {
    path: PathBuf,
    candidate: Candidate,
    manifest_text: Vec<u8>,
    entries: Vec<PathEntry>,
}

/// What is printed as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// The images, each laid over those before it.
    images: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<PathBuf>,
    /// The paths with the IDs of the images that they come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<Planned>,
}

#[derive(Debug, Serialize)]
struct Planned {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

pub(super) fn run(output: Format, args: &RenderArgs) -> anyhow::Result<ExitCode> {
    let image = read(&args.file)?;
    let dependencies: Vec<Image> = args.with.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let order = RenderOrder::of(image.candidate.clone(), &RenderLimits::STANDARD, &mut |wanted| {
        let found = dependencies.iter().find(|image| image.candidate.fulfils(wanted))?;
        Some(found.candidate.clone())
    })?;
    let of = |id: &ImageId| std::iter::once(&image).chain(&dependencies).find(|one| one.candidate.id == *id);
    let plan = RenderPlan::new(&order, &mut |id| of(id).map_or_else(Vec::new, |one| one.entries.clone()))?;
    if let Some(dir) = &args.dir {
        make(dir, &image, &plan, &|id| of(id).map(|one| one.path.as_path()))?;
    }
    match output {
        Format::Table if args.plan => print(&plan.to_string())?,
        _ => output.print(&Report {
            images: order.passes().iter().map(|pass| pass.image.to_string()).collect(),
            directory: args.dir.clone(),
            paths: if args.plan { planned(&plan) } else { vec![] },
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<Image> {
    let (summary, entries) = Source::open(path)?.pass(Strength::Strict, path_entries)?;
    let candidate =
        Candidate::new(summary.image_id, summary.manifest).with_sizes(summary.size, summary.tar_size);
    Ok(Image { path: path.to_owned(), candidate, manifest_text: summary.manifest_text, entries })
}

fn make<'a>(
    dir: &Path,
    image: &Image,
    plan: &RenderPlan,
    of: &dyn Fn(&ImageId) -> Option<&'a Path>,
) -> anyhow::Result<()> {
    empty_directory(dir)?;
    let manifest = dir.join("manifest");
    fs::write(&manifest, &image.manifest_text)
        .with_context(|| format!("cannot write `{}`", manifest.display()))?;
    let mut open = |id: &ImageId| {
        let path = of(id).ok_or(std::io::ErrorKind::NotFound)?;
        Ok(Box::new(File::open(path)?) as Box<dyn std::io::Read + Send>)
    };
    let progress = Progress::new(format!("making {}", dir.display()), 0);
    let options = ScanOptions::new(Strength::Strict);
    render(dir, plan, &mut open, &options, &policy(), &mut |done| progress.set(done))?;
    Ok(())
}

fn planned(plan: &RenderPlan) -> Vec<Planned> {
    let shown = |path: &[u8]| format!("/{}", String::from_utf8_lossy(path));
    let one = |(path, origin): (&[u8], Origin<'_>)| {
        let (image, link) = match origin {
            Origin::Entry { image, .. } => (plan.images().get(image).map(ToString::to_string), None),
            Origin::Link { to } => (None, Some(shown(to))),
            _ => (None, None),
        };
        Planned { path: shown(path), image, link }
    };
    plan.paths().map(one).collect()
}

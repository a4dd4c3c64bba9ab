//! `acitool patch-manifest`: an image with another manifest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use appc_spec::archive::{BuildOptions, Built, Compression, Owner, Times, rewrite};
use appc_spec::{
    CapabilitySet, Dependency, Event, ImageManifest, Isolator, IsolatorValue, Json, Label, Labels,
    ManifestPatch, Strength,
};
use serde::Serialize;

use super::cli::PatchManifestArgs;
use super::source::Source;
use crate::output::Format;
use crate::place::write_beside;

/// What is printed as a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    file: PathBuf,
    image_id: String,
    was: String,
}

pub(super) fn run(output: Format, args: &PatchManifestArgs) -> anyhow::Result<ExitCode> {
    let patch = patch(args)?;
    let replacement = args.manifest.as_deref().map(read_manifest).transpose()?;
    let mut change = |manifest: ImageManifest| {
        let manifest = replacement.clone().unwrap_or(manifest);
        patch.apply(manifest, Strength::Strict).map_err(Into::into)
    };
    let options =
        BuildOptions::reproducible().times(Times::Keep).owner(Owner::Keep).compression(compression(args)?);
    let out = args.out.as_deref().unwrap_or(&args.file);
    let source = Source::open(&args.file)?;
    let mut was = String::new();
    let built = write_beside(out, args.overwrite || args.replace, |file| {
        // A manifest that the specification does not allow may be what is to be repaired.
        let (summary, built) = source.pass(Strength::Compat, |name, reader, scan, progress| {
            rewrite(name, reader, file, scan, &options, &mut change, progress)
        })?;
        was = summary.image_id.to_string();
        Ok(built)
    })?;
    let Built { image_id, .. } = built;
    output.print(&Report { file: out.to_owned(), image_id: image_id.to_string(), was })?;
    Ok(ExitCode::SUCCESS)
}

fn compression(args: &PatchManifestArgs) -> anyhow::Result<Compression> {
    if args.no_compression {
        return Ok(Compression::None);
    }
    let mut start = Vec::new();
    let doing = || format!("cannot read `{}`", args.file.display());
    let file = fs::File::open(&args.file).with_context(doing)?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, 6), &mut start).with_context(doing)?;
    Ok(match Compression::of(&start) {
        Compression::Zstd => Compression::Gzip,
        other => other,
    })
}

fn read_manifest(path: &Path) -> anyhow::Result<ImageManifest> {
    let text = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    ImageManifest::from_json_slice(&text, Strength::Strict)
        .with_context(|| format!("manifest `{}`", path.display()))
}

fn patch(args: &PatchManifestArgs) -> anyhow::Result<ManifestPatch> {
    let mut patch = removals(args);
    if let Some(name) = &args.name {
        patch = patch.name(name.clone());
    }
    for pair in &args.label {
        patch = patch.label(pair.name.parse().context("--label")?, pair.value.clone());
    }
    for pair in &args.annotation {
        patch = patch.annotation(pair.name.parse().context("--annotation")?, pair.value.clone());
    }
    for app in &args.dependency {
        let labels = app.labels().map(|(name, value)| Label { name: name.clone(), value: value.to_owned() });
        let labels = Labels::try_from(labels.collect::<Vec<_>>()).context("--dependency")?;
        let image_name = app.name.clone();
        patch = patch.dependency(Dependency { image_name, image_id: None, labels, size: 0 });
    }
    if let Some(list) = &args.path_whitelist {
        patch =
            patch.path_whitelist(list.split(',').filter(|path| !path.is_empty()).map(Into::into).collect());
    }
    of_app(args, patch)
}

fn removals(args: &PatchManifestArgs) -> ManifestPatch {
    let mut patch = ManifestPatch::new();
    patch = args.remove_label.iter().fold(patch, |patch, name| patch.remove_label(name));
    patch = args.remove_annotation.iter().fold(patch, |patch, name| patch.remove_annotation(name));
    patch = args.remove_env.iter().fold(patch, |patch, name| patch.remove_environment(name));
    patch = args.remove_mount.iter().fold(patch, |patch, name| patch.remove_mount_point(name));
    patch = args.remove_port.iter().fold(patch, |patch, name| patch.remove_port(name));
    patch = args.remove_isolator.iter().fold(patch, |patch, name| patch.remove_isolator(name));
    if args.remove_dependencies { patch.remove_dependencies() } else { patch }
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(Into::into).collect()
}

fn of_app(args: &PatchManifestArgs, mut patch: ManifestPatch) -> anyhow::Result<ManifestPatch> {
    if let Some(command) = &args.exec {
        patch = patch.exec(words(command));
    } else if !args.exec_word.is_empty() {
        patch = patch.exec(args.exec_word.clone());
    }
    if let Some(user) = &args.user {
        patch = patch.user(user);
    }
    if let Some(group) = &args.group {
        patch = patch.group(group);
    }
    if !args.supplementary_groups.is_empty() {
        patch = patch.supplementary_gids(args.supplementary_groups.clone());
    }
    if let Some(dir) = &args.working_dir {
        patch = patch.working_directory(dir);
    }
    for pair in &args.env {
        patch = patch.environment(&pair.name, &pair.value);
    }
    patch = args.mounts.iter().fold(patch, |patch, point| patch.mount_point(point.clone()));
    patch = args.ports.iter().fold(patch, |patch, port| patch.port(port.clone()));
    for (event, command) in [(Event::PreStart, &args.pre_start), (Event::PostStop, &args.post_stop)] {
        if let Some(command) = command {
            patch = patch.event_handler(event, words(command));
        }
    }
    for isolator in isolators(args)? {
        patch = patch.isolator(isolator);
    }
    Ok(patch)
}

fn isolators(args: &PatchManifestArgs) -> anyhow::Result<Vec<Isolator>> {
    let mut isolators = Vec::new();
    let capabilities =
        |names: &[String]| CapabilitySet { set: names.iter().map(|name| name.as_str().into()).collect() };
    if !args.capability.is_empty() {
        isolators.push(IsolatorValue::CapabilitiesRetain(capabilities(&args.capability)).try_into()?);
    }
    if !args.revoke_capability.is_empty() {
        isolators.push(IsolatorValue::CapabilitiesRemove(capabilities(&args.revoke_capability)).try_into()?);
    }
    if let Some(mode) = &args.seccomp_mode {
        let (mode, rest) = mode.split_once(',').unwrap_or((mode, ""));
        let errno = if rest.is_empty() { String::new() } else { format!(",{rest}") };
        let text = format!("os/linux/seccomp-{mode}-set,set={}{errno}", args.seccomp_set.join("+"));
        isolators.push(text.parse().context("--seccomp-mode")?);
    }
    isolators.extend(args.isolators.iter().cloned());
    Ok(isolators)
}

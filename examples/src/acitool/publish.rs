//! `acitool publish`: images for a static web server.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use appc_spec::archive::Summary;
use appc_spec::discovery::{Page, Tag, Template};
use appc_spec::{AppString, Strength};
use serde::Serialize;

use super::cli::PublishArgs;
use super::source::Source;
use super::trust::{beside, read_keys};
use crate::output::Format;

/// The file of keys in the directory.
const KEYS: &str = "pubkeys.gpg";

#[derive(Debug, Serialize)]
struct Published {
    image: String,
    url: String,
    /// The page that leads there.
    page: PathBuf,
}

pub(super) fn run(output: Format, args: &PublishArgs) -> anyhow::Result<ExitCode> {
    let mut published = Vec::new();
    let mut pages: BTreeMap<String, Vec<Tag>> = BTreeMap::new();
    for file in &args.files {
        published.push(one(args, file, &mut pages)?);
    }
    if let Some(keys) = &args.pubkeys {
        read_keys(keys)?;
        copy(keys, &args.dir.join(KEYS))?;
    }
    for (name, tags) in pages {
        write(&page_file(&args.dir, &name), Page::new(tags).to_html().as_bytes())?;
    }
    output.print(&published)?;
    Ok(ExitCode::SUCCESS)
}

/// Copies an image and its signature to where a template leads, and notes the tags of its page.
fn one(args: &PublishArgs, file: &Path, pages: &mut BTreeMap<String, Vec<Tag>>) -> anyhow::Result<Published> {
    let summary = Source::open(file)?.scan(Strength::Strict)?;
    let name = summary.manifest.name.to_string();
    let host = name.split('/').next().unwrap_or(&name);
    let base = args.url.clone().unwrap_or_else(|| format!("https://{host}"));
    let base = base.trim_end_matches('/').to_owned();
    let (app, template) = asked_for(&base, &summary)?;
    let place = template.render(&app)?;
    let path = place.image.strip_prefix(&base).unwrap_or_default().trim_start_matches('/');
    let target = args.dir.join(path);
    let signature = beside(file);
    if signature.exists() {
        copy(&signature, &beside(&target))?;
    } else if !args.unsigned {
        bail!(
            "`{}` has no signature `{}`: `acitool sign` makes one, `--unsigned` does without",
            file.display(),
            signature.display()
        );
    }
    copy(file, &target)?;
    let tags = pages.entry(name.clone()).or_default();
    let mut add = |tag: Tag| {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    };
    add(Tag::images(&name, &template));
    if args.pubkeys.is_some() {
        add(Tag::keys(&name, format!("{base}/{KEYS}")));
    }
    Ok(Published { image: app.to_string(), url: place.image, page: page_file(&args.dir, &name) })
}

/// How the image will be asked for, and a template of all that tells it from others of its name.
fn asked_for(base: &str, summary: &Summary) -> anyhow::Result<(AppString, Template)> {
    let mut app = AppString::new(summary.manifest.name.clone());
    let mut template = format!("{base}/{{name}}-{{version}}");
    for name in ["version", "os", "arch"] {
        if let Some(value) = summary.manifest.labels.value(name) {
            app = app.with_label(name.parse()?, value);
            if name != "version" {
                template += &format!("-{{{name}}}");
            }
        }
    }
    Ok((app, format!("{template}.{{ext}}").parse()?))
}

/// Where a server looks for the page of a name: the host itself is the root.
fn page_file(dir: &Path, name: &str) -> PathBuf {
    let path = name.split_once('/').map_or("", |(_, path)| path);
    dir.join(path).join("index.html")
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let bytes = fs::File::open(from).with_context(|| format!("cannot open `{}`", from.display()))?;
    let doing = || format!("cannot write `{}`", to.display());
    fs::create_dir_all(to.parent().unwrap_or(to)).with_context(doing)?;
    crate::place::write_beside(to, true, |out| {
        std::io::copy(&mut std::io::BufReader::new(bytes), out).with_context(doing)?;
        Ok(())
    })
}

fn write(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let doing = || format!("cannot write `{}`", path.display());
    fs::create_dir_all(path.parent().unwrap_or(path)).with_context(doing)?;
    crate::place::write_beside(path, true, |out| out.write_all(text).with_context(doing))
}

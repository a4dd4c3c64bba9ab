//! `acitool id`, `cat-manifest` and `ls`: what an image is, says and holds.

use std::process::ExitCode;

use appc_spec::Strength;
use appc_spec::archive::{Entry, EntryKind, scan_with};
use serde::Serialize;

use super::cli::{CatManifestArgs, IdArgs, LsArgs};
use super::source::Source;
use crate::output::{Format, print};
use crate::program::report;

/// The image ID of one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identified {
    file: String,
    image_id: String,
}

pub(super) fn id(output: Format, args: &IdArgs) -> anyhow::Result<ExitCode> {
    let mut identified = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for path in &args.files {
        let file = path.display().to_string();
        // What an image is called does not depend on how well its manifest is written.
        match Source::open(path).and_then(|source| Ok(source.scan(Strength::Compat)?)) {
            Ok(summary) => identified.push(Identified { file, image_id: summary.image_id.to_string() }),
            Err(error) => {
                report("acitool", &error);
                code = ExitCode::FAILURE;
            }
        }
    }
    match output {
        Format::Table if args.files.len() == 1 => {
            print(&identified.iter().map(|one| format!("{}\n", one.image_id)).collect::<String>())?;
        }
        Format::Table => {
            print(
                &identified.iter().map(|one| format!("{}  {}\n", one.image_id, one.file)).collect::<String>(),
            )?;
        }
        Format::Json | Format::Yaml => output.print(&identified)?,
    }
    Ok(code)
}

pub(super) fn cat_manifest(output: Format, args: &CatManifestArgs) -> anyhow::Result<ExitCode> {
    let strength = if args.compat { Strength::Compat } else { Strength::Strict };
    let summary = Source::open(&args.file)?.scan(strength)?;
    let json = appc_spec::Json::to_json(&summary.manifest, strength);
    match output {
        Format::Table | Format::Json => print(&(json + "\n"))?,
        Format::Yaml => output.print(&serde_json::from_str::<serde_json::Value>(&json)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One file of an image.
#[derive(Debug, Serialize)]
struct Listed {
    path: String,
    kind: &'static str,
    /// The permissions, in octal digits.
    mode: String,
    uid: u32,
    gid: u32,
    size: u64,
    /// Seconds since 1970.
    mtime: i64,
    /// Where a link leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

pub(super) fn ls(output: Format, args: &LsArgs) -> anyhow::Result<ExitCode> {
    let mut files = Vec::new();
    Source::open(&args.file)?.pass(Strength::Compat, |name, file, options, progress| {
        scan_with(name, file, options, progress, &mut std::io::sink(), |entry, _| {
            files.push(Listed::of(entry));
            Ok(())
        })
    })?;
    match output {
        Format::Table => print(&files.iter().map(Listed::line).collect::<String>())?,
        Format::Json | Format::Yaml => output.print(&files)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Listed {
    fn of(entry: &Entry) -> Self {
        let (kind, target) = match &entry.kind {
            EntryKind::File => ("file", None),
            EntryKind::Directory => ("directory", None),
            EntryKind::Symlink(target) => ("symlink", Some(target)),
            EntryKind::HardLink(target) => ("hardlink", Some(target)),
            EntryKind::CharDevice(..) => ("char-device", None),
            EntryKind::BlockDevice(..) => ("block-device", None),
            EntryKind::Fifo => ("fifo", None),
            _ => ("unknown", None),
        };
        Self {
            path: entry.to_string(),
            kind,
            mode: format!("{:04o}", entry.mode),
            uid: entry.uid,
            gid: entry.gid,
            size: entry.size,
            mtime: entry.mtime,
            target: target.map(|target| String::from_utf8_lossy(target).into_owned()),
        }
    }

    fn line(&self) -> String {
        let arrow = match &self.target {
            Some(target) if self.kind == "hardlink" => format!(" = {target}"),
            Some(target) => format!(" -> {target}"),
            None => String::new(),
        };
        let owner = format!("{}/{}", self.uid, self.gid);
        format!("{:<12} {} {owner:<11} {:>10}  {}{arrow}\n", self.kind, self.mode, self.size, self.path)
    }
}

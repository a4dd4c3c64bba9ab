//! `kubetool split`: each object in a file of its own.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use k8s_model::decode::{Document, Mode};
use k8s_model::encode::to_yaml;

use super::cli::SplitArgs;
use super::manifest::Manifest;
use crate::output::{Color, print};

pub(super) fn run(color: Color, args: &SplitArgs) -> anyhow::Result<ExitCode> {
    let mut files = BTreeMap::new();
    let mut well = true;
    for file in &args.files {
        let manifest = Manifest::read(color, file, Mode::Strict)?;
        well &= manifest.well;
        for document in manifest.documents.into_iter().flat_map(Document::unfold) {
            let object = document.object;
            let Some(stem) = object.file_stem() else {
                bail!("a {} of `{}` has no name to call its file by", object.kind(), file.display());
            };
            let path = args.dir.join(format!("{stem}.yaml"));
            if files.contains_key(&path) {
                bail!("two objects would be written to `{}`", path.display());
            }
            files.insert(path, to_yaml(&object));
        }
    }
    if !well {
        return Ok(ExitCode::FAILURE);
    }
    fs::create_dir_all(&args.dir).with_context(|| format!("cannot make `{}`", args.dir.display()))?;
    for (path, text) in &files {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).create_new(!args.overwrite);
        let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("cannot write `{}`", path.display()))?;
        print(&format!("{}\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

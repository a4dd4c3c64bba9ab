//! `podrun image export`, `extract` and `render`: an image leaves the store.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use appc_spec::archive::{ScanOptions, extract as unpack, render as lay};
use appc_spec::{Json, Strength};

use super::super::cli::{ImageExportArgs, ImageExtractArgs};
use super::super::images::Supply;
use super::super::user;
use crate::output::Format;
use crate::place;
use crate::progress::Progress;

/// Writes an image to a file, as its plain tar: so its ID is the hash of the file.
pub(super) fn export(output: Format, supply: &Supply, args: &ImageExportArgs) -> anyhow::Result<ExitCode> {
    let image = supply.stored(&args.image)?;
    let out = &args.file;
    let progress = Progress::new(format!("writing {}", out.display()), image.tar_size());
    let size = place::write_beside(out, args.overwrite, |file| {
        let mut tar = Told { tar: image.tar()?, done: 0, progress: &progress };
        io::copy(&mut tar, file).with_context(|| format!("cannot copy the image to `{}`", out.display()))
    })?;
    output.print(&serde_json::json!({"file": out, "id": image.id().to_string(), "size": size}))?;
    Ok(ExitCode::SUCCESS)
}

/// Tells how much was read.
struct Told<'a> {
    tar: File,
    done: u64,
    progress: &'a Progress,
}

impl Read for Told<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.tar.read(buffer)?;
        self.done += count as u64;
        self.progress.set(self.done);
        Ok(count)
    }
}

/// Unpacks an image alone.
pub(super) fn extract(output: Format, supply: &Supply, args: &ImageExtractArgs) -> anyhow::Result<ExitCode> {
    let image = supply.stored(&args.image)?;
    let work = Place::make(args)?;
    let progress = Progress::new(format!("unpacking {}", image.manifest().name), image.tar_size());
    let name = image.manifest().name.to_string();
    let options = ScanOptions::new(Strength::Compat);
    unpack(&name, image.tar()?, work.dir(), &options, &user::extract_policy(), &mut |done| {
        progress.set(done)
    })?;
    work.finish(output, args, image.id().as_str())
}

/// Unpacks an image over those that it depends on.
pub(super) fn render(output: Format, supply: &Supply, args: &ImageExtractArgs) -> anyhow::Result<ExitCode> {
    let image = supply.stored(&args.image)?;
    let work = Place::make(args)?;
    let store = supply.store();
    let progress = Progress::new(format!("unpacking {}", image.manifest().name), 0);
    let plan = store.render_plan(&image, &mut |_| {})?;
    let mut open = |id: &appc_spec::ImageId| -> io::Result<Box<dyn Read + Send>> {
        let image = store.image(id).map_err(io::Error::other)?.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(image.tar().map_err(io::Error::other)?))
    };
    let manifest = work.dir().join("manifest");
    fs::write(&manifest, image.manifest().to_json(Strength::Compat))
        .with_context(|| format!("cannot write `{}`", manifest.display()))?;
    let options = ScanOptions::new(Strength::Compat);
    lay(work.dir(), &plan, &mut open, &options, &user::extract_policy(), &mut |done| progress.set(done))?;
    work.finish(output, args, image.id().as_str())
}

/// Where an image is unpacked: the directory itself, or one beside it of which only `rootfs` is kept.
#[derive(Debug)]
struct Place<'a> {
    target: &'a Path,
    beside: Option<tempfile::TempDir>,
}

impl<'a> Place<'a> {
    fn make(args: &'a ImageExtractArgs) -> anyhow::Result<Self> {
        let target = args.target.as_path();
        place::empty_directory(target)?;
        let inside = || tempfile::Builder::new().prefix(".unpacking-").tempdir_in(target);
        let beside = args.rootfs_only.then(inside).transpose();
        Ok(Self {
            target,
            beside: beside.with_context(|| format!("cannot make a directory in `{}`", target.display()))?,
        })
    }

    fn dir(&self) -> &Path {
        self.beside.as_ref().map_or(self.target, tempfile::TempDir::path)
    }

    fn finish(self, output: Format, args: &ImageExtractArgs, id: &str) -> anyhow::Result<ExitCode> {
        if let Some(beside) = &self.beside {
            let rootfs = beside.path().join("rootfs");
            let doing =
                || format!("cannot move the files of `{}` to `{}`", rootfs.display(), self.target.display());
            for entry in fs::read_dir(&rootfs).with_context(doing)? {
                let entry = entry.with_context(doing)?;
                fs::rename(entry.path(), self.target.join(entry.file_name())).with_context(doing)?;
            }
            let found = fs::metadata(&rootfs).with_context(doing)?;
            fs::set_permissions(self.target, found.permissions()).with_context(doing)?;
        }
        output.print(&serde_json::json!({"directory": args.target, "id": id}))?;
        Ok(ExitCode::SUCCESS)
    }
}

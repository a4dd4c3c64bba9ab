//! `podrun image`: the images of this machine.

mod look;
mod out;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::bail;
use appc_spec::store::{GcOptions, GcReport, Store, StoredImage};
use appc_spec::{ImageId, Strength};
use pod_core::Timestamp;
use pod_engine::Engine;
use serde::Serialize;

use super::OWN_FAILURE;
use super::cli::{Global, ImageCommand, ImageGcArgs, ImageImportArgs, ImageRmArgs};
use super::images::Supply;
use super::status::{table, text};
use crate::output::{Format, print};
use crate::program::report;

pub(super) fn run(global: &Global, command: &ImageCommand) -> anyhow::Result<ExitCode> {
    // Files of unpacked images may belong to others of the user's identifiers.
    if !matches!(command, ImageCommand::List(_) | ImageCommand::CatManifest(_) | ImageCommand::Export(_)) {
        global.require_root("image")?;
    }
    let engine = global.engine()?;
    let supply = global.supply(&engine)?;
    let store = supply.store();
    match command {
        ImageCommand::List(_) => list(global, store),
        ImageCommand::Import(args) => import(global, &supply, args),
        ImageCommand::Export(args) => out::export(global.output(), &supply, args),
        ImageCommand::CatManifest(args) => look::cat_manifest(global, &supply, args),
        ImageCommand::Extract(args) => out::extract(global.output(), &supply, args),
        ImageCommand::Render(args) => out::render(global.output(), &supply, args),
        ImageCommand::Verify(args) => look::verify(global, &supply, args),
        ImageCommand::Rm(args) => rm(global, &supply, &engine, args),
        ImageCommand::Gc(args) => gc(global, store, &engine, args),
    }
}

/// An image for people and programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    id: String,
    name: String,
    version: Option<String>,
    /// Bytes of its uncompressed tar.
    size: u64,
    imported: Timestamp,
    last_used: Timestamp,
}

impl Listed {
    /// Its whole ID.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn of(image: &StoredImage) -> Self {
        let manifest = image.manifest();
        Self {
            id: image.id().to_string(),
            name: manifest.name.to_string(),
            version: manifest.labels.value("version").map(ToOwned::to_owned),
            size: image.tar_size(),
            imported: Timestamp::from(image.imported()).whole_seconds(),
            last_used: Timestamp::from(image.last_used()).whole_seconds(),
        }
    }

    /// Its ID, as much of it as tells images apart in practice.
    fn short_id(&self) -> &str {
        self.id.get(.."sha512-".len() + 12).unwrap_or(&self.id)
    }

    fn show(images: &[Self]) -> anyhow::Result<()> {
        let mut table = table(&["ID", "NAME", "VERSION", "SIZE", "IMPORTED", "LAST USED"]);
        for image in images {
            table.add_row(vec![
                image.short_id().to_owned(),
                image.name.clone(),
                image.version.clone().unwrap_or_default(),
                indicatif::HumanBytes(image.size).to_string(),
                image.imported.to_string(),
                image.last_used.to_string(),
            ]);
        }
        print(&text(&table))
    }
}

fn list(global: &Global, store: &Store) -> anyhow::Result<ExitCode> {
    let mut images = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for image in store.list()? {
        match image {
            Ok(image) => images.push(Listed::of(&image)),
            Err(error) => {
                report("podrun", &error.into());
                code = ExitCode::from(OWN_FAILURE);
            }
        }
    }
    if global.output() == Format::Table {
        Listed::show(&images)?
    } else {
        global.output().print(&images)?
    }
    Ok(code)
}

fn import(global: &Global, supply: &Supply, args: &ImageImportArgs) -> anyhow::Result<ExitCode> {
    let strength = if args.compat { Strength::Compat } else { Strength::Strict };
    let images = args
        .files
        .iter()
        .map(|file| supply.take_in(file, None, strength).map(|(image, _)| Listed::of(&image)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if global.output() == Format::Table {
        print(&images.iter().map(|image| format!("{}\n", image.id)).collect::<String>())?;
    } else {
        global.output().print(&images)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What pods need: it stays.
fn in_use(engine: &Engine) -> anyhow::Result<BTreeSet<ImageId>> {
    engine.images_in_use()?.iter().map(|id| Ok(id.parse()?)).collect()
}

fn rm(global: &Global, supply: &Supply, engine: &Engine, args: &ImageRmArgs) -> anyhow::Result<ExitCode> {
    let in_use = in_use(engine)?;
    let mut removed = Vec::new();
    for prefix in &args.ids {
        let id = supply.stored(prefix)?.id().clone();
        if in_use.contains(&id) {
            bail!("image `{id}` is used by a pod: `podrun gc` removes pods that have ended");
        }
        supply.store().remove(&id)?;
        removed.push(id.to_string());
    }
    show_removed(global, &removed)?;
    Ok(ExitCode::SUCCESS)
}

fn gc(global: &Global, store: &Store, engine: &Engine, args: &ImageGcArgs) -> anyhow::Result<ExitCode> {
    let images = in_use(engine)?;
    let options = GcOptions {
        images: &images,
        trees: &BTreeSet::new(),
        unused_for: args.grace_period,
        now: SystemTime::now(),
    };
    let GcReport { images, failures, .. } = store.gc(&options)?;
    show_removed(global, &images.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let mut code = ExitCode::SUCCESS;
    for failure in failures {
        report("podrun", &failure.into());
        code = ExitCode::from(OWN_FAILURE);
    }
    Ok(code)
}

fn show_removed(global: &Global, ids: &[String]) -> anyhow::Result<()> {
    if global.output() == Format::Table {
        return print(&ids.iter().map(|id| format!("deleted  {id}\n")).collect::<String>());
    }
    global.output().print(ids)
}

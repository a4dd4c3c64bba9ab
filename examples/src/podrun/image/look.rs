//! `podrun image cat-manifest` and `verify`: what an image says, and whether it is still what it was.

use std::process::ExitCode;

use appc_spec::store::{StoreErrorKind, StoredImage};
use appc_spec::{Json, Strength};
use serde::Serialize;

use super::super::OWN_FAILURE;
use super::super::cli::{Global, ImageCatManifestArgs, ImageVerifyArgs};
use super::super::images::Supply;
use super::super::user;
use crate::output::{Format, print};
use crate::progress::Progress;

pub(super) fn cat_manifest(
    global: &Global,
    supply: &Supply,
    args: &ImageCatManifestArgs,
) -> anyhow::Result<ExitCode> {
    let image = supply.stored(&args.image)?;
    // How strictly it was read was decided when it came in.
    let json = image.manifest().to_json(Strength::Compat);
    match global.output() {
        Format::Json => print(&(json + "\n"))?,
        Format::Table => print(&(serde_json::to_string_pretty(&document(&json)?)? + "\n"))?,
        Format::Yaml => global.output().print(&document(&json)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn document(json: &str) -> serde_json::Result<serde_json::Value> {
    serde_json::from_str(json)
}

/// What was found of one image.
#[derive(Debug, Serialize)]
struct Verdict {
    id: String,
    /// What is wrong with its archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<String>,
    /// What is wrong with its unpacked tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<String>,
    /// Whether the tree was unpacked anew.
    repaired: bool,
}

pub(super) fn verify(global: &Global, supply: &Supply, args: &ImageVerifyArgs) -> anyhow::Result<ExitCode> {
    let images: Vec<StoredImage> = if args.images.is_empty() {
        supply.store().list()?.into_iter().collect::<Result<_, _>>()?
    } else {
        args.images.iter().map(|image| supply.stored(image)).collect::<anyhow::Result<_>>()?
    };
    let mut verdicts = Vec::new();
    for image in &images {
        let verdict = verify_one(supply, image, args.repair)?;
        if global.output() == Format::Table {
            print(&verdict.line())?;
        }
        verdicts.push(verdict);
    }
    global.output().print(&verdicts)?;
    let good = verdicts
        .iter()
        .all(|verdict| verdict.archive.is_none() && (verdict.tree.is_none() || verdict.repaired));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(OWN_FAILURE) })
}

fn verify_one(supply: &Supply, image: &StoredImage, repair: bool) -> anyhow::Result<Verdict> {
    let progress = Progress::new(format!("verifying {}", image.manifest().name), image.tar_size());
    let archive = image.verify(&mut |done| progress.set(done)).err();
    let mut verdict = Verdict {
        id: image.id().to_string(),
        archive: archive.map(|error| format!("{:#}", anyhow::Error::from(error))),
        tree: None,
        repaired: false,
    };
    if verdict.archive.is_some() {
        return Ok(verdict);
    }
    let (store, policy) = (supply.store(), user::extract_policy());
    if repair {
        match store.repair_tree(image, &policy, &mut |_| {}) {
            Ok(difference) => {
                verdict.repaired = difference.is_some();
                verdict.tree = difference;
            }
            Err(error) if error.kind() == StoreErrorKind::NotFound => {}
            Err(error) => verdict.tree = Some(format!("{:#}", anyhow::Error::from(error))),
        }
    } else if let Err(error) = store.verify_tree(image, &policy, &mut |_| {})
        && error.kind() != StoreErrorKind::NotFound
    {
        verdict.tree = Some(format!("{:#}", anyhow::Error::from(error)));
    }
    Ok(verdict)
}

impl Verdict {
    fn line(&self) -> String {
        let found = match (&self.archive, &self.tree) {
            (Some(archive), _) => archive.clone(),
            (None, Some(tree)) if self.repaired => format!("unpacked anew, for {tree}"),
            (None, Some(tree)) => tree.clone(),
            (None, None) => "as it was".to_owned(),
        };
        format!("{}: {found}\n", self.id.get(.."sha512-".len() + 12).unwrap_or(&self.id))
    }
}

//! Images into the store, written by one thread while the store reads them in another.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::convert::Converted;
use super::layer::Layer;
use super::source::Picked;
use super::tree::{Tree, TreePath};
use super::{ImportOptions, OciError, OciErrorKind, feed, squash};
use crate::archive::{Limits, ScanOptions};
use crate::store::{self, Store, StoredImage};
use crate::{AcIdentifier, Dependency, ImageManifest, Json, Labels, Strength};

/// What came of keeping an image.
pub(super) struct Kept {
    pub(super) image: StoredImage,
    pub(super) is_new: bool,
}

/// Where images are kept, and what errors call them.
pub(super) struct Keeper<'a> {
    pub(super) store: &'a Store,
    pub(super) options: &'a ImportOptions,
    pub(super) name: String,
}

impl Keeper<'_> {
    /// All layers as one image.
    pub(super) fn squashed(
        &self,
        converted: &Converted,
        tree: &Tree,
        layers: &[Layer],
    ) -> Result<Kept, OciError> {
        self.keep(&converted.manifest, tree, layers, |_| true)
    }

    /// An image for each layer, which depends on the one below it. The uppermost has the manifest; those that take something away have a
    /// whitelist of what is left.
    pub(super) fn layered(
        &self,
        converted: &Converted,
        picked: &Picked,
        layers: &[Layer],
    ) -> Result<Kept, OciError> {
        let mut tree = Tree::default();
        let mut below: Vec<StoredImage> = Vec::new();
        for (index, (layer, from)) in layers.iter().zip(&picked.layers).enumerate() {
            tree.apply(&layer.entries).map_err(|error| {
                OciError::caused(OciErrorKind::Format, format!("cannot lay down `{}`", from.name), error)
            })?;
            let is_top = index + 1 == layers.len();
            let mut manifest =
                if is_top { converted.manifest.clone() } else { layer_manifest(&converted.manifest, layer)? };
            if let Some(image) = below.last() {
                let image_id = Some(image.id().clone());
                let (image_name, labels) = (image.manifest().name.clone(), Labels::default());
                manifest.dependencies.push(Dependency { image_name, image_id, labels, size: 0 });
            }
            manifest.path_whitelist = whitelist(&tree, &from.name)?;
            let kept = self.keep(&manifest, &tree, layers, |in_layer| in_layer == index)?;
            if is_top {
                return Ok(kept);
            }
            below.push(kept.image);
        }
        self.squashed(converted, &tree, layers)
    }

    fn keep(
        &self,
        manifest: &ImageManifest,
        tree: &Tree,
        layers: &[Layer],
        keep: impl Fn(usize) -> bool + Sync,
    ) -> Result<Kept, OciError> {
        let doing = || format!("cannot keep the image `{}`", self.name);
        let text = manifest.to_json(Strength::Strict);
        let mut scan = ScanOptions::new(Strength::Compat);
        // The layers were held to it one by one.
        scan.limits = Limits { ratio: u64::MAX, ..self.options.limits.clone() };
        let options =
            store::ImportOptions { scan, ..store::ImportOptions::new(Strength::Compat, self.options.now) };
        let (mut feed, intake) = feed::pipe();
        let (written, kept) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                squash::write(&mut feed, &text, tree, layers, &keep)?;
                feed.finish()
            });
            let kept = self.store.import(&self.name, intake, &options, &mut |_| {});
            (writer.join(), kept)
        });
        match (written, kept) {
            // The store gave up first.
            (Ok(Err(error)), Err(kept)) if error.kind() == ErrorKind::BrokenPipe => {
                Err(OciError::store(doing(), kept))
            }
            (Ok(Err(error)), _) => Err(OciError::io(doing(), error)),
            (_, Err(kept)) => Err(OciError::store(doing(), kept)),
            (_, Ok(kept)) => Ok(Kept { image: kept.image, is_new: kept.is_new }),
        }
    }
}

/// The manifest of a layer that others stand on.
fn layer_manifest(image: &ImageManifest, layer: &Layer) -> Result<ImageManifest, OciError> {
    let digits = layer.diff_id.encoded();
    let name = format!("{}-{}", image.name, digits.get(..12).unwrap_or(digits));
    let wrong =
        |error| OciError::caused(OciErrorKind::Unsupported, format!("cannot name the layer `{name}`"), error);
    let mut manifest = ImageManifest::new(AcIdentifier::parse(&name, Strength::Compat).map_err(wrong)?);
    for label in image.labels.iter().filter(|label| label.name.as_str() != "version") {
        // They stood together in the image's own list.
        let _ = manifest.labels.set(label.name.clone(), label.value.clone());
    }
    if let Ok(name) = AcIdentifier::parse("layer", Strength::Strict) {
        let _ = manifest.labels.set(name, digits);
    }
    Ok(manifest)
}

/// The paths that are left, where a layer has taken something away; else none, which means all. Directories from which nothing was taken
/// stand for what is below them.
fn whitelist(tree: &Tree, layer: &str) -> Result<Vec<String>, OciError> {
    let mut robbed = BTreeSet::new();
    for path in tree.gone() {
        for (slash, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            robbed.insert(path.get(..slash).unwrap_or_default());
        }
    }
    if tree.gone().next().is_none() {
        return Ok(Vec::new());
    }
    let mut list = Vec::new();
    let mut whole: Option<TreePath> = None;
    for (path, node) in tree.nodes().filter(|(path, _)| !path.is_empty()) {
        if whole.as_ref().is_some_and(|whole| path.starts_with(whole)) {
            continue;
        }
        let is_directory = tree.is_directory_at(node);
        let slash = if is_directory && !robbed.contains(path) { "/" } else { "" };
        if !slash.is_empty() {
            whole = Some([path, b"/"].concat());
        }
        let text = std::str::from_utf8(path).map_err(|error| {
            let doing = format!("cannot say what the layer `{layer}` leaves: a path is not UTF-8");
            OciError::caused(OciErrorKind::Unsupported, doing, error)
        })?;
        list.push(format!("/{text}{slash}"));
    }
    // An empty list would keep everything; this one keeps the root directory alone.
    if list.is_empty() {
        list.push("/.".to_owned());
    }
    Ok(list)
}

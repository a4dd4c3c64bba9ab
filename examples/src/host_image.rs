//! An image of programs of this machine.

use std::path::Path;

use appc_spec::archive::ImageBuilder;
use appc_spec::{App, AppString, ImageManifest, Label, Labels};

/// An image of that name and those labels that holds these programs; it runs `exec`, unless that is empty.
pub(crate) fn builder<P: AsRef<Path>>(
    name: &AppString,
    programs: &[P],
    exec: &[String],
) -> anyhow::Result<ImageBuilder> {
    let mut manifest = ImageManifest::new(name.name.clone());
    let labels = name.labels().map(|(name, value)| Label { name: name.clone(), value: value.to_owned() });
    manifest.labels = Labels::try_from(labels.collect::<Vec<_>>())?;
    manifest.app = (!exec.is_empty()).then(|| App::new(exec.to_vec()));
    Ok(ImageBuilder::new(manifest).copy_exec(programs)?)
}

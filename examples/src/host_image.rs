//! An image of programs of this machine.

use std::path::Path;

use appc_spec::archive::ImageBuilder;
use appc_spec::{App, AppString, ImageManifest};

/// An image of that name and those labels that holds these programs, so that it is for machines like this one; it runs `exec`, unless that
/// is empty.
pub(crate) fn builder<P: AsRef<Path>>(
    name: &AppString,
    programs: &[P],
    exec: &[String],
) -> anyhow::Result<ImageBuilder> {
    let mut manifest = ImageManifest::try_from(&name.clone().for_this_machine())?;
    manifest.app = (!exec.is_empty()).then(|| App::new(exec.to_vec()));
    Ok(ImageBuilder::new(manifest).copy_exec(programs)?)
}

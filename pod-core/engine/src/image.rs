//! An app's image, as whoever keeps images answered for it.

use pod_core::lifecycle::ImageFailure;
use pod_core::pod::App;

use crate::dir::ImageRecord;
use crate::ports::{RootFs, RootFsError};

/// Asks for an app's image, and checks that the answer can be used.
pub(crate) fn ensure(images: &mut dyn RootFs, app: &App) -> Result<ImageRecord, RootFsError> {
    let root = images.root(app)?;
    let wrong = |message| RootFsError { failure: ImageFailure::Pull, message };
    if root.layers.is_empty() {
        return Err(wrong(format!("image `{}` has no root file system", app.image)));
    }
    for layer in &root.layers {
        if !layer.is_absolute() || !layer.is_dir() {
            let layer = layer.display();
            return Err(wrong(format!(
                "image `{}`: `{layer}` is no absolute path of a directory",
                app.image
            )));
        }
    }
    Ok(ImageRecord { image_id: root.image_id, layers: root.layers, config: root.config, pull: root.pull })
}

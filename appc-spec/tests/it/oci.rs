//! Images of Docker's and OCI's formats, made by hand.

mod config;
mod export;
mod hostile;
mod incoming;
mod layers;
mod made;
mod names;
mod random;

use std::path::Path;
use std::time::{Duration, SystemTime};

use appc_spec::oci::{self, ImportOptions, Imported, OciError, Pick, Source};
use appc_spec::store::Store;
use pod_core::image::Platform;

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn amd64() -> Platform {
    Platform::new("linux", "amd64", "")
}

fn options() -> ImportOptions {
    ImportOptions::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
}

fn import_with(
    directory: &Path,
    source: &Path,
    options: &ImportOptions,
) -> Result<(Store, Imported), OciError> {
    let store = Store::open(directory.join("store")).unwrap();
    let source = Source::open(source)?;
    let imported = oci::import(&store, &source, &Pick::the_only_one(amd64()), options, &|_| {})?;
    Ok((store, imported))
}

/// An import that must fail: the whole chain of its error, without the temporary directory.
fn refused(directory: &Path, source: &Path) -> String {
    let error = import_with(directory, source, &options()).unwrap_err();
    chain(&error).replace(&directory.display().to_string(), "DIR")
}

//! What a pod directory keeps in files, and how it is replaced in one step.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pod_core::lifecycle::Pull;
use pod_core::pod::ImageConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Doing, Error, Kind};

/// The image that an app was prepared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageRecord {
    /// Its identifier in its store.
    pub(crate) image_id: String,
    /// Its rendered trees, the uppermost first.
    pub(crate) layers: Vec<PathBuf>,
    /// What it says of its process.
    pub(crate) config: ImageConfig,
    /// What its pull came to, when it was pulled for this.
    pub(crate) pull: Option<Pull>,
}

/// Whether a record must outlive a power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is on the disk when the call returns.
    Synced,
    /// It is whole or absent after a crash of the process; a power loss ends what it tells of anyway.
    Volatile,
}

/// Reads a record; `None` when there is none.
///
/// # Errors
///
/// When it cannot be read, or is not what was written: `{`, another type.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Kind::Record { path: path.to_owned(), source }.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// The records in a directory whose names begin so, in no order; none when it is not there.
pub(crate) fn records(dir: &Path, prefix: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list", dir, error)),
    };
    let mut records = Vec::new();
    for entry in entries {
        let name = entry.doing("list", dir)?.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(".json")) {
            records.push(dir.join(name));
        }
    }
    Ok(records)
}

/// Replaces a record in one step: a reader sees the old one or the new one, never a part.
pub(crate) fn write_json<T: Serialize>(path: &Path, record: &T, durability: Durability) -> Result<(), Error> {
    let bytes =
        serde_json::to_vec(record).map_err(|source| Kind::Record { path: path.to_owned(), source })?;
    write_whole(path, &bytes, 0o600, durability)
}

/// Replaces a file in one step.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], mode: u32, durability: Durability) -> Result<(), Error> {
    let temporary = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)
        .doing("create", &temporary)?;
    file.write_all(bytes).doing("write", &temporary)?;
    if durability == Durability::Synced {
        file.sync_all().doing("sync", &temporary)?;
    }
    fs::rename(&temporary, path).doing("replace", path)
}

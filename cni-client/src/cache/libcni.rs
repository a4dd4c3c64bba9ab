//! What libcni stores in `/var/lib/cni/results`, read beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::attachment::{Attachment, AttachmentKey};

use super::error::Doing;
use super::{CacheError, Listing, list, record};

/// The attachments that libcni has stored, usually in `/var/lib/cni/results`.
///
/// Bare results of before libcni 0.8 are among the problems: they do not say whose they are.
///
/// # Errors
///
/// When the folder is there and cannot be read.
pub fn list_libcni(folder: &Path) -> Result<Listing, CacheError> {
    if !folder.exists() {
        return Ok(Listing::default());
    }
    list(folder, |_| true, read)
}

/// One attachment that libcni has stored; `None` when there is no record, or when it is of another attachment: libcni gives
/// network `a-b` with container `c` and network `a` with container `b-c` the same file.
///
/// # Errors
///
/// When the file cannot be read, and when it is no record.
pub fn load_libcni(folder: &Path, key: &AttachmentKey) -> Result<Option<Attachment>, CacheError> {
    Ok(read(&file(folder, key))?.filter(|attachment| attachment.key() == *key))
}

/// Removes an attachment that libcni has stored, after its DEL; false when there is none of that key.
///
/// # Errors
///
/// When the file cannot be read, is no record, or cannot be removed.
pub fn remove_libcni(folder: &Path, key: &AttachmentKey) -> Result<bool, CacheError> {
    if load_libcni(folder, key)?.is_none() {
        return Ok(false);
    }
    let file = file(folder, key);
    match fs::remove_file(&file) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CacheError::io(Doing::Remove, &file, source))
        }
        _ => Ok(true),
    }
}

fn read(file: &Path) -> Result<Option<Attachment>, CacheError> {
    let Some(text) = record::text(file)? else { return Ok(None) };
    Attachment::parse(&text).map(Some).map_err(|source| CacheError::broken(file, source))
}

fn file(folder: &Path, key: &AttachmentKey) -> PathBuf {
    folder.join(format!("{}-{}-{}", key.network(), key.container(), key.interface()))
}

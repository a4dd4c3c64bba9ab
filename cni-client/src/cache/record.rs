//! One attachment on disk: a line with the attachment as it was asked for, and a line for each result that came.
//!
//! A result is appended, and nothing is ever written over: whoever reads sees all whole lines, and a line that a crash has cut off
//! says as little as one that was never begun. (To replace a file by renaming another one over it would make ext4 write both to
//! the disk.)

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::attachment::Attachment;
use crate::json::Json;
use crate::result::AddResult;

use super::error::Doing;
use super::{Cache, CacheError};

/// No record is larger; a file that is was not written by us.
const MAX_RECORD: u64 = 4 * 1024 * 1024;

/// What most records have room in.
const USUAL: usize = 4096;

/// A record to which results are added while ADD goes on.
#[derive(Debug)]
#[must_use]
pub struct Record {
    file: File,
    path: PathBuf,
    synced: bool,
}

impl Record {
    /// Writes the first line of a file that is not there yet.
    pub(super) fn begin(cache: &Cache, attachment: &Attachment) -> Result<Self, CacheError> {
        let path = cache.file(&attachment.key());
        let write = |file: io::Result<File>| -> io::Result<File> {
            let mut file = file?;
            file.write_all(line(&attachment.to_json()).as_bytes())?;
            if cache.synced {
                file.sync_all()?;
                File::open(&cache.folder)?.sync_all()?;
            }
            Ok(file)
        };
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let is_ours = opened.is_ok();
        match write(opened) {
            Ok(file) => Ok(Self { file, path, synced: cache.synced }),
            Err(source) => {
                if is_ours {
                    let _ = fs::remove_file(&path);
                }
                Err(CacheError::io(Doing::Write, &path, source))
            }
        }
    }

    /// Adds the result of another plugin; it is the attachment's from then on.
    ///
    /// # Errors
    ///
    /// When it cannot be written: the disk is full, somebody has removed the file.
    pub fn append(&mut self, result: &AddResult) -> Result<(), CacheError> {
        let mut write = || -> io::Result<()> {
            self.file.write_all(line(&result.to_json()).as_bytes())?;
            if self.synced {
                self.file.sync_all()?;
            }
            // Whoever has taken the folder away has taken the record with it.
            fs::symlink_metadata(&self.path).map(drop)
        };
        write().map_err(|source| CacheError::io(Doing::Write, &self.path, source))
    }
}

/// JSON on a line of its own. Members that somebody has laid out over several lines are kept as text; a line break in JSON is white
/// space and nothing else.
fn line(json: &Json) -> String {
    json.as_str().replace(['\n', '\r'], " ") + "\n"
}

/// Writes a whole record in place of what is there: a reader sees the old one or the new one.
pub(super) fn replace(cache: &Cache, attachment: &Attachment) -> Result<(), CacheError> {
    let key = attachment.key();
    let (path, temporary) = (cache.file(&key), cache.temporary(&key));
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(line(&attachment.to_json()).as_bytes())?;
        if cache.synced {
            file.sync_all()?;
        }
        fs::rename(&temporary, &path)?;
        if cache.synced { File::open(&cache.folder)?.sync_all() } else { Ok(()) }
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&temporary);
        CacheError::io(Doing::Write, &path, source)
    })
}

/// The text of a file; `None` when there is none.
pub(super) fn text(file: &Path) -> Result<Option<String>, CacheError> {
    let io = |source| CacheError::io(Doing::Read, file, source);
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let mut text = String::with_capacity(USUAL);
    opened.take(MAX_RECORD).read_to_string(&mut text).map_err(io)?;
    Ok(Some(text))
}

/// The attachment in a record of ours, with its last result.
pub(super) fn read(file: &Path) -> Result<Option<Attachment>, CacheError> {
    let Some(text) = text(file)? else { return Ok(None) };
    let broken = |source| CacheError::broken(file, source);
    let (first, results) = text.split_once('\n').unwrap_or((&text, ""));
    let attachment = Attachment::parse(first).map_err(broken)?;
    // What comes after the last line break was cut off.
    let whole = results.rsplit_once('\n').map(|(whole, _)| whole).unwrap_or_default();
    let Some(last) = whole.lines().next_back() else { return Ok(Some(attachment)) };
    let result = AddResult::decode(last.as_bytes(), attachment.version()).map_err(broken)?;
    Ok(Some(attachment.with_result(result)))
}

//! One attachment on disk: a line with the attachment as it was asked for, and a line for each result that came.
//!
//! A result is appended, and nothing is ever written over: whoever reads sees all whole lines, and a line that a crash has cut off
//! says as little as one that was never begun. (To replace a file by renaming another one over it would make ext4 write both to
//! the disk.)
//!
//! To make and to remove a file can take a file system ten times as long as to rename one. A record that is not needed any more becomes
//! the spare file of its container's lock, and a new one is written into that before it gets its name; blanks behind the last line,
//! which was never ended, are room.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};

use crate::attachment::{Attachment, AttachmentKey};
use crate::json::Json;
use crate::result::AddResult;

use super::error::Doing;
use super::{Cache, CacheError, container_stripe};

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
    /// Where the next line begins.
    end: u64,
    synced: bool,
}

impl Record {
    /// Writes the first line of a file that is not there yet.
    pub(super) fn begin(cache: &Cache, attachment: &Attachment) -> Result<Self, CacheError> {
        let key = attachment.key();
        let path = cache.file(&key);
        let line = line(&attachment.to_json());
        match reuse(cache, &key, &path, &line)
            .and_then(|file| file.map_or_else(|| create(cache, &path, &line), Ok))
        {
            Ok(file) => Ok(Self { file, path, end: line.len() as u64, synced: cache.synced }),
            Err(source) => Err(CacheError::io(Doing::Write, &path, source)),
        }
    }

    /// Adds the result of another plugin; it is the attachment's from then on.
    ///
    /// # Errors
    ///
    /// When it cannot be written: the disk is full, somebody has removed the file.
    pub fn append(&mut self, result: &AddResult) -> Result<(), CacheError> {
        let mut write = || -> io::Result<()> {
            let line = line(&result.to_json());
            self.file.write_all_at(line.as_bytes(), self.end)?;
            self.end += line.len() as u64;
            if self.synced {
                self.file.sync_all()?;
            }
            // Whoever has taken the folder away has taken the record with it.
            fs::symlink_metadata(&self.path).map(drop)
        };
        write().map_err(|source| CacheError::io(Doing::Write, &self.path, source))
    }
}

/// A new file.
fn create(cache: &Cache, path: &Path, line: &str) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut write = || -> io::Result<()> {
        file.write_all(line.as_bytes())?;
        if cache.synced {
            file.sync_all()?;
            File::open(&cache.folder)?.sync_all()?;
        }
        Ok(())
    };
    match write() {
        Ok(()) => Ok(file),
        Err(error) => {
            let _ = fs::remove_file(path);
            Err(error)
        }
    }
}

/// The spare file; `None` when there is none that can be had.
fn reuse(cache: &Cache, key: &AttachmentKey, path: &Path, line: &str) -> io::Result<Option<File>> {
    if cache.synced {
        return Ok(None);
    }
    let spare = cache.spare(container_stripe(key.container()));
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let Ok(file) = OpenOptions::new().write(true).custom_flags(flags).open(&spare) else { return Ok(None) };
    let fill = || -> io::Result<()> {
        if file.metadata()?.len() > USUAL as u64 {
            file.set_len(USUAL as u64)?;
        }
        // Over all that was there before.
        let room = [b' '; USUAL];
        let room = room.get(line.len()..).unwrap_or_default();
        file.write_all_at(&[line.as_bytes(), room].concat(), 0)
    };
    if fill().is_err() {
        return Ok(None);
    }
    match renameat_with(CWD, &spare, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Some(file)),
        Err(error @ rustix::io::Errno::EXIST) => Err(error.into()),
        // A file system that cannot do it.
        Err(_) => Ok(None),
    }
}

/// Removes a record, and keeps its file for another one.
pub(super) fn remove(cache: &Cache, key: &AttachmentKey) -> Result<(), CacheError> {
    let path = cache.file(key);
    if !cache.synced && fs::rename(&path, cache.spare(container_stripe(key.container()))).is_ok() {
        return Ok(());
    }
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CacheError::io(Doing::Remove, &path, source))
        }
        _ => Ok(()),
    }
}

/// JSON on a line of its own. Members that somebody has laid out over several lines are kept as text; a line break in JSON is white
/// space and nothing else.
fn line(json: &Json) -> String {
    let text = json.as_str();
    let mut line = String::with_capacity(USUAL.max(text.len() + 1));
    for part in text.split_inclusive(['\n', '\r']) {
        match part.strip_suffix(['\n', '\r']) {
            Some(part) => line.extend([part, " "]),
            None => line.push_str(part),
        }
    }
    line.push('\n');
    line
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

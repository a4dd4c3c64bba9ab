//! The files of a tar that is an image: `docker save`'s, or a layout as one file.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::Path;

use super::blob::Blob;
use crate::archive::{Compression, EntryKind, Limits, TarReader};
use crate::oci::{OciError, OciErrorKind};

/// How many links are followed from one name: what the kernel does.
const MAX_LINKS: usize = 40;

/// The files of a tar by their names.
#[derive(Debug)]
pub(in crate::oci) struct Members {
    tar: Blob,
    files: HashMap<Vec<u8>, Member>,
}

#[derive(Debug)]
enum Member {
    File {
        offset: u64,
        size: u64,
    },
    /// Another name, whole.
    Link(Vec<u8>),
}

impl Members {
    /// Finds the files of an archive, which is first unpacked to a temporary file if it is compressed.
    pub(in crate::oci) fn read(path: &Path, archive: Blob, limits: &Limits) -> Result<Self, OciError> {
        let doing = || format!("cannot read the archive `{}`", path.display());
        let tar = plain(archive, limits).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => OciError::caused(OciErrorKind::Limit, doing(), error),
            _ => OciError::io(doing(), error),
        })?;
        let mut reader = TarReader::new(tar.reader(), limits);
        let mut files = HashMap::new();
        let failed = |error: crate::archive::ArchiveError| {
            OciError::caused(OciErrorKind::Format, doing(), error.of(&path.display().to_string()))
        };
        while let Some(raw) = reader.next().map_err(failed)? {
            let entry = raw.entry;
            let offset = reader.source().position();
            let Some(name) = resolve(b"", &entry.path) else { continue };
            let above = name.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash);
            let target = |from: &[u8], to: &[u8]| resolve(from, to).map(Member::Link);
            let member = match &entry.kind {
                EntryKind::File => Some(Member::File { offset, size: entry.size }),
                EntryKind::Symlink(to) => target(name.get(..above).unwrap_or_default(), to),
                EntryKind::HardLink(to) => target(b"", to),
                _ => None,
            };
            // Where a name stands twice, the last one counts, as for who unpacks it.
            match member {
                Some(member) => drop(files.insert(name, member)),
                None => drop(files.remove(&name)),
            }
        }
        Ok(Self { tar, files })
    }

    /// The file of that name, links followed within the archive.
    pub(in crate::oci) fn file(&self, name: &str) -> Option<Blob> {
        let mut name = resolve(b"", name.as_bytes())?;
        for _ in 0..MAX_LINKS {
            match self.files.get(&name)? {
                Member::File { offset, size } => return Some(self.tar.part(*offset, *size)),
                Member::Link(to) => name.clone_from(to),
            }
        }
        None
    }
}

/// A path from a folder on, or from the root if it is absolute; `.` and `..` carried out. `None` when it leads out of the archive.
fn resolve(folder: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let folder = if path.starts_with(b"/") { b"" } else { folder };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in folder.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join(&b'/'))
}

/// The archive itself if it is a plain tar, else a temporary file with what it is unpacked.
fn plain(archive: Blob, limits: &Limits) -> io::Result<Blob> {
    let mut start = Vec::new();
    archive.reader().take(6).read_to_end(&mut start)?;
    if Compression::of(&start) == Compression::None {
        return Ok(archive);
    }
    let (_, reader) = Compression::undo(archive.reader())?;
    let most = archive.size().saturating_mul(limits.ratio).max(limits.ratio_from).min(limits.size);
    let mut file = io::BufWriter::with_capacity(256 << 10, tempfile::tempfile()?);
    let size = io::copy(&mut reader.take(most.saturating_add(1)), &mut file)?;
    if size > most {
        let message = format!("it has more than {most} bytes when it is unpacked");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    file.flush()?;
    Ok(Blob::of(file.into_inner().map_err(io::IntoInnerError::into_error)?, size))
}

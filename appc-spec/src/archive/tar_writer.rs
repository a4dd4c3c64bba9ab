//! A tar as a sequence of entries, the same bytes for the same entries (POSIX.1-2017 `pax`, ustar where it suffices).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use tar::{EntryType, Header};

use super::{Entry, EntryKind};

/// The largest number that an octal field of eleven digits holds.
const OCTAL_11: u64 = 0o77_777_777_777;

/// The largest number that an octal field of seven digits holds.
const OCTAL_7: u64 = 0o7_777_777;

pub(crate) struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes an entry; `content` must have as many bytes as it says.
    pub(crate) fn put(&mut self, entry: &Entry, content: &mut dyn Read) -> io::Result<()> {
        let size = if entry.kind == EntryKind::File { entry.size } else { 0 };
        self.head(entry, size, Vec::new())?;
        self.content(size, content)
    }

    /// Writes a file of which only these parts are not zeros (GNU tar manual, "Storing Sparse Files": PAX, version 1.0).
    pub(crate) fn put_sparse(&mut self, entry: &Entry, parts: &[Range<u64>], file: &File) -> io::Result<()> {
        let mut map = format!("{}\n", parts.len() + 1);
        let end = entry.size..entry.size;
        for part in parts.iter().chain(std::iter::once(&end)) {
            map += &format!("{}\n{}\n", part.start, part.end - part.start);
        }
        let mut map = map.into_bytes();
        map.resize(map.len().next_multiple_of(512), 0);
        let mut records = Vec::new();
        record(&mut records, b"GNU.sparse.major", b"1");
        record(&mut records, b"GNU.sparse.minor", b"0");
        record(&mut records, b"GNU.sparse.name", &entry.path);
        record(&mut records, b"GNU.sparse.realsize", entry.size.to_string().as_bytes());
        let mut stored = entry.clone();
        let slash = entry.path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        let (above, name) = entry.path.split_at(slash);
        // What a reader that does not know the form makes of it must not be taken for the file.
        stored.path = [above, b"GNUSparseFile.0/", name].concat();
        let data: u64 = parts.iter().map(|part| part.end - part.start).sum();
        let size = map.len() as u64 + data;
        self.head(&stored, size, records)?;
        self.out.write_all(&map)?;
        for part in parts {
            let mut content = file;
            content.seek(SeekFrom::Start(part.start))?;
            self.copy(part.end - part.start, &mut content)?;
        }
        self.pad(size)
    }

    /// Writes what stands before the content.
    fn head(&mut self, entry: &Entry, size: u64, mut records: Vec<u8>) -> io::Result<()> {
        let mut header = Header::new_ustar();
        self.set_path(&mut header, entry, &mut records);
        let link = match &entry.kind {
            EntryKind::Symlink(link) | EntryKind::HardLink(link) => Some(link.as_slice()),
            _ => None,
        };
        if let Some(link) = link {
            if link.len() > 100 {
                record(&mut records, b"linkpath", link);
            }
            let ustar = header.as_ustar_mut();
            fill(ustar.map(|ustar| &mut ustar.linkname[..]), link);
        }
        let kind = match entry.kind {
            EntryKind::File => EntryType::Regular,
            EntryKind::Directory => EntryType::Directory,
            EntryKind::Symlink(_) => EntryType::Symlink,
            EntryKind::HardLink(_) => EntryType::Link,
            EntryKind::CharDevice(..) => EntryType::Char,
            EntryKind::BlockDevice(..) => EntryType::Block,
            EntryKind::Fifo => EntryType::Fifo,
        };
        header.set_entry_type(kind);
        header.set_mode(entry.mode);
        let number = |records: &mut Vec<u8>, key: &[u8], value: u64, most: u64| {
            if value > most {
                record(records, key, value.to_string().as_bytes());
                0
            } else {
                value
            }
        };
        header.set_size(number(&mut records, b"size", size, OCTAL_11));
        header.set_uid(number(&mut records, b"uid", entry.uid.into(), OCTAL_7));
        header.set_gid(number(&mut records, b"gid", entry.gid.into(), OCTAL_7));
        match u64::try_from(entry.mtime).ok().filter(|time| *time <= OCTAL_11 && entry.mtime_nanos == 0) {
            Some(time) => header.set_mtime(time),
            None => {
                record(&mut records, b"mtime", time_text(entry).as_bytes());
                header
                    .set_mtime(u64::try_from(entry.mtime).ok().filter(|time| *time <= OCTAL_11).unwrap_or(0));
            }
        }
        if let EntryKind::CharDevice(major, minor) | EntryKind::BlockDevice(major, minor) = entry.kind {
            header.set_device_major(major)?;
            header.set_device_minor(minor)?;
        }
        for (name, value) in &entry.xattrs {
            record(&mut records, &[b"SCHILY.xattr.", name.as_slice()].concat(), value);
        }
        if !records.is_empty() {
            self.extended(&records)?;
        }
        header.set_cksum();
        self.out.write_all(header.as_bytes())
    }

    /// Puts the path into the header, whole or split, and into a record where it does not fit.
    fn set_path(&self, header: &mut Header, entry: &Entry, records: &mut Vec<u8>) {
        let mut path = entry.path.clone();
        if entry.kind == EntryKind::Directory {
            path.push(b'/');
        }
        let (prefix, name) = match split_path(&path) {
            Some(parts) => parts,
            None => {
                record(records, b"path", &path);
                (&path[..0], path.as_slice())
            }
        };
        let ustar = header.as_ustar_mut();
        if let Some(ustar) = ustar {
            fill(Some(&mut ustar.name[..]), name);
            fill(Some(&mut ustar.prefix[..]), prefix);
        }
    }

    fn extended(&mut self, records: &[u8]) -> io::Result<()> {
        let mut header = Header::new_ustar();
        let ustar = header.as_ustar_mut();
        fill(ustar.map(|ustar| &mut ustar.name[..]), b"pax");
        header.set_entry_type(EntryType::XHeader);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(records.len() as u64);
        header.set_cksum();
        self.out.write_all(header.as_bytes())?;
        let mut rest = records;
        self.content(records.len() as u64, &mut rest)
    }

    fn content(&mut self, size: u64, content: &mut dyn Read) -> io::Result<()> {
        self.copy(size, content)?;
        self.pad(size)
    }

    fn copy(&mut self, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let copied = io::copy(&mut content.take(size), &mut self.out)?;
        if copied == size {
            return Ok(());
        }
        let message = format!("the file has {copied} bytes, where there were {size} before");
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let padding = size.next_multiple_of(512) - size;
        io::copy(&mut io::repeat(0).take(padding), &mut self.out).map(drop)
    }

    /// Writes the end of the tar.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 1024])?;
        Ok(self.out)
    }
}

/// Splits a path at a slash so that the parts fit a ustar header.
fn split_path(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= 100 {
        return Some((&[], path));
    }
    // The slash between the parts is not written; a slash at the very end belongs to the name.
    let end = path.len() - 1;
    let split =
        (1..end.min(156)).rev().find(|at| path.get(*at) == Some(&b'/') && path.len() - at - 1 <= 100)?;
    Some((path.get(..split)?, path.get(split + 1..)?))
}

fn fill(field: Option<&mut [u8]>, text: &[u8]) {
    for (to, from) in field.unwrap_or_default().iter_mut().zip(text) {
        *to = *from;
    }
}

/// Adds a record, which begins with its own length.
fn record(records: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(length.to_string().as_bytes());
    records.push(b' ');
    records.extend_from_slice(key);
    records.push(b'=');
    records.extend_from_slice(value);
    records.push(b'\n');
}

fn time_text(entry: &Entry) -> String {
    let (seconds, nanos) = match (entry.mtime < 0, entry.mtime_nanos) {
        (true, 1..) => (entry.mtime + 1, 1_000_000_000 - entry.mtime_nanos),
        _ => (entry.mtime, entry.mtime_nanos),
    };
    let sign = if entry.mtime < 0 { "-" } else { "" };
    if nanos == 0 {
        return format!("{sign}{}", seconds.unsigned_abs());
    }
    let fraction = format!("{nanos:09}");
    format!("{sign}{}.{}", seconds.unsigned_abs(), fraction.trim_end_matches('0'))
}

//! A tar as a sequence of entries: POSIX ustar and pax, and GNU's long names (POSIX.1-2017 `pax`, GNU tar manual).
//!
//! Blocks are walked here and the `tar` crate reads the fields of their headers: its own iterator buffers long names and
//! extended headers of any length, and hides where an entry stands.

use std::io::Read;

use tar::Header;

use super::error::{ArchiveError, ArchiveErrorKind};
use super::sparse::{ContentMap, PaxForm, PaxSparse, Run, SparseMap, SparseReader, old_block, old_header};
use super::{Entry, EntryKind, Limits};

const BLOCK: u64 = 512;

/// A reader that bytes can be left out of.
pub(crate) trait Skip: Read + Sized {
    /// Leaves bytes out; fewer than `count` only at the end.
    fn skip(&mut self, count: u64) -> std::io::Result<u64> {
        std::io::copy(&mut self.by_ref().take(count), &mut std::io::sink())
    }
}

/// A header with what extended headers said before it. Its path is as it was written.
pub(crate) struct RawEntry {
    pub(crate) entry: Entry,
}

/// Reads a tar. Between two calls of [`TarReader::next`] the content of the entry can be read.
pub(crate) struct TarReader<R> {
    source: R,
    limits: Limits,
    entries: u64,
    /// What is left of the entry's content.
    left: u64,
    /// What follows it to the end of its block.
    padding: u64,
    /// Whether files with holes are taken.
    takes_sparse: bool,
    /// Where in an entry with holes it is.
    sparse: Option<SparseReader>,
    /// How many bytes all entries with holes have.
    sparse_total: u64,
}

/// What extended headers say of the entry after them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: Option<(i64, u32)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: PaxSparse,
}

fn format(message: impl Into<String>) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Format, message)
}

impl<R: Skip> TarReader<R> {
    pub(crate) fn new(source: R, limits: &Limits) -> Self {
        Self {
            source,
            limits: limits.clone(),
            entries: 0,
            left: 0,
            padding: 0,
            takes_sparse: false,
            sparse: None,
            sparse_total: 0,
        }
    }

    /// The same, also for files with holes, whose content is then longer than what is stored.
    pub(crate) const fn with_sparse_files(mut self) -> Self {
        self.takes_sparse = true;
        self
    }

    // `oci` asks where it stands.
    #[cfg_attr(not(feature = "oci"), expect(dead_code, reason = "only `oci` needs it"))]
    pub(crate) const fn source(&mut self) -> &mut R {
        &mut self.source
    }

    pub(crate) fn into_source(self) -> R {
        self.source
    }

    /// The next entry; `None` at the end of the tar.
    pub(crate) fn next(&mut self) -> Result<Option<RawEntry>, ArchiveError> {
        let mut extended = Extended::default();
        let mut announced = false;
        loop {
            self.skip_content()?;
            let Some(header) = self.header()? else {
                return if announced {
                    Err(format("the tar ends after an extended header"))
                } else {
                    Ok(None)
                };
            };
            let kind = header.entry_type();
            let size = match extended.size.filter(|_| !kind.is_pax_local_extensions()) {
                Some(size) => size,
                None => header
                    .entry_size()
                    .map_err(|error| format("a header's size is no number").caused_by(error))?,
            };
            self.left = size;
            self.padding = (BLOCK - size % BLOCK) % BLOCK;
            match kind.as_byte() {
                b'L' => extended.path = Some(self.long_text()?),
                b'K' => extended.link = Some(self.long_text()?),
                b'x' => self.pax(&mut extended)?,
                b'g' => self.skip_content()?,
                _ => {
                    let holes = match self.holes(&header, &mut extended) {
                        Ok(holes) => holes,
                        Err(error) => {
                            let path = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
                            return Err(error.at(&path));
                        }
                    };
                    return self.entry(&header, extended, holes).map(Some);
                }
            }
            announced |= kind.as_byte() != b'g';
        }
    }

    /// The map of the entry's holes, if it has any.
    fn holes(&mut self, header: &Header, extended: &mut Extended) -> Result<Option<SparseMap>, ArchiveError> {
        let pax = std::mem::take(&mut extended.sparse).form()?;
        let is_old = header.entry_type().as_byte() == b'S';
        if !is_old && pax.is_none() {
            return Ok(None);
        }
        if !self.takes_sparse {
            return Err(format("it is a sparse file, which is not supported"));
        }
        let (numbers, size) = match pax {
            Some(PaxForm::Numbers(numbers, size)) => (numbers, size),
            Some(PaxForm::InContent(size)) => (self.map_in_content()?, size),
            None => {
                let (mut numbers, mut more, size) = old_header(header.as_bytes())?;
                let mut taken = 0;
                while more {
                    taken += BLOCK;
                    self.check_extended(taken)?;
                    more = old_block(&self.block()?, &mut numbers)?;
                }
                (numbers, size)
            }
        };
        self.sparse_total = self.sparse_total.saturating_add(size);
        if self.sparse_total > self.limits.size {
            let message = format!("its files with holes have more than {} bytes", self.limits.size);
            return Err(ArchiveError::new(ArchiveErrorKind::Limit, message));
        }
        SparseMap::new(&numbers, size, self.left).map(Some)
    }

    /// The map that stands before the content of form 1.0.
    fn map_in_content(&mut self) -> Result<Vec<u64>, ArchiveError> {
        let mut map = ContentMap::default();
        let mut taken = 0;
        loop {
            taken += BLOCK;
            self.check_extended(taken)?;
            self.left =
                self.left.checked_sub(BLOCK).ok_or_else(|| format("the map of its holes is wrong"))?;
            if map.take(&self.block()?)? {
                return Ok(map.into_numbers());
            }
        }
    }

    fn check_extended(&self, size: u64) -> Result<(), ArchiveError> {
        let limit = self.limits.extended_header;
        if size <= limit {
            return Ok(());
        }
        let message = format!("an extended header has {size} bytes, more than {limit}");
        Err(ArchiveError::new(ArchiveErrorKind::Limit, message))
    }

    fn block(&mut self) -> Result<[u8; 512], ArchiveError> {
        let mut block = [0; 512];
        self.source.read_exact(&mut block).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => format("the tar ends within an extended header"),
            _ => ArchiveError::io("cannot read", error),
        })?;
        Ok(block)
    }

    fn skip_content(&mut self) -> Result<(), ArchiveError> {
        self.sparse = None;
        let skip = self.left.saturating_add(self.padding);
        let skipped = self.source.skip(skip).map_err(|error| ArchiveError::io("cannot read", error))?;
        let left = std::mem::take(&mut self.left);
        self.padding = 0;
        // The last block may be short, as umoci's are: Go reads such a tar to its end.
        if skipped < left { Err(format("the tar ends within an entry")) } else { Ok(()) }
    }

    /// The next block as a header; `None` at the mark of the end, or where the tar just ends.
    fn header(&mut self) -> Result<Option<Header>, ArchiveError> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(format("the tar ends within a header")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::io("cannot read", error)),
            }
        }
        if block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            let limit = self.limits.entries;
            return Err(ArchiveError::new(
                ArchiveErrorKind::Limit,
                format!("there are more than {limit} entries"),
            ));
        }
        let sum: u32 = header
            .as_bytes()
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        match header.cksum() {
            Ok(wanted) if wanted == sum => Ok(Some(header)),
            _ => Err(format(if self.entries == 1 {
                "it is no tar, nor compressed by gzip, bzip2, xz or zstd"
            } else {
                "the checksum of a header does not match"
            })),
        }
    }

    /// The content of an extended header.
    fn extended_content(&mut self) -> Result<Vec<u8>, ArchiveError> {
        self.check_extended(self.left)?;
        let mut content = Vec::new();
        self.read_to_end(&mut content).map_err(|error| ArchiveError::io("cannot read", error))?;
        if self.left > 0 { Err(format("the tar ends within an extended header")) } else { Ok(content) }
    }

    /// GNU's long name: up to the first NUL.
    fn long_text(&mut self) -> Result<Vec<u8>, ArchiveError> {
        let mut text = self.extended_content()?;
        let length = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        text.truncate(length);
        Ok(text)
    }

    fn pax(&mut self, extended: &mut Extended) -> Result<(), ArchiveError> {
        let content = self.extended_content()?;
        let mut rest = content.as_slice();
        while !rest.is_empty() {
            let (record, after) =
                pax_record(rest).ok_or_else(|| format("a record of an extended header is malformed"))?;
            rest = after;
            let equals = record.iter().position(|byte| *byte == b'=');
            let (key, value) = record.split_at(equals.unwrap_or(record.len()));
            let value = value.get(1..).unwrap_or_default();
            extended.set(key, value)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        header: &Header,
        extended: Extended,
        holes: Option<SparseMap>,
    ) -> Result<RawEntry, ArchiveError> {
        let path = extended.path.unwrap_or_else(|| header.path_bytes().into_owned());
        let at = |error: ArchiveError| error.at(&path);
        let number = |what: &str, value: std::io::Result<u64>| {
            value.map_err(|error| format(format!("its {what} is no number")).caused_by(error).at(&path))
        };
        let id = |what: &str, known: Option<u32>, value: std::io::Result<u64>| match known {
            Some(id) => Ok(id),
            None => u32::try_from(number(what, value)?)
                .map_err(|_| format(format!("its {what} does not fit 32 bits")).at(&path)),
        };
        let link = || match &extended.link {
            Some(link) => link.clone(),
            None => header.link_name_bytes().map_or_else(Vec::new, std::borrow::Cow::into_owned),
        };
        let device = || -> Result<(u32, u32), ArchiveError> {
            let number = |value: std::io::Result<Option<u32>>| {
                value.ok().flatten().ok_or_else(|| format("its device number is malformed").at(&path))
            };
            Ok((number(header.device_major())?, number(header.device_minor())?))
        };
        let kind = match header.entry_type().as_byte() {
            // Old tars mark a directory only by the slash at its end; contiguous files are files.
            b'\0' | b'0' | b'7' if path.ends_with(b"/") => EntryKind::Directory,
            b'\0' | b'0' | b'7' => EntryKind::File,
            b'1' => EntryKind::HardLink(link()),
            b'2' => EntryKind::Symlink(link()),
            b'3' => device().map(|(major, minor)| EntryKind::CharDevice(major, minor))?,
            b'4' => device().map(|(major, minor)| EntryKind::BlockDevice(major, minor))?,
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            b'S' => EntryKind::File,
            other => {
                return Err(at(format(format!(
                    "it is of the unknown type `{}`",
                    char::from(other).escape_debug()
                ))));
            }
        };
        let (mtime, mtime_nanos) = match extended.mtime {
            Some(mtime) => mtime,
            None => (i64::try_from(number("time", header.mtime())?).unwrap_or(i64::MAX), 0),
        };
        let entry = Entry {
            mode: header.mode().map_err(|error| at(format("its mode is no number").caused_by(error)))?
                & 0o7777,
            uid: id("user", extended.uid, header.uid())?,
            gid: id("group", extended.gid, header.gid())?,
            mtime,
            mtime_nanos,
            size: match (&kind, &holes) {
                (EntryKind::File, Some(map)) => map.size(),
                (EntryKind::File, None) => self.left,
                _ => 0,
            },
            sparse: holes.is_some() && kind == EntryKind::File,
            xattrs: extended.xattrs,
            kind,
            path,
        };
        self.sparse = holes.filter(|_| entry.sparse).map(SparseMap::reader);
        Ok(RawEntry { entry })
    }
}

impl<R: Read> TarReader<R> {
    /// Reads stored bytes.
    fn stored(&mut self, most: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.by_ref().take(most.min(self.left)).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

impl<R: Read> Read for TarReader<R> {
    /// Reads the content of the entry.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(mut sparse) = self.sparse.take() else { return self.stored(self.left, buffer) };
        let count = match sparse.run() {
            Run::Data(most) => self.stored(most, buffer),
            Run::Hole(most) => {
                let count = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
                buffer.iter_mut().take(count).for_each(|byte| *byte = 0);
                Ok(count)
            }
            Run::End => Ok(0),
        };
        if let Ok(count) = count {
            sparse.advance(count as u64);
        }
        self.sparse = Some(sparse);
        count
    }
}

/// The first record, `<length> <key>=<value>\n`, and what follows it.
fn pax_record(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = content.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(content.get(..space)?).ok()?.parse().ok()?;
    let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
    Some((record, content.get(length..)?))
}

impl Extended {
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), ArchiveError> {
        let text = || std::str::from_utf8(value).ok();
        let malformed = || {
            let key = String::from_utf8_lossy(key).into_owned();
            format(format!("the record `{}` of an extended header is malformed", key.escape_debug()))
        };
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(text().and_then(|text| text.parse().ok()).ok_or_else(malformed)?),
            b"uid" => self.uid = Some(text().and_then(|text| text.parse().ok()).ok_or_else(malformed)?),
            b"gid" => self.gid = Some(text().and_then(|text| text.parse().ok()).ok_or_else(malformed)?),
            b"mtime" => self.mtime = Some(text().and_then(pax_time).ok_or_else(malformed)?),
            // The header itself has a name that nobody wants.
            b"GNU.sparse.name" => self.path = Some(value.to_vec()),
            _ if key.starts_with(b"GNU.sparse.") => {
                let key = key.get(b"GNU.sparse.".len()..).unwrap_or_default();
                if !text().is_some_and(|text| self.sparse.set(key, text)) {
                    return Err(malformed());
                }
            }
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.xattrs.push((name.to_vec(), value.to_vec()));
                }
            }
        }
        Ok(())
    }
}

/// Seconds with a fraction, rounded down to nanoseconds.
fn pax_time(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanos: u32 = digits.parse().ok()?;
    // `-1.25` is three quarters of a second after -2.
    match (whole.starts_with('-'), nanos) {
        (true, 1..) => Some((seconds.checked_sub(1)?, 1_000_000_000 - nanos)),
        _ => Some((seconds, nanos)),
    }
}

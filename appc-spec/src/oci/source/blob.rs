//! Where bytes of an image are: a file of a layout, or a part of an archive.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use crate::archive::Skip;

/// A run of bytes in an open file. Readers of it do not disturb one another.
#[derive(Debug, Clone)]
pub(in crate::oci) struct Blob {
    file: Arc<File>,
    offset: u64,
    size: u64,
}

impl Blob {
    /// A whole file. Only a regular one will do: a pipe would block for ever, and a device may never end.
    pub(in crate::oci) fn open(path: &Path) -> io::Result<Self> {
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        Ok(Self { file: Arc::new(file), offset: 0, size: found.len() })
    }

    /// A file that is ours, as long as it is now.
    pub(in crate::oci) fn of(file: File, size: u64) -> Self {
        Self { file: Arc::new(file), offset: 0, size }
    }

    /// A run of its bytes; what lies beyond its end is left out.
    pub(in crate::oci) fn part(&self, offset: u64, size: u64) -> Self {
        let offset = offset.min(self.size);
        Self {
            file: Arc::clone(&self.file),
            offset: self.offset + offset,
            size: size.min(self.size - offset),
        }
    }

    /// How many bytes it has.
    pub(in crate::oci) const fn size(&self) -> u64 {
        self.size
    }

    /// Reads it from its start.
    pub(in crate::oci) fn reader(&self) -> Cursor {
        Cursor { blob: self.clone(), at: 0 }
    }

    /// All of it, if that is not more than `most` bytes.
    pub(in crate::oci) fn bytes(&self, most: u64) -> io::Result<Vec<u8>> {
        if self.size > most {
            let message = format!("it has {} bytes, more than {most}", self.size);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A place in a blob.
pub(in crate::oci) struct Cursor {
    blob: Blob,
    at: u64,
}

impl Cursor {
    /// How many bytes lie before it.
    pub(in crate::oci) const fn position(&self) -> u64 {
        self.at
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.blob.size - self.at;
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let count =
            self.blob.file.read_at(buffer.get_mut(..most).unwrap_or_default(), self.blob.offset + self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Skip for Cursor {
    /// Without reading.
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        let skipped = count.min(self.blob.size - self.at);
        self.at += skipped;
        Ok(skipped)
    }
}

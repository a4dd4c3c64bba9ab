//! A file that is written at its end and set aside when it is long enough: `NAME`, `NAME.1`, `NAME.2`, …, the last one the oldest.

use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::{Doing, Error};

/// How much of the output of an app, or of the events of a pod, is kept on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLimits {
    /// How long a file may be, in bytes; it is a little longer before it is set aside.
    pub max_size: u64,
    /// How many files there are, that which is written among them; at least 1.
    pub max_files: u32,
}

impl Default for LogLimits {
    /// The kubelet's: 10 MiB, 5 files (`containerLogMaxSize`, `containerLogMaxFiles`).
    fn default() -> Self {
        Self { max_size: 10 * 1024 * 1024, max_files: 5 }
    }
}

/// The writing end.
#[derive(Debug)]
pub(crate) struct Rotating {
    path: PathBuf,
    file: BufWriter<fs::File>,
    size: u64,
    limits: LogLimits,
}

impl Rotating {
    pub(crate) fn open(path: PathBuf, limits: LogLimits) -> Result<Self, Error> {
        let file = open(&path).doing("create", &path)?;
        let size = file.metadata().doing("examine", &path)?.len();
        Ok(Self { path, file: BufWriter::new(file), size, limits })
    }

    /// Makes what was written so far visible, and sets the file aside when it is long enough.
    pub(crate) fn end_batch(&mut self) -> io::Result<()> {
        self.file.flush()?;
        if self.size < self.limits.max_size {
            return Ok(());
        }
        let kept = self.limits.max_files.saturating_sub(1);
        if kept == 0 {
            fs::remove_file(&self.path)?;
        }
        for number in (0..kept).rev() {
            match fs::rename(numbered(&self.path, number), numbered(&self.path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = BufWriter::new(open(&self.path)?);
        self.size = 0;
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// The file of that age: 0 is that which is written.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let limits = LogLimits { max_size: 10, max_files: 3 };
        let mut file = Rotating::open(path.clone(), limits).unwrap();
        for number in 0..7 {
            writeln!(file, "line {number}").unwrap();
            file.end_batch().unwrap();
        }
        drop(file);
        let text = |number| fs::read_to_string(numbered(&path, number)).unwrap();
        assert_eq!(
            (text(2), text(1), text(0)),
            ("line 2\nline 3\n".to_owned(), "line 4\nline 5\n".to_owned(), "line 6\n".to_owned())
        );
        assert!(!numbered(&path, 3).exists());
        // It goes on where it was.
        let mut file = Rotating::open(path.clone(), LogLimits { max_files: 1, ..limits }).unwrap();
        writeln!(file, "more").unwrap();
        file.end_batch().unwrap();
        assert_eq!(text(0), "");
    }
}

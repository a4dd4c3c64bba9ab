//! The output of apps: taken apart into lines, written in the form of the Container Runtime Interface, and kept in mind a little.
//!
//! ```text
//! 2026-11-25T10:00:00.123456789Z stdout F a whole line
//! 2026-11-25T10:00:00.123456789Z stderr P a piece of a line that is longer than 16 KiB, or has no end
//! ```

mod line;

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pod_core::Timestamp;

pub(crate) use line::{Lines, Piece};

use crate::error::{Doing, Error};
use crate::ports::Stream;

/// How much of the end of a log may serve as an app's last words: bytes and lines (kubelet, `MaxContainerTerminationMessageLog*`).
const TAIL_BYTES: usize = 2048;
const TAIL_LINES: usize = 80;

/// The log of one start of an app.
#[derive(Debug)]
pub(crate) struct Log {
    file: BufWriter<fs::File>,
    tail: VecDeque<u8>,
}

impl Log {
    /// Makes the log, and its directory.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        if let Some(dir) = path.parent() {
            crate::dir::make_dirs(dir, 0o755)?;
        }
        let file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path)
            .doing("create the log", path)?;
        Ok(Self { file: BufWriter::new(file), tail: VecDeque::with_capacity(TAIL_BYTES) })
    }

    /// Adds a piece of output. It is in the file after [`Log::flush`].
    pub(crate) fn add(&mut self, now: Timestamp, stream: Stream, piece: Piece<'_>) -> io::Result<()> {
        self.remember(piece);
        let tag = if piece.whole { 'F' } else { 'P' };
        write!(self.file, "{now} {stream} {tag} ")?;
        self.file.write_all(piece.text)?;
        self.file.write_all(b"\n")
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn remember(&mut self, piece: Piece<'_>) {
        self.tail.extend(piece.text.iter().copied().chain(piece.whole.then_some(b'\n')));
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..excess);
    }

    /// The end of the output: at most 80 lines and 2048 bytes.
    pub(crate) fn tail(&mut self) -> String {
        let bytes = self.tail.make_contiguous();
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let ends = body.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
        let start = ends.map(|(at, _)| at + 1).nth(TAIL_LINES - 1).unwrap_or(0);
        String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_form_of_the_container_runtime_interface() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web/0.log");
        let mut log = Log::create(&path).unwrap();
        let now = Timestamp::UNIX_EPOCH + Duration::new(1, 5);
        log.add(now, Stream::Stdout, Piece { text: b"one", whole: true }).unwrap();
        log.add(now, Stream::Stderr, Piece { text: b"\xfftw", whole: false }).unwrap();
        log.flush().unwrap();
        assert_eq!(
            fs::read(&path).unwrap(),
            b"1970-01-01T00:00:01.000000005Z stdout F one\n1970-01-01T00:00:01.000000005Z stderr P \xfftw\n"
        );
        assert_eq!(log.tail(), "one\n\u{fffd}tw");
    }

    #[test]
    fn last_words_are_bounded_in_lines_and_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(&dir.path().join("log")).unwrap();
        for line in 0..100 {
            let text = line.to_string();
            log.add(Timestamp::UNIX_EPOCH, Stream::Stdout, Piece { text: text.as_bytes(), whole: true })
                .unwrap();
        }
        let tail = log.tail();
        assert_eq!((tail.lines().next(), tail.lines().count()), (Some("20"), 80));
        log.add(Timestamp::UNIX_EPOCH, Stream::Stdout, Piece { text: &[b'x'; 5000], whole: true }).unwrap();
        assert_eq!(log.tail().len(), 2048);
    }
}

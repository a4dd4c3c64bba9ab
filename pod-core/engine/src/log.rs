//! The output of apps: taken apart into lines, written in the form of the Container Runtime Interface, and kept in mind a little.
//!
//! ```text
//! 2026-11-25T10:00:00.123456789Z stdout F a whole line
//! 2026-11-25T10:00:00.123456789Z stderr P a piece of a line that is longer than 16 KiB, or has no end
//! ```

mod events;
mod line;
mod rotate;
mod tail;

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pod_core::Timestamp;

pub(crate) use events::{EVENTS, Events};
pub(crate) use line::{Lines, Piece};
pub use rotate::LogLimits;
use rotate::Rotating;
pub(crate) use tail::Tail;

use crate::error::{Doing, Error};
use crate::ports::Stream;

/// How much of the end of a log may serve as an app's last words: bytes and lines (kubelet, `MaxContainerTerminationMessageLog*`).
const TAIL_BYTES: usize = 2048;
const TAIL_LINES: usize = 80;

/// The log of one start of an app.
#[derive(Debug)]
pub(crate) struct Log {
    file: Rotating,
    end: PathBuf,
    tail: VecDeque<u8>,
}

impl Log {
    /// Makes the log of a run in an app's directory. Of the runs before only the last one's log stays.
    pub(crate) fn create(dir: &Path, run: u32, limits: LogLimits) -> Result<Self, Error> {
        crate::dir::make_dirs(dir, 0o755)?;
        for old in runs(dir).doing("list", dir)?.into_iter().rev().skip(1) {
            remove(dir, old).doing("clear", dir)?;
        }
        let file = Rotating::open(path(dir, run), limits)?;
        Ok(Self { file, end: end_path(dir, run), tail: VecDeque::new() })
    }

    /// Nothing will follow: whoever reads it as it grows is told.
    pub(crate) fn end(&mut self) {
        if let Err(error) = fs::File::create(&self.end) {
            tracing::debug!(%error, "who follows a log waits for the pod's end");
        }
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
        self.file.end_batch()
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

/// The log of a run.
pub(crate) fn path(dir: &Path, run: u32) -> PathBuf {
    dir.join(format!("{run}.log"))
}

/// There when a run is over.
pub(crate) fn end_path(dir: &Path, run: u32) -> PathBuf {
    dir.join(format!("{run}.end"))
}

/// The runs that have a log, in their order.
pub(crate) fn runs(dir: &Path) -> io::Result<Vec<u32>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut runs = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        runs.extend(name.to_str().and_then(|name| name.strip_suffix(".log")?.parse::<u32>().ok()));
    }
    runs.sort_unstable();
    Ok(runs)
}

/// Removes what there is of a run's log.
fn remove(dir: &Path, run: u32) -> io::Result<()> {
    let prefix = format!("{run}.");
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A line of an app's log, or a piece of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// When it was written.
    pub at: Timestamp,
    /// Where to.
    pub stream: Stream,
    /// Whether the line ends here; one that is longer than 16 KiB comes in pieces.
    pub whole: bool,
    /// The text, without a newline.
    pub text: &'a [u8],
}

impl<'a> LogLine<'a> {
    /// Understands a line of a log in the form of the Container Runtime Interface; `None` when it is none: no time, another stream than
    /// `stdout` and `stderr`, another tag than `F` and `P`.
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(4, |byte| *byte == b' ');
        let at = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let stream = match parts.next()? {
            b"stdout" => Stream::Stdout,
            b"stderr" => Stream::Stderr,
            _ => return None,
        };
        let whole = match parts.next()? {
            b"F" => true,
            b"P" => false,
            _ => return None,
        };
        Some(Self { at, stream, whole, text: parts.next()? })
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
        let mut log = Log::create(&dir.path().join("web"), 0, LogLimits::default()).unwrap();
        let now = Timestamp::UNIX_EPOCH + Duration::new(1, 5);
        log.add(now, Stream::Stdout, Piece { text: b"one", whole: true }).unwrap();
        log.add(now, Stream::Stderr, Piece { text: b"\xfftw", whole: false }).unwrap();
        log.flush().unwrap();
        assert_eq!(
            fs::read(&path).unwrap(),
            b"1970-01-01T00:00:01.000000005Z stdout F one\n1970-01-01T00:00:01.000000005Z stderr P \xfftw\n"
        );
        assert_eq!(log.tail(), "one\n\u{fffd}tw");
        let text = fs::read(&path).unwrap();
        let lines: Vec<_> = text.split(|byte| *byte == b'\n').filter_map(LogLine::parse).collect();
        let line = |stream, whole, text| LogLine { at: now, stream, whole, text };
        let expected =
            [line(Stream::Stdout, true, b"one".as_slice()), line(Stream::Stderr, false, b"\xfftw")];
        assert_eq!(lines, expected);
        for line in ["", "x stdout F a", "1970-01-01T00:00:01Z std F a", "1970-01-01T00:00:01Z stdout F"] {
            assert_eq!(LogLine::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_last_two_runs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for run in [0, 1, 4, 10] {
            let mut log = Log::create(dir.path(), run, LogLimits { max_size: 1, max_files: 3 }).unwrap();
            log.add(Timestamp::UNIX_EPOCH, Stream::Stdout, Piece { text: b"a", whole: true }).unwrap();
            log.flush().unwrap();
            log.end();
        }
        assert_eq!(runs(dir.path()).unwrap(), [4, 10]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 6);
    }

    #[test]
    fn last_words_are_bounded_in_lines_and_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let mut log = Log::create(dir.path(), 0, LogLimits::default()).unwrap();
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

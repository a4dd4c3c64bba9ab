//! The reading end of a rotated file: from its beginning or its last lines, to its end or as it grows.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;

use super::rotate::numbered;

/// How much is read at once.
const PART: usize = 64 * 1024;

/// How long to wait at most before it is asked again whether more will come: a writer that was killed does not say so.
const LOOK: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// What there is at the end of a file.
#[derive(Debug)]
enum Next {
    /// Nothing yet.
    Nothing,
    /// So many bytes more.
    More(usize),
    /// The next file.
    File,
}

/// What is done with a line, without its newline. Break: no more is wanted.
pub(crate) type Each<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// A place in a rotated file.
#[derive(Debug)]
pub(crate) struct Tail {
    base: PathBuf,
    file: Option<File>,
    /// A line that is not whole yet.
    pending: Vec<u8>,
}

impl Tail {
    /// From the last lines on, or from the beginning of the oldest file.
    pub(crate) fn open(base: &Path, lines: Option<u64>) -> io::Result<Self> {
        let mut tail = Self { base: base.to_owned(), file: None, pending: Vec::new() };
        match lines {
            None => tail.file = tail.oldest()?,
            Some(lines) => tail.file = tail.last(lines)?,
        }
        Ok(tail)
    }

    fn oldest(&self) -> io::Result<Option<File>> {
        let last = (0..).take_while(|number| numbered(&self.base, *number).exists()).last();
        last.map_or(Ok(None), |number| open(&numbered(&self.base, number)))
    }

    /// At the beginning of the last so many lines.
    fn last(&self, mut lines: u64) -> io::Result<Option<File>> {
        let mut found = None;
        for number in 0.. {
            let Some(mut file) = open(&numbered(&self.base, number))? else { break };
            let missing = seek_back(&mut file, lines)?;
            found = Some(file);
            if missing == 0 {
                break;
            }
            lines = missing;
        }
        Ok(found)
    }

    /// Hands out all whole lines that are there.
    pub(crate) fn read(&mut self, each: &mut Each<'_>) -> io::Result<ControlFlow<()>> {
        let mut buffer = vec![0; PART];
        loop {
            let Some(file) = &mut self.file else {
                self.file = self.oldest()?;
                if self.file.is_none() {
                    return Ok(ControlFlow::Continue(()));
                }
                continue;
            };
            let mut count = file.read(&mut buffer)?;
            if count == 0 {
                match self.go_on(&mut buffer)? {
                    Next::Nothing => return Ok(ControlFlow::Continue(())),
                    Next::File => continue,
                    Next::More(more) => count = more,
                }
            }
            if self.take(buffer.get(..count).unwrap_or_default(), each).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }

    fn take(&mut self, bytes: &[u8], each: &mut Each<'_>) -> ControlFlow<()> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(line) if self.pending.is_empty() => each(line)?,
                Some(line) => {
                    self.pending.extend_from_slice(line);
                    let whole = std::mem::take(&mut self.pending);
                    each(&whole)?;
                }
                None => self.pending.extend_from_slice(part),
            }
        }
        ControlFlow::Continue(())
    }

    /// At the end of a file: goes on to the next one if this one was set aside.
    fn go_on(&mut self, buffer: &mut [u8]) -> io::Result<Next> {
        let Some(file) = &mut self.file else { return Ok(Next::Nothing) };
        let own = identity(&file.metadata()?);
        let of = |number| fs::metadata(numbered(&self.base, number)).ok().map(|data| identity(&data));
        // Between two steps of a rotation nothing has the name.
        if of(0).is_none_or(|newest| newest == own) {
            return Ok(Next::Nothing);
        }
        // What was written between our last look and the change of its name.
        let count = file.read(buffer)?;
        if count > 0 {
            return Ok(Next::More(count));
        }
        let older = (1..).map(|number| (number, of(number))).take_while(|(_, other)| other.is_some());
        let place = older.filter(|(_, other)| *other == Some(own)).map(|(number, _)| number).last();
        self.file = match place {
            Some(number) => open(&numbered(&self.base, number - 1))?,
            // It was so long ago that it is gone.
            None => self.oldest()?,
        };
        Ok(if self.file.is_some() { Next::File } else { Next::Nothing })
    }

    /// Hands out lines as they come, until no more will come or none is wanted.
    pub(crate) fn follow(
        &mut self,
        is_over: &mut dyn FnMut() -> io::Result<bool>,
        each: &mut Each<'_>,
    ) -> io::Result<()> {
        let watch = watch(self.base.parent().unwrap_or_else(|| Path::new(".")))?;
        loop {
            // Asked first: what was written before the end is read after the question.
            let over = is_over()?;
            if self.read(each)?.is_break() || over {
                return Ok(());
            }
            let ready =
                rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&watch, PollFlags::IN)], Some(&LOOK)))?;
            let mut events = [0; 4096];
            while ready > 0 && rustix::io::read(&watch, &mut events).is_ok() {}
        }
    }
}

/// Readable when something in a directory has changed.
fn watch(dir: &Path) -> io::Result<OwnedFd> {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
    let what = inotify::WatchFlags::MODIFY
        | inotify::WatchFlags::CREATE
        | inotify::WatchFlags::MOVED_TO
        | inotify::WatchFlags::DELETE;
    inotify::add_watch(&watch, dir, what)?;
    Ok(watch)
}

fn identity(data: &fs::Metadata) -> (u64, u64) {
    (data.dev(), data.ino())
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes to the beginning of the last so many lines; how many of them it lacks. A line without an end counts, too.
fn seek_back(file: &mut File, lines: u64) -> io::Result<u64> {
    let mut end = file.seek(SeekFrom::End(0))?;
    if lines == 0 || end == 0 {
        return Ok(lines);
    }
    let mut wanted = lines;
    let mut at_end = true;
    let mut buffer = vec![0; PART];
    while end > 0 {
        let start = end.saturating_sub(PART as u64);
        let length = usize::try_from(end - start).unwrap_or(PART);
        let part = buffer.get_mut(..length).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        for (index, byte) in part.iter().enumerate().rev() {
            // The newline at the very end begins no line.
            if *byte == b'\n' && !std::mem::take(&mut at_end) {
                wanted -= 1;
                if wanted == 0 {
                    file.seek(SeekFrom::Start(start + index as u64 + 1))?;
                    return Ok(0);
                }
            }
            at_end = false;
        }
        end = start;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(wanted - 1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::log::rotate::{LogLimits, Rotating};

    fn lines(tail: &mut Tail) -> Vec<String> {
        let mut all = Vec::new();
        let read = tail.read(&mut |line| {
            all.push(String::from_utf8(line.to_vec()).unwrap());
            ControlFlow::Continue(())
        });
        assert!(read.unwrap().is_continue());
        all
    }

    fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|number| number.to_string()).collect()
    }

    #[test]
    fn the_last_lines_over_several_files() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("log");
        let mut file = Rotating::open(base.clone(), LogLimits { max_size: 20, max_files: 50 }).unwrap();
        for number in 0..100 {
            writeln!(file, "{number}").unwrap();
            file.end_batch().unwrap();
        }
        assert_eq!(lines(&mut Tail::open(&base, None).unwrap()), numbers(0..100));
        for count in [0, 1, 2, 6, 7, 8, 50, 99, 100, 101, 1000] {
            let first = 100_u32.saturating_sub(count);
            assert_eq!(
                lines(&mut Tail::open(&base, Some(count.into())).unwrap()),
                numbers(first..100),
                "the last {count}"
            );
        }
        assert!(lines(&mut Tail::open(&dir.path().join("none"), Some(3)).unwrap()).is_empty());
    }

    #[test]
    fn a_reader_keeps_up_with_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("log");
        let mut file = Rotating::open(base.clone(), LogLimits { max_size: 30, max_files: 100 }).unwrap();
        let mut tail = Tail::open(&base, None).unwrap();
        let mut seen = Vec::new();
        for number in 0..500_u32 {
            write!(file, "{number}").unwrap();
            if number % 3 == 0 {
                // Half a line is none.
                file.flush().unwrap();
                seen.extend(lines(&mut tail));
            }
            file.write_all(b"\n").unwrap();
            if number % 5 == 0 {
                file.end_batch().unwrap();
            }
            if number % 7 == 0 {
                seen.extend(lines(&mut tail));
            }
        }
        file.end_batch().unwrap();
        seen.extend(lines(&mut tail));
        assert_eq!(seen, numbers(0..500));
    }

    #[test]
    fn one_that_is_too_slow_goes_on_with_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("log");
        let mut file = Rotating::open(base.clone(), LogLimits { max_size: 10, max_files: 2 }).unwrap();
        let mut tail = Tail::open(&base, None).unwrap();
        for number in 0..100 {
            writeln!(file, "{number}").unwrap();
            file.end_batch().unwrap();
            if number == 0 {
                assert_eq!(lines(&mut tail), ["0"]);
            }
        }
        let seen = lines(&mut tail);
        assert_eq!(seen.last().map(String::as_str), Some("99"));
        assert!(seen.len() < 20, "{seen:?}");
    }
}

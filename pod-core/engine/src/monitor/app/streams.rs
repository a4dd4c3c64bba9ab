//! What an app writes and reads: its log, whoever is attached, and the other end of its input.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use pod_core::pod::AppName;

use crate::log::{Lines, Log, Piece};
use crate::monitor::clock::Clock;
use crate::monitor::output::Output;
use crate::monitor::tap::Tap;
use crate::ports::{Observer, Stream};

/// How much is kept for the first who attaches.
const EARLY: usize = 64 * 1024;

/// What an app writes, and where it goes.
#[derive(Debug)]
pub(in crate::monitor) struct Streams {
    stdout: (Output, Lines),
    stderr: Option<(Output, Lines)>,
    pub(super) log: Log,
    log_broken: bool,
    stdin: Input,
    taps: Vec<Tap>,
    /// What was said before anybody was there to read it, if somebody may come.
    early: Option<Early>,
}

/// Where an app's input comes from.
#[derive(Debug)]
pub(super) enum Input {
    /// It is at its end.
    None,
    /// A pipe, held open so that the app waits for whoever attaches.
    Open(OwnedFd),
    /// A pipe for the first who attaches.
    Once(OwnedFd),
    /// The terminal that is its output, too.
    Terminal,
}

impl Streams {
    /// Those of an app that has two pipes, or one terminal for all.
    pub(super) fn new(stdout: Output, stderr: Option<Output>, log: Log, stdin: Input) -> Self {
        // Who types wants to see what was said before: a prompt, for one.
        let early = (!matches!(stdin, Input::None)).then(Early::default);
        let lines = |output| (output, Lines::default());
        Self {
            stdout: lines(stdout),
            stderr: stderr.map(lines),
            log,
            log_broken: false,
            stdin,
            taps: Vec::new(),
            early,
        }
    }

    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let stderr = self.stderr.as_ref().and_then(|(output, _)| output.fd());
        self.stdout.0.fd().into_iter().chain(stderr)
    }

    pub(super) const fn is_terminal(&self) -> bool {
        self.stderr.is_none()
    }

    /// Somebody reads along from now on; the first has what was said before.
    pub(super) fn add(&mut self, mut tap: Tap) {
        if let Some(early) = self.early.take() {
            early.give(&mut tap);
        }
        self.taps.push(tap);
    }

    pub(super) fn remove(&mut self, caller: u64) {
        self.taps.retain(|tap| tap.caller != caller);
    }

    pub(super) fn remove_all(&mut self) -> Vec<Tap> {
        std::mem::take(&mut self.taps)
    }

    /// What leads to the app's input. What is given away once is the receiver's alone: when it closes that, the input is at its end.
    pub(super) fn input(&mut self, app: &AppName) -> Result<Option<OwnedFd>, String> {
        let copy = |fd: BorrowedFd<'_>| {
            fd.try_clone_to_owned().map_err(|error| format!("its input cannot be handed over: {error}"))
        };
        match &self.stdin {
            Input::None => Err(format!("app `{app}` has no input, or somebody has had it already")),
            Input::Open(pipe) => copy(pipe.as_fd()).map(Some),
            Input::Terminal => self.stdout.0.fd().map(copy).transpose(),
            Input::Once(_) => match std::mem::replace(&mut self.stdin, Input::None) {
                Input::Once(pipe) => Ok(Some(pipe)),
                _ => Ok(None),
            },
        }
    }

    pub(super) fn each(
        &mut self,
        app: &AppName,
        clock: &Clock,
        observer: &mut dyn Observer,
        mut read: impl FnMut(&mut Output, &mut dyn FnMut(&[u8])),
    ) {
        let Self { stdout, stderr, log, log_broken, taps, early, .. } = self;
        let mut sink = Sink { app, clock, observer, log, log_broken };
        for (stream, pair) in [(Stream::Stdout, Some(stdout)), (Stream::Stderr, stderr.as_mut())] {
            let Some((output, lines)) = pair else { continue };
            read(output, &mut |bytes| {
                taps.iter_mut().for_each(|tap| tap.write(stream, bytes));
                if let Some(early) = early {
                    early.add(stream, bytes);
                }
                lines.add(bytes, |piece| sink.add(stream, piece));
            });
            if output.fd().is_none() {
                lines.end(|piece| sink.add(stream, piece));
            }
        }
        sink.flush();
    }

    pub(super) fn end(&mut self, app: &AppName, clock: &Clock, observer: &mut dyn Observer) {
        let Self { stdout, stderr, log, log_broken, .. } = self;
        let mut sink = Sink { app, clock, observer, log, log_broken };
        stdout.1.end(|piece| sink.add(Stream::Stdout, piece));
        if let Some((_, lines)) = stderr {
            lines.end(|piece| sink.add(Stream::Stderr, piece));
        }
        sink.flush();
    }
}

/// The first output of an app, for the first who attaches.
#[derive(Debug, Default)]
struct Early {
    parts: Vec<(Stream, Vec<u8>)>,
    size: usize,
    /// How much there was, when it was too much to keep.
    lost: u64,
}

impl Early {
    fn add(&mut self, stream: Stream, bytes: &[u8]) {
        self.size += bytes.len();
        if self.lost == 0 && self.size <= EARLY {
            self.parts.push((stream, bytes.to_vec()));
        } else {
            // A beginning without what followed would mislead: the log has it all.
            self.parts = Vec::new();
            self.lost = self.size as u64;
        }
    }

    fn give(self, tap: &mut Tap) {
        self.parts.iter().for_each(|(stream, bytes)| tap.write(*stream, bytes));
        tap.skipped += self.lost;
    }
}

/// Where lines go: first into the log, then to whoever watches.
struct Sink<'a> {
    app: &'a AppName,
    clock: &'a Clock,
    observer: &'a mut dyn Observer,
    log: &'a mut Log,
    log_broken: &'a mut bool,
}

impl Sink<'_> {
    fn add(&mut self, stream: Stream, piece: Piece<'_>) {
        let written = self.log.add(self.clock.now(), stream, piece);
        self.check(written);
        self.observer.output(self.app, stream, piece.text);
    }

    fn flush(&mut self) {
        let flushed = self.log.flush();
        self.check(flushed);
    }

    /// A full disk is no reason to end the app, or to keep what it says from whoever watches.
    fn check(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result
            && !*self.log_broken
        {
            *self.log_broken = true;
            tracing::warn!(app = %self.app, %error, "its log cannot be written");
        }
    }
}

//! Passes input and output between the user's streams and those of a command or an app: one loop over poll(2).

mod open;
mod resized;

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read, write};

use resized::Resized;

use super::console::{Console, Raw};
use super::foreground::Stops;
use super::keys::Finder;
use crate::control::{Call, Reply};
use crate::error::{Doing, Error};

/// How much is read at once.
const PART: usize = 16 * 1024;

/// What ends the input of a terminal: its `VEOF` unless somebody has changed that (termios(3)).
const END_OF_INPUT: u8 = 4;

/// The streams of both sides.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    console: &'a Console,
    /// Where input goes: a pipe, or the terminal.
    sink: Option<OwnedFd>,
    /// What was read of the input and not written yet.
    pending: Vec<u8>,
    /// Whether there is input to be had from the user.
    open: bool,
    finder: Option<Finder>,
    /// Whether the sink is a terminal, whose input ends by a character.
    terminal: bool,
    /// Whether it is about an app, which runs on without us.
    attached: bool,
    left: bool,
    sources: Vec<Source>,
    raw: Option<Raw>,
    resized: Option<Resized>,
    /// The wishes of whoever sends signals to this process, if they are about the pod.
    pub(super) stops: Option<Stops>,
}

/// Output, and where it goes.
#[derive(Debug)]
struct Source {
    from: Option<OwnedFd>,
    to_stderr: bool,
}

impl Relay<'_> {
    pub(super) const fn has_input(&self) -> bool {
        self.open
    }

    /// Whether the user has left.
    pub(super) const fn has_left(&self) -> bool {
        self.left
    }

    /// Passes on what comes until the monitor says something. `None`: it is gone, or the user has left.
    pub(super) fn until_reply(&mut self, call: &Call) -> Result<Option<(Reply, Vec<OwnedFd>)>, Error> {
        loop {
            let ready = self.wait(call)?;
            if let Some(stops) = &mut self.stops {
                stops.take()?;
            }
            if ready.resized {
                if let Some(resized) = &mut self.resized {
                    resized.take();
                }
                self.resize();
            }
            if ready.input {
                self.read_input();
            }
            self.write_input();
            self.copy_output();
            if self.left {
                return Ok(None);
            }
            if ready.reply {
                return call.reply();
            }
        }
    }

    fn wait(&self, call: &Call) -> Result<Ready, Error> {
        let mut fds = vec![PollFd::new(call, PollFlags::IN)];
        let input = self
            .console
            .stdin
            .as_ref()
            .filter(|_| self.open && self.pending.is_empty() && self.sink.is_some());
        let resized = self.resized.as_ref();
        let blocked = self.sink.as_ref().filter(|_| !self.pending.is_empty());
        let wants_input = input.is_some();
        if let Some(input) = input {
            fds.push(PollFd::new(input, PollFlags::IN));
        }
        let wants_resized = resized.is_some();
        if let Some(resized) = resized {
            fds.push(PollFd::new(resized, PollFlags::IN));
        }
        if let Some(sink) = blocked {
            fds.push(PollFd::new(sink, PollFlags::OUT));
        }
        for source in self.sources.iter().filter_map(|source| source.from.as_ref()) {
            fds.push(PollFd::new(source, PollFlags::IN));
        }
        if let Some(stops) = &self.stops {
            fds.push(PollFd::new(stops, PollFlags::IN));
        }
        match poll(&mut fds, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).doing("wait for", "the session"),
        }
        let hot = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            reply: hot(0),
            input: wants_input && hot(1),
            resized: wants_resized && hot(1 + usize::from(wants_input)),
        })
    }

    fn read_input(&mut self) {
        let Some(stdin) = &self.console.stdin else { return };
        let mut buffer = [0; PART];
        match read(stdin, &mut buffer) {
            Ok(0) => self.open = false,
            Ok(count) => {
                let typed = buffer.get(..count).unwrap_or_default();
                match &mut self.finder {
                    Some(finder) => self.left = finder.pass(typed, &mut self.pending),
                    None => self.pending.extend_from_slice(typed),
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            // A terminal that is gone, for one.
            Err(_) => self.open = false,
        }
    }

    fn write_input(&mut self) {
        while let Some(sink) = &self.sink
            && !self.pending.is_empty()
        {
            match write(sink, &self.pending) {
                Ok(count) => {
                    self.pending.drain(..count);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // Nobody reads it any more.
                Err(_) => {
                    self.pending.clear();
                    self.open = false;
                }
            }
        }
        // The end of the user's input is the end of the other side's.
        if !self.open && self.pending.is_empty() {
            if let Some(sink) = self.sink.take_if(|_| self.terminal) {
                let _ = write(&sink, &[END_OF_INPUT]);
            }
            self.sink = None;
        }
    }

    fn copy_output(&mut self) {
        let mut buffer = [0; PART];
        for source in &mut self.sources {
            let Some(from) = &source.from else { continue };
            match read(from, &mut buffer) {
                Ok(0) => source.from = None,
                Ok(count) => {
                    let to = if source.to_stderr { &self.console.stderr } else { &self.console.stdout };
                    if !write_all(to, buffer.get(..count).unwrap_or_default()) {
                        // Whoever looked on is gone.
                        source.from = None;
                        self.left |= self.attached;
                    }
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => source.from = None,
            }
        }
    }

    /// Passes on what has been written before the end.
    pub(super) fn drain(&mut self) -> Result<(), Error> {
        while self.sources.iter().any(|source| source.from.is_some()) {
            let mut fds: Vec<_> = self
                .sources
                .iter()
                .filter_map(|source| source.from.as_ref())
                .map(|from| PollFd::new(from, PollFlags::IN))
                .collect();
            let now = rustix::event::Timespec::default();
            let ready = rustix::io::retry_on_intr(|| poll(&mut fds, Some(&now)))
                .doing("read", "the last of the output")?;
            drop(fds);
            if ready == 0 {
                break;
            }
            self.copy_output();
        }
        Ok(())
    }
}

/// What can be done.
#[derive(Debug)]
struct Ready {
    reply: bool,
    input: bool,
    resized: bool,
}

fn write_all(to: &OwnedFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // The user's stream may be one that does not block.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(to, PollFlags::OUT)], None);
            }
            Err(_) => return false,
        }
    }
    true
}

//! The streams of a session: what the other side gets of them, and what is ours.

use std::os::fd::OwnedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{tcgetwinsize, tcsetwinsize};

use super::{Console, Error, Finder, Raw, Relay, Resized, Source};
use crate::error::Doing;

impl<'a> Relay<'a> {
    fn new(console: &'a Console, sink: Option<OwnedFd>, sources: Vec<OwnedFd>) -> Self {
        let source = |(index, from)| Source { from: Some(from), to_stderr: index == 1 };
        Self {
            console,
            open: console.stdin.is_some(),
            sink,
            pending: Vec::new(),
            finder: None,
            terminal: false,
            attached: false,
            left: false,
            sources: sources.into_iter().enumerate().map(source).collect(),
            raw: None,
            resized: None,
            stops: None,
        }
    }

    /// Pipes for a command: ours, and the three that it gets.
    pub(in crate::session) fn pipes(console: &'a Console) -> Result<(Self, Vec<OwnedFd>), Error> {
        let make = || -> Result<_, Errno> {
            let (their_in, sink) = pipe_with(PipeFlags::CLOEXEC)?;
            let (out, their_out) = pipe_with(PipeFlags::CLOEXEC)?;
            let (err, their_err) = pipe_with(PipeFlags::CLOEXEC)?;
            for fd in [&sink, &out, &err] {
                fcntl_setfl(fd, OFlags::NONBLOCK)?;
            }
            // Without input it is at its end at once.
            let sink = console.stdin.is_some().then_some(sink);
            Ok((Self::new(console, sink, vec![out, err]), vec![their_in, their_out, their_err]))
        };
        make().doing("make", "pipes for the command")
    }

    /// A terminal for a command: our end, and three times its own.
    pub(in crate::session) fn terminal(console: &'a Console) -> Result<(Self, Vec<OwnedFd>), Error> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let make = || -> Result<_, std::io::Error> {
            let ours = openpt(flags)?;
            grantpt(&ours)?;
            unlockpt(&ours)?;
            let theirs = ioctl_tiocgptpeer(&ours, flags)?;
            fcntl_setfl(&ours, OFlags::RDWR | OFlags::NONBLOCK)?;
            let copies = [theirs.try_clone()?, theirs.try_clone()?];
            let relay = Self::new(console, Some(ours.try_clone()?), vec![ours]);
            Ok((relay, std::iter::once(theirs).chain(copies).collect::<Vec<_>>()))
        };
        let (mut relay, theirs) = make().doing("make", "a terminal for the command")?;
        relay.terminal = true;
        relay.take_terminal()?;
        Ok((relay, theirs))
    }

    /// Pipes for the output of an app that runs; its input follows when it is attached.
    pub(in crate::session) fn taps(console: &'a Console, tty: bool) -> Result<(Self, Vec<OwnedFd>), Error> {
        let make = || -> Result<_, Errno> {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..if tty { 1 } else { 2 } {
                let (our, their) = pipe_with(PipeFlags::CLOEXEC)?;
                fcntl_setfl(&our, OFlags::NONBLOCK)?;
                ours.push(our);
                theirs.push(their);
            }
            Ok((Self::new(console, None, ours), theirs))
        };
        make().doing("make", "pipes for the app")
    }

    /// An app's input is here.
    pub(in crate::session) fn attached(&mut self, input: Option<OwnedFd>, tty: bool) -> Result<(), Error> {
        self.sink = input;
        (self.attached, self.terminal) = (true, tty);
        if let Some(sink) = &self.sink {
            let flags = fcntl_getfl(sink).doing("examine", "the app's input")?;
            fcntl_setfl(sink, flags | OFlags::NONBLOCK).doing("use", "the app's input")?;
        }
        if tty {
            self.take_terminal()?;
        }
        if self.console.is_terminal() {
            self.finder = Some(Finder::new(&self.console.keys));
        }
        Ok(())
    }

    /// The user's terminal passes every key on from now on, and its size is that of the other one.
    fn take_terminal(&mut self) -> Result<(), Error> {
        let Some(stdin) = &self.console.stdin else { return Ok(()) };
        self.raw = Raw::of(stdin)?;
        if self.raw.is_some() {
            self.resized = Some(Resized::listen().doing("listen to", "SIGWINCH")?);
        }
        self.resize();
        Ok(())
    }

    pub(super) fn resize(&self) {
        if let (Some(stdin), Some(sink)) = (&self.console.stdin, &self.sink)
            && let Ok(size) = tcgetwinsize(stdin)
        {
            // Of what is no terminal the size does not matter.
            let _ = tcsetwinsize(sink, size);
        }
    }
}

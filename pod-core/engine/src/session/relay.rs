//! Passes input and output between the user's streams and those of a command or an app: one loop over poll(2).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{tcgetwinsize, tcsetwinsize};
use signal_hook::SigId;
use signal_hook::consts::SIGWINCH;

use super::console::{Console, Raw};
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
}

/// Output, and where it goes.
#[derive(Debug)]
struct Source {
    from: Option<OwnedFd>,
    to_stderr: bool,
}

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
        }
    }

    /// Pipes for a command: ours, and the three that it gets.
    pub(super) fn pipes(console: &'a Console) -> Result<(Self, Vec<OwnedFd>), Error> {
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
    pub(super) fn terminal(console: &'a Console) -> Result<(Self, Vec<OwnedFd>), Error> {
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
    pub(super) fn taps(console: &'a Console, tty: bool) -> Result<(Self, Vec<OwnedFd>), Error> {
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
    pub(super) fn attached(&mut self, input: Option<OwnedFd>, tty: bool) -> Result<(), Error> {
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

    fn resize(&self) {
        if let (Some(stdin), Some(sink)) = (&self.console.stdin, &self.sink)
            && let Ok(size) = tcgetwinsize(stdin)
        {
            // Of what is no terminal the size does not matter.
            let _ = tcsetwinsize(sink, size);
        }
    }

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

/// SIGWINCH as something to poll.
#[derive(Debug)]
struct Resized {
    read: UnixStream,
    id: SigId,
}

impl Resized {
    fn listen() -> std::io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        let id = signal_hook::low_level::pipe::register(SIGWINCH, write)?;
        Ok(Self { read, id })
    }

    fn take(&mut self) {
        let mut buffer = [0; 16];
        let _ = std::io::Read::read(&mut self.read, &mut buffer);
    }
}

impl AsFd for Resized {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

impl Drop for Resized {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.id);
    }
}

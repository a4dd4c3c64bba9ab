//! One process from start to end.
#![expect(clippy::disallowed_methods, reason = "the feature `exec` is where processes, files and clocks are")]

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::invocation::Invocation;
use crate::plugins::{Exit, Failure, Output};

use super::{Cancel, Limits};

/// How long a killed process may take to vanish before it is left to a thread: one that the kernel holds does not.
const VANISH: Duration = Duration::from_secs(2);

/// How often the pipes of a process are looked at that has not ended, unless it is loud.
const LOOK: Duration = Duration::from_millis(20);

/// How many bytes between two looks make a process loud: a sixteenth of a pipe, or all of the smallest.
const LOUD: usize = 4096;

/// What the smallest pipe takes (pipe(7)).
const PAGE: usize = 4096;

/// How often a program is tried that somebody is just writing (`ETXTBSY`): every 20 ms for 2 seconds.
const BUSY: (u32, Duration) = (100, Duration::from_millis(20));

/// Starts a program in a process group of its own.
pub(super) fn start<'a>(
    program: &Path,
    environment: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    deadline: Option<Instant>,
) -> Result<Child, Failure> {
    let mut command = Command::new(program);
    command.env_clear().envs(environment).current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut attempts = 0..BUSY.0;
    loop {
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && attempts.next().is_some()
                    && deadline.is_none_or(|deadline| Instant::now() < deadline) =>
            {
                std::thread::sleep(BUSY.1);
            }
            Err(source) => return Err(Failure::Start { program: program.to_owned(), source: source.into() }),
        }
    }
}

/// Feeds a process, reads it, and waits for its end, for the deadline, or for being told to stop.
pub(super) fn attend(
    child: Child,
    program: &Path,
    invocation: &Invocation,
    limits: &Limits,
    deadline: Option<Instant>,
    cancel: Option<&Cancel>,
) -> Result<Output, Failure> {
    let talk = |source: io::Error| Failure::Talk { program: program.to_owned(), source: source.into() };
    let mut session = match Session::new(child, invocation.stdin.as_bytes(), limits) {
        Ok(session) => session,
        Err((child, error)) => {
            abandon(child);
            return Err(talk(error));
        }
    };
    // Most input fits into the pipe at once.
    session.write();
    loop {
        let event = match session.wait(deadline, cancel) {
            Ok(event) => event,
            Err(error) => {
                session.kill();
                return Err(talk(error));
            }
        };
        match event {
            Event::Progress => {}
            Event::Ended(status) => {
                let exit =
                    status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(0)), Exit::Code);
                return Ok(Output { exit, stdout: session.out, stderr: session.err.into() });
            }
            Event::TooMuch => {
                let stderr = session.kill();
                return Err(Failure::TooMuchOutput { limit: limits.stdout, stderr });
            }
            Event::Late => {
                let stderr = session.kill();
                return Err(Failure::TimedOut { limit: limits.time.unwrap_or_default(), stderr });
            }
            Event::Cancelled => {
                session.kill();
                return Err(Failure::Cancelled { started: true });
            }
        }
    }
}

enum Event {
    Progress,
    Ended(ExitStatus),
    TooMuch,
    Late,
    Cancelled,
}

/// A running process and what has come from it.
struct Session<'a> {
    child: Child,
    pidfd: OwnedFd,
    /// What is still to be written.
    input: &'a [u8],
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    out: Vec<u8>,
    out_limit: usize,
    /// The end of standard error.
    err: VecDeque<u8>,
    err_limit: usize,
    /// Whether it has written so much that its pipes may be full.
    is_loud: bool,
}

impl<'a> Session<'a> {
    fn new(mut child: Child, input: &'a [u8], limits: &Limits) -> Result<Self, (Child, io::Error)> {
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let fds = [
            // An empty pipe takes so much at once.
            stdin.as_ref().filter(|_| input.len() > PAGE).map(AsFd::as_fd),
            stdout.as_ref().map(AsFd::as_fd),
            stderr.as_ref().map(AsFd::as_fd),
        ];
        for fd in fds.into_iter().flatten() {
            if let Err(error) = ioctl_fionbio(fd, true) {
                return Err((child, error.into()));
            }
        }
        // The child has not been waited for: its number is still its own.
        let pidfd = match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(error) => return Err((child, error.into())),
        };
        Ok(Self {
            child,
            pidfd,
            input,
            stdin,
            stdout,
            stderr,
            out: Vec::new(),
            out_limit: limits.stdout,
            err: VecDeque::new(),
            err_limit: limits.stderr,
            is_loud: false,
        })
    }

    /// Waits until something can be done, and does it.
    ///
    /// What a plugin writes fits into its pipes: to be woken by its end alone is enough, and costs less than to be woken by each
    /// of its words. Now and then the pipes are looked at all the same, and once much is in them, they wake us.
    fn wait(&mut self, deadline: Option<Instant>, cancel: Option<&Cancel>) -> io::Result<Event> {
        let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
        fds.extend(self.stdin.as_ref().map(|fd| PollFd::new(fd, PollFlags::OUT)));
        fds.extend(cancel.map(|cancel| PollFd::new(cancel, PollFlags::IN)));
        if self.is_loud {
            fds.extend(self.stdout.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
            fds.extend(self.stderr.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = if self.is_loud { left } else { Some(left.map_or(LOOK, |left| left.min(LOOK))) };
        match poll(&mut fds, limit.map(timespec).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = fds.first().is_some_and(|fd| !fd.revents().is_empty());
        drop(fds);
        self.write();
        if self.read()? {
            return Ok(Event::TooMuch);
        }
        if ended {
            // What the process itself has written is in the pipes by now, and has just been read; who else holds them
            // open is not waited for.
            return self.child.wait().map(Event::Ended);
        }
        if cancel.is_some_and(Cancel::is_cancelled) {
            return Ok(Event::Cancelled);
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Ok(Event::Late);
        }
        Ok(Event::Progress)
    }

    /// Writes what can be written. A plugin need not read its input: a closed pipe is no error.
    fn write(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        while !self.input.is_empty() {
            match stdin.write(self.input) {
                Ok(written) => self.input = self.input.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => break,
            }
        }
        self.stdin = None;
    }

    /// Reads what is there; true when standard output is too much.
    fn read(&mut self) -> io::Result<bool> {
        let (out, limit) = (&mut self.out, self.out_limit);
        let mut length = 0;
        if drain(&mut self.stdout, |bytes| {
            let room = limit.saturating_sub(out.len());
            out.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            length += bytes.len();
            bytes.len() <= room
        })? {
            return Ok(true);
        }
        let (err, limit) = (&mut self.err, self.err_limit);
        drain(&mut self.stderr, |bytes| {
            length += bytes.len();
            err.extend(bytes);
            let surplus = err.len().saturating_sub(limit);
            err.drain(..surplus);
            true
        })?;
        self.is_loud |= length >= LOUD;
        Ok(false)
    }

    /// Kills the process group, and gives back what standard error held.
    fn kill(mut self) -> Vec<u8> {
        // Not waited for yet, so the number is still that of our group.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let vanished = poll(&mut fds, Some(&timespec(VANISH))).is_ok_and(|ready| ready > 0);
        let _ = self.read();
        if vanished {
            let _ = self.child.wait();
        } else {
            reap_later(self.child);
        }
        self.err.into()
    }
}

/// Reads a pipe until it is empty, closed, or `take` has had enough; true in the last case.
fn drain(pipe: &mut Option<impl Read>, mut take: impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let Some(reader) = pipe else { return Ok(false) };
    let mut buffer = [0; PAGE];
    // A writer that never stops must not keep us from looking at the clock.
    for _ in 0..256 {
        match reader.read(&mut buffer) {
            Ok(0) => {
                *pipe = None;
                return Ok(false);
            }
            Ok(length) => {
                if !take(buffer.get(..length).unwrap_or_default()) {
                    return Ok(true);
                }
                if length < buffer.len() {
                    return Ok(false);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

fn timespec(duration: Duration) -> Timespec {
    // Longer than 68 years is as good as for ever; a wait that is too short by a nanosecond would spin.
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).min(i64::from(i32::MAX));
    Timespec { tv_sec: seconds, tv_nsec: i64::from(duration.subsec_nanos()) }
}

/// Ends a process that could not be attended.
fn abandon(child: Child) {
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    reap_later(child);
}

fn reap_later(mut child: Child) {
    std::thread::spawn(move || child.wait());
}

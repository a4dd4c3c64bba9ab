//! One running app: its process, its output, its group.

use std::fs;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use pod_core::Timestamp;
use pod_core::lifecycle::{ExitStatus, StartFailure};
use pod_core::pod::{App, AppName, Stdin, TerminationMessagePolicy};

use super::child::Child;
use super::clock::Clock;
use super::output::{Output, null};
use super::tap::Tap;
use crate::cgroup::AppGroup;
use crate::error::{Doing, Error};
use crate::log::{Lines, Log, LogLimits, Piece};
use crate::plan::Plan;
use crate::ports::{Observer, Stream};
use crate::stage1::{Launched, Launcher, Pids, Stdio};

/// The longest last words (kubelet, `MaxContainerTerminationMessageLength`).
const MAX_MESSAGE: u64 = 4096;

/// A start that did not come off.
#[derive(Debug)]
pub(super) struct StartError {
    pub(super) failure: StartFailure,
    pub(super) message: String,
}

impl StartError {
    pub(super) fn config(message: String) -> Self {
        Self { failure: StartFailure::Config, message }
    }

    pub(super) fn create(message: String) -> Self {
        Self { failure: StartFailure::Create, message }
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self { failure: StartFailure::Create, message: error.chain() }
    }
}

/// An app from its launch to its end.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) name: AppName,
    pub(super) attempt: u32,
    pub(super) launched: Timestamp,
    pub(super) child: Child,
    pub(super) group: AppGroup,
    /// Whether the machine was told that it runs.
    pub(super) told: bool,
    streams: Streams,
    termination: PathBuf,
    policy: TerminationMessagePolicy,
}

/// What an app writes, and where it goes.
#[derive(Debug)]
pub(super) struct Streams {
    stdout: (Output, Lines),
    stderr: Option<(Output, Lines)>,
    log: Log,
    log_broken: bool,
    stdin: Input,
    taps: Vec<Tap>,
}

/// Where an app's input comes from.
#[derive(Debug)]
enum Input {
    /// It is at its end.
    None,
    /// A pipe, held open so that the app waits for whoever attaches.
    Open(OwnedFd),
    /// A pipe for the first who attaches.
    Once(OwnedFd),
    /// The terminal that is its output, too.
    Terminal,
}

/// What is launched for an app, and where it leaves its traces.
pub(super) struct Launch<'a> {
    pub(super) launcher: &'a Launcher,
    pub(super) dir: &'a Path,
    pub(super) app: &'a App,
    pub(super) attempt: u32,
    pub(super) pids: Pids<'a>,
    pub(super) log_limits: LogLimits,
    pub(super) termination: PathBuf,
}

impl Launch<'_> {
    /// Launches the app.
    pub(super) fn start(self, plan: &Plan, group: AppGroup, now: Timestamp) -> Result<Running, StartError> {
        make_termination_file(&self.termination)?;
        let logs = crate::dir::logs(self.dir, &self.app.name);
        let log = Log::create(&logs, self.attempt, self.log_limits)?;
        let (streams, launched) = self.with_streams(plan, log)?;
        let name = format!("app-{}-{}", self.app.name, self.attempt);
        let child = Child::new(self.dir, name, launched)?;
        Ok(Running {
            name: self.app.name.clone(),
            attempt: self.attempt,
            launched: now,
            child,
            group,
            told: false,
            streams,
            termination: self.termination,
            policy: self.app.termination_message.policy,
        })
    }

    fn with_streams(&self, plan: &Plan, log: Log) -> Result<(Streams, Launched), StartError> {
        let launch = |stdin: BorrowedFd<'_>, stdout: BorrowedFd<'_>, stderr: BorrowedFd<'_>| {
            self.launcher
                .launch(plan, Stdio { stdin, stdout, stderr }, self.pids)
                .map_err(|error| StartError { failure: StartFailure::Create, message: describe(&error) })
        };
        if self.app.tty {
            let (ours, theirs) = Output::terminal()?;
            let launched = launch(theirs.as_fd(), theirs.as_fd(), theirs.as_fd())?;
            let stdout = (ours, Lines::default());
            let stdin = if self.app.stdin == Stdin::Null { Input::None } else { Input::Terminal };
            return Ok((
                Streams { stdout, stderr: None, log, log_broken: false, stdin, taps: vec![] },
                launched,
            ));
        }
        let (out, their_out) = Output::pipe()?;
        let (err, their_err) = Output::pipe()?;
        let (held, stdin) = match self.app.stdin {
            Stdin::Null => (Input::None, null()?),
            Stdin::Open | Stdin::Once => {
                let (theirs, ours) =
                    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).doing("make", "a pipe")?;
                let once = self.app.stdin == Stdin::Once;
                (if once { Input::Once(ours) } else { Input::Open(ours) }, theirs)
            }
        };
        let launched = launch(stdin.as_fd(), their_out.as_fd(), their_err.as_fd())?;
        let streams = Streams {
            stdout: (out, Lines::default()),
            stderr: Some((err, Lines::default())),
            log,
            log_broken: false,
            stdin: held,
            taps: vec![],
        };
        Ok((streams, launched))
    }
}

/// The text of an error with its causes.
pub(super) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An app of any user may write its last words.
pub(super) fn make_termination_file(path: &Path) -> Result<(), Error> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o666)
        .open(path)
        .doing("create", path)?;
    file.set_permissions(fs::Permissions::from_mode(0o666)).doing("change the mode of", path)
}

impl Running {
    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let Streams { stdout, stderr, .. } = &self.streams;
        [
            Some(self.child.pidfd()),
            self.child.reports(),
            stdout.0.fd(),
            stderr.as_ref().and_then(|(output, _)| output.fd()),
        ]
        .into_iter()
        .flatten()
    }

    /// Passes on what it wrote.
    pub(super) fn read(&mut self, clock: &Clock, observer: &mut dyn Observer) {
        self.streams.each(&self.name, clock, observer, |output, out| output.read(out));
    }

    /// Passes on what it wrote before its end, and closes its streams.
    pub(super) fn drain(&mut self, clock: &Clock, observer: &mut dyn Observer) {
        self.streams.each(&self.name, clock, observer, |output, out| output.drain(out));
        self.streams.end(&self.name, clock, observer);
        self.streams.log.end();
    }

    /// Gives somebody its streams: pipes for its output, and what leads to its input when that is asked for and there. Tells whether
    /// it has a terminal.
    pub(super) fn attach(
        &mut self,
        caller: u64,
        stdin: bool,
        fds: Vec<OwnedFd>,
    ) -> Result<(bool, Option<OwnedFd>), String> {
        let streams = &mut self.streams;
        let input = if stdin { streams.input(&self.name)? } else { None };
        let tap = Tap::new(caller, fds).map_err(|error| format!("its streams cannot be used: {error}"))?;
        streams.taps.push(tap);
        Ok((streams.stderr.is_none(), input))
    }

    /// Somebody who had its streams is gone.
    pub(super) fn detach(&mut self, caller: u64) {
        self.streams.taps.retain(|tap| tap.caller != caller);
    }

    /// It has ended: everybody who has its streams, and how much each of them has missed.
    pub(super) fn detach_all(&mut self) -> Vec<(u64, u64)> {
        self.streams.taps.drain(..).map(|tap| (tap.caller, tap.skipped)).collect()
    }

    /// Its last words.
    pub(super) fn last_words(&mut self, status: ExitStatus) -> String {
        let words = read_termination_file(&self.termination).unwrap_or_else(|error| {
            tracing::warn!(app = %self.name, error = error.chain(), "no last words");
            String::new()
        });
        let fallback = self.policy == TerminationMessagePolicy::FallbackToLogsOnError;
        if words.is_empty() && fallback && !status.is_success() { self.streams.log.tail() } else { words }
    }
}

impl Streams {
    /// What leads to the app's input. What is given away once is the receiver's alone: when it closes that, the input is at its end.
    fn input(&mut self, app: &AppName) -> Result<Option<OwnedFd>, String> {
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

    fn each(
        &mut self,
        app: &AppName,
        clock: &Clock,
        observer: &mut dyn Observer,
        mut read: impl FnMut(&mut Output, &mut dyn FnMut(&[u8])),
    ) {
        let Self { stdout, stderr, log, log_broken, taps, .. } = self;
        let mut sink = Sink { app, clock, observer, log, log_broken };
        for (stream, pair) in [(Stream::Stdout, Some(stdout)), (Stream::Stderr, stderr.as_mut())] {
            let Some((output, lines)) = pair else { continue };
            read(output, &mut |bytes| {
                taps.iter_mut().for_each(|tap| tap.write(stream, bytes));
                lines.add(bytes, |piece| sink.add(stream, piece));
            });
            if output.fd().is_none() {
                lines.end(|piece| sink.add(stream, piece));
            }
        }
        sink.flush();
    }

    fn end(&mut self, app: &AppName, clock: &Clock, observer: &mut dyn Observer) {
        let Self { stdout, stderr, log, log_broken, .. } = self;
        let mut sink = Sink { app, clock, observer, log, log_broken };
        stdout.1.end(|piece| sink.add(Stream::Stdout, piece));
        if let Some((_, lines)) = stderr {
            lines.end(|piece| sink.add(Stream::Stderr, piece));
        }
        sink.flush();
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

/// The app could write to the file, and to nothing else of its directory; it is read all the same with care.
fn read_termination_file(path: &Path) -> Result<String, Error> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).doing("open", path)?;
    let mut bytes = Vec::new();
    file.take(MAX_MESSAGE).read_to_end(&mut bytes).doing("read", path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

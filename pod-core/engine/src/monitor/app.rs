//! One running app: its process, its output, its group.

mod streams;

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
use crate::log::{Log, LogLimits};
use crate::plan::Plan;
use crate::ports::Observer;
use crate::stage1::{Launched, Launcher, Pids, Stdio};
use streams::{Input, Streams};

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
            // `Once` makes no difference here: no terminal is at its end because somebody has left it (containerd).
            let stdin = if self.app.stdin == Stdin::Null { Input::None } else { Input::Terminal };
            return Ok((Streams::new(ours, None, log, stdin), launched));
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
        Ok((Streams::new(out, Some(err), log, held), launched))
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
        self.child.fds().chain(self.streams.fds())
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
        streams.add(tap);
        Ok((streams.is_terminal(), input))
    }

    /// Somebody who had its streams is gone.
    pub(super) fn detach(&mut self, caller: u64) {
        self.streams.remove(caller);
    }

    /// It has ended: everybody who has its streams, and how much each of them has missed.
    pub(super) fn detach_all(&mut self) -> Vec<(u64, u64)> {
        self.streams.remove_all().iter().map(|tap| (tap.caller, tap.skipped)).collect()
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

/// The app could write to the file, and to nothing else of its directory; it is read all the same with care.
fn read_termination_file(path: &Path) -> Result<String, Error> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).doing("open", path)?;
    let mut bytes = Vec::new();
    file.take(MAX_MESSAGE).read_to_end(&mut bytes).doing("read", path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! What an app has said, and what has happened to a pod.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use pod_core::Timestamp;
use pod_core::lifecycle::{AppState, Notice};
use pod_core::pod::AppName;
use rustix::fs::{Mode, OFlags};

use crate::dir::PodState;
use crate::engine::PodEntry;
use crate::error::{Doing, Error};
use crate::log::{self, LogLine, Tail};

/// Which part of a log is wanted ([`PodEntry::logs`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Whether it goes on as the app writes, until the app's end.
    pub follow: bool,
    /// Only so many lines from the end; what is longer than 16 KiB counts as several.
    pub tail: Option<u64>,
    /// Only what was written at this time or later.
    pub since: Option<Timestamp>,
    /// The log of the run before the present one.
    pub previous: bool,
}

impl PodEntry {
    /// Hands out what an app has written, line by line, as long as `each` wants more.
    ///
    /// It works on pods that run and on those that have ended, and needs no monitor. What was set aside for its age is gone
    /// ([`crate::LogLimits`]).
    ///
    /// # Errors
    ///
    /// When the pod has no such app, the app has not started yet, there was no run before, or the log cannot be read.
    pub fn logs(
        &self,
        app: &AppName,
        options: &LogOptions,
        each: &mut dyn FnMut(LogLine<'_>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.app(Some(app.as_str()))?;
        let held = Held::open(&self.dir)?;
        let dir = crate::dir::logs(&held.path, app);
        let mut runs = log::runs(&dir).doing("list", &self.dir)?.into_iter().rev();
        let run = if options.previous { runs.nth(1) } else { runs.next() };
        let run = run.ok_or_else(|| self.no_log(app, options.previous))?;
        let path = log::path(&dir, run);
        let mut tail = Tail::open(&path, options.tail).doing("read", &path)?;
        let mut parse = |line: &[u8]| match LogLine::parse(line) {
            Some(line) if options.since.is_none_or(|since| line.at >= since) => each(line),
            Some(_) => ControlFlow::Continue(()),
            // Only a full disk leaves such a line.
            None => ControlFlow::Continue(()),
        };
        if options.follow {
            let end = log::end_path(&dir, run);
            let mut is_over = || Ok(end.exists() || !self.has_monitor(&held)?);
            tail.follow(&mut is_over, &mut parse).doing("follow", &path)
        } else {
            tail.read(&mut parse).map(drop).doing("read", &path)
        }
    }

    /// Hands out what has happened to the pod, as long as `each` wants more; with `follow` until the pod's end.
    ///
    /// # Errors
    ///
    /// When the events cannot be read.
    pub fn events(
        &self,
        follow: bool,
        each: &mut dyn FnMut(&Notice) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let held = Held::open(&self.dir)?;
        let path = held.path.join(log::EVENTS);
        let mut tail = Tail::open(&path, None).doing("read", &path)?;
        let mut parse = |line: &[u8]| match serde_json::from_slice(line) {
            Ok(notice) => each(&notice),
            Err(_) => ControlFlow::Continue(()),
        };
        if follow {
            let mut is_over = || self.has_monitor(&held).map(|has| !has);
            tail.follow(&mut is_over, &mut parse).doing("follow", &path)
        } else {
            tail.read(&mut parse).map(drop).doing("read", &path)
        }
    }

    /// Whether somebody may still write.
    fn has_monitor(&self, held: &Held) -> io::Result<bool> {
        if self.state != PodState::Running {
            return Ok(false);
        }
        // A lock of this opening would be in the way of nobody for long.
        let locked = crate::dir::is_locked(&held.path).map_err(|error| io::Error::other(error.chain()))?;
        Ok(locked == Some(true))
    }

    fn no_log(&self, app: &AppName, previous: bool) -> Error {
        let state = self.status.iter().flat_map(|status| &status.apps).find(|status| status.name == *app);
        let why = match state.map(|status| &status.state) {
            _ if previous => "it has not run before".to_owned(),
            Some(AppState::Waiting { reason, .. }) => format!("it is waiting to start: {reason}"),
            _ => "it has not started".to_owned(),
        };
        Error::refused(format!("app `{app}`"), why)
    }
}

/// A pod directory that is found wherever it is moved to.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    _dir: OwnedFd,
}

impl Held {
    fn open(dir: &Path) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(dir, flags, Mode::empty()).doing("open", dir)?;
        // The dot, because nothing else may follow the link itself.
        Ok(Self { path: format!("/proc/self/fd/{}/.", fd.as_raw_fd()).into(), _dir: fd })
    }
}

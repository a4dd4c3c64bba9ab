//! A process that was launched, from stage1's first word to its end.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use pod_core::lifecycle::{ExitStatus, Outcome};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::error::{Doing, Error};
use crate::process;
use crate::stage1::{Failure, Launched, Next, Report, Reports};

/// A child of the monitor.
#[derive(Debug)]
pub(super) struct Child {
    name: String,
    pid: Pid,
    pidfd: OwnedFd,
    reports: Option<Reports>,
    /// What stage1 said.
    pub(super) said: Said,
}

/// What a stage1 process has said so far.
#[derive(Debug, Default)]
pub(super) struct Said {
    ready: bool,
    ended: bool,
    pub(super) failure: Option<Failure>,
    pub(super) outcome: Option<Outcome>,
    pub(super) warnings: Vec<String>,
}

impl Said {
    /// Whether the last step was done: the program runs.
    pub(super) const fn is_done(&self) -> bool {
        self.ready && self.ended && self.failure.is_none()
    }
}

impl Child {
    /// Takes charge of a process, and writes it down so that it is found when we die.
    pub(super) fn new(dir: &Path, name: String, launched: Launched) -> Result<Self, Error> {
        let child = Self::unrecorded(name, launched)?;
        match process::remember(dir, &child.name, child.pid) {
            Ok(()) => Ok(child),
            Err(error) => {
                child.kill();
                child.wait();
                Err(error)
            }
        }
    }

    /// Takes charge of a process that becomes no other program, and so bears the pod's mark to its end.
    pub(super) fn unrecorded(name: String, launched: Launched) -> Result<Self, Error> {
        let Launched { pid, pidfd, reports } = launched;
        let pid =
            Pid::from_raw(pid).ok_or_else(|| Error::io("know process", pid.to_string(), Errno::SRCH))?;
        Ok(Self { name, pid, pidfd, reports: Some(reports), said: Said::default() })
    }

    pub(super) fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [Some(self.pidfd()), self.reports()].into_iter().flatten()
    }

    /// Where reports come from, while they do.
    pub(super) fn reports(&self) -> Option<BorrowedFd<'_>> {
        self.reports.as_ref().map(AsFd::as_fd)
    }

    /// Reads what stage1 says, without waiting.
    pub(super) fn listen(&mut self) {
        while let Some(reports) = &mut self.reports {
            match reports.next() {
                Ok(Next::Report(Report::Warning(text))) => self.said.warnings.push(text),
                Ok(Next::Report(Report::Failed(failure))) => self.said.failure = Some(failure),
                Ok(Next::Report(Report::Ready)) => self.said.ready = true,
                Ok(Next::Report(Report::Outcome(outcome))) => self.said.outcome = Some(outcome),
                Ok(Next::Pending) => return,
                Ok(Next::End) => {
                    self.said.ended = true;
                    self.reports = None;
                }
                Err(error) => {
                    tracing::warn!(process = self.name, %error, "its reports cannot be read");
                    self.reports = None;
                }
            }
        }
    }

    /// How it ended, once it has; then it is waited for, and its number is free.
    pub(super) fn try_wait(&mut self, dir: &Path) -> Option<ExitStatus> {
        let status = wait_for(&self.pidfd, WaitIdOptions::EXITED | WaitIdOptions::NOHANG)?;
        process::forget(dir, &self.name);
        self.listen();
        Some(status)
    }

    fn wait(&self) {
        wait_for(&self.pidfd, WaitIdOptions::EXITED);
    }

    /// Sends a signal to the process itself.
    pub(super) fn signal(&self, signal: i32) -> Result<(), Error> {
        match crate::sys::send_signal(self.pidfd.as_fd(), signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error).doing("send a signal to", &self.name),
        }
    }

    /// Kills it and the process group that it leads. It was not waited for yet, so both numbers are its own.
    pub(super) fn kill(&self) {
        if let Err(error) = process::kill(&self.pidfd) {
            tracing::warn!(process = self.name, error = error.chain(), "it cannot be killed");
        }
        // There is no such group before it has begun a session of its own.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    /// Kills it and waits for its end.
    pub(super) fn end(mut self, dir: &Path) {
        self.kill();
        self.wait();
        let _ = self.try_wait(dir);
        process::forget(dir, &self.name);
    }
}

fn wait_for(pidfd: &OwnedFd, options: WaitIdOptions) -> Option<ExitStatus> {
    loop {
        match waitid(WaitId::PidFd(pidfd.as_fd()), options) {
            Ok(None) | Err(Errno::CHILD) => return None,
            Ok(Some(status)) => {
                let signal = status.terminating_signal().map(ExitStatus::Signal);
                let code =
                    status.exit_status().and_then(|code| u8::try_from(code).ok()).map(ExitStatus::Code);
                return signal.or(code);
            }
            Err(Errno::INTR) => {}
            Err(error) => {
                tracing::warn!(%error, "a process cannot be waited for");
                return None;
            }
        }
    }
}

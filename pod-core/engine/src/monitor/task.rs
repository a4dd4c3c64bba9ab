//! Hooks and probes that run: each is a process with a time limit, or a question that a process asks.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use pod_core::Timestamp;
use pod_core::lifecycle::{Event, ExitStatus, Hook, Outcome, ProbeKind};
use pod_core::pod::{AppName, Handler};

use super::app::describe;
use super::child::Child;
use super::output::{Excerpt, Output, null};
use crate::cgroup::AppGroup;
use crate::error::Error;
use crate::plan::Plan;
use crate::stage1::{Launcher, Pids, Stdio};

/// How much longer than its time a question by network may take before its process is killed: it keeps the time itself.
const NETWORK_SLACK: Duration = Duration::from_secs(1);

/// What a task is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Hook(Hook),
    Probe(ProbeKind),
}

/// A hook or a probe that the machine asked for.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) app: AppName,
    pub(super) attempt: u32,
    pub(super) purpose: Purpose,
    pub(super) handler: Handler,
    pub(super) timeout: Option<Duration>,
}

impl Request {
    /// The answer.
    pub(super) fn done(&self, outcome: Outcome) -> Event {
        let (app, attempt) = (self.app.clone(), self.attempt);
        match self.purpose {
            Purpose::Hook(hook) => Event::HookDone { app, attempt, hook, outcome },
            Purpose::Probe(probe) => Event::ProbeDone { app, attempt, probe, outcome },
        }
    }

    fn name(&self, number: u64) -> String {
        format!("task-{}-{}-{number}", self.app, self.attempt)
    }
}

/// A hook or a probe that runs.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) request: Request,
    pub(super) child: Child,
    /// When it is killed.
    pub(super) deadline: Option<Timestamp>,
    /// The group that was made for it, when it does not run in an app that is there.
    pub(super) group: Option<AppGroup>,
    output: Output,
    excerpt: Excerpt,
    timed_out: bool,
    pub(super) cancelled: bool,
}

impl Task {
    /// Launches it.
    pub(super) fn start(
        launcher: &Launcher,
        dir: &Path,
        number: u64,
        request: Request,
        plan: &Plan,
        pids: Pids<'_>,
        now: Timestamp,
    ) -> Result<Self, String> {
        let text = |error: Error| error.chain();
        let (output, theirs) = Output::pipe().map_err(text)?;
        let null = null().map_err(text)?;
        let stdio = Stdio { stdin: null.as_fd(), stdout: theirs.as_fd(), stderr: theirs.as_fd() };
        let launched = launcher.launch(plan, stdio, pids).map_err(|error| describe(&error))?;
        let child = Child::new(dir, request.name(number), launched).map_err(text)?;
        let by_network = matches!(plan, Plan::Probe(_) | Plan::Hook(_));
        let slack = if by_network { NETWORK_SLACK } else { Duration::ZERO };
        let deadline = request.timeout.map(|timeout| now + timeout + slack);
        Ok(Self {
            request,
            child,
            deadline,
            group: None,
            output,
            excerpt: Excerpt::default(),
            timed_out: false,
            cancelled: false,
        })
    }

    /// What to poll.
    pub(super) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [Some(self.child.pidfd()), self.child.reports(), self.output.fd()].into_iter().flatten()
    }

    /// Takes what is there, without waiting.
    pub(super) fn read(&mut self) {
        self.child.listen();
        self.output.read(|bytes| self.excerpt.add(bytes));
    }

    /// Kills it when its time is over.
    pub(super) fn check_time(&mut self, now: Timestamp) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.timed_out = true;
            self.child.kill();
        }
    }

    /// Kills it, and forgets about an answer.
    pub(super) fn cancel(&mut self) {
        self.cancelled = true;
        self.child.kill();
    }

    /// The outcome, once it has ended.
    pub(super) fn ended(&mut self, dir: &Path) -> Option<Outcome> {
        let status = self.child.try_wait(dir)?;
        self.output.drain(|bytes| self.excerpt.add(bytes));
        Some(self.outcome(status))
    }

    fn outcome(&mut self, status: ExitStatus) -> Outcome {
        if self.timed_out {
            return Outcome::TimedOut;
        }
        if let Some(outcome) = self.child.said.outcome.take() {
            return outcome;
        }
        if let Some(failure) = &self.child.said.failure {
            return Outcome::Error(failure.to_string());
        }
        if !self.child.said.is_done() {
            return Outcome::Error(format!("stage1 ended with {} before it had begun", status.code()));
        }
        if status.is_success() {
            return Outcome::Success;
        }
        Outcome::Failure(self.wording(status))
    }

    /// The kubelet's words: of a hook all is told (CRI `ExecSync`), of a probe what the command said.
    fn wording(&self, status: ExitStatus) -> String {
        let text = self.excerpt.text();
        let command = match &self.request.handler {
            Handler::Exec { command } => command.join(" "),
            _ => String::new(),
        };
        match self.request.purpose {
            Purpose::Probe(_) if !text.is_empty() => text,
            _ => format!("command '{command}' exited with {}: {text}", status.code()),
        }
    }
}

//! What a stage1 process tells the monitor while it works: JSON lines through a pipe.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use pod_core::lifecycle::{Outcome, StartFailure};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// The longest line: a bound for what the monitor keeps, far above what stage1 writes.
const MAX_LINE: usize = 64 * 1024;

/// Something that a stage1 process says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Report {
    /// Something that we derived was refused by the machine; the app starts nevertheless.
    Warning(String),
    /// The plan could not be carried out; nothing follows.
    Failed(Failure),
    /// All is done but the last step. The end of the reports after this means that the last step was done too: the app's program
    /// runs, the namespaces are pinned.
    Ready,
    /// How a probe ended; nothing follows.
    Outcome(Outcome),
}

/// Why a plan could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// How far it came.
    pub failure: StartFailure,
    /// What was being done, and to what: ``mounting a volume at `/data` ``.
    pub action: String,
    /// What the kernel said (errno(3)); `None` when it was a rule of ours.
    pub errno: Option<i32>,
}

impl Failure {
    pub(crate) fn new(failure: StartFailure, action: impl Into<String>, errno: Option<Errno>) -> Self {
        Self { failure, action: action.into(), errno: errno.map(Errno::raw_os_error) }
    }

    pub(crate) fn config(action: impl Into<String>) -> Self {
        Self::new(StartFailure::Config, action, None)
    }

    pub(crate) fn create(action: impl Into<String>, errno: Errno) -> Self {
        Self::new(StartFailure::Create, action, Some(errno))
    }

    pub(crate) fn run(action: impl Into<String>, errno: Errno) -> Self {
        Self::new(StartFailure::Run, action, Some(errno))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.action)?;
        self.errno.map_or(Ok(()), |errno| write!(f, ": {}", describe(errno)))
    }
}

impl std::error::Error for Failure {}

/// The text of an errno as runtimes print it: `no such file or directory`.
pub(crate) fn describe(errno: i32) -> String {
    let text = io::Error::from_raw_os_error(errno).to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Adds what was being done to the kernel's refusal. For what makes the sandbox, root or cgroup of an app.
pub(crate) trait Doing<T> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T> Doing<T> for Result<T, Errno> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|errno| Failure::create(action(), errno))
    }
}

/// The writing end, in stage1.
#[derive(Debug)]
pub(crate) struct Reporter(pub(crate) OwnedFd);

impl Reporter {
    /// Says something. A monitor that is gone is no reason to stop: it is gc that ends us then.
    pub(crate) fn say(&self, report: &Report) {
        let Ok(mut line) = serde_json::to_vec(report) else { return };
        line.push(b'\n');
        let mut rest = line.as_slice();
        while !rest.is_empty() {
            match rustix::io::write(&self.0, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.say(&Report::Warning(text.into()));
    }
}

/// The reading end, in the monitor: a descriptor to poll, and a parser that never blocks.
///
/// ```no_run
/// # use pod_engine::stage1::{Next, Report, Reports};
/// # fn wait_for_input(_: impl std::os::fd::AsFd) {}
/// fn started(reports: &mut Reports) -> Result<bool, Box<dyn std::error::Error>> {
///     let mut ready = false;
///     loop {
///         match reports.next()? {
///             Next::Report(Report::Ready) => ready = true,
///             Next::Report(Report::Failed(failure)) => return Err(failure.into()),
///             Next::Report(_) => {}
///             Next::Pending => wait_for_input(&*reports),
///             Next::End => return Ok(ready),
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Reports {
    pipe: OwnedFd,
    buffer: Vec<u8>,
    ended: bool,
}

/// What [`Reports::next`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A report.
    Report(Report),
    /// Nothing yet: poll the descriptor.
    Pending,
    /// There will be none any more.
    End,
}

impl Reports {
    /// Reads from the end of a pipe that does not block.
    pub(crate) const fn new(pipe: OwnedFd) -> Self {
        Self { pipe, buffer: Vec::new(), ended: false }
    }

    /// The next report, if it is there. Never blocks.
    ///
    /// # Errors
    ///
    /// When the pipe cannot be read, or what comes through it is no report (`InvalidData`): a line of over 64 KiB, or one
    /// that is not the JSON of a [`Report`].
    // Not an iterator: an end is not `None` here but one of three answers.
    #[expect(clippy::should_implement_trait, reason = "there are three answers, and errors")]
    pub fn next(&mut self) -> io::Result<Next> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let report = serde_json::from_slice(&line)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
                return Ok(Next::Report(report));
            }
            if self.ended {
                return Ok(Next::End);
            }
            if self.buffer.len() > MAX_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a report of stage1 is too long"));
            }
            let mut chunk = [0; 4096];
            match rustix::io::read(&self.pipe, &mut chunk) {
                Ok(0) => self.ended = true,
                Ok(count) => self.buffer.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(Errno::AGAIN) => return Ok(Next::Pending),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

impl AsFd for Reports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

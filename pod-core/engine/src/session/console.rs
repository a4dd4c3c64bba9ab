//! The user's side of a session.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

use super::DetachKeys;
use crate::error::{Doing, Error};

/// Where the input of a command or an app comes from and where its output goes: usually this process's own streams.
///
/// ```no_run
/// use pod_engine::{Console, Engine, Exec};
///
/// let engine = Engine::open("/var/lib/podkit")?;
/// let pod = engine.pod("5f7b0c3a")?;
/// let exec = Exec { command: vec!["id".into()], ..Exec::default() };
/// let status = pod.exec(pod.app(None)?, &exec, &mut Console::standard(false)?)?;
/// println!("{}", status.code());
/// # Ok::<(), pod_engine::Error>(())
/// ```
#[derive(Debug)]
pub struct Console {
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    pub(super) keys: DetachKeys,
}

impl Console {
    /// This process's standard streams, input only if it is wanted.
    ///
    /// # Errors
    ///
    /// When no descriptors are left.
    pub fn standard(stdin: bool) -> Result<Self, Error> {
        let copy = |fd: BorrowedFd<'_>, name: &str| fd.try_clone_to_owned().doing("open", name);
        Ok(Self {
            stdin: stdin.then(|| copy(rustix::stdio::stdin(), "standard input")).transpose()?,
            stdout: copy(rustix::stdio::stdout(), "standard output")?,
            stderr: copy(rustix::stdio::stderr(), "standard error")?,
            keys: DetachKeys::default(),
        })
    }

    /// Any streams.
    #[must_use]
    pub fn new(stdin: Option<OwnedFd>, stdout: OwnedFd, stderr: OwnedFd) -> Self {
        Self { stdin, stdout, stderr, keys: DetachKeys::default() }
    }

    /// Other keys to leave an app by; they count while input comes from a terminal.
    #[must_use]
    pub fn detach_keys(mut self, keys: DetachKeys) -> Self {
        self.keys = keys;
        self
    }

    /// Whether input comes from a terminal.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.stdin.as_ref().is_some_and(isatty)
    }
}

/// A terminal that passes every key on, until this is dropped.
#[derive(Debug)]
pub(super) struct Raw {
    terminal: OwnedFd,
    before: Termios,
}

impl Raw {
    /// `None` when it is no terminal.
    pub(super) fn of(stdin: &OwnedFd) -> Result<Option<Self>, Error> {
        let what = "the terminal";
        if !isatty(stdin) {
            return Ok(None);
        }
        let before = tcgetattr(stdin).doing("ask for the settings of", what)?;
        let mut raw = before.clone();
        raw.make_raw();
        let terminal = stdin.as_fd().try_clone_to_owned().doing("open", what)?;
        tcsetattr(stdin, OptionalActions::Now, &raw).doing("change the settings of", what)?;
        Ok(Some(Self { terminal, before }))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nowhere left to report that it stays as it is.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

//! Running plugins: what a driver is given, and what it gives back.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::invocation::Invocation;
use crate::name::PluginType;
use crate::request::SearchPath;

/// Something that runs plugins: processes (feature `exec`), or a fake in a test.
///
/// Closures are drivers, too:
///
/// ```
/// use cni_client::invocation::Invocation;
/// use cni_client::plugins::{Failure, Output, Plugins};
///
/// let mut fake = |invocation: &Invocation| -> Result<Output, Failure> {
///     Ok(Output::success(format!(r#"{{"cniVersion":"1.0.0","x-verb":"{}"}}"#, invocation.verb)))
/// };
/// fn takes(_: &mut impl Plugins) {}
/// takes(&mut fake);
/// ```
pub trait Plugins {
    /// Runs one plugin to its end.
    ///
    /// # Errors
    ///
    /// When the plugin could not be run, or was stopped before it ended by itself. A plugin that ends with an error is an
    /// [`Output`].
    fn run(&mut self, invocation: &Invocation) -> Result<Output, Failure>;

    /// What the program of a plugin is now; `None` when that cannot be told, and what it said before need not hold any longer.
    fn identity(&mut self, plugin: &PluginType, path: &SearchPath) -> Option<Identity> {
        let _ = (plugin, path);
        None
    }
}

/// What tells a program from all others, and from what was there under its name before. Two programs never have the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(String);

impl Identity {
    /// The program that this text stands for.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<F> Plugins for F
where
    F: FnMut(&Invocation) -> Result<Output, Failure>,
{
    fn run(&mut self, invocation: &Invocation) -> Result<Output, Failure> {
        self(invocation)
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal with this number.
    Signal(i32),
}

impl Exit {
    /// Whether it is the code 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What a plugin that ran to its end left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, perhaps only the end of it.
    pub stderr: Vec<u8>,
}

impl Output {
    /// An output without anything on standard error.
    #[must_use]
    pub fn new(exit: Exit, stdout: impl Into<Vec<u8>>) -> Self {
        Self { exit, stdout: stdout.into(), stderr: Vec::new() }
    }

    /// The output of a plugin that succeeded.
    #[must_use]
    pub fn success(stdout: impl Into<Vec<u8>>) -> Self {
        Self::new(Exit::Code(0), stdout)
    }

    /// With this on standard error.
    #[must_use]
    pub fn with_stderr(mut self, stderr: impl Into<Vec<u8>>) -> Self {
        self.stderr = stderr.into();
        self
    }
}

/// Why there is no output of a plugin.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// No folder of the search path has the program.
    NotFound {
        /// Where it was searched.
        searched: Vec<PathBuf>,
    },
    /// The program is there and cannot be started.
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It was started, and talking to it failed.
    Talk {
        /// The program.
        program: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It took too long and was killed.
    TimedOut {
        /// How long it was given.
        limit: Duration,
        /// What it had written to its standard error.
        stderr: Vec<u8>,
    },
    /// It wrote too much to its standard output and was killed.
    TooMuchOutput {
        /// How many bytes it was allowed.
        limit: usize,
        /// What it had written to its standard error.
        stderr: Vec<u8>,
    },
    /// Whoever drives the chain gave it up.
    Cancelled {
        /// Whether the plugin had been started.
        started: bool,
    },
}

impl Failure {
    /// Whether the plugin ran at all, so that it may have left something behind.
    #[must_use]
    pub const fn has_run(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::Start { .. } => false,
            Self::Talk { .. } | Self::TimedOut { .. } | Self::TooMuchOutput { .. } => true,
            Self::Cancelled { started } => *started,
        }
    }

    /// What the plugin wrote to its standard error.
    #[must_use]
    pub fn stderr(&self) -> &[u8] {
        match self {
            Self::TimedOut { stderr, .. } | Self::TooMuchOutput { stderr, .. } => stderr,
            _ => &[],
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { searched } => {
                f.write_str("the program is in none of")?;
                for (at, folder) in searched.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma} `{}`", folder.display())?;
                }
                Ok(())
            }
            Self::Start { program, .. } => write!(f, "cannot start `{}`", program.display()),
            Self::Talk { program, .. } => write!(f, "cannot talk to `{}`", program.display()),
            Self::TimedOut { limit, .. } => write!(f, "killed after its time limit of {limit:?}"),
            Self::TooMuchOutput { limit, .. } => {
                write!(f, "killed because it wrote more than {limit} bytes to standard output")
            }
            Self::Cancelled { started: true } => f.write_str("killed because the operation was cancelled"),
            Self::Cancelled { started: false } => {
                f.write_str("not started because the operation was cancelled")
            }
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Start { source, .. } | Self::Talk { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

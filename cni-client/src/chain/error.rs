//! What goes wrong when plugins run.

use std::error::Error;
use std::fmt;

use crate::attachment::{Attachment, AttachmentKey};
use crate::error::{ErrorCode, PluginError};
use crate::invocation::Verb;
use crate::json::JsonError;
use crate::name::{NetworkName, PluginType};
use crate::plugins::{Exit, Failure, Output};
use crate::version::{Version, VersionError};

/// How much of what a plugin wrote is repeated in messages, in characters. All of it is in
/// [`InvocationError::stderr`].
const EXCERPT: usize = 400;

/// Why a chain cannot begin.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PrepareError {
    /// The network has no plugins: a list without `plugins` whose folder is empty.
    NoPlugins {
        /// The network.
        network: NetworkName,
    },
    /// No version of the configuration is known.
    Version {
        /// The network.
        network: NetworkName,
        /// Why.
        source: VersionError,
    },
    /// CHECK is newer than the version.
    NoCheck {
        /// The network.
        network: NetworkName,
        /// Its version.
        version: Version,
    },
    /// CHECK compares with the result of ADD, and there is none.
    NoResult {
        /// The attachment.
        key: AttachmentKey,
    },
}

impl fmt::Display for PrepareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlugins { network } => write!(f, "network `{network}` has no plugins"),
            Self::Version { network, .. } => {
                write!(f, "no version to speak with the plugins of network `{network}`")
            }
            Self::NoCheck { network, version } => {
                write!(f, "network `{network}` is of version {version}, and CHECK needs 0.4.0 or later")
            }
            Self::NoResult { key } => write!(f, "attachment `{key}` has no result of ADD to check against"),
        }
    }
}

impl Error for PrepareError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Version { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// One run of a plugin that went wrong.
#[derive(Debug)]
pub struct InvocationError(Box<Invoked>);

#[derive(Debug)]
struct Invoked {
    verb: Verb,
    plugin: PluginType,
    exit: Option<Exit>,
    stderr: Vec<u8>,
    fault: Fault,
}

/// What exactly went wrong with a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The plugin failed and said why.
    Refused(PluginError),
    /// The plugin failed and wrote nothing to its standard output.
    Silent,
    /// The plugin failed and wrote something else than an error.
    Babbled {
        /// What it wrote, perhaps only the beginning.
        excerpt: String,
        /// Why that is no error.
        source: JsonError,
    },
    /// The plugin succeeded and wrote no result.
    NoResult,
    /// The plugin succeeded and wrote something else than a result.
    BadResult(JsonError),
    /// The plugin could not be run, or was stopped.
    NotRun(Failure),
}

impl InvocationError {
    pub(super) fn failure(verb: Verb, plugin: &PluginType, failure: Failure) -> Self {
        let stderr = failure.stderr().to_vec();
        Self(Box::new(Invoked {
            verb,
            plugin: plugin.clone(),
            exit: None,
            stderr,
            fault: Fault::NotRun(failure),
        }))
    }

    pub(super) fn of_output(verb: Verb, plugin: &PluginType, output: Output, fault: Fault) -> Self {
        let (exit, stderr) = (Some(output.exit), output.stderr);
        Self(Box::new(Invoked { verb, plugin: plugin.clone(), exit, stderr, fault }))
    }

    /// What was asked.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.0.verb
    }

    /// Who was asked.
    #[must_use]
    pub fn plugin(&self) -> &PluginType {
        &self.0.plugin
    }

    /// How the plugin ended; `None` when it did not end by itself.
    #[must_use]
    pub fn exit(&self) -> Option<Exit> {
        self.0.exit
    }

    /// What the plugin wrote to its standard error.
    #[must_use]
    pub fn stderr(&self) -> &[u8] {
        &self.0.stderr
    }

    /// What exactly went wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// The code that the plugin gave.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match &self.0.fault {
            Fault::Refused(error) => Some(error.code()),
            _ => None,
        }
    }
}

impl fmt::Display for InvocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Invoked { verb, plugin, exit, stderr, fault } = &*self.0;
        match fault {
            Fault::NotRun(failure) => write!(f, "plugin `{plugin}` failed on {verb}: {failure}")?,
            Fault::NoResult => write!(f, "plugin `{plugin}` succeeded on {verb} and wrote no result")?,
            Fault::BadResult(_) => write!(f, "the output of plugin `{plugin}` on {verb} cannot be read")?,
            Fault::Refused(_) | Fault::Silent | Fault::Babbled { .. } => {
                write!(f, "plugin `{plugin}` failed on {verb}")?;
                if let Some(exit) = exit {
                    write!(f, " with {exit}")?;
                }
                match fault {
                    Fault::Refused(error) => write!(f, ": {error}")?,
                    Fault::Babbled { excerpt, .. } => {
                        write!(f, " and wrote `{excerpt}` instead of an error")?
                    }
                    _ => f.write_str(" and said nothing")?,
                }
            }
        }
        let stderr = String::from_utf8_lossy(stderr);
        if !stderr.trim().is_empty() {
            write!(f, "; standard error: `{}`", end_of(stderr.trim()))?;
        }
        Ok(())
    }
}

impl Error for InvocationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.fault {
            Fault::Babbled { source, .. } | Fault::BadResult(source) => Some(source),
            Fault::NotRun(failure) => failure.source(),
            Fault::Refused(_) | Fault::Silent | Fault::NoResult => None,
        }
    }
}

/// An operation that did not succeed: the runs that went wrong, and how far undoing came.
///
/// The first failure is the [`source`](Error::source); the text names the others.
#[derive(Debug)]
pub struct ChainError(Box<Failed>);

#[derive(Debug)]
struct Failed {
    verb: Verb,
    network: NetworkName,
    attachment: Option<AttachmentKey>,
    failures: Vec<InvocationError>,
    undo: Undo,
    undo_failures: Vec<InvocationError>,
}

/// What became of the plugins that had run already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    /// Nothing was to undo.
    Nothing,
    /// All were asked to undo.
    Done,
    /// Not all were asked.
    Left,
}

impl ChainError {
    pub(super) fn of_attachment(verb: Verb, attachment: &Attachment, failures: Vec<InvocationError>) -> Self {
        Self(Box::new(Failed {
            verb,
            network: attachment.config().name().clone(),
            attachment: Some(attachment.key()),
            failures,
            undo: Undo::Nothing,
            undo_failures: Vec::new(),
        }))
    }

    pub(super) fn of_network(verb: Verb, network: &NetworkName, failures: Vec<InvocationError>) -> Self {
        Self(Box::new(Failed {
            verb,
            network: network.clone(),
            attachment: None,
            failures,
            undo: Undo::Nothing,
            undo_failures: Vec::new(),
        }))
    }

    pub(super) fn with_undo(mut self, undo: Undo, failures: Vec<InvocationError>) -> Self {
        self.0.undo = undo;
        self.0.undo_failures = failures;
        self
    }

    /// What was attempted.
    #[must_use]
    pub fn verb(&self) -> Verb {
        self.0.verb
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkName {
        &self.0.network
    }

    /// The attachment, if the operation was about one.
    #[must_use]
    pub fn attachment(&self) -> Option<&AttachmentKey> {
        self.0.attachment.as_ref()
    }

    /// The runs that went wrong, in order; none when the chain was left before its end.
    #[must_use]
    pub fn failures(&self) -> &[InvocationError] {
        &self.0.failures
    }

    /// The runs of DEL that went wrong while a failed ADD was undone.
    #[must_use]
    pub fn undo_failures(&self) -> &[InvocationError] {
        &self.0.undo_failures
    }

    /// Whether nothing is left of a failed ADD: every plugin that ran got its DEL and succeeded.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        self.0.undo != Undo::Left && self.0.undo_failures.is_empty()
    }

    /// Whether every plugin that failed said why.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        !self.failures().is_empty()
            && self.failures().iter().all(|failure| matches!(failure.fault(), Fault::Refused(_)))
    }

    /// Whether a failed ADD is undone but for the plugin that failed, which refuses DEL in the very words in which it refused ADD:
    /// it takes the configuration or the arguments for wrong, or misses something, and no DEL will do better. What it may have
    /// made goes with the namespace.
    #[must_use]
    pub fn is_refused_alike(&self) -> bool {
        let [cause] = self.failures() else { return false };
        let [undo] = self.undo_failures() else { return false };
        let alike =
            matches!((cause.fault(), undo.fault()), (Fault::Refused(add), Fault::Refused(del)) if add == del);
        self.0.undo == Undo::Done && cause.plugin() == undo.plugin() && alike
    }

    /// The code of the first plugin that gave one.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.failures.iter().find_map(InvocationError::code)
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failed { verb, network, attachment, failures, undo_failures, .. } = &*self.0;
        let what = match verb {
            Verb::Add => "cannot add",
            Verb::Del => "cannot delete",
            Verb::Check => "cannot confirm",
            Verb::Status => "not ready:",
            Verb::Gc => "cannot clean up",
            Verb::Version => "cannot ask",
        };
        f.write_str(what)?;
        match attachment {
            Some(key) => {
                write!(
                    f,
                    " `{}` of container `{}` in network `{network}`",
                    key.interface(),
                    key.container()
                )?;
            }
            None => write!(f, " network `{network}`")?,
        }
        if failures.is_empty() {
            f.write_str(": not all plugins were run")?;
        }
        for also in failures.iter().skip(1) {
            write!(f, "; also {}", WithSources(also))?;
        }
        for failure in undo_failures {
            write!(f, "; undoing it, {}", WithSources(failure))?;
        }
        Ok(())
    }
}

impl Error for ChainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.failures.first().map(|error| error as _)
    }
}

/// An error with its causes, for the failures that cannot be a source.
struct WithSources<'a>(&'a InvocationError);

impl fmt::Display for WithSources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// What a run that ended by itself comes to: its output, if it succeeded.
pub(super) fn answer(verb: Verb, plugin: &PluginType, output: Output) -> Result<Output, InvocationError> {
    if output.exit.is_success() {
        return Ok(output);
    }
    let fault = if output.stdout.trim_ascii().is_empty() {
        Fault::Silent
    } else {
        match PluginError::decode(&output.stdout) {
            Ok(error) => Fault::Refused(error),
            Err(source) => {
                Fault::Babbled { excerpt: start_of(String::from_utf8_lossy(&output.stdout).trim()), source }
            }
        }
    };
    Err(InvocationError::of_output(verb, plugin, output, fault))
}

fn start_of(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(text).escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

fn end_of(text: &str) -> String {
    match text.char_indices().rev().nth(EXCERPT) {
        Some((at, c)) => format!("…{}", text.get(at + c.len_utf8()..).unwrap_or(text).escape_debug()),
        None => text.escape_debug().to_string(),
    }
}

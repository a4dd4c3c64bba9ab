//! ADD, and undoing it when it fails.

use crate::attachment::Attachment;
use crate::config::NetworkConfig;
use crate::error::PluginError;
use crate::invocation::{Invocation, Verb};
use crate::name::PluginType;
use crate::plugins::{Failure, Output};
use crate::request::{Request, SearchPath};
use crate::result::AddResult;

use super::error::{Undo, answer};
use super::{Chain, ChainError, Fault, InvocationError, PrepareError};

/// ADD through all plugins in order, each with the result of the one before (specification section 3, "Adding an
/// attachment").
///
/// When a plugin fails, those that have run get a DEL in reverse order, the failed one first: it may have come half-way. A
/// plugin whose program was not found or could not be started has not run. libcni leaves this to its callers.
///
/// Do not ADD what is attached already: the plugin then fails, as it must, and undoing would take away what was there.
#[derive(Debug)]
pub struct Add {
    attachment: Attachment,
    path: SearchPath,
    rollback: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The plugin with this index is next.
    Adding(usize),
    /// After a failure: this many plugins, from the first, still get a DEL.
    Undoing { left: usize, cause: InvocationError, failures: Vec<InvocationError> },
    /// A failure that nothing is done about.
    Kept(InvocationError),
}

impl Add {
    /// ADD of what the request describes.
    ///
    /// # Errors
    ///
    /// When the network has no plugins, and when this crate knows none of its versions.
    pub fn new(config: NetworkConfig, request: Request, path: SearchPath) -> Result<Self, PrepareError> {
        let network = config.name().clone();
        if config.plugins().is_empty() {
            return Err(PrepareError::NoPlugins { network });
        }
        let attachment =
            Attachment::new(config, request).map_err(|source| PrepareError::Version { network, source })?;
        Ok(Self { attachment, path, rollback: true, state: State::Adding(0) })
    }

    /// Leaves everything as it is when a plugin fails. The caller owes the network a DEL then.
    #[must_use]
    pub const fn without_rollback(mut self) -> Self {
        self.rollback = false;
        self
    }

    /// The attachment as far as it has come. Store it before the first plugin runs: whoever finds it can undo it.
    #[must_use]
    pub const fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    fn fail(&mut self, index: usize, cause: InvocationError, has_run: bool) {
        self.state = if self.rollback {
            State::Undoing { left: index + usize::from(has_run), cause, failures: Vec::new() }
        } else {
            State::Kept(cause)
        };
    }

    fn on_added(&mut self, index: usize, output: Output) {
        let Some(plugin) = self.attachment.config().plugins().get(index) else { return };
        let plugin = plugin.kind().clone();
        let version = self.attachment.version();
        let result = answer(Verb::Add, &plugin, output).and_then(|output| {
            if output.stdout.trim_ascii().is_empty() {
                return Err(InvocationError::of_output(Verb::Add, &plugin, output, Fault::NoResult));
            }
            match AddResult::decode(&output.stdout, version) {
                Ok(result) => match error_in_disguise(&result, &output) {
                    None => Ok(result),
                    Some(error) => {
                        Err(InvocationError::of_output(Verb::Add, &plugin, output, Fault::Refused(error)))
                    }
                },
                Err(error) => {
                    Err(InvocationError::of_output(Verb::Add, &plugin, output, Fault::BadResult(error)))
                }
            }
        });
        match result {
            Ok(result) => {
                self.attachment.set_result(result);
                self.state = State::Adding(index + 1);
            }
            Err(error) => self.fail(index, error, true),
        }
    }

    /// A DEL has been answered; whatever it was, the next one follows.
    fn on_undone(&mut self, error: Option<InvocationError>) {
        if let State::Undoing { left, failures, .. } = &mut self.state {
            *left = left.saturating_sub(1);
            failures.extend(error);
        }
    }

    fn undo_plugin(&self) -> Option<PluginType> {
        let State::Undoing { left, .. } = self.state else { return None };
        Some(self.attachment.config().plugins().get(left.checked_sub(1)?)?.kind().clone())
    }
}

impl Chain for Add {
    type Outcome = Result<Attachment, ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let (verb, index) = match &self.state {
            State::Adding(index) => (Verb::Add, *index),
            State::Undoing { left, .. } => (Verb::Del, left.checked_sub(1)?),
            State::Kept(_) => return None,
        };
        let plugin = self.attachment.config().plugins().get(index)?;
        let wanted = verb == Verb::Add || self.attachment.version().has_check();
        let result = if wanted { self.attachment.prev_result() } else { None };
        Some(Invocation::of_attachment(verb, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        match self.state {
            State::Adding(index) => self.on_added(index, output),
            State::Undoing { .. } => {
                let Some(plugin) = self.undo_plugin() else { return };
                self.on_undone(answer(Verb::Del, &plugin, output).err());
            }
            State::Kept(_) => {}
        }
    }

    fn on_failure(&mut self, failure: Failure) {
        match self.state {
            State::Adding(index) => {
                let Some(plugin) = self.attachment.config().plugins().get(index) else { return };
                let has_run = failure.has_run();
                let error = InvocationError::failure(Verb::Add, plugin.kind(), failure);
                self.fail(index, error, has_run);
            }
            State::Undoing { .. } => {
                let Some(plugin) = self.undo_plugin() else { return };
                self.on_undone(Some(InvocationError::failure(Verb::Del, &plugin, failure)));
            }
            State::Kept(_) => {}
        }
    }

    fn finish(self) -> Self::Outcome {
        let Self { attachment, state, .. } = self;
        let (failures, undo, undo_failures) = match state {
            State::Adding(index) if index >= attachment.config().plugins().len() => return Ok(attachment),
            State::Adding(index) => {
                (Vec::new(), if index == 0 { Undo::Nothing } else { Undo::Left }, Vec::new())
            }
            State::Undoing { left, cause, failures } => {
                (vec![cause], if left == 0 { Undo::Done } else { Undo::Left }, failures)
            }
            State::Kept(cause) => (vec![cause], Undo::Left, Vec::new()),
        };
        Err(ChainError::of_attachment(Verb::Add, &attachment, failures).with_undo(undo, undo_failures))
    }
}

/// An error object although the plugin exits with 0: a wrapper script has lost the code.
fn error_in_disguise(result: &AddResult, output: &Output) -> Option<PluginError> {
    let says_nothing = result.interfaces.is_empty() && result.ips.is_empty();
    let is_error = result.other.get("code").is_some() && result.other.get("msg").is_some();
    if says_nothing && is_error { PluginError::decode(&output.stdout).ok() } else { None }
}

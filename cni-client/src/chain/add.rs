//! ADD, and undoing it when it fails.

use crate::attachment::Attachment;
use crate::config::NetworkConfig;
use crate::error::PluginError;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::{Request, SearchPath};
use crate::result::AddResult;

use super::error::{Undo, answer};
use super::steps::{Order, Steps};
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
    /// After a failure, every plugin that has run gets a DEL.
    Undoing { cause: InvocationError, steps: Steps },
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

    /// How many plugins have succeeded, while none has failed: with each the attachment's result is another one.
    #[must_use]
    pub const fn added(&self) -> usize {
        match self.state {
            State::Adding(index) => index,
            State::Undoing { .. } | State::Kept(_) => 0,
        }
    }

    fn fail(&mut self, index: usize, cause: InvocationError, has_run: bool) {
        self.state = if self.rollback {
            let steps = Steps::of(index + usize::from(has_run), Verb::Del, Order::Reverse);
            State::Undoing { cause, steps }
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
}

impl Chain for Add {
    type Outcome = Result<Attachment, ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let config = self.attachment.config();
        let (verb, plugin) = match &self.state {
            State::Adding(index) => (Verb::Add, config.plugins().get(*index)?),
            State::Undoing { steps, .. } => (Verb::Del, steps.plugin(config)?),
            State::Kept(_) => return None,
        };
        let wanted = verb == Verb::Add || self.attachment.version().has_check();
        let result = if wanted { self.attachment.prev_result() } else { None };
        Some(Invocation::of_attachment(verb, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        match &mut self.state {
            State::Adding(index) => {
                let index = *index;
                self.on_added(index, output);
            }
            State::Undoing { steps, .. } => steps.on_output(self.attachment.config(), output),
            State::Kept(_) => {}
        }
    }

    fn on_failure(&mut self, failure: Failure) {
        match &mut self.state {
            State::Adding(index) => {
                let index = *index;
                let Some(plugin) = self.attachment.config().plugins().get(index) else { return };
                let has_run = failure.has_run();
                let error = InvocationError::failure(Verb::Add, plugin.kind(), failure);
                self.fail(index, error, has_run);
            }
            State::Undoing { steps, .. } => steps.on_failure(self.attachment.config(), failure),
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
            State::Undoing { cause, steps } => {
                let undo = if steps.is_complete() { Undo::Done } else { Undo::Left };
                (vec![cause], undo, steps.finish().err().unwrap_or_default())
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

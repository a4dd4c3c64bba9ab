//! CHECK.

use crate::attachment::Attachment;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;

use super::steps::{Order, Steps};
use super::{Chain, ChainError, PrepareError};

/// CHECK through all plugins in order, with the final result of ADD; the first that fails ends it (specification section
/// 3, "Checking an attachment").
///
/// A configuration with `disableCheck` is always as it should be: nobody is asked.
#[derive(Debug)]
pub struct Check {
    attachment: Attachment,
    path: SearchPath,
    steps: Steps,
}

impl Check {
    /// CHECK from the record alone.
    ///
    /// # Errors
    ///
    /// When the version is older than 0.4.0, and when the record has no result.
    pub fn new(attachment: Attachment, path: SearchPath) -> Result<Self, PrepareError> {
        let (config, version) = (attachment.config(), attachment.version());
        if !version.has_check() {
            return Err(PrepareError::NoCheck { network: config.name().clone(), version });
        }
        if attachment.result().is_none() && !config.disable_check() {
            return Err(PrepareError::NoResult { key: attachment.key() });
        }
        let asked = if config.disable_check() { 0 } else { config.plugins().len() };
        let steps = Steps::of(asked, Verb::Check, Order::Forward).halting();
        Ok(Self { attachment, path, steps })
    }

    /// Whether the configuration forbids to ask.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.attachment.config().disable_check()
    }
}

impl Chain for Check {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let plugin = self.steps.plugin(self.attachment.config())?;
        let result = self.attachment.prev_result();
        Some(Invocation::of_attachment(Verb::Check, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        self.steps.on_output(self.attachment.config(), output);
    }

    fn on_failure(&mut self, failure: Failure) {
        self.steps.on_failure(self.attachment.config(), failure);
    }

    fn finish(self) -> Self::Outcome {
        let failed = |failures| ChainError::of_attachment(Verb::Check, &self.attachment, failures);
        self.steps.finish().map_err(failed)
    }
}

//! CHECK.

use crate::attachment::Attachment;
use crate::config::PluginConfig;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;

use super::error::answer;
use super::{Chain, ChainError, InvocationError, PrepareError};

/// CHECK through all plugins in order, with the final result of ADD; the first that fails ends it (specification section
/// 3, "Checking an attachment").
///
/// A configuration with `disableCheck` is always as it should be: nobody is asked.
#[derive(Debug)]
pub struct Check {
    attachment: Attachment,
    path: SearchPath,
    next: usize,
    failure: Option<InvocationError>,
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
        let next = if config.disable_check() { config.plugins().len() } else { 0 };
        Ok(Self { attachment, path, next, failure: None })
    }

    /// Whether the configuration forbids to ask.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.attachment.config().disable_check()
    }

    fn plugin(&self) -> Option<&PluginConfig> {
        if self.failure.is_some() {
            return None;
        }
        self.attachment.config().plugins().get(self.next)
    }

    fn advance(&mut self, error: Option<InvocationError>) {
        self.next += 1;
        self.failure = error;
    }
}

impl Chain for Check {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let plugin = self.plugin()?;
        let result = self.attachment.prev_result();
        Some(Invocation::of_attachment(Verb::Check, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        let Some(plugin) = self.plugin() else { return };
        let error = answer(Verb::Check, plugin.kind(), output).err();
        self.advance(error);
    }

    fn on_failure(&mut self, failure: Failure) {
        let Some(plugin) = self.plugin() else { return };
        let error = InvocationError::failure(Verb::Check, plugin.kind(), failure);
        self.advance(Some(error));
    }

    fn finish(self) -> Self::Outcome {
        if self.plugin().is_none() && self.failure.is_none() {
            return Ok(());
        }
        Err(ChainError::of_attachment(Verb::Check, &self.attachment, self.failure.into_iter().collect()))
    }
}

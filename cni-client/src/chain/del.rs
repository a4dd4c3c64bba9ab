//! DEL.

use crate::attachment::Attachment;
use crate::config::PluginConfig;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;

use super::error::answer;
use super::{Chain, ChainError, InvocationError};

/// What DEL does after a plugin has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnError {
    /// Goes on with the remaining plugins and reports all failures at the end: what can be freed is freed.
    GoOn,
    /// Stops, as the specification says (section 3, "Deleting an attachment") and libcni does.
    Halt,
}

/// DEL through all plugins in reverse order, with the final result of ADD. It may be repeated.
#[derive(Debug)]
pub struct Del {
    attachment: Attachment,
    path: SearchPath,
    on_error: OnError,
    left: usize,
    failures: Vec<InvocationError>,
}

impl Del {
    /// DEL from the record alone.
    #[must_use]
    pub fn new(attachment: Attachment, path: SearchPath, on_error: OnError) -> Self {
        let left = attachment.config().plugins().len();
        Self { attachment, path, on_error, left, failures: Vec::new() }
    }

    /// The attachment.
    #[must_use]
    pub const fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    fn plugin(&self) -> Option<&PluginConfig> {
        if self.on_error == OnError::Halt && !self.failures.is_empty() {
            return None;
        }
        self.attachment.config().plugins().get(self.left.checked_sub(1)?)
    }

    fn advance(&mut self, error: Option<InvocationError>) {
        self.left = self.left.saturating_sub(1);
        self.failures.extend(error);
    }
}

impl Chain for Del {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let plugin = self.plugin()?;
        let result = if self.attachment.version().has_check() { self.attachment.prev_result() } else { None };
        Some(Invocation::of_attachment(Verb::Del, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        let Some(plugin) = self.plugin() else { return };
        let error = answer(Verb::Del, plugin.kind(), output).err();
        self.advance(error);
    }

    fn on_failure(&mut self, failure: Failure) {
        let Some(plugin) = self.plugin() else { return };
        let error = InvocationError::failure(Verb::Del, plugin.kind(), failure);
        self.advance(Some(error));
    }

    fn finish(self) -> Self::Outcome {
        if self.left == 0 && self.failures.is_empty() {
            return Ok(());
        }
        Err(ChainError::of_attachment(Verb::Del, &self.attachment, self.failures))
    }
}

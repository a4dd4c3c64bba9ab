//! DEL.

use crate::attachment::Attachment;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;

use super::steps::{Order, Steps};
use super::{Chain, ChainError};

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
    steps: Steps,
}

impl Del {
    /// DEL from the record alone.
    #[must_use]
    pub fn new(attachment: Attachment, path: SearchPath, on_error: OnError) -> Self {
        let steps = Steps::through(attachment.config(), Verb::Del, Order::Reverse);
        let steps = match on_error {
            OnError::GoOn => steps,
            OnError::Halt => steps.halting(),
        };
        Self { attachment, path, steps }
    }

    /// The attachment.
    #[must_use]
    pub const fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    pub(super) fn is_over(&self) -> bool {
        self.steps.plugin(self.attachment.config()).is_none()
    }
}

impl Chain for Del {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        let plugin = self.steps.plugin(self.attachment.config())?;
        let result = if self.attachment.version().has_check() { self.attachment.prev_result() } else { None };
        Some(Invocation::of_attachment(Verb::Del, &self.attachment, plugin, result.as_ref(), &self.path))
    }

    fn on_output(&mut self, output: Output) {
        self.steps.on_output(self.attachment.config(), output);
    }

    fn on_failure(&mut self, failure: Failure) {
        self.steps.on_failure(self.attachment.config(), failure);
    }

    fn finish(self) -> Self::Outcome {
        let failed = |failures| ChainError::of_attachment(Verb::Del, &self.attachment, failures);
        self.steps.finish().map_err(failed)
    }
}

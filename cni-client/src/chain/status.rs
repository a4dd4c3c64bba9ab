//! STATUS.

use crate::config::NetworkConfig;
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;
use crate::version::Version;

use super::steps::{Order, Steps};
use super::{Chain, ChainError, PrepareError};

/// STATUS of all plugins in order; the first that is not ready ends it, so that its code stays clear.
///
/// Before 1.1.0 there is no STATUS: nobody is asked, and the network counts as ready.
#[derive(Debug)]
pub struct Status {
    config: NetworkConfig,
    version: Version,
    path: SearchPath,
    steps: Steps,
}

impl Status {
    /// STATUS of a network.
    ///
    /// # Errors
    ///
    /// When the network has no plugins, and when this crate knows none of its versions.
    pub fn new(config: NetworkConfig, path: SearchPath) -> Result<Self, PrepareError> {
        let version = super::version_of(&config)?;
        let asked = if version.has_status_and_gc() { config.plugins().len() } else { 0 };
        let steps = Steps::of(asked, Verb::Status, Order::Forward).halting();
        Ok(Self { config, version, path, steps })
    }

    /// Whether the version has STATUS.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.version.has_status_and_gc()
    }
}

impl Chain for Status {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        Some(Invocation::status(&self.config, self.version, self.steps.plugin(&self.config)?, &self.path))
    }

    fn on_output(&mut self, output: Output) {
        self.steps.on_output(&self.config, output);
    }

    fn on_failure(&mut self, failure: Failure) {
        self.steps.on_failure(&self.config, failure);
    }

    fn finish(self) -> Self::Outcome {
        let failed = |failures| ChainError::of_network(Verb::Status, self.config.name(), failures);
        self.steps.finish().map_err(failed)
    }
}

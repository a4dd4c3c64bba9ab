//! STATUS.

use crate::config::{NetworkConfig, PluginConfig};
use crate::invocation::{Invocation, Verb};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;
use crate::version::Version;

use super::error::answer;
use super::{Chain, ChainError, InvocationError, PrepareError};

/// STATUS of all plugins in order; the first that is not ready ends it, so that its code stays clear.
///
/// Before 1.1.0 there is no STATUS: nobody is asked, and the network counts as ready.
#[derive(Debug)]
pub struct Status {
    config: NetworkConfig,
    version: Version,
    path: SearchPath,
    next: usize,
    failure: Option<InvocationError>,
}

impl Status {
    /// STATUS of a network.
    ///
    /// # Errors
    ///
    /// When the network has no plugins, and when this crate knows none of its versions.
    pub fn new(config: NetworkConfig, path: SearchPath) -> Result<Self, PrepareError> {
        let version = super::version_of(&config)?;
        let next = if version.has_status_and_gc() { 0 } else { config.plugins().len() };
        Ok(Self { config, version, path, next, failure: None })
    }

    /// Whether the version has STATUS.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.version.has_status_and_gc()
    }

    fn plugin(&self) -> Option<&PluginConfig> {
        if self.failure.is_some() {
            return None;
        }
        self.config.plugins().get(self.next)
    }

    fn advance(&mut self, error: Option<InvocationError>) {
        self.next += 1;
        self.failure = error;
    }
}

impl Chain for Status {
    type Outcome = Result<(), ChainError>;

    fn next_invocation(&self) -> Option<Invocation> {
        Some(Invocation::status(&self.config, self.version, self.plugin()?, &self.path))
    }

    fn on_output(&mut self, output: Output) {
        let Some(plugin) = self.plugin() else { return };
        let error = answer(Verb::Status, plugin.kind(), output).err();
        self.advance(error);
    }

    fn on_failure(&mut self, failure: Failure) {
        let Some(plugin) = self.plugin() else { return };
        let error = InvocationError::failure(Verb::Status, plugin.kind(), failure);
        self.advance(Some(error));
    }

    fn finish(self) -> Self::Outcome {
        if self.plugin().is_none() && self.failure.is_none() {
            return Ok(());
        }
        Err(ChainError::of_network(Verb::Status, self.config.name(), self.failure.into_iter().collect()))
    }
}

//! One verb through the plugins of a network, whose answers are only yes or no.

use crate::config::{NetworkConfig, PluginConfig};
use crate::invocation::Verb;
use crate::plugins::{Failure, Output};

use super::InvocationError;
use super::error::answer;

/// Which plugin is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// In the order of the list.
    Forward,
    /// The last one first.
    Reverse,
}

/// How far a verb has come.
#[derive(Debug)]
pub(super) struct Steps {
    verb: Verb,
    order: Order,
    /// Whether the first failure ends it.
    halts: bool,
    left: usize,
    failures: Vec<InvocationError>,
}

impl Steps {
    /// Through all plugins of a network.
    pub(super) fn through(config: &NetworkConfig, verb: Verb, order: Order) -> Self {
        Self::of(config.plugins().len(), verb, order)
    }

    /// Through this many plugins, from the first on: none of them when nobody needs to be asked.
    pub(super) const fn of(count: usize, verb: Verb, order: Order) -> Self {
        Self { verb, order, halts: false, left: count, failures: Vec::new() }
    }

    /// Ends it with the first failure.
    pub(super) const fn halting(mut self) -> Self {
        self.halts = true;
        self
    }

    /// The plugin to ask next; `None` when it is over.
    pub(super) fn plugin<'a>(&self, config: &'a NetworkConfig) -> Option<&'a PluginConfig> {
        if self.halts && !self.failures.is_empty() {
            return None;
        }
        let plugins = config.plugins();
        let behind = self.left.checked_sub(1)?;
        match self.order {
            Order::Forward => plugins.get(plugins.len().checked_sub(self.left)?),
            Order::Reverse => plugins.get(behind),
        }
    }

    /// The plugin that was next has answered.
    pub(super) fn on_output(&mut self, config: &NetworkConfig, output: Output) {
        let Some(plugin) = self.plugin(config) else { return };
        let error = answer(self.verb, plugin.kind(), output).err();
        self.advance(error);
    }

    /// The plugin that was next could not be asked.
    pub(super) fn on_failure(&mut self, config: &NetworkConfig, failure: Failure) {
        let Some(plugin) = self.plugin(config) else { return };
        let error = InvocationError::failure(self.verb, plugin.kind(), failure);
        self.advance(Some(error));
    }

    fn advance(&mut self, error: Option<InvocationError>) {
        self.left = self.left.saturating_sub(1);
        self.failures.extend(error);
    }

    /// Whether every plugin has been asked.
    pub(super) const fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// What went wrong, in order; an error when something did, or when not everybody was asked.
    pub(super) fn finish(self) -> Result<(), Vec<InvocationError>> {
        if self.left == 0 && self.failures.is_empty() { Ok(()) } else { Err(self.failures) }
    }
}

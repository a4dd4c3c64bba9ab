//! GC: the stale attachments that we know of get a DEL, then the plugins are told which ones are valid.

use std::collections::HashSet;

use crate::attachment::{Attachment, AttachmentKey};
use crate::config::NetworkConfig;
use crate::invocation::{Invocation, Verb};
use crate::name::{ContainerId, InterfaceName};
use crate::plugins::{Failure, Output};
use crate::request::SearchPath;
use crate::version::Version;

use super::steps::{Order, Steps};
use super::{Chain, ChainError, Del, InvocationError, OnError, PrepareError};

/// Brings a network back to its valid attachments.
///
/// Every known attachment of this network that is not valid gets a DEL from its own record; then, from 1.1.0 and unless
/// the configuration says `disableGC`, every plugin gets a GC with the valid ones (specification section 3,
/// "Garbage-collecting a network"). Nothing stops it: failures are in the [report](GcReport).
///
/// The valid set is an argument without a default: libcni takes a missing one for an empty one and deletes everything. With
/// `disableGC`, libcni leaves out the DELs, too; here they are sent, since each is owed to an ADD.
#[derive(Debug)]
pub struct Gc {
    config: NetworkConfig,
    version: Version,
    path: SearchPath,
    valid: Vec<(ContainerId, InterfaceName)>,
    /// The DELs to come, the next one last.
    stale: Vec<Del>,
    steps: Steps,
    report: GcReport,
}

/// What GC came to.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct GcReport {
    /// The stale attachments that are gone; their records can go, too.
    pub deleted: Vec<AttachmentKey>,
    /// The stale attachments that could not be deleted in full.
    pub undeleted: Vec<ChainError>,
    /// The plugins that failed on GC.
    pub failures: Vec<InvocationError>,
}

impl GcReport {
    /// Whether everything succeeded.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.undeleted.is_empty() && self.failures.is_empty()
    }
}

impl Gc {
    /// GC of a network: the known attachments, whichever networks they are of, and the valid ones of this network.
    ///
    /// # Errors
    ///
    /// When the network has no plugins, and when this crate knows none of its versions.
    pub fn new(
        config: NetworkConfig,
        known: impl IntoIterator<Item = Attachment>,
        valid: impl IntoIterator<Item = (ContainerId, InterfaceName)>,
        path: SearchPath,
    ) -> Result<Self, PrepareError> {
        let version = super::version_of(&config)?;
        let valid: Vec<_> = valid.into_iter().collect();
        let keep: HashSet<_> = valid.iter().map(|(container, interface)| (container, interface)).collect();
        let is_stale = |attachment: &Attachment| {
            attachment.config().name() == config.name()
                && !keep.contains(&(attachment.container(), attachment.interface()))
        };
        let mut stale: Vec<Del> = known
            .into_iter()
            .filter(is_stale)
            .map(|attachment| Del::new(attachment, path.clone(), OnError::GoOn))
            .collect();
        stale.reverse();
        let told = version.has_status_and_gc() && !config.disable_gc();
        let asked = if told { config.plugins().len() } else { 0 };
        let steps = Steps::of(asked, Verb::Gc, Order::Forward);
        let mut gc = Self { config, version, path, valid, stale, steps, report: GcReport::default() };
        gc.settle();
        Ok(gc)
    }

    /// Closes the DELs that are over.
    fn settle(&mut self) {
        while let Some(del) = self.stale.pop_if(|del| del.is_over()) {
            let key = del.attachment().key();
            match del.finish() {
                Ok(()) => self.report.deleted.push(key),
                Err(error) => self.report.undeleted.push(error),
            }
        }
    }
}

impl Chain for Gc {
    type Outcome = GcReport;

    fn next_invocation(&self) -> Option<Invocation> {
        if let Some(del) = self.stale.last() {
            return del.next_invocation();
        }
        let plugin = self.steps.plugin(&self.config)?;
        Some(Invocation::gc(&self.config, self.version, plugin, &self.valid, &self.path))
    }

    fn on_output(&mut self, output: Output) {
        if let Some(del) = self.stale.last_mut() {
            del.on_output(output);
            return self.settle();
        }
        self.steps.on_output(&self.config, output);
    }

    fn on_failure(&mut self, failure: Failure) {
        if let Some(del) = self.stale.last_mut() {
            del.on_failure(failure);
            return self.settle();
        }
        self.steps.on_failure(&self.config, failure);
    }

    /// The report; DELs that are not over are among the undeleted.
    fn finish(mut self) -> Self::Outcome {
        for del in std::mem::take(&mut self.stale).into_iter().rev() {
            self.report.undeleted.extend(del.finish().err());
        }
        self.report.failures.extend(self.steps.finish().err().into_iter().flatten());
        self.report
    }
}

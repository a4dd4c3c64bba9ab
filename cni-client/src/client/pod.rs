//! All networks of a pod.

use crate::attachment::{Attachment, AttachmentKey};
use crate::cache::CacheError;
use crate::name::ContainerId;
use crate::network::Joined;
use crate::plugins::Plugins;
use crate::request::{CapabilityArgs, Netns, Request};

use super::{Client, ClientError};

impl<P: Plugins> Client<P> {
    /// Attaches a pod to its networks in order, one after the other. When one fails, those before it are detached again.
    ///
    /// The capability arguments of each network are the second part of its pair; ports go to the one that
    /// [`port_network`](crate::network::port_network) names.
    ///
    /// # Errors
    ///
    /// That of the network that failed. What could not be undone has kept its record, for
    /// [`Client::detach`].
    pub fn attach(
        &mut self,
        pod: &ContainerId,
        netns: &Netns,
        networks: impl IntoIterator<Item = (Joined, CapabilityArgs)>,
    ) -> Result<Vec<Attachment>, ClientError> {
        let mut attached: Vec<Attachment> = Vec::new();
        for (joined, capabilities) in networks {
            let request = Request::new(pod.clone(), netns.clone(), joined.interface)
                .with_args(joined.args)
                .with_capabilities(capabilities);
            match self.add(joined.config, request) {
                Ok(attachment) => attached.push(attachment),
                Err(error) => {
                    for attachment in attached.iter().rev() {
                        if let Err(error) = self.del(&attachment.key()) {
                            tracing::warn!(attachment = %attachment.key(), %error, "cannot undo an attachment");
                        }
                    }
                    return Err(error);
                }
            }
        }
        Ok(attached)
    }

    /// Detaches a pod from every network that it has a record of, the last interface first. May be repeated, in any
    /// process, when the namespace is gone, too.
    ///
    /// # Errors
    ///
    /// When the records cannot be listed. The failures of single networks are the second list, broken records among them;
    /// their records stay.
    pub fn detach(
        &mut self,
        pod: &ContainerId,
    ) -> Result<(Vec<AttachmentKey>, Vec<ClientError>), ClientError> {
        let listing = self.cache.list()?;
        let mut keys: Vec<AttachmentKey> =
            listing.attachments.iter().map(Attachment::key).filter(|key| key.container() == pod).collect();
        // `eth10` comes after `eth9`.
        keys.sort_by_key(|key| (key.interface().as_str().len(), key.interface().clone()));
        let (mut gone, mut failures) = (Vec::new(), Vec::new());
        let is_of_pod = |problem: &CacheError| {
            let stem = problem.path().file_stem().and_then(|stem| stem.to_str());
            stem.and_then(|stem| stem.parse::<AttachmentKey>().ok()).is_some_and(|key| key.container() == pod)
        };
        failures.extend(listing.problems.into_iter().filter(is_of_pod).map(ClientError::Cache));
        for key in keys.into_iter().rev() {
            match self.del(&key) {
                Ok(_) => gone.push(key),
                Err(error) => failures.push(error),
            }
        }
        Ok((gone, failures))
    }
}

//! All networks of a pod.

use crate::attachment::{Attachment, AttachmentKey};
use crate::cache::CacheError;
use crate::config::NetworkConfig;
use crate::name::{ContainerId, NetworkName};
use crate::network::{Joined, check_ports_lead};
use crate::plugins::Plugins;
use crate::request::{CapabilityArgs, Netns, Request};

use super::{Client, ClientError};

impl<P: Plugins> Client<P> {
    /// Attaches a pod to its networks in order, one after the other: the specification forbids operations on one container at the
    /// same time (section 2, "Lifecycle & Ordering"). When one fails, those before it are detached again.
    ///
    /// A pod that cannot be attached loses its namespace: what a plugin refuses to undo in the words in which it
    /// [refused to do it](crate::chain::ChainError::is_refused_alike) is forgotten.
    ///
    /// The capability arguments of each network are the second part of its pair; ports go to the one that
    /// [`port_network`](crate::network::port_network) names.
    ///
    /// # Errors
    ///
    /// That of the network that failed, also when a port of the host leads nowhere there. What could not be undone has kept its record, for
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
            let added = self.add(joined.config, request).and_then(|attachment| {
                let lead = check_ports_lead(&attachment);
                attached.push(attachment);
                Ok(lead?)
            });
            match added {
                Ok(()) => {}
                Err(error) => {
                    self.forget_refused(&error)?;
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

    fn forget_refused(&self, error: &ClientError) -> Result<(), ClientError> {
        if let ClientError::Chain(error) = error
            && error.is_refused_alike()
            && let Some(key) = error.attachment()
        {
            let _lock = self.lock_container(key.container())?;
            self.cache.remove(key)?;
        }
        Ok(())
    }

    /// Detaches a pod from every network that it has a record of, the last interface first. May be repeated, in any
    /// process.
    ///
    /// `netns` is where the namespace is now, since a pod's folder may have moved; `None` when it is gone, which plugins
    /// survive, but for rules that they find by the addresses inside. A record that is broken (by a power cut, say) is replaced
    /// by what `config` finds for its network; what only the record knew, such as ports, cannot be undone then. The same is tried
    /// when no plugin has ever succeeded and DEL is refused: the configuration or the arguments were wrong, and may be mended.
    ///
    /// # Errors
    ///
    /// When the records cannot be listed. What single networks come to is in the report.
    pub fn detach(
        &mut self,
        pod: &ContainerId,
        netns: Option<&Netns>,
        config: &dyn Fn(&NetworkName) -> Option<NetworkConfig>,
    ) -> Result<DetachReport, ClientError> {
        self.cache.sweep()?;
        let listing = self.cache.list()?;
        let mut keys: Vec<AttachmentKey> = listing.attachments.iter().map(Attachment::key).collect();
        keys.extend(listing.problems.iter().filter_map(CacheError::key));
        keys.retain(|key| key.container() == pod);
        // `eth10` comes after `eth9`.
        keys.sort_by_key(|key| (key.interface().as_str().len(), key.interface().clone()));
        let mut report = DetachReport::default();
        for key in keys.into_iter().rev() {
            match self.detach_one(&key, netns, config) {
                Ok(()) => report.detached.push(key),
                Err(error) => report.failures.push(error),
            }
        }
        Ok(report)
    }

    fn detach_one(
        &mut self,
        key: &AttachmentKey,
        netns: Option<&Netns>,
        config: &dyn Fn(&NetworkName) -> Option<NetworkConfig>,
    ) -> Result<(), ClientError> {
        let _locks = (self.lock_network(key.network())?, self.lock_container(key.container())?);
        let attachment = match self.cache.load(key) {
            Ok(None) => return Ok(()),
            Ok(Some(attachment)) => attachment,
            Err(error) => match config(key.network()).filter(|_| error.is_broken()) {
                Some(config) => {
                    tracing::warn!(%error, "detaching without the record");
                    Attachment::unrecorded(config, key)?
                }
                None => return Err(error.into()),
            },
        };
        let at = |attachment: Attachment| match netns {
            Some(netns) => attachment.with_netns(netns.clone()),
            None => attachment.without_netns(),
        };
        let has_result = attachment.result().is_some();
        match self.run_del(at(attachment)) {
            Err(ClientError::Chain(error)) if !has_result && error.is_refused() => {
                match config(key.network()) {
                    Some(config) => {
                        tracing::warn!(%error, "detaching as the network is described now, without arguments");
                        self.run_del(at(Attachment::unrecorded(config, key)?))
                    }
                    None => Err(error.into()),
                }
            }
            done => done,
        }
    }
}

/// What detaching a pod came to.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct DetachReport {
    /// What is detached now.
    pub detached: Vec<AttachmentKey>,
    /// What could not be detached in full; the records stay.
    pub failures: Vec<ClientError>,
}

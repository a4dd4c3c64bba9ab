//! The record of an attachment: all that DEL, CHECK and GC need later, in another process and after the configuration
//! has changed.

mod key;
mod libcni;
mod record;

pub use key::AttachmentKey;
pub use libcni::legacy_result;
pub use record::KIND;

use crate::config::NetworkConfig;
use crate::json::{Json, JsonError};
use crate::name::{ContainerId, InterfaceName};
use crate::request::{CapabilityArgs, CniArgs, Netns, Request};
use crate::result::AddResult;
use crate::version::{Version, VersionError};

/// One attachment of a container to a network.
///
/// It holds the configuration as it was at ADD. [`Add`](crate::chain::Add) makes it before the first plugin runs, so that
/// it can be stored before anything needs to be undone; the result comes into it as the chain goes on.
///
/// ```
/// use cni_client::attachment::Attachment;
/// use cni_client::config::NetworkConfig;
/// use cni_client::request::Request;
///
/// let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}"#)?;
/// let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "lo".parse()?);
/// let attachment = Attachment::new(config, request)?;
///
/// let stored = attachment.to_json().to_string();
/// assert_eq!(Attachment::parse(&stored)?, attachment);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    config: NetworkConfig,
    version: Version,
    container: ContainerId,
    netns: Option<Netns>,
    interface: InterfaceName,
    args: CniArgs,
    capabilities: CapabilityArgs,
    result: Option<AddResult>,
}

impl Attachment {
    /// An attachment that has no result yet.
    ///
    /// # Errors
    ///
    /// When this crate knows none of the configuration's versions.
    pub fn new(config: NetworkConfig, request: Request) -> Result<Self, VersionError> {
        let version = config.version()?;
        Ok(Self {
            config: config.with_version(version),
            version,
            container: request.container,
            netns: Some(request.netns),
            interface: request.interface,
            args: request.args,
            capabilities: request.capabilities,
            result: None,
        })
    }

    /// What is left to say of an attachment whose record is broken.
    #[cfg(feature = "exec")]
    pub(crate) fn unrecorded(config: NetworkConfig, key: &AttachmentKey) -> Result<Self, VersionError> {
        let version = config.version()?;
        Ok(Self {
            config: config.with_version(version),
            version,
            container: key.container().clone(),
            netns: None,
            interface: key.interface().clone(),
            args: CniArgs::new(),
            capabilities: CapabilityArgs::new(),
            result: None,
        })
    }

    /// With this result, such as one that another runtime has stored.
    #[must_use]
    pub fn with_result(mut self, result: AddResult) -> Self {
        self.result = Some(result);
        self
    }

    /// With its network namespace at this path: it may have been moved since ADD.
    #[must_use]
    pub fn with_netns(mut self, netns: Netns) -> Self {
        self.netns = Some(netns);
        self
    }

    /// Without its network namespace, when that is gone: plugins then free what lies outside it.
    #[must_use]
    pub fn without_netns(mut self) -> Self {
        self.netns = None;
        self
    }

    /// Reads a record: this crate's own, or libcni's (`cniCacheV1`).
    ///
    /// libcni also knows records that are a bare result; see [`legacy_result`].
    ///
    /// # Errors
    ///
    /// On bad JSON, an unknown `kind`, a missing or bad name, and what is no configuration or no result.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        record::parse(text)
    }

    /// The record as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        record::encode(self)
    }

    /// What tells attachments apart.
    #[must_use]
    pub fn key(&self) -> AttachmentKey {
        AttachmentKey::new(self.config.name().clone(), self.container.clone(), self.interface.clone())
    }

    /// The configuration at ADD.
    #[must_use]
    pub const fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The version that ADD spoke.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The container.
    #[must_use]
    pub const fn container(&self) -> &ContainerId {
        &self.container
    }

    /// The network namespace, while it is known to be there.
    #[must_use]
    pub const fn netns(&self) -> Option<&Netns> {
        self.netns.as_ref()
    }

    /// The interface in the container.
    #[must_use]
    pub const fn interface(&self) -> &InterfaceName {
        &self.interface
    }

    /// The extra arguments.
    #[must_use]
    pub const fn args(&self) -> &CniArgs {
        &self.args
    }

    /// The capability arguments.
    #[must_use]
    pub const fn capabilities(&self) -> &CapabilityArgs {
        &self.capabilities
    }

    /// The result of the last plugin that succeeded; `None` when ADD has not come so far.
    #[must_use]
    pub const fn result(&self) -> Option<&AddResult> {
        self.result.as_ref()
    }

    pub(crate) fn set_result(&mut self, result: AddResult) {
        self.result = Some(result);
    }

    /// The result as `prevResult`. Only conversions to before 0.3.0 fail, where nobody reads it.
    pub(crate) fn prev_result(&self) -> Option<Json> {
        let result = self.result.as_ref()?;
        result.to_version(self.version).ok().map(|result| result.to_json())
    }
}

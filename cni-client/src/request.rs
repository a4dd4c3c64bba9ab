//! What a runtime asks for one attachment: container, namespace, interface, arguments (specification section 3,
//! "Attachment Parameters").

mod args;
mod capability;
mod netns;
mod search;

pub use args::{CniArgs, ParseArgsError};
pub use capability::{Bandwidth, CapabilityArgs, DnsSettings, IpRange, PortMapping, Protocol};
pub use netns::{Netns, ParseNetnsError};
pub use search::{ParseSearchPathError, SearchPath};

use crate::name::{ContainerId, InterfaceName};

/// The parameters of one attachment.
///
/// ```
/// use cni_client::request::Request;
///
/// let request = Request::new("c1".parse()?, "/run/netns/c1".parse()?, "eth0".parse()?)
///     .with_args("IgnoreUnknown=1;IP=10.1.0.7".parse()?);
/// assert_eq!(request.args.to_string(), "IgnoreUnknown=1;IP=10.1.0.7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The container, `CNI_CONTAINERID`.
    pub container: ContainerId,
    /// Its network namespace, `CNI_NETNS`.
    pub netns: Netns,
    /// The interface to make in it, `CNI_IFNAME`.
    pub interface: InterfaceName,
    /// Extra arguments for all plugins, `CNI_ARGS`.
    pub args: CniArgs,
    /// Arguments for the plugins that declare the capability, `runtimeConfig`.
    pub capabilities: CapabilityArgs,
}

impl Request {
    /// A request without arguments.
    #[must_use]
    pub fn new(container: ContainerId, netns: Netns, interface: InterfaceName) -> Self {
        let (args, capabilities) = (CniArgs::default(), CapabilityArgs::default());
        Self { container, netns, interface, args, capabilities }
    }

    /// With these extra arguments.
    #[must_use]
    pub fn with_args(mut self, args: CniArgs) -> Self {
        self.args = args;
        self
    }

    /// With these capability arguments.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: CapabilityArgs) -> Self {
        self.capabilities = capabilities;
        self
    }
}

//! What tells attachments apart.

use std::fmt;
use std::str::FromStr;

use crate::name::{ContainerId, InterfaceName, NetworkName, ParseNameError};

/// Network, container and interface: no two attachments share all three.
///
/// Written as `network:container:interface`. None of the names may hold a `:`, so two keys never have one text; libcni
/// joins with `-`, which the names may hold.
///
/// ```
/// use cni_client::attachment::AttachmentKey;
///
/// let key = AttachmentKey::new("a-b".parse()?, "c".parse()?, "eth0".parse()?);
/// assert_eq!(key.to_string(), "a-b:c:eth0");
/// assert_eq!("a-b:c:eth0".parse::<AttachmentKey>()?, key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentKey {
    network: NetworkName,
    container: ContainerId,
    interface: InterfaceName,
}

impl AttachmentKey {
    /// The key of these three.
    #[must_use]
    pub const fn new(network: NetworkName, container: ContainerId, interface: InterfaceName) -> Self {
        Self { network, container, interface }
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &NetworkName {
        &self.network
    }

    /// The container.
    #[must_use]
    pub const fn container(&self) -> &ContainerId {
        &self.container
    }

    /// The interface in the container.
    #[must_use]
    pub const fn interface(&self) -> &InterfaceName {
        &self.interface
    }
}

impl fmt::Display for AttachmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.network, self.container, self.interface)
    }
}

impl FromStr for AttachmentKey {
    type Err = ParseKeyError;

    /// # Errors
    ///
    /// On other than three parts (`a:b`), and on a part that is no such name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(':');
        let (Some(network), Some(container), Some(interface), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ParseKeyError(Kind::Parts));
        };
        let name = |error| ParseKeyError(Kind::Name(error));
        Ok(Self {
            network: network.parse().map_err(name)?,
            container: container.parse().map_err(name)?,
            interface: interface.parse().map_err(name)?,
        })
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseKeyError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Parts,
    Name(ParseNameError),
}

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Parts => f.write_str(
                "an attachment is named by network, container and interface with `:` between them",
            ),
            Kind::Name(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ParseKeyError {}

//! Ports of the host: which network carries them, and the plugin that does it.

use std::fmt;

use crate::attachment::Attachment;
use crate::config::{NetworkConfig, PluginConfig};
use crate::name::{ContainerId, NetworkName};
use crate::request::{CapabilityArgs, PortMapping};
use crate::version::{DeclaredVersions, Version};

use super::{Joined, PodNetwork};

/// The capability of plugins that map ports.
const CAPABILITY: &str = "portMappings";

const PORTMAP: &str = r#"{"type":"portmap","capabilities":{"portMappings":true},"snat":true}"#;

/// The network that ports are forwarded through, as rkt chooses it: the first that masquerades, else the last.
#[must_use]
pub fn port_network(networks: &[Joined]) -> Option<&Joined> {
    let masquerades = |joined: &&Joined| joined.config.plugins().iter().any(PluginConfig::ip_masq);
    networks.iter().find(masquerades).or_else(|| networks.last())
}

/// The network with a plugin that maps ports: itself when it has one, else with `portmap` after its plugins.
///
/// A configuration that declares no version is taken for one of 0.4.0 then, since chains came with 0.3.0.
///
/// ```
/// use cni_client::network::{Layer, with_port_mappings};
///
/// let layer = Layer::builtin();
/// let (_, default) = layer.iter().next().unwrap();
/// assert_eq!(with_port_mappings(default)?.capabilities(), ["portMappings"]);
/// # Ok::<(), cni_client::network::PortError>(())
/// ```
///
/// # Errors
///
/// When the configuration declares only versions before 0.3.0.
#[expect(clippy::missing_panics_doc, reason = "a constant text, which the example reads")]
#[expect(clippy::expect_used, reason = "a constant text, which the example reads")]
pub fn with_port_mappings(config: &NetworkConfig) -> Result<NetworkConfig, PortError> {
    if config.capabilities().contains(&CAPABILITY) {
        return Ok(config.clone());
    }
    let mut config = config.clone();
    let declared = config.declared_versions();
    if declared.version().is_none() && declared.versions().is_empty() {
        config = config.declare(DeclaredVersions::new(Some(Version::V0_4_0), []));
    }
    match config.version() {
        Ok(version) if !version.has_chains() => {
            return Err(PortError(Kind::TooOld { network: config.name().clone(), version }));
        }
        // An unknown version is an error of whoever runs the chain.
        _ => {}
    }
    config.push(PluginConfig::parse(PORTMAP).expect("the portmap plugin's configuration is valid"));
    Ok(config)
}

/// The first two mappings that want the same port of the host.
#[must_use]
pub fn first_conflict(mappings: &[PortMapping]) -> Option<(&PortMapping, &PortMapping)> {
    mappings.iter().enumerate().find_map(|(at, a)| {
        let b = mappings.iter().skip(at + 1).find(|b| a.conflicts_with(b))?;
        Some((a, b))
    })
}

/// The networks of a pod with the capability arguments of each: the mappings go to the [network for ports](port_network), which
/// gets a plugin for them if it has none.
///
/// ```
/// use cni_client::network::{Layer, Wanted, resolve, with_ports};
/// use cni_client::request::{PortMapping, Protocol};
/// # use cni_client::network::Selection;
///
/// # let Selection::Networks(wanted) = Selection::default_network() else { unreachable!() };
/// let networks = resolve(&wanted, &[Layer::builtin()])?.networks;
/// let attachments = with_ports(networks, &[PortMapping::new(8080, 80, Protocol::Tcp)])?;
/// let (default, capabilities) = &attachments[0];
/// assert_eq!(default.config.plugins()[1].kind().as_str(), "portmap");
/// assert!(capabilities.get("portMappings").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When two mappings want the same port of the host, when there are mappings and no network, and as [`with_port_mappings`].
pub fn with_ports(
    networks: Vec<Joined>,
    mappings: &[PortMapping],
) -> Result<Vec<(Joined, CapabilityArgs)>, PortError> {
    if let Some((one, other)) = first_conflict(mappings) {
        return Err(PortError(Kind::Conflict(one.clone(), other.clone())));
    }
    let carrier = match (mappings.first(), port_network(&networks)) {
        (None, _) => None,
        (Some(first), None) => return Err(PortError(Kind::NoNetwork(first.clone()))),
        (Some(_), Some(joined)) => Some((joined.interface.clone(), with_port_mappings(&joined.config)?)),
    };
    let with_arguments = |mut joined: Joined| {
        let mut capabilities = CapabilityArgs::new();
        if let Some((interface, config)) = &carrier
            && *interface == joined.interface
        {
            joined.config = config.clone();
            capabilities.set_port_mappings(mappings);
        }
        (joined, capabilities)
    };
    Ok(networks.into_iter().map(with_arguments).collect())
}

/// Makes sure that no other container has a port of the host that a container wants. Plugins do not: the rule that comes first
/// would win, without a word.
///
/// ```
/// use cni_client::network::check_ports_free;
/// use cni_client::request::{CapabilityArgs, PortMapping, Protocol};
/// # use cni_client::{attachment::Attachment, config::NetworkConfig, request::Request};
/// # let config = NetworkConfig::parse(r#"{"cniVersion": "1.0.0", "name": "n", "type": "portmap"}"#)?;
///
/// let mut capabilities = CapabilityArgs::new();
/// capabilities.set_port_mappings(&[PortMapping::new(8080, 80, Protocol::Tcp)]);
/// let request = Request::new("web".parse()?, "/run/netns/web".parse()?, "eth0".parse()?);
/// let there = Attachment::new(config, request.with_capabilities(capabilities))?;
///
/// let wanted = [PortMapping::new(8080, 8000, Protocol::Tcp)];
/// assert_eq!(
///     check_ports_free(&wanted, &"db".parse()?, [&there]).unwrap_err().to_string(),
///     "host port 8080/tcp to port 8000 is taken: container `web` has host port 8080/tcp to port 80",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When an attachment of another container has one.
pub fn check_ports_free<'a>(
    wanted: &[PortMapping],
    container: &ContainerId,
    attachments: impl IntoIterator<Item = &'a Attachment>,
) -> Result<(), PortError> {
    for attachment in attachments.into_iter().filter(|other| other.container() != container) {
        // What does not read as mappings was given by hand, and is between the user and the plugin.
        let there = attachment.capabilities().port_mappings().unwrap_or_default();
        for mapping in wanted {
            if let Some(other) = there.iter().find(|other| other.conflicts_with(mapping)) {
                let (mapping, other) = (mapping.clone(), other.clone());
                return Err(PortError(Kind::Taken {
                    mapping,
                    other,
                    container: attachment.container().clone(),
                }));
            }
        }
    }
    Ok(())
}

/// Makes sure that an attachment has an address of the family of each address that it has ports on: plugins pass over a mapping
/// from one family to the other, without a word.
///
/// # Errors
///
/// When one leads nowhere: a port on `::1` to a container that has IPv4 addresses alone.
pub fn check_ports_lead(attachment: &Attachment) -> Result<(), PortError> {
    let mappings = attachment.capabilities().port_mappings().unwrap_or_default();
    let addresses: Vec<_> = PodNetwork::of([attachment]).addresses().collect();
    let leads = |mapping: &PortMapping| {
        mapping.host_ip.is_none_or(|host| addresses.iter().any(|address| address.is_ipv4() == host.is_ipv4()))
    };
    match mappings.into_iter().find(|mapping| !leads(mapping)) {
        Some(mapping) => Err(PortError(Kind::NoFamily { mapping })),
        None => Ok(()),
    }
}

/// Why ports of the host cannot lead to a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortError(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    TooOld { network: NetworkName, version: Version },
    Conflict(PortMapping, PortMapping),
    NoNetwork(PortMapping),
    Taken { mapping: PortMapping, other: PortMapping, container: ContainerId },
    NoFamily { mapping: PortMapping },
    InUse(PortMapping),
    Foreign(PortMapping),
}

impl PortError {
    /// A program of the host has the port: for those who look by themselves, as feature `exec` does.
    pub fn in_use(mapping: &PortMapping) -> Self {
        Self(Kind::InUse(mapping.clone()))
    }

    /// No interface of the host has the address.
    pub fn foreign(mapping: &PortMapping) -> Self {
        Self(Kind::Foreign(mapping.clone()))
    }
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::TooOld { network, version } => {
                write!(
                    f,
                    "network `{network}` is of version {version}, and port mappings need 0.3.0 or later"
                )
            }
            Kind::Conflict(one, other) => {
                write!(f, "{one} and {other} want the same port of the host")
            }
            Kind::Taken { mapping, other, container } => {
                write!(f, "{mapping} is taken: container `{container}` has {other}")
            }
            Kind::NoFamily { mapping } => {
                let family = if mapping.host_ip.is_some_and(|ip| ip.is_ipv4()) { "IPv4" } else { "IPv6" };
                write!(f, "{mapping} leads nowhere: the pod has no {family} address")
            }
            Kind::InUse(mapping) => write!(f, "{mapping} is taken: a program of this machine has it"),
            Kind::Foreign(mapping) => write!(f, "{mapping} leads nowhere: this machine has no such address"),
            Kind::NoNetwork(mapping) => {
                write!(f, "{mapping} leads nowhere: the pod has a loopback interface only")
            }
        }
    }
}

impl std::error::Error for PortError {}

//! Ports of the host: which network carries them, and the plugin that does it.

use std::fmt;

use crate::config::{NetworkConfig, PluginConfig};
use crate::name::NetworkName;
use crate::request::PortMapping;
use crate::version::{DeclaredVersions, Version};

use super::Joined;

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
            return Err(PortError { network: config.name().clone(), version });
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

/// A network is too old for port mappings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortError {
    network: NetworkName,
    version: Version,
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, version } = self;
        write!(f, "network `{network}` is of version {version}, and port mappings need 0.3.0 or later")
    }
}

impl std::error::Error for PortError {}

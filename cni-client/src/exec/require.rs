//! What must be installed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::config::NetworkConfig;
use crate::name::{NetworkName, PluginType};
use crate::request::SearchPath;

use super::search;

/// The plugins of Debian's package, in 1.1.1 and 1.9.1.
const STOCK: [&str; 18] = [
    "bandwidth",
    "bridge",
    "dhcp",
    "dummy",
    "firewall",
    "host-device",
    "host-local",
    "ipvlan",
    "loopback",
    "macvlan",
    "portmap",
    "ptp",
    "sbr",
    "static",
    "tap",
    "tuning",
    "vlan",
    "vrf",
];

/// The package of Debian, and of its relatives, that a plugin is in.
///
/// ```
/// use cni_client::exec::debian_package;
///
/// assert_eq!(debian_package(&"ptp".parse()?), Some("containernetworking-plugins"));
/// assert_eq!(debian_package(&"calico".parse()?), None);
/// # Ok::<(), cni_client::name::ParseNameError>(())
/// ```
#[must_use]
pub fn debian_package(plugin: &PluginType) -> Option<&'static str> {
    match plugin.as_str() {
        "dnsname" => Some("golang-github-containernetworking-plugin-dnsname"),
        stock if STOCK.contains(&stock) => Some("containernetworking-plugins"),
        _ => None,
    }
}

/// Makes sure that the programs of networks are there, those that addresses are delegated to included, before anything is begun.
///
/// # Errors
///
/// When one is in no folder of the search path, or not executable.
pub fn require<'a>(
    networks: impl IntoIterator<Item = &'a NetworkConfig>,
    path: &SearchPath,
) -> Result<(), MissingPlugins> {
    let folders: Vec<PathBuf> = path.folders().map(ToOwned::to_owned).collect();
    let mut missing: Vec<(PluginType, NetworkName)> = Vec::new();
    for network in networks {
        for program in network.programs() {
            let known = missing.iter().any(|(other, _)| *other == program);
            if !known && search::find(&program, &folders).is_err() {
                missing.push((program, network.name().clone()));
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(MissingPlugins { missing, searched: folders }) }
}

/// Plugins that are not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPlugins {
    /// Each with the first network that needs it; at least one.
    missing: Vec<(PluginType, NetworkName)>,
    searched: Vec<PathBuf>,
}

impl MissingPlugins {
    /// Their names.
    pub fn plugins(&self) -> impl Iterator<Item = &PluginType> {
        self.missing.iter().map(|(plugin, _)| plugin)
    }
}

impl fmt::Display for MissingPlugins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (plugin, network)) in self.missing.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}plugin `{plugin}` of network `{network}`")?;
        }
        f.write_str(if self.missing.len() == 1 { " is" } else { " are" })?;
        f.write_str(" not installed: looked in ")?;
        for (at, folder) in self.searched.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}`{}`", folder.display())?;
        }
        let mut packages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for plugin in self.plugins() {
            if let Some(package) = debian_package(plugin) {
                packages.entry(package).or_default().push(format!("`{plugin}`"));
            }
        }
        for (package, plugins) in packages {
            write!(f, "; Debian and Ubuntu have {} in the package `{package}`", plugins.join(", "))?;
        }
        Ok(())
    }
}

impl Error for MissingPlugins {}

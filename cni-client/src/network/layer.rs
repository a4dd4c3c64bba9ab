//! Where configurations come from: layers, of which the later ones override the earlier ones by name.

use std::collections::BTreeMap;
use std::fmt;

use crate::config::NetworkConfig;
use crate::name::{InterfaceName, NetworkName};
use crate::request::CniArgs;

use super::Wanted;

/// The `ptp` network of rkt, with masquerading and a default route.
const DEFAULT: &str = r#"{
  "cniVersion": "0.4.0",
  "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
  "name": "default",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": true,
      "ipam": {"type": "host-local", "subnet": "172.16.28.0/24", "routes": [{"dst": "0.0.0.0/0"}]}
    }
  ]
}"#;

/// The `ptp` network of rkt that leads to the host and no further.
const RESTRICTED: &str = r#"{
  "cniVersion": "0.4.0",
  "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
  "name": "default-restricted",
  "plugins": [{"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "subnet": "172.31.0.0/16"}}]
}"#;

/// The configurations of one origin, such as a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    origin: String,
    /// By file; the order decides.
    files: Vec<(String, NetworkConfig)>,
}

impl Layer {
    /// An empty layer; the origin is for messages.
    #[must_use]
    pub fn new(origin: impl Into<String>) -> Self {
        Self { origin: origin.into(), files: Vec::new() }
    }

    /// With this configuration; the base name of its file decides the order of interfaces.
    #[must_use]
    pub fn with(mut self, file: impl Into<String>, config: NetworkConfig) -> Self {
        self.files.push((file.into(), config));
        self
    }

    /// The networks that rkt brings along, `default` (172.16.28.0/24 with masquerading and a default route) and
    /// `default-restricted` (172.31.0.0/16 with neither), as `99-default.conf` and `99-default-restricted.conf`.
    ///
    /// rkt writes them for 0.1.0; these serve plugins from 0.4.0 to 1.1.0.
    #[must_use]
    #[expect(clippy::expect_used, reason = "constant texts, which a test reads")]
    pub fn builtin() -> Self {
        let config = |text| NetworkConfig::parse(text).expect("a built-in network is valid");
        Self::new("built-in")
            .with("99-default.conf", config(DEFAULT))
            .with("99-default-restricted.conf", config(RESTRICTED))
    }

    /// Where the configurations come from.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The configurations with the names of their files.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NetworkConfig)> {
        self.files.iter().map(|(file, config)| (file.as_str(), config))
    }
}

/// A network that a pod joins.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// The interface in the pod: `eth0` for the first network and so on.
    pub interface: InterfaceName,
    /// The network.
    pub config: NetworkConfig,
    /// The arguments for it.
    pub args: CniArgs,
    /// The origin of the layer that it is from.
    pub origin: String,
    /// The name of its file.
    pub file: String,
}

/// What there is to say about layers and is no error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// A layer has a network twice; the first file counts.
    Duplicate {
        /// The network.
        network: NetworkName,
        /// The origin of the layer.
        origin: String,
        /// The file that is ignored.
        file: String,
    },
    /// A later layer has a network, too, and wins.
    Override {
        /// The network.
        network: NetworkName,
        /// The origin that wins.
        origin: String,
        /// The origin that is overridden.
        over: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { network, origin, file } => {
                write!(f, "network `{network}` is there already in `{origin}`: `{file}` is ignored")
            }
            Self::Override { network, origin, over } => {
                write!(f, "network `{network}` of `{origin}` overrides that of `{over}`")
            }
        }
    }
}

/// What a selection comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The networks, sorted by the base names of their files.
    pub networks: Vec<Joined>,
    /// What was passed over.
    pub remarks: Vec<Remark>,
}

/// Finds the wanted networks. The last layer that has a network wins, in a layer the first file; `eth0` goes to the first
/// file of all.
///
/// # Errors
///
/// When a network that is named is in no layer.
pub fn resolve(wanted: &Wanted, layers: &[Layer]) -> Result<Resolved, MissingNetworks> {
    let mut remarks = Vec::new();
    let mut found: BTreeMap<&NetworkName, (&str, &str, &NetworkConfig)> = BTreeMap::new();
    for layer in layers {
        for (network, (file, config)) in in_layer(layer, wanted, &mut remarks) {
            if let Some((over, ..)) = found.insert(network, (layer.origin(), file, config)) {
                let (origin, over) = (layer.origin.clone(), over.to_owned());
                remarks.push(Remark::Override { network: network.clone(), origin, over });
            }
        }
    }
    let missing: Vec<NetworkName> =
        wanted.named().map(|(name, _)| name).filter(|name| !found.contains_key(name)).cloned().collect();
    if !missing.is_empty() {
        let searched = layers.iter().map(|layer| layer.origin.clone()).collect();
        return Err(MissingNetworks { missing, searched });
    }
    let mut networks: Vec<_> = found.into_values().collect();
    networks.sort_by_key(|(_, file, _)| *file);
    let joined = (0..).zip(networks).map(|(index, (origin, file, config))| Joined {
        interface: InterfaceName::eth(index),
        config: config.clone(),
        args: wanted.args_for(config.name()).unwrap_or_default(),
        origin: origin.to_owned(),
        file: file.to_owned(),
    });
    Ok(Resolved { networks: joined.collect(), remarks })
}

/// The wanted networks of one layer by name.
fn in_layer<'a>(
    layer: &'a Layer,
    wanted: &Wanted,
    remarks: &mut Vec<Remark>,
) -> BTreeMap<&'a NetworkName, (&'a str, &'a NetworkConfig)> {
    let mut files: Vec<_> =
        layer.iter().filter(|(_, config)| wanted.args_for(config.name()).is_some()).collect();
    files.sort_by_key(|(file, _)| *file);
    let mut found = BTreeMap::new();
    for (file, config) in files {
        let network = config.name();
        if found.contains_key(network) {
            let (origin, file) = (layer.origin.clone(), file.to_owned());
            remarks.push(Remark::Duplicate { network: network.clone(), origin, file });
        } else {
            found.insert(network, (file, config));
        }
    }
    found
}

/// Networks that no layer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingNetworks {
    missing: Vec<NetworkName>,
    searched: Vec<String>,
}

impl MissingNetworks {
    /// Their names.
    #[must_use]
    pub fn names(&self) -> &[NetworkName] {
        &self.missing
    }
}

impl fmt::Display for MissingNetworks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no configuration of network")?;
        for (at, name) in self.missing.iter().enumerate() {
            write!(f, "{} `{name}`", if at == 0 { "" } else { "," })?;
        }
        for (at, origin) in self.searched.iter().enumerate() {
            write!(f, "{} `{origin}`", if at == 0 { " in" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for MissingNetworks {}

//! One plugin of a network.

use std::str::FromStr;

use crate::json::{Json, JsonError, Node, Object};
use crate::name::PluginType;

/// The configuration of one plugin (specification section 1, "Plugin configuration objects").
///
/// Only what the protocol itself uses is read; everything is kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginConfig {
    kind: PluginType,
    capabilities: Vec<String>,
    ipam: Option<PluginType>,
    ip_masq: bool,
    members: Object,
}

impl PluginConfig {
    /// Reads the object of one plugin.
    ///
    /// # Errors
    ///
    /// On bad JSON, a member that is written twice, a missing or bad `type` (`../bridge`), `capabilities` that is no object
    /// of booleans, `ipam` that is no object, and a bad `ipam.type`.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        Self::from_node(&Node::root(text)?)
    }

    pub(super) fn from_node(node: &Node<'_>) -> Result<Self, JsonError> {
        let mut members = node.members()?;
        let kind = members.required("type")?.parsed()?;
        let capabilities = match members.take("capabilities") {
            Some(node) => capabilities(&node)?,
            None => Vec::new(),
        };
        let ipam = match members.take("ipam") {
            // Plugins read an empty `ipam.type` as none: there are no addresses (a bridge of layer 2).
            Some(node) => node.members()?.take("type").map(|node| ipam(&node)).transpose()?.flatten(),
            None => None,
        };
        let ip_masq = members.take("ipMasq").is_some_and(|node| node.text() == "true");
        Ok(Self { kind, capabilities, ipam, ip_masq, members: node.members()?.rest() })
    }

    /// The name of its program.
    #[must_use]
    pub const fn kind(&self) -> &PluginType {
        &self.kind
    }

    /// The capabilities that it declares as true, in order.
    pub fn capabilities(&self) -> impl Iterator<Item = &str> {
        self.capabilities.iter().map(String::as_str)
    }

    /// The name of the program that it delegates addresses to, `ipam.type`.
    #[must_use]
    pub const fn ipam(&self) -> Option<&PluginType> {
        self.ipam.as_ref()
    }

    /// Whether it masquerades what leaves the network, `ipMasq`.
    #[must_use]
    pub const fn ip_masq(&self) -> bool {
        self.ip_masq
    }

    /// A member as it was written.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Json> {
        self.members.get(name)
    }

    /// All members, `type` included.
    #[must_use]
    pub const fn members(&self) -> &Object {
        &self.members
    }
}

impl FromStr for PluginConfig {
    type Err = JsonError;

    /// # Errors
    ///
    /// As [`PluginConfig::parse`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn capabilities(node: &Node<'_>) -> Result<Vec<String>, JsonError> {
    let mut declared = Vec::new();
    for (name, node) in node.members()? {
        if node.boolean()? {
            declared.push(name);
        }
    }
    Ok(declared)
}

fn ipam(node: &Node<'_>) -> Result<Option<PluginType>, JsonError> {
    if node.text() == "\"\"" { Ok(None) } else { node.parsed().map(Some) }
}

//! What ADD gives: interfaces, addresses, routes, DNS (specification section 5).
//!
//! One set of types holds the results of all versions. The old shapes (0.1.0 and 0.2.0, with one address of each family)
//! are read into it and written from it; converting follows the Go library's `pkg/types`.

mod convert;
mod decode;
mod encode;

pub use convert::ConvertError;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::json::{Json, JsonError, Node, Object};
use crate::version::Version;

/// The result of ADD.
///
/// ```
/// use cni_client::result::AddResult;
/// use cni_client::version::Version;
///
/// let stdout = br#"{"ip4": {"ip": "10.1.0.5/16", "gateway": "10.1.0.1", "routes": [{"dst": "0.0.0.0/0"}]}}"#;
/// let result = AddResult::decode(stdout, Version::V0_2_0)?;
/// assert_eq!(result.ips[0].address, "10.1.0.5/16".parse()?);
///
/// let newer = result.to_version(Version::V1_0_0)?;
/// assert_eq!(
///     newer.to_json().as_str(),
///     concat!(
///         r#"{"cniVersion":"1.0.0","ips":[{"address":"10.1.0.5/16","gateway":"10.1.0.1"}],"#,
///         r#""routes":[{"dst":"0.0.0.0/0"}]}"#,
///     ),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddResult {
    version: Version,
    /// The interfaces that were made, those on the host included; none before 0.3.0.
    pub interfaces: Vec<Interface>,
    /// The addresses.
    pub ips: Vec<IpConfig>,
    /// The routes.
    pub routes: Vec<Route>,
    /// The settings for name resolution.
    pub dns: Dns,
    /// Members that the specification does not name.
    pub other: Object,
}

impl AddResult {
    /// A result without anything in it.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            interfaces: Vec::new(),
            ips: Vec::new(),
            routes: Vec::new(),
            dns: Dns::default(),
            other: Object::new(),
        }
    }

    /// Reads what a plugin wrote; `version` is the one that it was asked in, which counts when the result names none.
    ///
    /// `interface` of an address may be any number: plugins write -1 and indices that do not exist. See
    /// [`AddResult::interface_of`].
    ///
    /// # Errors
    ///
    /// On an empty output, what is no JSON object, a member that is written twice, a version that this crate does not know,
    /// an address without a prefix length (`10.1.0.5`), and a number where text should be.
    pub fn decode(stdout: &[u8], version: Version) -> Result<Self, JsonError> {
        Self::from_node(&Node::root_of_bytes(stdout)?, version)
    }

    pub(crate) fn from_node(node: &Node<'_>, version: Version) -> Result<Self, JsonError> {
        decode::decode(node, version)
    }

    /// The version of its shape.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The result in the shape of another version.
    ///
    /// Upwards nothing is lost. Downwards from 1.x to 0.3.0 up to 0.4.0, `mtu`, `socketPath` and `pciID` of interfaces are
    /// dropped; further down, all interfaces, all but the first address of each family, and of the routes all but
    /// destination and gateway.
    ///
    /// # Errors
    ///
    /// Towards 0.2.0 and 0.1.0 when there is no address, and towards a version that this crate does not know.
    pub fn to_version(&self, version: Version) -> Result<Self, ConvertError> {
        convert::convert(self, version)
    }

    /// The result in the shape of its version.
    ///
    /// A result of 0.2.0 or 0.1.0 has room for one address of each family; only the first ones are written.
    #[must_use]
    pub fn to_json(&self) -> Json {
        encode::encode(self)
    }

    /// The interface that an address belongs to, if its index is one of the list.
    #[must_use]
    pub fn interface_of(&self, ip: &IpConfig) -> Option<&Interface> {
        self.interfaces.get(usize::try_from(ip.interface?).ok()?)
    }
}

/// An interface that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Interface {
    /// The name.
    pub name: String,
    /// The hardware address; empty when there is none.
    pub mac: String,
    /// The largest packet in bytes (from 1.1.0).
    pub mtu: Option<u32>,
    /// The network namespace; empty when it is the host's.
    pub sandbox: String,
    /// The socket that belongs to it (from 1.1.0).
    pub socket_path: String,
    /// The PCI device that belongs to it (from 1.1.0).
    pub pci_id: String,
    /// Members that the specification does not name.
    pub other: Object,
}

impl Interface {
    /// An interface in a namespace; an empty one is the host's.
    #[must_use]
    pub fn new(name: impl Into<String>, sandbox: impl Into<String>) -> Self {
        Self { name: name.into(), sandbox: sandbox.into(), ..Self::default() }
    }
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IpConfig {
    /// The address with the length of its prefix.
    pub address: IpNet,
    /// The gateway of its subnet.
    pub gateway: Option<IpAddr>,
    /// The index of its interface in the list, as the plugin wrote it.
    pub interface: Option<i64>,
    /// Members that the specification does not name.
    pub other: Object,
}

impl IpConfig {
    /// An address of no interface.
    #[must_use]
    pub const fn new(address: IpNet) -> Self {
        Self { address, gateway: None, interface: None, other: Object::new() }
    }
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The destination.
    pub dst: IpNet,
    /// The next hop; without it, the gateway of an address may be used.
    pub gw: Option<IpAddr>,
    /// The largest packet in bytes (from 1.1.0).
    pub mtu: Option<u32>,
    /// The largest segment to announce, in bytes (from 1.1.0).
    pub advmss: Option<u32>,
    /// The metric; lower wins (from 1.1.0).
    pub priority: Option<u32>,
    /// The routing table (from 1.1.0).
    pub table: Option<u32>,
    /// The scope: 0 global, 253 link, 254 host (from 1.1.0).
    pub scope: Option<u32>,
    /// Members that the specification does not name.
    pub other: Object,
}

impl Route {
    /// A route without anything but its destination.
    #[must_use]
    pub const fn new(dst: IpNet) -> Self {
        Self {
            dst,
            gw: None,
            mtu: None,
            advmss: None,
            priority: None,
            table: None,
            scope: None,
            other: Object::new(),
        }
    }
}

/// Settings for name resolution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dns {
    /// Addresses of servers, the preferred first.
    pub nameservers: Vec<String>,
    /// The local domain; empty when there is none.
    pub domain: String,
    /// Domains to search.
    pub search: Vec<String>,
    /// Options of the resolver.
    pub options: Vec<String>,
    /// Members that the specification does not name.
    pub other: Object,
}

impl Dns {
    /// Whether it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.nameservers.is_empty()
            && self.domain.is_empty()
            && self.search.is_empty()
            && self.options.is_empty()
            && self.other.is_empty()
    }

    /// The servers that a resolver can be given: a link-local address with its zone (`fe80::1%eth0`), and what is no address, are
    /// left out.
    pub fn servers(&self) -> impl Iterator<Item = IpAddr> {
        self.nameservers.iter().filter_map(|server| server.parse().ok())
    }

    /// The domains to search: `search`, without it `domain` (the two are one setting, resolv.conf(5)). What cannot be one word of
    /// a file is left out.
    pub fn searches(&self) -> impl Iterator<Item = &str> {
        let domain = Some(&self.domain).filter(|_| self.search.is_empty());
        domain.into_iter().chain(&self.search).map(String::as_str).filter(|text| is_word(text))
    }

    /// The options, but for what cannot be one word of a file.
    pub fn resolver_options(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(String::as_str).filter(|text| is_word(text))
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether an address counts as IPv4; one that is mapped into IPv6 does, as in Go.
fn is_ipv4(address: IpAddr) -> bool {
    address.to_canonical().is_ipv4()
}

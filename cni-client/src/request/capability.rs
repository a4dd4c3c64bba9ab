//! Capability arguments: what a runtime gives to the plugins that declare a capability (upstream `CONVENTIONS.md`,
//! "Dynamic Plugin specific Fields").

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::json::{Json, JsonError, Object};

/// The arguments by capability. A plugin receives those whose capability it declares as true.
///
/// ```
/// use cni_client::request::{CapabilityArgs, PortMapping, Protocol};
///
/// let mut args = CapabilityArgs::new();
/// args.set_port_mappings(&[PortMapping::new(8080, 80, Protocol::Tcp)]);
/// args.set("io.example/colour", "\"red\"".parse()?);
/// assert_eq!(
///     args.get("portMappings").unwrap().as_str(),
///     r#"[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]"#,
/// );
/// # Ok::<(), cni_client::json::JsonError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapabilityArgs(Object);

impl CapabilityArgs {
    /// No arguments.
    #[must_use]
    pub const fn new() -> Self {
        Self(Object::new())
    }

    /// The arguments in an object, such as `CAP_ARGS` of upstream's cnitool holds.
    #[must_use]
    pub const fn from_object(object: Object) -> Self {
        Self(object)
    }

    /// Sets the argument of any capability.
    pub fn set(&mut self, capability: &str, value: Json) {
        self.0.insert(capability, value);
    }

    /// `portMappings`: ports of the host that lead to ports of the container.
    pub fn set_port_mappings(&mut self, mappings: &[PortMapping]) {
        self.put("portMappings", mappings);
    }

    /// The ports in `portMappings`; none when there is no such argument.
    ///
    /// # Errors
    ///
    /// When the argument was [set](CapabilityArgs::set) to something else.
    pub fn port_mappings(&self) -> Result<Vec<PortMapping>, JsonError> {
        self.get("portMappings").map_or_else(|| Ok(Vec::new()), Json::decode)
    }

    /// `ipRanges`: for each address to allocate, the ranges to take it from.
    pub fn set_ip_ranges(&mut self, ranges: &[Vec<IpRange>]) {
        self.put("ipRanges", ranges);
    }

    /// `bandwidth`: limits of the interface.
    pub fn set_bandwidth(&mut self, bandwidth: &Bandwidth) {
        self.put("bandwidth", bandwidth);
    }

    /// `dns`: the resolver's settings.
    pub fn set_dns(&mut self, dns: &DnsSettings) {
        self.put("dns", dns);
    }

    /// `ips`: addresses to use; with a prefix length each, as most plugins want it.
    pub fn set_ips(&mut self, addresses: &[IpNet]) {
        self.put("ips", addresses);
    }

    /// `mac`: the hardware address, as `c2:11:22:33:44:55`.
    pub fn set_mac(&mut self, mac: &str) {
        self.0.insert("mac", Json::string(mac));
    }

    /// `aliases`: names for the container in its network.
    pub fn set_aliases(&mut self, names: &[String]) {
        self.put("aliases", names);
    }

    /// `deviceID`: the device that belongs to the network, as `0000:04:00.5`.
    pub fn set_device_id(&mut self, id: &str) {
        self.0.insert("deviceID", Json::string(id));
    }

    /// `infinibandGUID`: the GUID of the interface.
    pub fn set_infiniband_guid(&mut self, guid: &str) {
        self.0.insert("infinibandGUID", Json::string(guid));
    }

    /// `cgroupPath`: the control group of the pod.
    pub fn set_cgroup_path(&mut self, path: &str) {
        self.0.insert("cgroupPath", Json::string(path));
    }

    /// The argument of a capability.
    #[must_use]
    pub fn get(&self, capability: &str) -> Option<&Json> {
        self.0.get(capability)
    }

    /// All arguments.
    #[must_use]
    pub const fn as_object(&self) -> &Object {
        &self.0
    }

    fn put<T: Serialize + ?Sized>(&mut self, capability: &str, value: &T) {
        // The types of this file always have a JSON form: their keys are field names.
        if let Ok(json) = Json::new(value) {
            self.0.insert(capability, json);
        }
    }
}

/// A port of the host that leads to a port of the container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PortMapping {
    /// The port of the host.
    pub host_port: u16,
    /// The port of the container.
    pub container_port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// The address of the host; `None` is every address.
    #[serde(rename = "hostIP", default, skip_serializing_if = "Option::is_none")]
    pub host_ip: Option<IpAddr>,
}

impl PortMapping {
    /// A mapping on every address of the host.
    #[must_use]
    pub const fn new(host_port: u16, container_port: u16, protocol: Protocol) -> Self {
        Self { host_port, container_port, protocol, host_ip: None }
    }

    /// The mapping on one address of the host. `0.0.0.0` and `::` are every address.
    #[must_use]
    pub const fn on(mut self, address: IpAddr) -> Self {
        self.host_ip = Some(address);
        self
    }

    /// Whether two mappings want the same port of the host: same protocol and port, unless each has an address of its own.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let specific = |mapping: &Self| mapping.host_ip.filter(|address| !address.is_unspecified());
        let apart = match (specific(self), specific(other)) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        };
        self.protocol == other.protocol && self.host_port == other.host_port && !apart
    }
}

impl fmt::Display for PortMapping {
    /// As in `host port 127.0.0.1:8080/tcp to port 80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host_port, container_port, protocol, host_ip } = self;
        f.write_str("host port ")?;
        match host_ip {
            Some(IpAddr::V4(ip)) => write!(f, "{ip}:")?,
            Some(IpAddr::V6(ip)) => write!(f, "[{ip}]:")?,
            None => {}
        }
        write!(f, "{host_port}/{protocol} to port {container_port}")
    }
}

/// A protocol of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

/// Limits of an interface: rates in bits a second, bursts in bits; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bandwidth {
    /// The rate towards the container.
    pub ingress_rate: u64,
    /// The burst towards the container.
    pub ingress_burst: u64,
    /// The rate from the container.
    pub egress_rate: u64,
    /// The burst from the container.
    pub egress_burst: u64,
}

/// The resolver's settings as a capability argument.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsSettings {
    /// Addresses of servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Domains to search.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<String>,
    /// Options of the resolver.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A range of addresses, as host-local reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IpRange {
    /// The subnet.
    pub subnet: IpNet,
    /// The first address to give out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range_start: Option<IpAddr>,
    /// The last address to give out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range_end: Option<IpAddr>,
    /// The gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
}

//! Which addresses and node ports services get (`pkg/registry/core/service/ipallocator`, `portallocator`).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::endpoints::cluster_addresses;
use crate::core::{IpFamily, IpFamilyPolicy, Protocol, Service, ServiceType};
use crate::validate::{ErrorType, FieldError};

/// What there is to give out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges {
    /// The networks of cluster addresses, at most one of each family; the first is that of services that do not say.
    pub addresses: Vec<IpNet>,
    /// The ports of nodes; 30000 to 32767 where nothing else is set.
    pub node_ports: RangeInclusive<u16>,
}

impl Default for Ranges {
    /// `10.96.0.0/12`, which kubeadm takes, and 30000 to 32767.
    fn default() -> Self {
        let network = ipnet::Ipv4Net::new_assert(Ipv4Addr::new(10, 96, 0, 0), 12);
        Self { addresses: vec![IpNet::V4(network)], node_ports: 30_000..=32_767 }
    }
}

/// Gives out addresses and node ports, and remembers what it gave. What services ask for themselves is noted first, with
/// [`Allocator::take`].
///
/// Upstream chooses at random in the upper part of a range, and leaves the lower one to people. Here the choice follows from the service's
/// name, so the same services get the same addresses.
#[derive(Debug, Clone)]
pub struct Allocator {
    ranges: Ranges,
    addresses: BTreeSet<IpAddr>,
    /// A port serves TCP and UDP apart.
    ports: BTreeMap<(u16, Protocol), String>,
}

impl Allocator {
    /// One that has given out nothing.
    #[must_use]
    pub const fn new(ranges: Ranges) -> Self {
        Self { ranges, addresses: BTreeSet::new(), ports: BTreeMap::new() }
    }

    /// Notes what a service has already.
    ///
    /// # Errors
    ///
    /// An address or a port outside the ranges, or one that another service has: `clusterIP: 8.8.8.8`, `nodePort: 80`.
    pub fn take(&mut self, service: &Service) -> Result<(), Vec<FieldError>> {
        let (mut errors, mut addresses, mut ports) = (Vec::new(), Vec::new(), Vec::new());
        for address in cluster_addresses(service) {
            match self.check_address(address) {
                Ok(()) => addresses.push(address),
                Err(detail) => errors.push(FieldError {
                    field: "spec.clusterIPs".to_owned(),
                    error_type: ErrorType::Invalid,
                    value: format!("[\"{address}\"]"),
                    detail: format!("failed to allocate IP {address}: {detail}"),
                }),
            }
        }
        for (index, port) in service.spec.ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            match self.check_port(service, port.node_port, &port.protocol) {
                Ok(number) => ports.push((number, port.protocol.clone())),
                Err(detail) => errors.push(FieldError {
                    field: format!("spec.ports[{index}].nodePort"),
                    error_type: ErrorType::Invalid,
                    value: port.node_port.to_string(),
                    detail,
                }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        self.addresses.extend(addresses);
        self.ports.extend(ports.into_iter().map(|port| (port, key(service))));
        Ok(())
    }

    /// Gives a service the addresses and node ports that it still wants; it must have its defaults. Those it has must have been taken.
    ///
    /// # Errors
    ///
    /// When a range is full, or the service wants a family of addresses that there is no network of.
    pub fn give(&mut self, service: &mut Service) -> Result<(), FieldError> {
        let spec = &service.spec;
        if spec.type_ != ServiceType::ExternalName && spec.cluster_ip != "None" && spec.cluster_ip.is_empty()
        {
            self.give_addresses(service)?;
        }
        let wants_ports = match service.spec.type_ {
            ServiceType::NodePort => true,
            ServiceType::LoadBalancer => service.spec.allocate_load_balancer_node_ports != Some(false),
            _ => false,
        };
        if wants_ports { self.give_ports(service) } else { Ok(()) }
    }

    /// Takes back what a service has.
    pub fn release(&mut self, service: &Service) {
        for address in cluster_addresses(service) {
            self.addresses.remove(&address);
        }
        let key = key(service);
        self.ports.retain(|_, owner| *owner != key);
    }

    fn check_address(&self, address: IpAddr) -> Result<(), String> {
        let networks: Vec<_> = self.ranges.addresses.iter().filter(|net| net.contains(&address)).collect();
        if networks.is_empty() {
            let ranges = self.ranges.addresses.iter().filter(|net| net.addr().is_ipv6() == address.is_ipv6());
            let ranges = ranges.map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "the provided IP ({address}) is not in the valid range. The range of valid IPs is {ranges}"
            ));
        }
        if self.addresses.contains(&address) {
            Err("provided IP is already allocated".to_owned())
        } else {
            Ok(())
        }
    }

    fn check_port(&self, service: &Service, port: i32, protocol: &Protocol) -> Result<u16, String> {
        let range = &self.ranges.node_ports;
        let number = u16::try_from(port).ok().filter(|number| range.contains(number)).ok_or_else(|| {
            format!(
                "provided port is not in the valid range. The range of valid ports is {}-{}",
                range.start(),
                range.end()
            )
        })?;
        let owner = |(taken, other): &(u16, Protocol)| *taken == number && (other == protocol);
        let other =
            self.ports.iter().any(|(port, by)| owner(port) || port.0 == number && *by != key(service));
        if other { Err("provided port is already allocated".to_owned()) } else { Ok(number) }
    }

    fn give_addresses(&mut self, service: &mut Service) -> Result<(), FieldError> {
        let mut given = Vec::new();
        for network in self.wanted(service)? {
            let free = spread(&network, &key(service)).find(|address| !self.addresses.contains(address));
            let address =
                free.ok_or_else(|| full("spec.clusterIPs", "failed to allocate a serviceIP: range is full"))?;
            self.addresses.insert(address);
            given.push(address);
        }
        let spec = &mut service.spec;
        spec.ip_families =
            given.iter().map(|ip| if ip.is_ipv6() { IpFamily::IPv6 } else { IpFamily::IPv4 }).collect();
        spec.cluster_ips = given.iter().map(ToString::to_string).collect();
        spec.cluster_ip = spec.cluster_ips.first().cloned().unwrap_or_default();
        spec.ip_family_policy.get_or_insert(IpFamilyPolicy::SingleStack);
        Ok(())
    }

    /// The networks that a service gets an address of.
    fn wanted(&self, service: &Service) -> Result<Vec<IpNet>, FieldError> {
        let spec = &service.spec;
        let of = |family: &IpFamily| {
            let wants_v6 = *family == IpFamily::IPv6;
            self.ranges.addresses.iter().find(|net| net.addr().is_ipv6() == wants_v6).copied()
        };
        let mut networks = Vec::new();
        for family in &spec.ip_families {
            networks.push(of(family).ok_or_else(|| FieldError {
                field: "spec.ipFamilies[0]".to_owned(),
                error_type: ErrorType::Invalid,
                value: family.as_str().to_owned(),
                detail: "not configured on this cluster".to_owned(),
            })?);
        }
        let count = match spec.ip_family_policy {
            Some(IpFamilyPolicy::RequireDualStack | IpFamilyPolicy::PreferDualStack) => 2,
            _ => 1.max(networks.len()),
        };
        for network in &self.ranges.addresses {
            if networks.len() < count && !networks.contains(network) {
                networks.push(*network);
            }
        }
        if spec.ip_family_policy == Some(IpFamilyPolicy::RequireDualStack) && networks.len() < 2 {
            return Err(FieldError {
                field: "spec.ipFamilyPolicy".to_owned(),
                error_type: ErrorType::Invalid,
                value: "\"RequireDualStack\"".to_owned(),
                detail: "this cluster is not configured for dual-stack services".to_owned(),
            });
        }
        if networks.is_empty() {
            return Err(full(
                "spec.clusterIPs",
                "failed to allocate a serviceIP: there is no network of addresses",
            ));
        }
        Ok(networks)
    }

    fn give_ports(&mut self, service: &mut Service) -> Result<(), FieldError> {
        let owner = key(service);
        // The same port of a service gets the same node port for each protocol.
        let mut given: BTreeMap<i32, i32> = BTreeMap::new();
        for index in 0..service.spec.ports.len() {
            let Some(port) = service.spec.ports.get(index) else { continue };
            if port.node_port != 0 {
                given.insert(port.port, port.node_port);
                continue;
            }
            let shared = given.get(&port.port).and_then(|number| u16::try_from(*number).ok());
            let shared = shared.filter(|number| !self.ports.contains_key(&(*number, port.protocol.clone())));
            let free = || {
                let taken = |number: &u16| {
                    self.ports
                        .range((*number, Protocol::Unset)..)
                        .next()
                        .is_some_and(|(port, _)| port.0 == *number)
                };
                spread_ports(&self.ranges.node_ports, &format!("{owner}:{}", port.port))
                    .find(|number| !taken(number))
            };
            let number = shared.or_else(free).ok_or_else(|| {
                full(&format!("spec.ports[{index}].nodePort"), "failed to allocate a nodePort: range is full")
            })?;
            self.ports.insert((number, port.protocol.clone()), owner.clone());
            given.insert(port.port, i32::from(number));
            if let Some(port) = service.spec.ports.get_mut(index) {
                port.node_port = i32::from(number);
            }
        }
        Ok(())
    }
}

fn full(field: &str, detail: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        error_type: ErrorType::Internal,
        value: String::new(),
        detail: detail.to_owned(),
    }
}

fn key(service: &Service) -> String {
    format!("{}/{}", service.metadata.namespace, service.metadata.name)
}

/// The offset below which addresses and ports are left to people: between 16 and `most`, a share of the range.
fn band(size: u128, share: u128, most: u128) -> u128 {
    if size < 32 { 0 } else { (size / share).clamp(16, most) }
}

/// All numbers below `size`, from one that follows from a name: first those from `band` on, then the ones below.
fn from_name(size: u128, band: u128, name: &str) -> impl Iterator<Item = u128> + use<> {
    // FNV-1a, of 64 bits.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let upper = size.saturating_sub(band);
    let start = u128::from(hash) % upper.max(1);
    (0..upper).map(move |step| band + (start + step) % upper).chain(0..band.min(size))
}

/// Of a network of IPv6 no more than 2^16 addresses are given out (`RangeSize`).
const V6_BITS: u32 = 16;

/// The addresses of a network in the order that they are tried; without that of the network and, of IPv4, the one for broadcast.
fn spread(network: &IpNet, name: &str) -> impl Iterator<Item = IpAddr> + use<> {
    let (first, bits, ends) = match network {
        IpNet::V4(net) => (u128::from(u32::from(net.network())), 32 - u32::from(net.prefix_len()), 2),
        IpNet::V6(net) => (u128::from(net.network()), (128 - u32::from(net.prefix_len())).min(V6_BITS), 1),
    };
    let size = (1_u128 << bits).saturating_sub(ends);
    let is_v6 = matches!(network, IpNet::V6(_));
    from_name(size, band(size, 16, 256), name).map(move |offset| {
        let number = first + 1 + offset;
        if is_v6 {
            IpAddr::V6(Ipv6Addr::from(number))
        } else {
            IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)))
        }
    })
}

fn spread_ports(range: &RangeInclusive<u16>, name: &str) -> impl Iterator<Item = u16> + use<> {
    let first = *range.start();
    let size = u128::from(range.end().saturating_sub(first)) + u128::from(!range.is_empty());
    from_name(size, band(size, 32, 128), name)
        .map(move |offset| first.saturating_add(u16::try_from(offset).unwrap_or(u16::MAX)))
}

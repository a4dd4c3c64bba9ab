//! The names of services and pods (Kubernetes DNS-Based Service Discovery, schema version 1.1.0).

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::endpoints::{Backed, cluster_addresses};
use crate::core::{Protocol, Service, ServiceType};
use crate::discovery::{AddressType, Endpoint, EndpointSlice};

/// The version of the schema, which the record `dns-version` tells.
const SCHEMA: &str = "1.1.0";

/// The domain of a cluster.
///
/// ```
/// use k8s_model::service::{Backed, Zone};
/// # use k8s_model::core::Service;
/// # let mut service = Service::default();
/// # service.metadata.name = "web".to_owned();
/// # service.metadata.namespace = "default".to_owned();
/// # service.spec.cluster_ip = "10.96.0.10".to_owned();
/// let records = Zone::default().records(&Backed { service: &service, slices: vec![] });
/// assert_eq!(records[0].to_string(), "web.default.svc.cluster.local. 5 IN A 10.96.0.10");
/// assert_eq!(records[1].to_string(), "10.0.96.10.in-addr.arpa. 5 IN PTR web.default.svc.cluster.local.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// The domain, without a dot at its end.
    pub domain: String,
    /// For how many seconds an answer may be kept.
    pub ttl: u32,
}

impl Default for Zone {
    /// `cluster.local`, and the 5 seconds of CoreDNS.
    fn default() -> Self {
        Self { domain: "cluster.local".to_owned(), ttl: 5 }
    }
}

/// A resource record; names end in a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// For how many seconds it may be kept.
    pub ttl: u32,
    /// What it says.
    pub data: RecordData,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RecordData {
    /// An address of IPv4.
    A(Ipv4Addr),
    /// An address of IPv6.
    Aaaa(Ipv6Addr),
    /// Another name to ask for.
    Cname(String),
    /// The name of an address.
    Ptr(String),
    /// The place of a service's port (RFC 2782).
    Srv {
        /// The lowest is tried first.
        priority: u16,
        /// How often it is taken among equals.
        weight: u16,
        /// The port.
        port: u16,
        /// The name of the host.
        target: String,
    },
    /// A text.
    Txt(String),
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// Addresses of IPv4.
    A,
    /// Addresses of IPv6.
    Aaaa,
    /// Another name.
    Cname,
    /// Names of an address.
    Ptr,
    /// Places of a port.
    Srv,
    /// Texts.
    Txt,
}

impl RecordData {
    /// Its type.
    #[must_use]
    pub const fn record_type(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::Aaaa,
            Self::Cname(_) => RecordType::Cname,
            Self::Ptr(_) => RecordType::Ptr,
            Self::Srv { .. } => RecordType::Srv,
            Self::Txt(_) => RecordType::Txt,
        }
    }
}

impl From<IpAddr> for RecordData {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}

impl fmt::Display for Record {
    /// A line of a zone file (RFC 1035 §5.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, ttl, data } = self;
        write!(f, "{name} {ttl} IN ")?;
        match data {
            RecordData::A(address) => write!(f, "A {address}"),
            RecordData::Aaaa(address) => write!(f, "AAAA {address}"),
            RecordData::Cname(name) => write!(f, "CNAME {name}"),
            RecordData::Ptr(name) => write!(f, "PTR {name}"),
            RecordData::Srv { priority, weight, port, target } => {
                write!(f, "SRV {priority} {weight} {port} {target}")
            }
            RecordData::Txt(text) => write!(f, "TXT \"{text}\""),
        }
    }
}

impl Zone {
    fn record(&self, name: String, data: RecordData) -> Record {
        Record { name, ttl: self.ttl, data }
    }

    /// The record that tells the version of the schema (§2.2).
    #[must_use]
    pub fn version(&self) -> Record {
        self.record(format!("dns-version.{}.", self.domain), RecordData::Txt(SCHEMA.to_owned()))
    }

    /// The full name of a service, with a dot at its end.
    #[must_use]
    pub fn service_name(&self, service: &Service) -> String {
        let metadata = &service.metadata;
        format!("{}.{}.svc.{}.", metadata.name, metadata.namespace, self.domain)
    }

    /// The records of a service: of its addresses (§2.3), of its endpoints where it is headless (§2.4), or an alias (§2.5).
    #[must_use]
    pub fn records(&self, backed: &Backed<'_>) -> Vec<Record> {
        let service = backed.service;
        let name = self.service_name(service);
        let spec = &service.spec;
        if spec.type_ == ServiceType::ExternalName {
            let target = format!("{}.", spec.external_name.trim_end_matches('.'));
            return vec![self.record(name, RecordData::Cname(target))];
        }
        if spec.cluster_ip == "None" {
            return self.headless(&name, backed);
        }
        let mut records = Vec::new();
        for address in cluster_addresses(service) {
            records.push(self.record(name.clone(), address.into()));
            records.push(self.record(reverse(address), RecordData::Ptr(name.clone())));
        }
        if records.is_empty() {
            return records;
        }
        for port in &spec.ports {
            records.extend(self.srv(&name, &port.name, &port.protocol, port.port, &name));
        }
        records
    }

    /// A port with a name; the others have no record.
    fn srv(
        &self,
        service: &str,
        port: &str,
        protocol: &Protocol,
        number: i32,
        target: &str,
    ) -> Option<Record> {
        let number = u16::try_from(number).ok().filter(|number| *number != 0 && !port.is_empty())?;
        let protocol =
            if protocol.is_unset() { "tcp".to_owned() } else { protocol.as_str().to_ascii_lowercase() };
        let data = RecordData::Srv { priority: 0, weight: 100, port: number, target: target.to_owned() };
        Some(self.record(format!("_{port}._{protocol}.{service}"), data))
    }

    fn headless(&self, name: &str, backed: &Backed<'_>) -> Vec<Record> {
        let all = backed.service.spec.publish_not_ready_addresses;
        let (mut records, mut ports) = (Vec::new(), Vec::new());
        for (slice, endpoint) in
            endpoints(backed).filter(|(_, one)| all || one.conditions.ready.unwrap_or(true))
        {
            let Some(address) = endpoint.addresses.first().and_then(|text| text.parse::<IpAddr>().ok())
            else {
                continue;
            };
            let host = format!("{}.{name}", hostname(endpoint, address));
            records.push(self.record(name.to_owned(), address.into()));
            records.push(self.record(host.clone(), address.into()));
            records.push(self.record(reverse(address), RecordData::Ptr(host.clone())));
            for port in &slice.ports {
                let (name_of, number) = (port.name.as_deref().unwrap_or_default(), port.port.unwrap_or(0));
                let protocol = port.protocol.clone().unwrap_or_default();
                ports.extend(self.srv(name, name_of, &protocol, number, &host));
            }
        }
        records.extend(ports);
        records.sort();
        records.dedup();
        records
    }
}

fn endpoints<'b>(backed: &'b Backed<'_>) -> impl Iterator<Item = (&'b EndpointSlice, &'b Endpoint)> {
    let slices = backed.slices.iter().filter(|slice| slice.address_type != AddressType::Fqdn);
    slices.flat_map(|slice| slice.endpoints.iter().map(move |endpoint| (*slice, endpoint)))
}

/// The host name of an endpoint: its own, or its address with hyphens, as CoreDNS gives it.
fn hostname(endpoint: &Endpoint, address: IpAddr) -> String {
    match endpoint.hostname.as_deref() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => address.to_string().replace(['.', ':'], "-"),
    }
}

/// The name that an address is looked up by (RFC 1035 §3.5, RFC 3596 §2.5).
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let digits = address.octets().into_iter().rev();
            let digits: String = digits.map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4)).collect();
            format!("{digits}ip6.arpa.")
        }
    }
}

/// The records of all services, to be asked.
#[derive(Debug, Clone, Default)]
pub struct Names {
    zone: Zone,
    by_name: BTreeMap<String, Vec<Record>>,
}

/// What there is of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These records; an alias where there is one, whatever was asked for.
    Records(Vec<Record>),
    /// The name is there, but has no such record.
    NoData,
    /// There is no such name.
    NoName,
}

impl Names {
    /// The names of services in a zone.
    #[must_use]
    pub fn new(zone: Zone, services: &[Backed<'_>]) -> Self {
        let mut by_name: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in services.iter().flat_map(|backed| zone.records(backed)).chain([zone.version()]) {
            by_name.entry(record.name.to_ascii_lowercase()).or_default().push(record);
        }
        Self { zone, by_name }
    }

    /// All records, by name.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.by_name.values().flatten()
    }

    /// What there is of a name; upper and lower case are the same, and a dot at the end may be missing. Names of pods by their address
    /// (`10-1-0-2.default.pod.cluster.local`, §2.6) are there for every address.
    #[must_use]
    pub fn ask(&self, name: &str, wanted: RecordType) -> Answer {
        let name = format!("{}.", name.trim_end_matches('.').to_ascii_lowercase());
        let found = match (self.by_name.get(&name), self.pod(&name)) {
            (Some(records), _) => records.clone(),
            (None, Some(address)) => vec![self.zone.record(name.clone(), address.into())],
            (None, None) => Vec::new(),
        };
        if found.is_empty() {
            // What lies above a name is there, but empty (RFC 8020).
            let below = format!(".{name}");
            let is_above = self.by_name.keys().any(|known| known.ends_with(&below));
            return if is_above { Answer::NoData } else { Answer::NoName };
        }
        let is_alias = |record: &Record| record.data.record_type() == RecordType::Cname;
        let fits = |record: &Record| is_alias(record) || record.data.record_type() == wanted;
        match found.into_iter().filter(fits).collect::<Vec<_>>() {
            none if none.is_empty() => Answer::NoData,
            some => Answer::Records(some),
        }
    }

    /// The address in the name of a pod.
    fn pod(&self, name: &str) -> Option<IpAddr> {
        let end = format!(".pod.{}.", self.zone.domain.to_ascii_lowercase());
        let (address, namespace) = name.strip_suffix(&end)?.split_once('.')?;
        if namespace.is_empty() || namespace.contains('.') {
            return None;
        }
        let v4 = address.replace('-', ".").parse().map(IpAddr::V4);
        v4.or_else(|_| address.replace('-', ":").parse().map(IpAddr::V6)).ok()
    }
}

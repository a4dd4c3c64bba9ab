//! From the shape of one version to that of another.

use std::fmt;

use crate::version::Version;

use super::{AddResult, IpConfig, Route, is_ipv4};

pub(super) fn convert(result: &AddResult, version: Version) -> Result<AddResult, ConvertError> {
    if !version.is_known() {
        return Err(ConvertError { version, kind: Kind::Unknown });
    }
    let mut converted = result.clone();
    converted.version = version;
    if result.version >= Version::V1_0_0 && version < Version::V1_0_0 {
        for interface in &mut converted.interfaces {
            interface.mtu = None;
            interface.socket_path.clear();
            interface.pci_id.clear();
        }
    }
    if result.version.has_chains() && !version.has_chains() {
        squeeze(&mut converted)?;
    }
    if result.version.has_chains() != version.has_chains() {
        forget_what_would_mean_something(&mut converted);
    }
    if version == Version::V0_3_0 && result.version != version {
        converted.other.remove("ip");
    }
    Ok(converted)
}

/// What fits into 0.2.0.
fn squeeze(result: &mut AddResult) -> Result<(), ConvertError> {
    let first = |v4: bool| result.ips.iter().find(|ip| is_ipv4(ip.address.addr()) == v4).cloned();
    let ips: Vec<IpConfig> = [first(true), first(false)].into_iter().flatten().collect();
    if ips.is_empty() {
        return Err(ConvertError { version: result.version, kind: Kind::NoAddress });
    }
    let has = |v4: bool| ips.iter().any(|ip| is_ipv4(ip.address.addr()) == v4);
    let routes = result.routes.iter().filter(|route| has(is_ipv4(route.dst.addr())));
    result.routes = routes.map(|route| Route { gw: route.gw, ..Route::new(route.dst) }).collect();
    result.ips = ips.into_iter().map(|ip| IpConfig { interface: None, ..ip }).collect();
    result.interfaces.clear();
    Ok(())
}

/// Members that one shape does not know and the other one does: they were never checked.
fn forget_what_would_mean_something(result: &mut AddResult) {
    for name in ["interfaces", "ips", "ip", "routes", "ip4", "ip6"] {
        result.other.remove(name);
    }
    for ip in &mut result.ips {
        ip.other.remove("routes");
    }
}

/// Why a result has no shape in a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertError {
    version: Version,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unknown,
    NoAddress,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, kind } = self;
        match kind {
            Kind::Unknown => write!(f, "results of version `{version}` are unknown"),
            Kind::NoAddress => {
                write!(f, "a result of version `{version}` needs an address, and there is none")
            }
        }
    }
}

impl std::error::Error for ConvertError {}

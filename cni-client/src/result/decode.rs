//! Reading results of all versions.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::json::{JsonError, Members, Node};
use crate::version::Version;

use super::{AddResult, Dns, Interface, IpConfig, Route};

const U32: &str = "from 0 to 4294967295";

pub(super) fn decode(node: &Node<'_>, version: Version) -> Result<AddResult, JsonError> {
    let mut members = node.members()?;
    let mut result = AddResult::new(result_version(&mut members, version)?);
    if result.version.has_chains() {
        result.interfaces = members.list("interfaces", interface)?;
        result.ips = members.list("ips", address)?;
        if result.version == Version::V0_3_0 {
            // The text of 0.3.0 calls the list `ip`; 0.3.1 corrects that.
            let slip = members.list("ip", address)?;
            if result.ips.is_empty() {
                result.ips = slip;
            }
        }
        result.routes = members.list("routes", route)?;
    } else {
        for family in ["ip4", "ip6"] {
            let Some(node) = members.take(family) else { continue };
            let (ip, mut rest) = ip(&node, "ip")?;
            result.ips.push(ip);
            result.routes.append(&mut rest);
        }
    }
    if let Some(node) = members.take("dns") {
        result.dns = dns(&node)?;
    }
    result.other = members.rest();
    Ok(result)
}

fn result_version(members: &mut Members<'_>, asked: Version) -> Result<Version, JsonError> {
    let Some(node) = members.take("cniVersion") else { return Ok(asked) };
    if node.string()?.is_empty() {
        return Ok(asked);
    }
    let version: Version = node.parsed()?;
    if !version.is_known() {
        return Err(node.fail(format_args!("unknown version `{version}` of a result")));
    }
    Ok(version)
}

fn interface(node: &Node<'_>) -> Result<Interface, JsonError> {
    let mut members = node.members()?;
    Ok(Interface {
        name: members.text("name")?,
        mac: members.text("mac")?,
        mtu: number(&mut members, "mtu")?,
        sandbox: members.text("sandbox")?,
        socket_path: members.text("socketPath")?,
        pci_id: members.text("pciID")?,
        other: members.rest(),
    })
}

fn address(node: &Node<'_>) -> Result<IpConfig, JsonError> {
    ip(node, "address").map(|(ip, _)| ip)
}

/// An address; the shape of before 0.3.0 holds routes, too.
fn ip(node: &Node<'_>, address: &str) -> Result<(IpConfig, Vec<Route>), JsonError> {
    let mut members = node.members()?;
    let routes = if address == "ip" { members.list("routes", route)? } else { Vec::new() };
    // "4" or "6" up to 0.4.0; the address says the same.
    members.take("version");
    let address = members.required(address)?;
    let ip = IpConfig {
        address: network(&address)?,
        gateway: next_hop(&mut members, "gateway")?,
        interface: members.take("interface").map(|node| node.integer("of 64 bits")).transpose()?,
        other: members.rest(),
    };
    Ok((ip, routes))
}

fn route(node: &Node<'_>) -> Result<Route, JsonError> {
    let mut members = node.members()?;
    Ok(Route {
        dst: network(&members.required("dst")?)?,
        gw: next_hop(&mut members, "gw")?,
        mtu: number(&mut members, "mtu")?,
        advmss: number(&mut members, "advmss")?,
        priority: number(&mut members, "priority")?,
        table: number(&mut members, "table")?,
        scope: number(&mut members, "scope")?,
        other: members.rest(),
    })
}

fn dns(node: &Node<'_>) -> Result<Dns, JsonError> {
    let mut members = node.members()?;
    Ok(Dns {
        nameservers: members.list("nameservers", |node| node.string())?,
        domain: members.text("domain")?,
        search: members.list("search", |node| node.string())?,
        options: members.list("options", |node| node.string())?,
        other: members.rest(),
    })
}

fn network(node: &Node<'_>) -> Result<IpNet, JsonError> {
    let text = node.string()?;
    text.parse().map_err(|_| {
        node.fail(format_args!(
            "`{}` is no address with a prefix length, such as `10.1.0.5/16`",
            text.escape_debug()
        ))
    })
}

/// An address that may be absent; Go writes an empty text for none.
fn next_hop(members: &mut Members<'_>, name: &str) -> Result<Option<IpAddr>, JsonError> {
    let Some(node) = members.take(name) else { return Ok(None) };
    let text = node.string()?;
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text.parse();
    parsed.map(Some).map_err(|_| node.fail(format_args!("`{}` is no IP address", text.escape_debug())))
}

fn number(members: &mut Members<'_>, name: &str) -> Result<Option<u32>, JsonError> {
    members.take(name).map(|node| node.integer(U32)).transpose()
}

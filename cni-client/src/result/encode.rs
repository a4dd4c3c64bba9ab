//! Writing results of all versions.

use crate::json::{Json, Object};
use crate::version::Version;

use super::{AddResult, Dns, Interface, IpConfig, Route, is_ipv4};

pub(super) fn encode(result: &AddResult) -> Json {
    let mut object = Object::new();
    object.insert("cniVersion", Json::string(&result.version.to_string()));
    if result.version.has_chains() {
        list(&mut object, "interfaces", result.interfaces.iter().map(interface));
        list(&mut object, "ips", result.ips.iter().map(|config| ip(config, result.version)));
        list(&mut object, "routes", result.routes.iter().map(route));
    } else {
        families(result, &mut object);
    }
    if !result.dns.is_empty() {
        object.insert("dns", dns(&result.dns));
    }
    object.extend(&result.other);
    object.to_json()
}

/// `ip4` and `ip6`, each with the routes of its family; a route without an address of its family goes to the other one.
fn families(result: &AddResult, object: &mut Object) {
    let first = |v4: bool| result.ips.iter().find(|ip| is_ipv4(ip.address.addr()) == v4);
    let only = |v4: bool| first(!v4).is_none();
    for (name, v4) in [("ip4", true), ("ip6", false)] {
        let Some(config) = first(v4) else { continue };
        let routes = result.routes.iter().filter(|route| is_ipv4(route.dst.addr()) == v4 || only(v4));
        let mut member = Object::new();
        member.insert("ip", Json::string(&config.address.to_string()));
        text(&mut member, "gateway", config.gateway.map(|address| address.to_string()).as_deref());
        list(&mut member, "routes", routes.map(route));
        member.extend(&config.other);
        object.insert(name, member.to_json());
    }
}

fn interface(interface: &Interface) -> Json {
    let mut object = Object::new();
    object.insert("name", Json::string(&interface.name));
    text(&mut object, "mac", filled(&interface.mac));
    number(&mut object, "mtu", interface.mtu);
    text(&mut object, "sandbox", filled(&interface.sandbox));
    text(&mut object, "socketPath", filled(&interface.socket_path));
    text(&mut object, "pciID", filled(&interface.pci_id));
    object.extend(&interface.other);
    object.to_json()
}

fn ip(config: &IpConfig, version: Version) -> Json {
    let mut object = Object::new();
    if version < Version::V1_0_0 {
        object.insert("version", Json::string(if is_ipv4(config.address.addr()) { "4" } else { "6" }));
    }
    if let Some(index) = config.interface {
        object.insert("interface", Json::trusted(index.to_string()));
    }
    object.insert("address", Json::string(&config.address.to_string()));
    text(&mut object, "gateway", config.gateway.map(|address| address.to_string()).as_deref());
    object.extend(&config.other);
    object.to_json()
}

fn route(route: &Route) -> Json {
    let mut object = Object::new();
    object.insert("dst", Json::string(&route.dst.to_string()));
    text(&mut object, "gw", route.gw.map(|address| address.to_string()).as_deref());
    number(&mut object, "mtu", route.mtu);
    number(&mut object, "advmss", route.advmss);
    number(&mut object, "priority", route.priority);
    number(&mut object, "table", route.table);
    number(&mut object, "scope", route.scope);
    object.extend(&route.other);
    object.to_json()
}

fn dns(dns: &Dns) -> Json {
    let mut object = Object::new();
    list(&mut object, "nameservers", dns.nameservers.iter().map(|s| Json::string(s)));
    text(&mut object, "domain", filled(&dns.domain));
    list(&mut object, "search", dns.search.iter().map(|s| Json::string(s)));
    list(&mut object, "options", dns.options.iter().map(|s| Json::string(s)));
    object.extend(&dns.other);
    object.to_json()
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn text(object: &mut Object, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        object.insert(name, Json::string(value));
    }
}

fn number(object: &mut Object, name: &str, value: Option<u32>) {
    if let Some(value) = value {
        object.insert(name, Json::trusted(value.to_string()));
    }
}

fn list(object: &mut Object, name: &str, values: impl Iterator<Item = Json>) {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    if !values.is_empty() {
        object.insert(name, Json::trusted(format!("[{}]", values.join(","))));
    }
}

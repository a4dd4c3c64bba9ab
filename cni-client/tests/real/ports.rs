//! Ports of the host that lead into containers.

use cni_client::network::with_port_mappings;
use cni_client::request::{CapabilityArgs, PortMapping, Protocol};

use crate::world::{World, full};
use crate::{Case, Needs};

const PLUGINS: &[&str] = &["bridge", "host-local", "portmap"];

pub(crate) const CASES: &[Case] = &[
    (
        "ports::through_loopback_and_the_hosts_address",
        Needs::Iptables(PLUGINS),
        through_loopback_and_the_hosts_address,
    ),
    ("ports::a_container_reaches_itself_through_the_host", Needs::Iptables(PLUGINS), hairpin),
    ("ports::check_sees_a_flushed_table", Needs::Iptables(PLUGINS), check_sees_a_flushed_table),
];

/// As rkt's users write it: no version, no portmap.
const PLAIN: &str = r#"{"name":"web","type":"bridge","bridge":"br8","isGateway":true,"ipMasq":true,
    "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.98.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}}"#;

fn ports() -> CapabilityArgs {
    let mut args = CapabilityArgs::new();
    args.set_port_mappings(&[PortMapping::new(8888, 80, Protocol::Tcp)]);
    args
}

fn through_loopback_and_the_hosts_address() {
    let mut world = World::new();
    let request = world.container("c1").with_capabilities(ports());
    let config = with_port_mappings(&world.config(PLAIN)).unwrap();
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.reaches("c1", "0.0.0.0:80", "127.0.0.1:8888"));
    assert!(world.reaches("c1", "0.0.0.0:80", "10.98.0.1:8888"));
    assert!(world.on_host("iptables", "-t nat -S").contains("10.98.0.2:80"));
    // libcni forgets the capability arguments: portmap then succeeds and leaks its rule.
    assert!(world.del(&attachment).unwrap());
    let rules = world.on_host("iptables", "-t nat -S");
    assert!(!rules.contains("10.98.0.2") && !rules.contains("8888"), "{rules}");
}

fn check_sees_a_flushed_table() {
    let mut world = World::new();
    let request = world.container("c1").with_capabilities(ports());
    let config = with_port_mappings(&world.config(PLAIN)).unwrap();
    let attachment = world.add(&config, &request).unwrap();
    // portmap 1.1.1 looks for IPv6 rules that it has not made, wherever `ip6tables` is there.
    if let Err(error) = world.check(&attachment) {
        assert!(full(&error).contains("could not check ipv6 dnat"), "{error}");
    }
    world.on_host("iptables", "-t nat -F");
    let error = full(&world.check(&attachment).unwrap_err());
    assert!(error.contains("could not check ipv4 dnat"), "{error}");
    world.del(&attachment).unwrap();
}

/// Through the bridge and back: the packet must leave by the port of the bridge that it came from.
fn hairpin() {
    let mut world = World::new();
    let request = world.container("c1").with_capabilities(ports());
    let config = PLAIN.replace("\"isGateway\":true", "\"isGateway\":true,\"hairpinMode\":true");
    let config = with_port_mappings(&world.config(&config)).unwrap();
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.reaches_from("c1", "c1", "0.0.0.0:80", "10.98.0.1:8888"));
    world.del(&attachment).unwrap();
}

//! Chains of plugins, and what happens half-way.

use cni_client::request::{Bandwidth, CapabilityArgs};

use crate::world::{World, full};
use crate::{Case, Needs};

const ALL: &[&str] = &["bridge", "host-local", "tuning", "bandwidth", "firewall", "portmap"];

pub(crate) const CASES: &[Case] = &[
    ("chains::all_of_them", Needs::Iptables(ALL), all_of_them),
    (
        "chains::the_last_plugin_fails",
        Needs::Plugins(&["bridge", "host-local", "tuning"]),
        the_last_plugin_fails,
    ),
    ("chains::addresses_by_capability", Needs::Plugins(&["bridge", "host-local"]), addresses_by_capability),
];

const CHAIN: &str = r#"{"cniVersion":"1.0.0","name":"chain","plugins":[
    {"type":"bridge","bridge":"br5","isGateway":true,"ipMasq":true,
     "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.95.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}},
    {"type":"tuning","capabilities":{"mac":true},"sysctl":{"net.ipv4.conf.eth0.arp_filter":"1"}},
    {"type":"bandwidth","capabilities":{"bandwidth":true}},
    {"type":"firewall","backend":"iptables"},
    {"type":"portmap","capabilities":{"portMappings":true}}]}"#;

const MAC: &str = "c2:11:22:33:44:55";

fn all_of_them() {
    let mut world = World::new();
    let mut capabilities = CapabilityArgs::new();
    capabilities.set_mac(MAC);
    let limits = Bandwidth {
        ingress_rate: 8_000_000,
        ingress_burst: 8_000_000,
        egress_rate: 8_000_000,
        egress_burst: 8_000_000,
    };
    capabilities.set_bandwidth(&limits);
    capabilities
        .set("portMappings", r#"[{"hostPort":8081,"containerPort":80,"protocol":"tcp"}]"#.parse().unwrap());
    capabilities.set("unheard-of", "1".parse().unwrap());
    let request = world.container("podkit-chain").with_capabilities(capabilities);
    let attachment = world.add(&world.config(CHAIN), &request).unwrap();
    let result = attachment.result().unwrap();
    assert_eq!(
        result.interfaces.iter().find(|i| i.name == "eth0").unwrap().mac,
        MAC,
        "tuning's work is in the result"
    );
    assert!(world.inside("podkit-chain", "ip", "-o link show eth0").contains(MAC));
    assert!(world.on_host("tc", "qdisc show").contains("tbf"));
    assert!(world.on_host("iptables", "-t filter -S").contains("10.95.0.2"));
    assert!(world.on_host("iptables", "-t nat -S").contains("10.95.0.2:80"));
    // portmap 1.1.1 looks for IPv6 rules that it has not made, wherever `ip6tables` is there.
    if let Err(error) = world.check(&attachment) {
        assert!(
            full(&error)
                .contains("plugin `portmap` failed on CHECK with exit code 1: could not check ipv6 dnat"),
            "{error}"
        );
    }
    assert!(world.del(&attachment).unwrap());
    assert_eq!((world.links(), world.leases("chain").len()), (vec!["br5".to_owned()], 0));
    for table in ["nat", "filter"] {
        let rules = world.on_host("iptables", &format!("-t {table} -S"));
        assert!(!rules.contains("10.95.0.2"), "{rules}");
    }
}

fn the_last_plugin_fails() {
    let mut world = World::new();
    let request = world.container("podkit-half");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"half","plugins":[
            {"type":"bridge","bridge":"br6","ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.96.0.0/24"}},
            {"type":"tuning","sysctl":{"net.ipv4.conf.eth0.no_such_thing":"1"}}]}"#,
    );
    let error = full(&world.add(&config, &request).unwrap_err());
    assert!(
        error.contains("plugin `tuning` failed on ADD with exit code 1: ") && error.contains("no_such_thing"),
        "{error}"
    );
    assert_eq!((world.links(), world.leases("half").len()), (vec!["br6".to_owned()], 0));
    assert!(!world.inside("podkit-half", "ip", "-o link").contains("eth0"));
    // libcni leaves `eth0` behind, so that a second attempt fails for another reason.
    assert_eq!(full(&world.add(&config, &request).unwrap_err()), error);
}

fn addresses_by_capability() {
    let mut world = World::new();
    let mut capabilities = CapabilityArgs::new();
    capabilities.set_ips(&["10.97.0.66/24".parse().unwrap()]);
    let request = world.container("podkit-half").with_capabilities(capabilities);
    let declares = r#"{"cniVersion":"1.0.0","name":"byip","plugins":[{"type":"bridge","bridge":"br7","capabilities":{"ips":true},
        "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.97.0.0/24"}}]}"#;
    for (text, given) in [(declares.to_owned(), true), (declares.replace("true", "false"), false)] {
        let attachment = world.add(&world.config(&text), &request).unwrap();
        assert_eq!(attachment.result().unwrap().ips[0].address == "10.97.0.66/24".parse().unwrap(), given);
        world.del(&attachment).unwrap();
    }
}

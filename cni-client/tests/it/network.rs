//! rkt's `--net`, layers, ports, and the pod's view of its networks.

use cni_client::attachment::Attachment;
use cni_client::network::{
    Layer, PodNetwork, Publish, Selection, Wanted, check_ports_free, first_conflict, port_network, resolve,
    with_port_mappings, with_ports,
};
use cni_client::request::{CapabilityArgs, PortMapping, Protocol, Request};
use cni_client::result::AddResult;
use cni_client::version::Version;
use proptest::prelude::*;

use super::config;

fn wanted(text: &str) -> Wanted {
    match text.parse().unwrap() {
        Selection::Networks(wanted) => wanted,
        other => panic!("{other}"),
    }
}

#[test]
fn selections() {
    assert_eq!("host".parse::<Selection>().unwrap(), Selection::Host);
    assert_eq!("none".parse::<Selection>().unwrap(), Selection::None);
    for (text, printed) in [
        ("", "default"),
        ("default", "default"),
        ("all", "all"),
        ("n2,n1", "n2,n1"),
        ("n1:K=V;K2=V2,n2", "n1:K=V;K2=V2,n2"),
        ("n1:IP=fd00::7", "n1:IP=fd00::7"),
        ("n1:,n2", "n1,n2"),
        ("n1:IP=1.2.3.4,all,n2:IP=1.2.4.5", "all,n1:IP=1.2.3.4,n2:IP=1.2.4.5"),
    ] {
        let selection: Selection = text.parse().unwrap();
        assert_eq!(selection.to_string(), printed, "{text}");
        assert_eq!(printed.parse::<Selection>().unwrap(), selection);
    }
    for (bad, text) in [
        ("a,", "the network at byte 2 of the networks: a network name is empty"),
        (":K=V", "the network at byte 0 of the networks: a network name is empty"),
        (
            "../a",
            "the network at byte 0 of the networks: unexpected `.` at byte 0 of a network name: it begins with a letter or a digit",
        ),
        ("a,b,a", "`a` at byte 4 of the networks is there already"),
        ("all,all", "`all` at byte 4 of the networks is there already"),
        ("host,a", "`host` at byte 0 of the networks stands alone"),
        ("a,none", "`none` at byte 2 of the networks stands alone"),
        ("host,none", "`host` at byte 0 of the networks stands alone"),
        ("host:K=V", "`host` at byte 0 of the networks takes no arguments"),
        ("a,all:K=V", "`all` at byte 2 of the networks takes no arguments"),
        (
            "b,a:IP",
            "network `a` at byte 2 of the networks: `IP` at byte 0 of the arguments is no pair: a key, `=` and a value are expected",
        ),
    ] {
        assert_eq!(bad.parse::<Selection>().unwrap_err().to_string(), text);
    }
}

#[test]
fn several_flags() {
    assert_eq!(Selection::of_flags([]).unwrap().to_string(), "default");
    assert_eq!(Selection::of_flags([""]).unwrap().to_string(), "default");
    assert_eq!(Selection::of_flags(["all,n1:IP=1.2.3.4", "n2"]).unwrap().to_string(), "all,n1:IP=1.2.3.4,n2");
    assert_eq!(Selection::of_flags(["", "n1"]).unwrap().to_string(), "default,n1");
    assert_eq!(
        Selection::of_flags(["n1", "n1"]).unwrap_err().to_string(),
        "`n1` at byte 3 of the networks is there already"
    );
}

fn network(name: &str, mark: &str) -> cni_client::config::NetworkConfig {
    config(&format!(r#"{{"cniVersion":"0.4.0","name":"{name}","plugins":[{{"type":"{mark}"}}]}}"#))
}

fn layers() -> [Layer; 3] {
    [
        Layer::builtin(),
        Layer::new("/usr/lib/podkit/net.d")
            .with("50-b.conf", network("b", "system"))
            .with("20-c.conf", network("c", "system")),
        Layer::new("/etc/podkit/net.d")
            .with("60-b.conf", network("b", "late"))
            .with("10-b.conf", network("b", "user"))
            .with("99-default.conf", network("default", "mine")),
    ]
}

#[test]
fn later_layers_win_and_files_order_interfaces() {
    let resolved = resolve(&wanted("all,b:IP=10.0.0.9"), &layers()).unwrap();
    let joined: Vec<_> = resolved
        .networks
        .iter()
        .map(|n| {
            (
                n.interface.as_str(),
                n.config.name().as_str(),
                n.config.plugins()[0].kind().as_str(),
                n.file.as_str(),
            )
        })
        .collect();
    assert_eq!(
        joined,
        [
            ("eth0", "b", "user", "10-b.conf"),
            ("eth1", "c", "system", "20-c.conf"),
            ("eth2", "default-restricted", "ptp", "99-default-restricted.conf"),
            ("eth3", "default", "mine", "99-default.conf"),
        ]
    );
    assert_eq!(resolved.networks[0].args.to_string(), "IP=10.0.0.9");
    assert_eq!(resolved.networks[0].origin, "/etc/podkit/net.d");
    let remarks: Vec<String> = resolved.remarks.iter().map(ToString::to_string).collect();
    assert_eq!(
        remarks,
        [
            "network `b` is there already in `/etc/podkit/net.d`: `60-b.conf` is ignored",
            "network `b` of `/etc/podkit/net.d` overrides that of `/usr/lib/podkit/net.d`",
            "network `default` of `/etc/podkit/net.d` overrides that of `built-in`",
        ]
    );
}

#[test]
fn only_what_is_wanted_is_joined() {
    let resolved = resolve(&wanted("default-restricted,c"), &layers()).unwrap();
    let names: Vec<_> = resolved.networks.iter().map(|n| n.config.name().as_str()).collect();
    assert_eq!((names.as_slice(), resolved.remarks.len()), (["c", "default-restricted"].as_slice(), 0));
    let missing = resolve(&wanted("x,c,y"), &layers()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "no configuration of network `x`, `y` in `built-in`, `/usr/lib/podkit/net.d`, `/etc/podkit/net.d`"
    );
    assert_eq!(missing.names().len(), 2);
}

/// rkt's networks: ptp, 172.16.28.0/24 with masquerading and a default route; 172.31.0.0/16 with neither.
#[test]
fn built_in_networks() {
    let builtin = Layer::builtin();
    let networks: Vec<_> = builtin.iter().collect();
    assert_eq!(networks[0].0, "99-default.conf");
    assert_eq!(networks[1].0, "99-default-restricted.conf");
    for (at, (masq, subnet, route)) in
        [(true, "172.16.28.0/24", true), (false, "172.31.0.0/16", false)].iter().enumerate()
    {
        let plugin = &networks[at].1.plugins()[0];
        assert_eq!((plugin.kind().as_str(), plugin.ip_masq()), ("ptp", *masq));
        let ipam = plugin.member("ipam").unwrap().as_str();
        assert!(ipam.contains(subnet) && ipam.contains("0.0.0.0/0") == *route, "{ipam}");
    }
    assert_eq!(networks[0].1.version().unwrap(), Version::V1_1_0);
}

#[test]
fn ports_take_the_first_masquerading_network_or_the_last() {
    let restricted = resolve(&wanted("default-restricted,b,default,c"), &layers()[..2]).unwrap().networks;
    assert_eq!(port_network(&restricted).unwrap().config.name().as_str(), "default");
    let plain = resolve(&wanted("b,c"), &layers()[..2]).unwrap().networks;
    assert_eq!(port_network(&plain).unwrap().config.name().as_str(), "b");
    assert_eq!(port_network(&[]), None);
}

#[test]
fn portmap_is_appended_where_nobody_maps_ports() {
    let mapped = with_port_mappings(&network("n", "bridge")).unwrap();
    let last = mapped.plugins().last().unwrap();
    assert_eq!((last.kind().as_str(), mapped.plugins().len()), ("portmap", 2));
    assert_eq!(with_port_mappings(&mapped).unwrap(), mapped);
    // rkt's own examples declare no version.
    let undeclared = with_port_mappings(&config(r#"{"name":"n","type":"bridge"}"#)).unwrap();
    assert_eq!(undeclared.version().unwrap(), Version::V0_4_0);
    let old =
        with_port_mappings(&config(r#"{"cniVersion":"0.2.0","name":"n","type":"bridge"}"#)).unwrap_err();
    assert_eq!(old.to_string(), "network `n` is of version 0.2.0, and port mappings need 0.3.0 or later");
}

#[test]
fn conflicts_of_ports() {
    let port = |host: u16| PortMapping::new(host, 80, Protocol::Tcp);
    assert_eq!(first_conflict(&[port(1), port(2), port(3)]), None);
    let mappings = [port(1), port(2), port(3), port(2)];
    assert_eq!(first_conflict(&mappings), Some((&mappings[1], &mappings[3])));
}

/// The order of who decides: the user, the annotation, `hostNetwork`, `default`.
#[test]
fn who_selects_a_pods_networks() {
    let said: Selection = "none".parse().unwrap();
    for (said, annotation, on_host, selected) in [
        (Some(&said), Some("nonsense,,"), true, "none"),
        (None, Some("a:IP=fd00::7"), false, "a:IP=fd00::7"),
        (None, Some("host"), false, "host"),
        (None, Some("host"), true, "host"),
        (None, Some(""), false, "default"),
        (None, None, true, "host"),
        (None, None, false, "default"),
    ] {
        assert_eq!(Selection::of_pod(said, annotation, on_host).unwrap().to_string(), selected);
    }
    for (annotation, on_host, text) in [
        ("a,,b", false, "the network at byte 2 of the networks: a network name is empty"),
        ("none", true, "`none` contradicts the pod, which is on the host's network"),
        ("default,b", true, "`default,b` contradicts the pod, which is on the host's network"),
    ] {
        assert_eq!(Selection::of_pod(None, Some(annotation), on_host).unwrap_err().to_string(), text);
    }
}

#[test]
fn mappings_go_to_one_network() {
    let networks = resolve(&wanted("b,default,default-restricted"), &layers()[..2]).unwrap().networks;
    let mappings = [PortMapping::new(8080, 80, Protocol::Tcp), PortMapping::new(53, 53, Protocol::Udp)];
    let attachments = with_ports(networks.clone(), &mappings).unwrap();
    let ports: Vec<_> = attachments
        .iter()
        .map(|(joined, args)| (joined.config.name().as_str(), args.get("portMappings").map(|p| p.as_str())))
        .collect();
    let given = r#"[{"hostPort":8080,"containerPort":80,"protocol":"tcp"},{"hostPort":53,"containerPort":53,"protocol":"udp"}]"#;
    assert_eq!(ports, [("b", None), ("default-restricted", None), ("default", Some(given))]);
    assert_eq!(attachments[2].0.config.plugins().len(), 2);

    let none = with_ports(networks.clone(), &[]).unwrap();
    assert!(
        none.iter().all(|(joined, args)| joined.config.plugins().len() == 1 && args.as_object().is_empty())
    );
    let twice = [mappings[0].clone().on("127.0.0.1".parse().unwrap()), mappings[0].clone()];
    assert_eq!(
        with_ports(networks, &twice).unwrap_err().to_string(),
        "host port 127.0.0.1:8080/tcp to port 80 and host port 8080/tcp to port 80 want the same port of the host"
    );
    assert_eq!(
        with_ports(vec![], &mappings[1..]).unwrap_err().to_string(),
        "host port 53/udp to port 53 leads nowhere: the pod has a loopback interface only"
    );
}

#[test]
fn ports_of_other_containers_are_taken() {
    let port = |host: u16| PortMapping::new(host, 80, Protocol::Tcp);
    let of = |container: &str, ports: &[PortMapping]| {
        let mut capabilities = CapabilityArgs::new();
        capabilities.set_port_mappings(ports);
        let request =
            Request::new(container.parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap());
        Attachment::new(network("n", "portmap"), request.with_capabilities(capabilities)).unwrap()
    };
    let mut odd = CapabilityArgs::new();
    odd.set("portMappings", "7".parse().unwrap());
    let odd = Request::new("odd".parse().unwrap(), "/n".parse().unwrap(), "eth0".parse().unwrap())
        .with_capabilities(odd);
    let there = [
        of("a", &[port(1), port(2).on("127.0.0.1".parse().unwrap())]),
        of("b", &[]),
        Attachment::new(network("n", "portmap"), odd).unwrap(),
    ];
    let check = |container: &str, wanted: PortMapping| {
        check_ports_free(&[port(9), wanted], &container.parse().unwrap(), &there)
            .map_err(|error| error.to_string())
    };
    assert_eq!(check("c", port(3)), Ok(()));
    assert_eq!(check("c", port(2).on("10.0.0.1".parse().unwrap())), Ok(()));
    assert_eq!(check("c", PortMapping::new(1, 80, Protocol::Udp)), Ok(()));
    assert_eq!(check("a", port(1)), Ok(()), "its own, of an earlier try");
    assert_eq!(
        check("c", port(2)),
        Err("host port 2/tcp to port 80 is taken: container `a` has host port 127.0.0.1:2/tcp to port 80"
            .to_owned())
    );
}

/// rkt's `--port=NAME:[HOSTIP:]HOSTPORT`.
#[test]
fn published_ports() {
    for text in ["http:8080", "http:127.0.0.1:8080", "http:[::1]:65535", "a-b:0.0.0.0:1"] {
        assert_eq!(text.parse::<Publish>().unwrap().to_string(), text);
    }
    for (bad, text) in [
        ("8080", "the name of an app's port, `:` and a port of the host are expected"),
        (":8080", "the name of the app's port is empty"),
        ("a:", "`` at byte 2 is no port of the host: a number from 1 to 65535 is expected"),
        ("a:0", "`0` at byte 2 is no port of the host: a number from 1 to 65535 is expected"),
        ("a:+80", "`+80` at byte 2 is no port of the host: a number from 1 to 65535 is expected"),
        ("a:65536", "`65536` at byte 2 is no port of the host: a number from 1 to 65535 is expected"),
        (
            "a:localhost:80",
            "`localhost` at byte 2 is no address of the host: IPv4, or IPv6 in brackets, is expected",
        ),
        ("a:::1:80", "`::1` at byte 2 is no address of the host: IPv4, or IPv6 in brackets, is expected"),
        (
            "a:[1.2.3.4]:80",
            "`[1.2.3.4]` at byte 2 is no address of the host: IPv4, or IPv6 in brackets, is expected",
        ),
        ("a:1.2.3.4:", "`` at byte 10 is no port of the host: a number from 1 to 65535 is expected"),
    ] {
        assert_eq!(bad.parse::<Publish>().unwrap_err().to_string(), text, "{bad}");
    }
}

fn attachment(interface: &str, result: &str) -> Attachment {
    let config = config(r#"{"cniVersion":"1.0.0","name":"n","type":"bridge"}"#);
    let request = Request::new("c1".parse().unwrap(), "/n".parse().unwrap(), interface.parse().unwrap());
    let result = AddResult::decode(result.as_bytes(), Version::V1_0_0).unwrap();
    Attachment::new(config, request).unwrap().with_result(result)
}

#[test]
fn the_pod_sees_its_own_side() {
    let first = attachment(
        "eth0",
        r#"{"interfaces":[{"name":"cni0"},{"name":"veth1"},{"name":"eth0","mac":"aa:bb","sandbox":"/n"}],
            "ips":[{"interface":2,"address":"10.1.0.5/16"},{"interface":0,"address":"10.1.0.1/16"},{"interface":9,"address":"fd00::5/64"}],
            "routes":[{"dst":"0.0.0.0/0"}]}"#,
    );
    let second =
        attachment("eth1", r#"{"ips":[{"address":"10.2.0.5/16"}],"dns":{"nameservers":["10.2.0.1"]}}"#);
    let third = attachment("eth2", r#"{"dns":{"nameservers":["10.3.0.1"]}}"#);
    let pod = PodNetwork::of([&first, &second, &third]);
    let seen: Vec<_> = pod
        .interfaces
        .iter()
        .map(|i| {
            (
                i.name.as_str(),
                i.mac.as_str(),
                i.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
                i.routes.len(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("eth0", "aa:bb", vec!["10.1.0.5/16".to_owned(), "fd00::5/64".to_owned()], 1),
            ("eth1", "", vec!["10.2.0.5/16".to_owned()], 0),
            ("eth2", "", vec![], 0),
        ]
    );
    assert_eq!(pod.dns.nameservers, ["10.2.0.1"]);
    assert_eq!(pod.address().unwrap().to_string(), "10.1.0.5");
    assert_eq!(pod.addresses().count(), 3);
}

proptest! {
    #[test]
    fn selections_come_back(all: bool, names in proptest::collection::btree_map("[a-z][a-z0-9]{0,4}", "([A-Z]{1,3}=[a-z0-9:.]{0,6}(;[A-Z]=[a-z]){0,2})?", 1..5)) {
        let named: Vec<String> = names
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "all" | "none" | "host"))
            .map(|(name, args)| if args.is_empty() { name.clone() } else { format!("{name}:{args}") })
            .collect();
        let text: Vec<String> = all.then(|| "all".to_owned()).into_iter().chain(named).collect();
        let selection: Selection = text.join(",").parse().unwrap();
        prop_assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection);
    }

    #[test]
    fn published_ports_come_back(text in "[a-z]{0,3}:(\\[?[0-9a-f:.]{0,9}\\]?:)?[0-9]{0,6}|.*") {
        if let Ok(port) = text.parse::<Publish>() {
            prop_assert_eq!(port.to_string().parse::<Publish>().unwrap(), port);
        }
    }

    #[test]
    fn any_text_selects_or_is_refused(text in "[a-z,:;=]{0,20}|.*") {
        if let Ok(selection) = text.parse::<Selection>() {
            prop_assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection);
        }
    }
}

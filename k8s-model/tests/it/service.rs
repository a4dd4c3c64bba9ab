//! Services on a node: endpoints by policy, names of chains, rules.

mod names;

use k8s_model::core::{IpFamily, Service};
use k8s_model::decode::{Mode, decode_str};
use k8s_model::discovery::EndpointSlice;
use k8s_model::object::Object;
use k8s_model::service::{
    Allocator, Answer, Backed, ChainNames, ChainPrefix, EndpointComments, Masquerade, Names, Node,
    NodePortAddresses, PodTraffic, Proxy, Ranges, RecordType, Saved, ServicePortName, UnnamedPort, Zone,
    mirror, places, session_affinity,
};

fn read(text: &str) -> (Vec<Service>, Vec<EndpointSlice>) {
    let decoded = decode_str(text, "services.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let (mut services, mut slices) = (Vec::new(), Vec::new());
    for document in decoded.documents {
        match document.object {
            Object::Service(service) => services.push(*service),
            Object::EndpointSlice(slice) => slices.push(*slice),
            other => panic!("{other:?}"),
        }
    }
    (services, slices)
}

fn backed<'a>(services: &'a [Service], slices: &'a [EndpointSlice]) -> Vec<Backed<'a>> {
    let of = |service: &Service| slices.iter().filter(|slice| slice.is_of(service)).collect();
    services.iter().map(|service| Backed { service, slices: of(service) }).collect()
}

fn slice(service: &str, family: &str, endpoints: &str) -> String {
    format!(
        "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {service}-{family}, namespace: default, \
         labels: {{kubernetes.io/service-name: {service}}}}}\naddressType: {family}\n\
         ports: [{{name: '', port: 8080, protocol: TCP}}]\nendpoints: [{endpoints}]\n"
    )
}

fn service(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: default}}\nspec: {{{spec}, ports: [{{port: 80, protocol: TCP}}]}}\n"
    )
}

/// Names that kube-proxy gave in a cluster of 2020 (k3s 1.17), from its `iptables-save`.
#[test]
fn names_of_chains() {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        service_port: String,
        protocol: String,
        svc: String,
        sep: std::collections::BTreeMap<String, String>,
    }
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../vectors/kube-proxy-chains.json")).unwrap();
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let (namespace, rest) = vector.service_port.split_once('/').unwrap();
        let (name, port) = rest.split_once(':').unwrap();
        let name =
            ServicePortName { namespace: namespace.to_owned(), name: name.to_owned(), port: port.to_owned() };
        let names = ChainNames::new(
            &ChainPrefix::default(),
            UnnamedPort::Colon,
            &name,
            &vector.protocol.to_uppercase(),
        );
        assert_eq!(names.cluster, vector.svc);
        assert_eq!(names.port, vector.service_port);
        for (endpoint, chain) in vector.sep {
            assert_eq!(names.endpoint(&endpoint), chain);
        }
    }
    // Since 1.18 a port without a name has no colon: from iptables-save of such clusters.
    for (name, chain) in [("nginx-svc", "HL5LMXD5JFHQZ6LN"), ("nginx-mlb-l2-service", "W47NQ5DDJKUWFTVY")] {
        let name =
            ServicePortName { namespace: "default".to_owned(), name: name.to_owned(), port: String::new() };
        let names = ChainNames::new(&"PODKIT".parse().unwrap(), UnnamedPort::Bare, &name, "TCP");
        assert_eq!(names.external, format!("PODKIT-EXT-{chain}"));
        assert!(names.endpoint("10.1.0.2:80").len() <= 28);
    }
}

#[test]
fn prefixes() {
    assert_eq!("PODKIT1".parse::<ChainPrefix>().unwrap().as_str(), "PODKIT1");
    for text in ["", "PODKIT12", "podkit", "POD-KIT", "PÖD"] {
        let error = text.parse::<ChainPrefix>().unwrap_err().to_string();
        assert_eq!(
            error,
            format!("a prefix for chains has 1 to 7 upper-case letters and digits, and `{text}` is none")
        );
    }
}

const TWO: &str = "{addresses: [10.1.0.3], conditions: {ready: true}, nodeName: b}, \
                   {addresses: [10.1.0.2], conditions: {ready: true}, nodeName: a}";

/// The whole text, checked by hand against `proxier_test.go`'s rules for the same kinds of services.
#[test]
fn all_rules() {
    let text = service("type: NodePort, clusterIP: 10.0.0.10, sessionAffinity: ClientIP")
        .replace("port: 80,", "port: 80, nodePort: 30080,")
        + &slice("web", "IPv4", TWO);
    let (services, slices) = read(&text);
    let proxy = Proxy {
        prefix: "POD".parse().unwrap(),
        pods: PodTraffic::Network("10.1.0.0/16".parse().unwrap()),
        localhost_node_ports: false,
        ..Proxy::default()
    };
    let linked = "*filter
-A INPUT -j POD-EXTERNAL-SERVICES
-A INPUT -j POD-NODEPORTS
-A INPUT -j POD-PROXY-FIREWALL
-A FORWARD -j POD-EXTERNAL-SERVICES
-A FORWARD -j POD-SERVICES
-A FORWARD -j POD-FORWARD
-A FORWARD -j POD-PROXY-FIREWALL
-A OUTPUT -j POD-SERVICES
[3:180] -A OUTPUT -m conntrack --ctstate NEW -j POD-PROXY-FIREWALL
COMMIT
*nat
:POD-SVC-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
-A OUTPUT -j POD-SERVICES
-A POSTROUTING -j POD-POSTROUTING
COMMIT
";
    let expected = "*filter
:POD-SERVICES - [0:0]
:POD-EXTERNAL-SERVICES - [0:0]
:POD-FORWARD - [0:0]
:POD-NODEPORTS - [0:0]
:POD-PROXY-FIREWALL - [0:0]
-A POD-FORWARD -m conntrack --ctstate INVALID -j DROP
-A POD-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A POD-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:POD-SERVICES - [0:0]
:POD-NODEPORTS - [0:0]
:POD-POSTROUTING - [0:0]
:POD-MARK-MASQ - [0:0]
:POD-EXT-LOLE4ISW44XBNF3G - [0:0]
:POD-SEP-F - [0:0]
:POD-SEP-S - [0:0]
:POD-SVC-LOLE4ISW44XBNF3G - [0:0]
:POD-SVC-AAAAAAAAAAAAAAAA - [0:0]
-I PREROUTING -m comment --comment \"kubernetes service portals\" -j POD-SERVICES
-A POD-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A POD-POSTROUTING -j MARK --xor-mark 0x4000
-A POD-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully
-A POD-MARK-MASQ -j MARK --or-mark 0x4000
-A POD-SERVICES -m comment --comment \"default/web cluster IP\" -m tcp -p tcp -d 10.0.0.10 --dport 80 -j POD-SVC-LOLE4ISW44XBNF3G
-A POD-NODEPORTS -m comment --comment default/web -m tcp -p tcp --dport 30080 -j POD-EXT-LOLE4ISW44XBNF3G
-A POD-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web cluster IP\" -m tcp -p tcp -d 10.0.0.10 --dport 80 ! -s 10.1.0.0/16 -j POD-MARK-MASQ
-A POD-EXT-LOLE4ISW44XBNF3G -m comment --comment \"masquerade traffic for default/web external destinations\" -j POD-MARK-MASQ
-A POD-EXT-LOLE4ISW44XBNF3G -j POD-SVC-LOLE4ISW44XBNF3G
-A POD-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.1.0.2:8080\" -m recent --name POD-SEP-F --rcheck --seconds 10800 --reap -j POD-SEP-F
-A POD-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.1.0.3:8080\" -m recent --name POD-SEP-S --rcheck --seconds 10800 --reap -j POD-SEP-S
-A POD-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.1.0.2:8080\" -m statistic --mode random --probability 0.5000000000 -j POD-SEP-F
-A POD-SVC-LOLE4ISW44XBNF3G -m comment --comment \"default/web -> 10.1.0.3:8080\" -j POD-SEP-S
-A POD-SEP-F -m comment --comment default/web -s 10.1.0.2 -j POD-MARK-MASQ
-A POD-SEP-F -m comment --comment default/web -m recent --name POD-SEP-F --set -m tcp -p tcp -j DNAT --to-destination 10.1.0.2:8080
-A POD-SEP-S -m comment --comment default/web -s 10.1.0.3 -j POD-MARK-MASQ
-A POD-SEP-S -m comment --comment default/web -m recent --name POD-SEP-S --set -m tcp -p tcp -j DNAT --to-destination 10.1.0.3:8080
-A POD-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\" -m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j POD-NODEPORTS
-X POD-SVC-AAAAAAAAAAAAAAAA
COMMIT
";
    let names = ChainNames::new(
        &proxy.prefix,
        UnnamedPort::Bare,
        &ServicePortName { namespace: "default".into(), name: "web".into(), port: String::new() },
        "TCP",
    );
    let [first, second] = ["10.1.0.2:8080", "10.1.0.3:8080"].map(|endpoint| names.endpoint(endpoint));
    let made = proxy.restore(&backed(&services, &slices), &Saved::parse(linked));
    let plain = made.replace(&first, "POD-SEP-F").replace(&second, "POD-SEP-S");
    let sorted = |text: &str| {
        // The chains of endpoints are declared in the order of their hashes.
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let start = lines.iter().position(|line| line.starts_with(":POD-EXT")).unwrap();
        lines[start..start + 4].sort();
        lines.join("\n")
    };
    assert_eq!(sorted(&plain), sorted(expected));
}

/// `CategorizeEndpoints` (`pkg/proxy/topology_test.go`): endpoints by policy, readiness and hints.
#[test]
fn endpoints_by_policy() {
    let leaving = "conditions: {ready: false, serving: true, terminating: true}";
    let gone = "conditions: {ready: false, serving: false, terminating: true}";
    let ready = "conditions: {ready: true}";
    let local = "type: NodePort, externalTrafficPolicy: Local, clusterIP: 10.0.0.10";
    let inner = "internalTrafficPolicy: Local, clusterIP: 10.0.0.10";
    let cases: &[(&str, &str, &str, [&str; 2], bool)] = &[
        ("ready ones", "clusterIP: 10.0.0.10", &format!("a {ready}; b {ready}"), ["a b", ""], true),
        (
            "leaving ones only while none is ready",
            "clusterIP: 10.0.0.10",
            &format!("a {leaving}; b {ready}"),
            ["b", ""],
            true,
        ),
        ("leaving ones", "clusterIP: 10.0.0.10", &format!("a {leaving}; b {gone}"), ["a", ""], true),
        ("none", "clusterIP: 10.0.0.10", &format!("a {gone}"), ["", ""], false),
        ("unknown is ready", "clusterIP: 10.0.0.10", "a conditions: {}", ["a", ""], true),
        ("from outside, local", local, &format!("a {ready}; b {ready}"), ["a b", "a"], true),
        ("from outside, local and leaving", local, &format!("a {leaving}; b {ready}"), ["b", "a"], true),
        ("from outside, none local", local, &format!("b {ready}"), ["b", ""], true),
        ("from inside, local", inner, &format!("a {ready}; b {ready}"), ["", "a"], true),
        ("from inside, none local", inner, &format!("b {ready}"), ["", ""], true),
        (
            "hints for the zone",
            "clusterIP: 10.0.0.10",
            &format!(
                "a {ready}, hints: {{forZones: [{{name: z1}}]}}; b {ready}, hints: {{forZones: [{{name: z2}}]}}"
            ),
            ["a", ""],
            true,
        ),
        (
            "hints that not all have",
            "clusterIP: 10.0.0.10",
            &format!("a {ready}, hints: {{forZones: [{{name: z1}}]}}; b {ready}"),
            ["a b", ""],
            true,
        ),
        (
            "hints for other zones only",
            "clusterIP: 10.0.0.10",
            &format!(
                "a {ready}, hints: {{forZones: [{{name: z2}}]}}; b {ready}, hints: {{forZones: [{{name: z2}}]}}"
            ),
            ["a b", ""],
            true,
        ),
    ];
    let node = Node { name: "a".to_owned(), zone: Some("z1".to_owned()), address: None };
    for (what, spec, endpoints, expected, any) in cases {
        let endpoints: Vec<String> = endpoints
            .split("; ")
            .map(|endpoint| {
                let (node, rest) = endpoint.split_once(' ').unwrap();
                format!("{{addresses: [10.1.0.{}], nodeName: {node}, {rest}}}", node.as_bytes()[0])
            })
            .collect();
        let mut text = service(spec) + &slice("web", "IPv4", &endpoints.join(", "));
        if spec.contains("NodePort") {
            text = text.replace("port: 80,", "port: 80, nodePort: 30080,");
        }
        let (services, slices) = read(&text);
        let backed = backed(&services, &slices);
        let found = places(&backed[0], &services[0].spec.ports[0], &IpFamily::IPv4, &node);
        let names = [found.cluster, found.local].map(|places| {
            let nodes: Vec<_> = places
                .iter()
                .map(|place| place.address.to_string().replace("10.1.0.97", "a").replace("10.1.0.98", "b"))
                .collect();
            nodes.join(" ")
        });
        assert_eq!((names.each_ref().map(String::as_str), found.any), (*expected, *any), "{what}");
    }
}

/// Who gets no rules, and what refuses traffic that nobody takes.
#[test]
fn refusals() {
    let none = |spec: &str| {
        let (services, slices) = read(&service(spec));
        let rules = Proxy { prefix: "POD".parse().unwrap(), ..Proxy::default() }
            .restore(&backed(&services, &slices), &Saved::default());
        rules.lines().filter(|line| line.contains("default/web")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(none("clusterIP: None").is_empty());
    assert!(none("type: ExternalName, externalName: example.com").is_empty());
    assert!(none("clusterIP: 'fd00::10'").is_empty(), "of the other family");
    assert_eq!(
        none("clusterIP: 10.0.0.10, externalIPs: [192.0.2.1]"),
        [
            "-A POD-SERVICES -m comment --comment \"default/web has no endpoints\" -m tcp -p tcp -d 10.0.0.10 --dport 80 -j REJECT",
            "-A POD-EXTERNAL-SERVICES -m comment --comment \"default/web has no endpoints\" -m tcp -p tcp -d 192.0.2.1 --dport 80 -j REJECT",
        ]
    );

    let text = service(
        "type: LoadBalancer, clusterIP: 10.0.0.10, externalTrafficPolicy: Local, internalTrafficPolicy: Local, healthCheckNodePort: 30999, \
                        loadBalancerSourceRanges: [203.0.113.0/24, ' 192.0.2.0/24 ', 'fd00::/8']",
    ) + "status: {loadBalancer: {ingress: [{ip: 198.51.100.7, ipMode: VIP}, {ip: 198.51.100.8, ipMode: Proxy}, {hostname: lb.example.com}]}}\n"
        + &slice("web", "IPv4", "{addresses: [10.1.0.3], nodeName: b}");
    let (services, slices) = read(&text);
    let proxy = Proxy {
        prefix: "POD".parse().unwrap(),
        node: Node { name: "a".to_owned(), zone: None, address: Some("192.0.2.9".parse().unwrap()) },
        pods: PodTraffic::Interface("pod+".to_owned()),
        ..Proxy::default()
    };
    let rules = proxy.restore(&backed(&services, &slices), &Saved::default());
    for rule in [
        "-A POD-SERVICES -m comment --comment \"default/web has no local endpoints\" -m tcp -p tcp -d 10.0.0.10 --dport 80 -j DROP",
        "-A POD-EXTERNAL-SERVICES -m comment --comment \"default/web has no local endpoints\" -m tcp -p tcp -d 198.51.100.7 --dport 80 -j DROP",
        "-A POD-PROXY-FIREWALL -m comment --comment \"default/web traffic not accepted by POD-FW-LOLE4ISW44XBNF3G\" -m tcp -p tcp -d 198.51.100.7 --dport 80 -j DROP",
        "-A POD-NODEPORTS -m comment --comment \"default/web health check node port\" -m tcp -p tcp --dport 30999 -j ACCEPT",
        "-A POD-SERVICES -m comment --comment \"default/web loadbalancer IP\" -m tcp -p tcp -d 198.51.100.7 --dport 80 -j POD-FW-LOLE4ISW44XBNF3G",
        "-A POD-FW-LOLE4ISW44XBNF3G -m comment --comment \"default/web loadbalancer IP\" -s 203.0.113.0/24 -j POD-EXT-LOLE4ISW44XBNF3G",
        "-A POD-FW-LOLE4ISW44XBNF3G -m comment --comment \"default/web loadbalancer IP\" -s 198.51.100.7 -j POD-EXT-LOLE4ISW44XBNF3G",
        "-A POD-EXT-LOLE4ISW44XBNF3G -m comment --comment \"pod traffic for default/web external destinations\" -i pod+ -j POD-SVC-LOLE4ISW44XBNF3G",
        "-A POD-EXT-LOLE4ISW44XBNF3G -m comment --comment \"route LOCAL traffic for default/web external destinations\" -m addrtype --src-type LOCAL -j POD-SVC-LOLE4ISW44XBNF3G",
    ] {
        assert!(rules.lines().any(|line| line == rule), "{rule}\n{rules}");
    }
    assert!(!rules.contains("198.51.100.8") && !rules.contains("fd00"));
    assert!(!rules.contains("-j POD-SVL-"), "no local endpoint");
}

/// A change deletes and inserts what differs in shared chains, and writes the service's own chains anew.
#[test]
fn one_service_changes() {
    let proxy = Proxy { prefix: "POD".parse().unwrap(), masquerade: Masquerade::All, ..Proxy::default() };
    let one = "{addresses: [10.1.0.2], nodeName: a}";
    let (services, slices) = read(&(service("clusterIP: 10.0.0.10") + &slice("web", "IPv4", one)));
    let (others, more) = read(&(service("clusterIP: 10.0.0.11") + &slice("web", "IPv4", TWO)));
    let (before, after) = (&backed(&services, &slices)[0], &backed(&others, &more)[0]);

    assert_eq!(proxy.change(None, None), "*filter\nCOMMIT\n*nat\nCOMMIT\n");
    let text = proxy.change(Some(before), Some(after));
    let shared: Vec<_> =
        text.lines().filter(|line| line.starts_with("-D") || line.starts_with("-I")).collect();
    let rule = |address| {
        format!(
            "POD-SERVICES -m comment --comment \"default/web cluster IP\" -m tcp -p tcp -d {address} --dport 80 -j POD-SVC-LOLE4ISW44XBNF3G"
        )
    };
    assert_eq!(shared, [format!("-D {}", rule("10.0.0.10")), format!("-I {}", rule("10.0.0.11"))]);
    assert_eq!(text.matches("\n-X ").count(), 0);
    assert_eq!(text.matches(" - [0:0]").count(), 3);

    let gone = proxy.change(Some(before), None);
    assert!(gone.contains(&format!("-D {}", rule("10.0.0.10"))));
    assert_eq!((gone.matches("\n-X ").count(), gone.matches("\n-A ").count()), (2, 0));
    // A service whose last endpoint goes is refused in the other table.
    let empty = Backed { service: before.service, slices: vec![] };
    let text = proxy.change(Some(before), Some(&empty));
    assert!(
        text.starts_with("*filter\n-I POD-SERVICES -m comment --comment \"default/web has no endpoints\""),
        "{text}"
    );
}

#[test]
fn settings() {
    let text = service("clusterIP: 'fd00::10'") + &slice("web", "IPv6", "{addresses: ['fd01::2']}");
    let (services, slices) = read(&text);
    let all = backed(&services, &slices);
    let proxy = Proxy {
        family: IpFamily::IPv6,
        mark_bit: 3,
        endpoint_comments: EndpointComments::Never,
        unnamed: UnnamedPort::Colon,
        node_ports: NodePortAddresses::These(
            ["fd02::9", "::1", "192.0.2.1"].map(|text| text.parse().unwrap()).into(),
        ),
        ..Proxy::default()
    };
    let rules = proxy.restore(&all, &Saved::default());
    assert!(rules.contains("--to-destination [fd01::2]:8080\n"));
    assert!(rules.contains("-A KUBE-MARK-MASQ -j MARK --or-mark 0x8\n"));
    assert!(rules.contains("--comment \"default/web: cluster IP\""));
    assert!(!rules.contains(" -> "));
    assert!(!rules.contains("127.0.0.0/8"));
    let ports: Vec<_> = rules
        .lines()
        .filter(|line| line.ends_with("-j KUBE-NODEPORTS") && line.starts_with("-A KUBE-SERVICES"))
        .collect();
    assert_eq!(ports.len(), 1);
    assert!(ports[0].contains("-d fd02::9 "));
}

/// What `iptables-save` shows under the prefix goes, and nothing else.
#[test]
fn removal() {
    let saved = "# a comment
*nat
:PREROUTING ACCEPT [1:60]
:POD-SERVICES - [0:0]
:PODS - [0:0]
:KUBE-SERVICES - [0:0]
[1:60] -A PREROUTING -m comment --comment \"kubernetes service portals\" -j POD-SERVICES
-A PREROUTING -j PODS
-A PREROUTING -j KUBE-SERVICES
-A POD-SERVICES -j POD-NODEPORTS
COMMIT
*raw
:PREROUTING ACCEPT [1:60]
COMMIT
";
    let proxy = Proxy { prefix: "POD".parse().unwrap(), ..Proxy::default() };
    assert_eq!(
        proxy.remove(&Saved::parse(saved)),
        "*nat\n:POD-SERVICES - [0:0]\n-D PREROUTING -m comment --comment \"kubernetes service portals\" -j POD-SERVICES\n\
         -X POD-SERVICES\nCOMMIT\n"
    );
    assert_eq!(proxy.remove(&Saved::default()), "");
}

/// Addresses and ports: `ipallocator` and `portallocator`, with our own order.
#[test]
fn allocation() {
    let ranges = |text: &str, ports: std::ops::RangeInclusive<u16>| Ranges {
        addresses: text.split(',').filter(|net| !net.is_empty()).map(|net| net.parse().unwrap()).collect(),
        node_ports: ports,
    };
    let named = |name: &str, spec: &str| {
        let mut service = read(&service(spec)).0.remove(0);
        service.metadata.name = name.to_owned();
        service
    };
    // A network of six addresses is given out whole, and then it is full.
    let mut allocator = Allocator::new(ranges("10.0.0.0/29", 30_000..=30_001));
    let mut given = std::collections::BTreeSet::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        let mut service = named(name, "type: ClusterIP");
        allocator.give(&mut service).unwrap();
        assert_eq!(service.spec.cluster_ips, [service.spec.cluster_ip.clone()]);
        assert_eq!(service.spec.ip_families, [IpFamily::IPv4]);
        given.insert(service.spec.cluster_ip.clone());
        allocator.take(&service).unwrap_err();
    }
    let all: Vec<String> = (1..=6).map(|last| format!("10.0.0.{last}")).collect();
    assert_eq!(given.into_iter().collect::<Vec<_>>(), all);
    let mut late = named("g", "type: ClusterIP");
    assert_eq!(
        allocator.give(&mut late).unwrap_err().to_string(),
        "spec.clusterIPs: Internal error: failed to allocate a serviceIP: range is full"
    );
    allocator.release(&named("c", "clusterIP: 10.0.0.3"));
    allocator.give(&mut late).unwrap();
    assert_eq!(late.spec.cluster_ip, "10.0.0.3");

    // The same service gets the same address, from the upper part of the range.
    let mut first = named("web", "type: NodePort");
    let mut second = first.clone();
    Allocator::new(Ranges::default()).give(&mut first).unwrap();
    Allocator::new(Ranges::default()).give(&mut second).unwrap();
    assert_eq!(first, second);
    let address: std::net::Ipv4Addr = first.spec.cluster_ip.parse().unwrap();
    assert!(u32::from(address) > u32::from_be_bytes([10, 96, 1, 0]), "{address}");
    assert!((30_086..=32_767).contains(&first.spec.ports[0].node_port), "{}", first.spec.ports[0].node_port);

    // One number for both protocols of a port; and none for headless services and names elsewhere.
    let mut dns = named("dns", "type: NodePort");
    dns.spec.ports = read(&service("clusterIP: None").replace(
        "ports: [{port: 80, protocol: TCP}]",
        "ports: [{name: tcp, port: 53, protocol: TCP}, {name: udp, port: 53, protocol: UDP}, {name: http, port: 80, protocol: TCP}]",
    ))
    .0[0]
        .spec
        .ports
        .clone();
    let mut allocator = Allocator::new(ranges("10.0.0.0/24,fd00::/112", 30_000..=30_001));
    dns.spec.ip_family_policy = Some(k8s_model::core::IpFamilyPolicy::PreferDualStack);
    allocator.give(&mut dns).unwrap();
    let ports: Vec<i32> = dns.spec.ports.iter().map(|port| port.node_port).collect();
    assert!(ports[0] == ports[1] && ports[1] != ports[2], "{ports:?}");
    assert_eq!(dns.spec.ip_families, [IpFamily::IPv4, IpFamily::IPv6]);
    let mut more = named("more", "type: NodePort");
    assert_eq!(
        allocator.give(&mut more).unwrap_err().to_string(),
        "spec.ports[0].nodePort: Internal error: failed to allocate a nodePort: range is full"
    );
    for spec in ["clusterIP: None", "type: ExternalName, externalName: example.com"] {
        let mut plain = named("plain", spec);
        let before = plain.clone();
        allocator.give(&mut plain).unwrap();
        assert_eq!(plain, before);
    }
}

/// What a service asks for itself.
#[test]
fn allocation_by_wish() {
    let errors = |spec: &str| {
        let mut allocator = Allocator::new(Ranges::default());
        let mut other = read(
            &service("type: NodePort, clusterIP: 10.96.0.10")
                .replace("port: 80,", "port: 80, nodePort: 30080,"),
        )
        .0
        .remove(0);
        other.metadata.name = "other".to_owned();
        allocator.take(&other).unwrap();
        let service = read(spec).0.remove(0);
        let errors = allocator.take(&service).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(errors(&service("clusterIP: 10.96.0.11")).is_empty());
    assert_eq!(
        errors(&service("clusterIP: 8.8.8.8")),
        [
            "spec.clusterIPs: Invalid value: [\"8.8.8.8\"]: failed to allocate IP 8.8.8.8: the provided IP (8.8.8.8) is not in the valid range. \
          The range of valid IPs is 10.96.0.0/12"
        ]
    );
    assert_eq!(
        errors(
            &service("type: NodePort, clusterIP: 10.96.0.10")
                .replace("port: 80,", "port: 80, nodePort: 30080,")
        ),
        [
            "spec.clusterIPs: Invalid value: [\"10.96.0.10\"]: failed to allocate IP 10.96.0.10: provided IP is already allocated",
            "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
        ]
    );
    assert_eq!(
        errors(
            &service("type: NodePort, clusterIP: 10.96.0.12").replace("port: 80,", "port: 80, nodePort: 80,")
        ),
        [
            "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767"
        ]
    );
}

#[test]
fn endpoints_in_their_old_form() {
    let text = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: default}\nsubsets:\n\
                - addresses: [{ip: 10.1.0.2, nodeName: a}, {ip: 'fd01::2'}]\n  notReadyAddresses: [{ip: 10.1.0.3}]\n  ports: [{port: 8080, protocol: TCP}]\n";
    let decoded = decode_str(text, "endpoints.yaml", Mode::Strict);
    let Object::Endpoints(endpoints) = &decoded.documents[0].object else { panic!() };
    let slices = mirror(endpoints);
    let names: Vec<_> =
        slices.iter().map(|slice| (slice.metadata.name.as_str(), slice.endpoints.len())).collect();
    assert_eq!(names, [("web-ipv4-0", 2), ("web-ipv6-1", 1)]);
    let (services, _) = read(&service("clusterIP: 10.0.0.10"));
    let found =
        places(&backed(&services, &slices)[0], &services[0].spec.ports[0], &IpFamily::IPv4, &Node::default());
    assert_eq!(
        found.cluster.iter().map(|place| place.endpoint.as_str()).collect::<Vec<_>>(),
        ["10.1.0.2:8080"]
    );
}

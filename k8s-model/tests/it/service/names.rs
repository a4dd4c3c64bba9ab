//! Names of services in DNS, and how long clients keep to an endpoint.

use super::*;

const NAMES: &str = "
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {type: ClusterIP, clusterIP: 10.3.0.1, clusterIPs: [10.3.0.1, 'fd00::1'], ports: [{name: https, port: 443}, {port: 80, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: foo, namespace: default}
spec: {type: ExternalName, externalName: www.example.com}
---
apiVersion: v1
kind: Service
metadata: {name: headless, namespace: default}
spec: {clusterIP: None, ports: [{name: https, port: 443}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: all, namespace: default}
spec: {clusterIP: None, publishNotReadyAddresses: true, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: waits, namespace: default}
spec: {clusterIP: '', ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: headless-1, namespace: default, labels: {kubernetes.io/service-name: headless}}
addressType: IPv4
ports: [{name: https, port: 8443, protocol: TCP}, {name: dns, port: 53, protocol: UDP}]
endpoints:
- {addresses: [10.3.0.100], hostname: my-pet, conditions: {ready: true}}
- {addresses: [10.3.0.101], conditions: {}}
- {addresses: [10.3.0.102], conditions: {ready: false}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: headless-2, namespace: default, labels: {kubernetes.io/service-name: headless}}
addressType: IPv6
ports: [{name: https, port: 8443}]
endpoints: [{addresses: ['fd00::a'], hostname: my-pet}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: headless-3, namespace: default, labels: {kubernetes.io/service-name: headless}}
addressType: FQDN
ports: []
endpoints: [{addresses: [example.com]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: all-1, namespace: default, labels: {kubernetes.io/service-name: all}}
addressType: IPv4
ports: [{name: '', port: 80}]
endpoints: [{addresses: [10.3.0.103], conditions: {ready: false}}]
";

/// The examples of the DNS specification (kubernetes/dns, `docs/specification.md`, 2.2 to 2.5), and the host names of CoreDNS.
#[test]
fn names_of_services() {
    let (services, slices) = read(NAMES);
    let backed = backed(&services, &slices);
    let names = Names::new(Zone { ttl: 4, ..Zone::default() }, &backed);
    let found: Vec<String> = names.records().map(ToString::to_string).collect();
    let reversed = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.";
    let mut expected: Vec<String> = [
        "dns-version.cluster.local. 4 IN TXT \"1.1.0\"",
        "kubernetes.default.svc.cluster.local. 4 IN A 10.3.0.1",
        "kubernetes.default.svc.cluster.local. 4 IN AAAA fd00::1",
        "_https._tcp.kubernetes.default.svc.cluster.local. 4 IN SRV 0 100 443 kubernetes.default.svc.cluster.local.",
        "1.0.3.10.in-addr.arpa. 4 IN PTR kubernetes.default.svc.cluster.local.",
        "foo.default.svc.cluster.local. 4 IN CNAME www.example.com.",
        "headless.default.svc.cluster.local. 4 IN A 10.3.0.100",
        "headless.default.svc.cluster.local. 4 IN A 10.3.0.101",
        "headless.default.svc.cluster.local. 4 IN AAAA fd00::a",
        "my-pet.headless.default.svc.cluster.local. 4 IN A 10.3.0.100",
        "my-pet.headless.default.svc.cluster.local. 4 IN AAAA fd00::a",
        "10-3-0-101.headless.default.svc.cluster.local. 4 IN A 10.3.0.101",
        "_https._tcp.headless.default.svc.cluster.local. 4 IN SRV 0 100 8443 my-pet.headless.default.svc.cluster.local.",
        "_https._tcp.headless.default.svc.cluster.local. 4 IN SRV 0 100 8443 10-3-0-101.headless.default.svc.cluster.local.",
        "_dns._udp.headless.default.svc.cluster.local. 4 IN SRV 0 100 53 my-pet.headless.default.svc.cluster.local.",
        "_dns._udp.headless.default.svc.cluster.local. 4 IN SRV 0 100 53 10-3-0-101.headless.default.svc.cluster.local.",
        "100.0.3.10.in-addr.arpa. 4 IN PTR my-pet.headless.default.svc.cluster.local.",
        "101.0.3.10.in-addr.arpa. 4 IN PTR 10-3-0-101.headless.default.svc.cluster.local.",
        "all.default.svc.cluster.local. 4 IN A 10.3.0.103",
        "10-3-0-103.all.default.svc.cluster.local. 4 IN A 10.3.0.103",
        "103.0.3.10.in-addr.arpa. 4 IN PTR 10-3-0-103.all.default.svc.cluster.local.",
    ]
    .map(str::to_owned)
    .to_vec();
    expected.push(format!("1.0.0.0.{reversed} 4 IN PTR kubernetes.default.svc.cluster.local."));
    expected.push(format!("a.0.0.0.{reversed} 4 IN PTR my-pet.headless.default.svc.cluster.local."));
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    assert_eq!(sorted(found), sorted(expected));

    let ask = |name: &str, wanted| match names.ask(name, wanted) {
        Answer::Records(records) => records.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => format!("{other:?}"),
    };
    for (name, wanted, expected) in [
        (
            "Kubernetes.Default.svc.cluster.local",
            RecordType::A,
            "kubernetes.default.svc.cluster.local. 4 IN A 10.3.0.1",
        ),
        (
            "foo.default.svc.cluster.local.",
            RecordType::Aaaa,
            "foo.default.svc.cluster.local. 4 IN CNAME www.example.com.",
        ),
        ("my-pet.headless.default.svc.cluster.local.", RecordType::Srv, "NoData"),
        ("_tcp.headless.default.svc.cluster.local.", RecordType::A, "NoData"),
        ("default.svc.cluster.local.", RecordType::A, "NoData"),
        ("waits.default.svc.cluster.local.", RecordType::A, "NoName"),
        (
            "10-1-0-2.default.pod.cluster.local",
            RecordType::A,
            "10-1-0-2.default.pod.cluster.local. 4 IN A 10.1.0.2",
        ),
        ("10-1-0-2.default.pod.cluster.local", RecordType::Aaaa, "NoData"),
        (
            "fd00--2.default.pod.cluster.local",
            RecordType::Aaaa,
            "fd00--2.default.pod.cluster.local. 4 IN AAAA fd00::2",
        ),
        ("10-1-0.default.pod.cluster.local", RecordType::A, "NoName"),
        ("10-1-0-2.a.b.pod.cluster.local", RecordType::A, "NoName"),
        ("example.com", RecordType::A, "NoName"),
        ("", RecordType::A, "NoName"),
    ] {
        assert_eq!(ask(name, wanted), expected, "{name} {wanted:?}");
    }
}

#[test]
fn how_long_clients_keep_to_an_endpoint() {
    let of = |spec: &str| session_affinity(&read(&service(spec)).0[0]);
    assert_eq!(of("clusterIP: 10.0.0.10"), None);
    assert_eq!(of("clusterIP: 10.0.0.10, sessionAffinity: ClientIP"), Some(10_800));
    assert_eq!(
        of(
            "clusterIP: 10.0.0.10, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}"
        ),
        Some(60)
    );
}

//! `kubetool iptables`: rules that the real iptables takes, and that balance real connections in a private network.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_model::core::Service;
use k8s_model::decode::{Mode, decode_str};
use k8s_model::default::default;
use k8s_model::discovery::EndpointSlice;
use k8s_model::object::Object;
use k8s_model::service::{Backed, Proxy, Saved, UnnamedPort};
use libtest_mimic::Trial;

use crate::host::Host;
use crate::program::Ran;
use crate::{Need, test};

const REAL: &[Need] = &[
    Need::Root,
    Need::Program("iptables-restore"),
    Need::Program("iptables-save"),
    Need::Program("ip"),
    Need::Program("nsenter"),
];

const REAL_V6: &[Need] = &[
    Need::Root,
    Need::Program("ip6tables-restore"),
    Need::Program("ip6tables-save"),
    Need::Program("ip"),
    Need::Program("nsenter"),
];

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("kubetool::iptables_balances_real_connections", REAL, balances),
        test("kubetool::iptables_of_ipv6_balances_real_connections", REAL_V6, balances_v6),
        test("kubetool::iptables_heeds_policies", REAL, heeds_policies),
        test("iptables::one_service_changes", REAL, changes),
        test("iptables::chains_of_a_real_cluster", REAL, real_chains),
        test("kubetool::iptables_prints_rules", &[], prints),
    ]
}

fn kubetool(arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kubetool"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubetool starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("kubetool reads");
    Ran::of(child.wait_with_output().expect("kubetool ends"))
}

const WEB: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: sticky}
spec: {clusterIP: 10.96.0.11, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {clusterIP: 10.96.0.12, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: web}
subsets: [{addresses: [{ip: 10.1.0.2}, {ip: 10.1.0.3}, {ip: 10.1.0.4}], ports: [{port: 8080}]}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: sticky}
subsets: [{addresses: [{ip: 10.1.0.2}, {ip: 10.1.0.3}, {ip: 10.1.0.4}], ports: [{port: 8080}]}]
";

fn prints() {
    let ran = kubetool(&["iptables", "--prefix", "PODKIT", "-"], WEB).success();
    assert!(ran.stdout.contains(
        "-A PODKIT-SERVICES -m comment --comment \"default/web cluster IP\" -m tcp -p tcp -d 10.96.0.10 --dport 80 -j PODKIT-SVC-LOLE4ISW44XBNF3G\n"
    ));
    let ran = kubetool(
        &["iptables", "-"],
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {port: 80}\n",
    )
    .exits(1);
    assert_eq!(
        (ran.stdout.as_str(), ran.stderr.as_str()),
        ("", "<stdin>:4:8: spec.port: unknown field, did you mean `ports`?\n")
    );
    let ran = kubetool(&["iptables", "--prefix", "podkit", "-"], "").exits(2);
    assert!(
        ran.stderr
            .contains("a prefix for chains has 1 to 7 upper-case letters and digits, and `podkit` is none"),
        "{}",
        ran.stderr
    );
}

/// Each place answers with its own address.
fn serve(listener: TcpListener) {
    let address = listener.local_addr().expect("an address").ip().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            // A client that is gone is its own affair.
            let _ = stream.write_all(address.as_bytes());
        }
    });
}

/// Who answered, and how often, of `count` connections.
fn ask(address: &str, count: usize) -> BTreeMap<String, usize> {
    let address: SocketAddr = address.parse().expect("an address");
    let mut answers = BTreeMap::new();
    for _ in 0..count {
        let mut answer = String::new();
        let asked = TcpStream::connect_timeout(&address, Duration::from_secs(5))
            .and_then(|mut stream| stream.read_to_string(&mut answer));
        *answers.entry(asked.map_or_else(|error| error.kind().to_string(), |_| answer)).or_default() += 1;
    }
    answers
}

fn restore(host: &Host, rules: &str) {
    restore_with(host, "iptables-restore", &["--noflush"], rules);
}

fn restore_with(host: &Host, program: &str, arguments: &[&str], rules: &str) {
    let mut child = host
        .command(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("iptables-restore starts");
    child.stdin.take().expect("a pipe").write_all(rules.as_bytes()).expect("iptables-restore reads");
    let output = child.wait_with_output().expect("iptables-restore ends");
    assert!(output.status.success(), "{}\n{rules}", String::from_utf8_lossy(&output.stderr));
}

fn save(host: &Host) -> String {
    let output = host.command("iptables-save").output().expect("iptables-save runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn ip(host: &Host, lines: &[&str]) {
    for line in lines {
        assert!(host.command("ip").args(line.split(' ')).status().expect("ip runs").success(), "ip {line}");
    }
}

/// A machine with addresses of pods on loopback, and a way to the addresses of services.
fn machine() -> Host {
    let host = Host::new();
    ip(
        &host,
        &[
            "link add name pods type veth peer name far",
            // An address that the kernel gives of itself comes when it will.
            "link set far addrgenmode none",
            "link set pods addrgenmode none",
            "link set far up",
            "link set pods up",
            "address add 192.0.2.1/24 dev pods",
            "route add 10.96.0.0/12 dev pods",
            "address add 10.1.0.2/32 dev lo",
            "address add 10.1.0.3/32 dev lo",
            "address add 10.1.0.4/32 dev lo",
        ],
    );
    host
}

fn serve_all(places: &[&str]) {
    for place in places {
        serve(TcpListener::bind(place).expect("an address of the private network"));
    }
}

const PLACES: [&str; 3] = ["10.1.0.2:8080", "10.1.0.3:8080", "10.1.0.4:8080"];

/// Whether so many places answer equally often: Pearson's sum of squares over what is expected. Of connections that are balanced it exceeds
/// 40, for two to five places, once in ten million runs.
#[track_caller]
fn assert_balanced(answers: &BTreeMap<String, usize>, places: usize) {
    assert_eq!(answers.len(), places, "{answers:?}");
    let total: usize = answers.values().sum();
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let (expected, counts) =
        (total as f64 / places as f64, answers.values().map(|count| *count as f64).collect::<Vec<_>>());
    let sum: f64 = counts.iter().map(|count| (count - expected).powi(2) / expected).sum();
    assert!(sum < 40.0, "{answers:?}: {sum}");
}

fn balances() {
    let host = machine();
    let before = host.state();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("web.yaml");
    std::fs::write(&file, WEB).expect("a manifest");
    let rules = |saved: &str| {
        let path = Path::to_str(&file).expect("UTF-8");
        kubetool(&["iptables", "--prefix", "PODKIT", "--saved", "-", path], saved).success().stdout
    };

    restore(&host, &rules(&save(&host)));
    let once = host.state();
    // What is there is found again: a second time changes nothing, neither doubles nor loses a rule.
    restore(&host, &rules(&save(&host)));
    assert_eq!(host.state(), once);
    // Into tables that are emptied first the same rules go, where nothing is there to be found again.
    restore_with(&host, "iptables-restore", &[], &rules(""));
    assert_eq!(host.state(), once);

    host.inside(|| {
        serve_all(&PLACES);
        for address in ["10.96.0.10:80", "192.0.2.1:30080"] {
            assert_balanced(&ask(address, 600), 3);
        }
        assert_eq!(ask("10.96.0.11:80", 50).len(), 1, "a client keeps to its place");
        assert_eq!(ask("10.96.0.12:80", 1).keys().collect::<Vec<_>>(), ["connection refused"]);
    });

    restore(
        &host,
        &kubetool(&["iptables", "--prefix", "PODKIT", "--saved", "-", "--remove"], &save(&host))
            .success()
            .stdout,
    );
    assert_eq!(host.state(), before);
}

fn balances_v6() {
    let host = Host::new();
    ip(
        &host,
        &[
            "link add name pods type veth peer name far",
            "link set far up",
            "link set pods up",
            "address add 2001:db8::1/64 dev pods nodad",
            "route add fd00:96::/112 dev pods",
            "address add fd01::2/128 dev lo nodad",
            "address add fd01::3/128 dev lo nodad",
        ],
    );
    let text = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 'fd00:96::10', ipFamilies: [IPv6], ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: sticky}
spec: {clusterIP: 'fd00:96::11', ipFamilies: [IPv6], sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: web}
subsets: [{addresses: [{ip: 'fd01::2'}, {ip: 'fd01::3'}], ports: [{port: 8080}]}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: sticky}
subsets: [{addresses: [{ip: 'fd01::2'}, {ip: 'fd01::3'}], ports: [{port: 8080}]}]
";
    let rules = kubetool(
        &["iptables", "--ipv6", "--prefix", "PODKIT", "--service-network", "fd00:96::/112", "-"],
        text,
    );
    restore_with(&host, "ip6tables-restore", &["--noflush"], &rules.success().stdout);
    host.inside(|| {
        serve_all(&["[fd01::2]:8080", "[fd01::3]:8080"]);
        assert_balanced(&ask("[fd00:96::10]:80", 400), 2);
        assert_balanced(&ask("[2001:db8::1]:30080", 400), 2);
        assert_eq!(ask("[fd00:96::11]:80", 50).len(), 1, "a client keeps to its place");
    });
}

/// Traffic stays on the node where it should, from outside and from inside, and goes nowhere else when nobody is there.
fn heeds_policies() {
    let host = machine();
    let slice = |service: &str, node: &str| {
        format!(
            "---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {service}-1, labels: {{kubernetes.io/service-name: {service}}}}}
addressType: IPv4
ports: [{{name: '', port: 8080, protocol: TCP}}]
endpoints:
- {{addresses: [10.1.0.2], nodeName: {node}}}
- {{addresses: [10.1.0.3], nodeName: {node}}}
- {{addresses: [10.1.0.4], nodeName: elsewhere}}
"
        )
    };
    let service = |name: &str, address: &str, spec: &str, port: u16| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{clusterIP: {address}, {spec}, ports: [{{port: 80, nodePort: {port}}}]}}\n"
        )
    };
    let outer = "type: NodePort, externalTrafficPolicy: Local";
    let text = [
        service("inner", "10.96.0.20", "internalTrafficPolicy: Local", 0),
        service("outer", "10.96.0.21", outer, 30081),
        service("nobody", "10.96.0.22", &format!("{outer}, internalTrafficPolicy: Local"), 30082),
        slice("inner", "here"),
        slice("outer", "here"),
        slice("nobody", "far"),
    ]
    .concat();
    let rules = kubetool(&["iptables", "--prefix", "PODKIT", "--node", "here", "-"], &text).success().stdout;
    restore(&host, &rules);
    host.inside(|| {
        serve_all(&PLACES);
        let inner = ask("10.96.0.20:80", 400);
        assert_balanced(&inner, 2);
        assert!(!inner.contains_key("10.1.0.4"), "{inner:?}");
        // From inside to the cluster address all places count, and from the node itself to its own port too.
        assert_balanced(&ask("10.96.0.21:80", 600), 3);
        assert_balanced(&ask("192.0.2.1:30081", 600), 3);
    });
    // What comes from another machine goes to the places of this node alone, and what nobody here takes is dropped, not refused.
    assert!(rules.contains("-j PODKIT-SVL-"));
    let dropped = |what: &str| rules.lines().any(|line| line.contains(what) && line.ends_with("-j DROP"));
    assert!(dropped("default/nobody has no local endpoints"), "{rules}");
}

fn objects(text: &str) -> (Vec<Service>, Vec<EndpointSlice>) {
    let decoded = decode_str(text, "services.yaml", Mode::Strict);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let (mut services, mut slices) = (Vec::new(), Vec::new());
    for mut document in decoded.documents {
        default(&mut document.object);
        match document.object {
            Object::Service(service) => services.push(*service),
            Object::EndpointSlice(slice) => slices.push(*slice),
            other => panic!("{other:?}"),
        }
    }
    (services, slices)
}

/// Services with their endpoints, by name, cluster address and protocol.
fn service_of(
    namespace: &str,
    name: &str,
    address: &str,
    ports: &[(&str, u16, &str)],
    places: &[&str],
) -> String {
    let list = |number: bool| -> String {
        let ports: Vec<String> = ports
            .iter()
            .map(|(name, port, protocol)| {
                let service = if number { "" } else { ", targetPort: 1" };
                format!("{{name: '{name}', port: {port}, protocol: {protocol}{service}}}")
            })
            .collect();
        ports.join(", ")
    };
    let endpoints: Vec<String> = places.iter().map(|place| format!("{{addresses: [{place}]}}")).collect();
    format!(
        "---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{clusterIP: {address}, ports: [{}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
ports: [{}]
endpoints: [{}]
",
        list(false),
        list(true),
        endpoints.join(", ")
    )
}

/// Rules for one service's change, loaded with `--noflush` into those of all: what comes out is as all anew, and the connections say so.
fn changes() {
    let host = machine();
    let proxy = Proxy { prefix: "PODKIT".parse().expect("a prefix"), ..Proxy::default() };
    let http = [("http", 8080, "TCP")];
    let (services, mut slices) = objects(
        &[
            service_of("default", "web", "10.96.0.10", &http, &["10.1.0.2", "10.1.0.3"]),
            service_of("default", "other", "10.96.0.11", &http, &["10.1.0.4"]),
        ]
        .concat(),
    );
    let [web, other] = services.as_slice() else { panic!() };
    let backed = |slices: &[EndpointSlice]| -> String {
        let of = |service| Backed {
            service,
            slices: slices.iter().filter(|slice| slice.is_of(service)).collect(),
        };
        proxy.restore(&[of(web), of(other)], &Saved::default())
    };
    restore(&host, &backed(&slices));
    host.inside(|| {
        serve_all(&PLACES);
        assert_balanced(&ask("10.96.0.10:8080", 400), 2);
    });

    let before = slices.clone();
    let place = slices[1].endpoints[0].clone();
    slices[0].endpoints.push(place);
    let of = |slices: &'_ [EndpointSlice]| -> Vec<EndpointSlice> {
        slices.iter().filter(|slice| slice.is_of(web)).cloned().collect()
    };
    let (old, new) = (of(&before), of(&slices));
    let one = |slices: &'_ [EndpointSlice], change: &dyn Fn(&Backed<'_>) -> String| {
        change(&Backed { service: web, slices: slices.iter().collect() })
    };
    let change = one(&old, &|before| one(&new, &|after| proxy.change(Some(before), Some(after))));
    assert!(!change.contains("default/other"), "a change is about one service:\n{change}");
    restore(&host, &change);
    let changed = host.state();
    host.inside(|| {
        assert_balanced(&ask("10.96.0.10:8080", 600), 3);
        assert_eq!(ask("10.96.0.11:8080", 20).keys().collect::<Vec<_>>(), ["10.1.0.4"]);
    });
    // All rules anew are the same as those that were changed.
    restore_with(&host, "iptables-restore", &[], &backed(&slices));
    assert_eq!(host.state(), changed);

    // The last place goes: who asks is refused. Then the service goes.
    let none: Vec<EndpointSlice> = Vec::new();
    restore(&host, &one(&new, &|before| one(&none, &|after| proxy.change(Some(before), Some(after)))));
    host.inside(|| {
        assert_eq!(ask("10.96.0.10:8080", 1).keys().collect::<Vec<_>>(), ["connection refused"]);
        assert_eq!(ask("10.96.0.11:8080", 20).keys().collect::<Vec<_>>(), ["10.1.0.4"]);
    });
    restore(&host, &one(&none, &|before| proxy.change(Some(before), None)));
    assert!(!save(&host).contains("default/web"), "{}", save(&host));
}

/// The services of figures 4 and 5 of source document 002: the real iptables shows the chains under the names that the cluster's own
/// kube-proxy gave them.
fn real_chains() {
    let host = Host::new();
    let (services, slices) = objects(
        &[
            service_of(
                "default",
                "simpleservice",
                "10.43.0.10",
                &[("", 9876, "TCP")],
                &["10.42.1.16", "10.42.2.28"],
            ),
            service_of("default", "kubernetes", "10.43.0.1", &[("https", 6443, "TCP")], &["192.168.0.90"]),
            service_of(
                "kube-system",
                "kube-dns",
                "10.43.0.11",
                &[("dns", 53, "UDP"), ("dns-tcp", 53, "TCP")],
                &["10.42.1.4"],
            ),
            service_of("kube-system", "metrics-server", "10.43.0.12", &[("", 443, "TCP")], &["10.42.1.3"]),
        ]
        .concat(),
    );
    let backed: Vec<Backed<'_>> = services
        .iter()
        .map(|service| Backed {
            service,
            slices: slices.iter().filter(|slice| slice.is_of(service)).collect(),
        })
        .collect();
    let proxy = Proxy { unnamed: UnnamedPort::Colon, ..Proxy::default() };
    restore(&host, &proxy.restore(&backed, &Saved::default()));
    let saved = save(&host);
    // kube-proxy-chains.json has them as they were.
    for (service, endpoints) in [
        (
            "KUBE-SVC-EZC6WLOVQADP4IAW",
            &[
                ("10.42.2.28:9876", "KUBE-SEP-BPXAGCODH4GU5RQY"),
                ("10.42.1.16:9876", "KUBE-SEP-E7MNM3WTA3NOZBSM"),
            ][..],
        ),
        ("KUBE-SVC-NPX46M4PTMTKRN6Y", &[("192.168.0.90:6443", "KUBE-SEP-3K5NWAQHVVDJK3LB")]),
        ("KUBE-SVC-TCOU7JCQXEZGVUNU", &[("10.42.1.4:53", "KUBE-SEP-LUULJYJHCOVETXHE")]),
        ("KUBE-SVC-ERIFXISQEP7F7OF4", &[("10.42.1.4:53", "KUBE-SEP-HKD4XCQRQICV6VTB")]),
        ("KUBE-SVC-LC5QY66VUV2HJ6WZ", &[("10.42.1.3:443", "KUBE-SEP-T62I7T3YKIZSOQX7")]),
    ] {
        let has =
            |start: &str, end: &str| saved.lines().any(|line| line.starts_with(start) && line.ends_with(end));
        assert!(has("-A KUBE-SERVICES ", &format!("-j {service}")), "{service}\n{saved}");
        for (endpoint, chain) in endpoints {
            assert!(has(&format!("-A {service} "), &format!("-j {chain}")), "{chain}\n{saved}");
            assert!(
                has(&format!("-A {chain} "), &format!("-j DNAT --to-destination {endpoint}")),
                "{chain}\n{saved}"
            );
        }
    }
    // The first of two is taken with one half.
    let half = "-m statistic --mode random --probability 0.5";
    assert_eq!(saved.lines().filter(|line| line.contains(half)).count(), 1, "{saved}");
}

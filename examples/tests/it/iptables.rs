//! `kubetool iptables`: rules that the real iptables takes, and that balance real connections in a private network.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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

pub(crate) fn tests() -> Vec<Trial> {
    vec![
        test("kubetool::iptables_balances_real_connections", REAL, balances),
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
    let mut child = host
        .command("iptables-restore")
        .arg("--noflush")
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

fn balances() {
    let host = Host::new();
    for arguments in [
        "link add name pods type veth peer name far",
        "link set far up",
        "link set pods up",
        "address add 192.0.2.1/24 dev pods",
        "route add 10.96.0.0/12 dev pods",
    ] {
        let done = host.command("ip").args(arguments.split(' ')).status().expect("ip runs");
        assert!(done.success(), "ip {arguments}");
    }
    for place in ["10.1.0.2/32", "10.1.0.3/32", "10.1.0.4/32"] {
        assert!(
            host.command("ip")
                .args(["address", "add", place, "dev", "lo"])
                .status()
                .expect("ip runs")
                .success()
        );
    }
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

    host.inside(|| {
        for place in ["10.1.0.2:8080", "10.1.0.3:8080", "10.1.0.4:8080"] {
            serve(TcpListener::bind(place).expect("an address of the private network"));
        }
        for address in ["10.96.0.10:80", "192.0.2.1:30080"] {
            let answers = ask(address, 600);
            // 200 each, with a deviation of 11.5: six of those are never seen.
            assert_eq!(answers.len(), 3, "{address}: {answers:?}");
            assert!(answers.values().all(|count| (131..=269).contains(count)), "{address}: {answers:?}");
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

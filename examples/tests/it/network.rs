//! Pods on networks: real plugins in a private network that stands for the machine's.

mod names;
mod stop;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::host::Host;
use crate::program::{Podrun, Ran};
use crate::{Need, test};

/// What `--net=default` takes.
pub(crate) const DEFAULT: &[Need] = &[
    Need::Root,
    Need::Program("iptables-save"),
    Need::Program("ip"),
    Need::Program("nsenter"),
    Need::Program("busybox"),
    Need::Plugins(&["ptp", "host-local"]),
];
const PORTS: &[Need] = &[
    Need::Root,
    Need::Program("iptables-save"),
    Need::Program("ip"),
    Need::Program("nsenter"),
    Need::Program("busybox"),
    Need::Plugins(&["ptp", "host-local", "portmap"]),
];

pub(crate) fn tests() -> Vec<Trial> {
    let own = vec![
        test("network::two_pods_ping_each_other", DEFAULT, two_pods_ping_each_other),
        test("network::a_port_of_the_host_reaches_a_pod", PORTS, a_port_of_the_host_reaches_a_pod),
        test("network::names_and_resolvers", &[Need::Root, Need::Program("busybox")], names_and_resolvers),
        test("network::what_is_refused_before_anything_starts", &[Need::Root], what_is_refused),
        test("network::a_failed_network_is_undone", DEFAULT, a_failed_network_is_undone),
        test("network::a_dead_podruns_network_is_collected", PORTS, a_dead_podruns_network_is_collected),
        test("network::several_networks_with_arguments", DEFAULT, several_networks),
    ];
    [own, names::tests(), stop::tests()].into_iter().flatten().collect()
}

/// A pod of one container that runs a script of busybox; `ports` is in JSON.
fn pod(name: &str, ports: &str, script: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{podkit.dev/copy-exec.main: /usr/bin/busybox}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: example.com/busybox:1
    ports: {ports}
    command: [/usr/bin/busybox, sh, -c]
    args:
    - |
      {}
",
        script.replace('\n', "\n      ")
    )
}

/// A pod that runs beside the test.
struct Running<'a> {
    podrun: &'a Podrun,
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl<'a> Running<'a> {
    fn start(podrun: &'a Podrun, options: &[&str], manifest: &str) -> Self {
        let file =
            podrun.scratch().join(format!("{}.yaml", fs::read_dir(podrun.scratch()).into_iter().count()));
        fs::write(&file, manifest).expect("a manifest");
        let file = file.to_str().expect("UTF-8");
        let mut child = podrun
            .command(["run"].iter().chain(options).chain(&[file]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("podrun starts");
        let stdout = BufReader::new(child.stdout.take().expect("its standard output"));
        let stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        Self { podrun, child, stdout, stderr }
    }

    /// The next line that a container prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("standard output");
        if line.is_empty() {
            let mut text = String::new();
            let _ = std::io::Read::read_to_string(&mut self.stderr, &mut text);
            panic!("podrun has ended: {text}");
        }
        line
    }

    /// The first line on standard error that has this in it.
    fn event(&mut self, what: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).expect("standard error"), 0, "podrun has ended");
            if line.contains(what) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("podrun runs");
    }

    /// The addresses that `podrun list` knows of the only pod that runs.
    fn addresses(&self) -> Vec<String> {
        let listed = self.podrun.run(["list", "--output", "json"]).success();
        let pods: Value = serde_json::from_str(&listed.stdout).expect("JSON");
        let running = pods.as_array().expect("a list").iter().find(|pod| pod["state"] == "running");
        let ips =
            running.expect("a pod that runs")["status"]["podIps"].as_array().cloned().unwrap_or_default();
        ips.iter().filter_map(|ip| ip.as_str().map(ToOwned::to_owned)).collect()
    }

    fn stop(mut self) {
        self.signal(Signal::TERM);
        let began = Instant::now();
        while self.child.try_wait().expect("a child").is_none() {
            assert!(began.elapsed() < Duration::from_secs(30), "podrun does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.podrun.run(["gc", "--grace-period", "0"]);
        }
    }
}

fn collect(podrun: &Podrun) -> Ran {
    podrun.run(["gc", "--grace-period", "0"]).success()
}

fn two_pods_ping_each_other() {
    let podrun = Podrun::on(Host::new());
    let before = podrun.host().state();
    let mut server = Running::start(&podrun, &[], &pod("server", "[]", "echo ready; exec busybox sleep 600"));
    assert_eq!(server.line(), "main | ready\n");
    let addresses = server.addresses();
    assert_eq!(addresses, ["172.16.28.2"]);
    let table = podrun.run(["list"]).success().stdout;
    assert!(table.contains("172.16.28.2"), "{table}");

    let ping = format!(
        "busybox ping -c 1 -w 5 {} >/dev/null && echo there; busybox ip -o -4 addr show eth0 | busybox awk '{{print $4}}'",
        addresses[0]
    );
    let client = podrun.run_pod(&["--net=default"], &pod("client", "[]", &ping)).success();
    assert_eq!(client.stdout, "main | there\nmain | 172.16.28.3/24\n");
    // The other way round, too: a pod answers one that is attached later.
    let mut pinging =
        Running::start(&podrun, &[], &pod("pinging", "[]", "echo ready; exec busybox sleep 600"));
    assert_eq!(pinging.line(), "main | ready\n");
    let back = "busybox ping -c 1 -w 5 172.16.28.4 >/dev/null && echo there";
    assert_eq!(podrun.run_pod(&[], &pod("back", "[]", back)).success().stdout, "main | there\n");
    pinging.stop();
    server.stop();
    assert_eq!(podrun.host().state(), before);
    collect(&podrun);
    assert_eq!(podrun.host().state(), before);
}

fn a_port_of_the_host_reaches_a_pod() {
    let podrun = Podrun::on(Host::new());
    let serve = |port: u16| {
        format!("echo ready\nwhile :; do echo \"hello on {port}\" | busybox nc -l -p {port}; done")
    };
    let ports = "[{name: web, containerPort: 80, hostPort: 8080}, {name: other, containerPort: 81}]";
    // A program of the machine has the port; of another family there is none to lead to.
    let program = podrun.host().inside(|| TcpListener::bind("127.0.0.1:8080")).expect("a free port");
    podrun
        .run_pod(&[], &pod("third", ports, "true"))
        .fails(254, "podrun: host port 8080/tcp to port 80 is taken: a program of this machine has it\n");
    drop(program);
    let sixth = ports.replace("hostPort: 8080", "hostPort: 8080, hostIP: '::1'");
    let mut nowhere = Running::start(&podrun, &[], &pod("sixth", &sixth, "true"));
    let event = nowhere.event("FailedCreatePodSandBox");
    assert!(
        event.contains("host port [::1]:8080/tcp to port 80 leads nowhere: the pod has no IPv6 address"),
        "{event}"
    );
    nowhere.stop();
    collect(&podrun);

    let mut plain = Running::start(&podrun, &[], &pod("plain", ports, &serve(80)));
    assert_eq!(plain.line(), "main | ready\n");
    assert_eq!(podrun.host().ask("127.0.0.1:8080"), "hello on 80\n");
    // The gateway's address is one of the machine's, too.
    assert_eq!(podrun.host().ask("172.16.28.1:8080"), "hello on 80\n");
    let second = podrun.run_pod(&[], &pod("second", ports, "true")).exits(254);
    assert!(
        second.stderr.starts_with("podrun: host port 8080/tcp to port 80 is taken: container `"),
        "{}",
        second.stderr
    );
    plain.stop();
    // What portmap has for all of its ports stays, and is the same from now on.
    let with_portmap = podrun.host().state();

    let options = ["--port=other:127.0.0.1:9090"];
    let mut flagged = Running::start(&podrun, &options, &pod("flagged", ports, &serve(81)));
    assert_eq!(flagged.line(), "main | ready\n");
    assert_eq!(podrun.host().ask("127.0.0.1:9090"), "hello on 81\n");
    flagged.stop();
    assert_eq!(podrun.host().state(), with_portmap);
    assert!(
        with_portmap.iter().all(|line| !line.contains("8080") && !line.contains("172.16.28.")),
        "{with_portmap:?}"
    );
    collect(&podrun);
}

fn names_and_resolvers() {
    let podrun = Podrun::new();
    let show = "busybox cat /etc/hostname /etc/resolv.conf; busybox hostname; busybox tail -n 3 /etc/hosts";
    let pod = pod("names", "[]", show);
    let flags = [
        "--net=none",
        "--hostname=Node-1.example",
        "--dns=192.0.2.53",
        "--dns=2001:db8::53",
        "--dns-search=a.example",
        "--dns-search=b.example",
        "--dns-opt=ndots:2",
        "--hosts-entry=192.0.2.7=db.example",
        "--hosts-entry=2001:db8::7=db.example",
    ];
    let lines = [
        "Node-1.example",
        "search a.example b.example",
        "nameserver 192.0.2.53",
        "nameserver 2001:db8::53",
        "options ndots:2",
        "Node-1.example",
        "# Entries added by HostAliases.",
        "192.0.2.7\tdb.example",
        "2001:db8::7\tdb.example",
    ];
    let expected: String = lines.iter().map(|line| format!("main | {line}\n")).collect();
    assert_eq!(podrun.run_pod(&flags, &pod).success().stdout, expected);
    // The pod's own domain is searched; of the rest this machine's settings stay.
    let searched =
        podrun.run_pod(&["--net=none", "--dns-domain=example.org", "--dns=192.0.2.1"], &pod).success();
    assert!(
        searched.stdout.contains("main | search example.org\nmain | nameserver 192.0.2.1\n"),
        "{}",
        searched.stdout
    );
    // The machine's own network and name, which the annotation and the manifest do not ask for.
    let host = podrun.run_pod(&["--net=host"], &pod).success();
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    assert!(host.stdout.starts_with(&format!("main | {name}\n")), "{}", host.stdout);
    collect(&podrun);
}

fn what_is_refused() {
    let podrun = Podrun::new();
    let plain = pod("plain", "[{name: web, containerPort: 80}]", "true");
    let nowhere = "--cni-path=/nowhere:/nor/here";
    for (options, text) in [
        (
            &[nowhere][..],
            "plugin `ptp` of network `default`, plugin `host-local` of network `default` are not installed: looked in \
             `/nowhere`, `/nor/here`; Debian and Ubuntu have `ptp`, `host-local` in the package `containernetworking-plugins`",
        ),
        (
            &["--net=default", "--port=web:80", nowhere],
            "plugin `ptp` of network `default`, plugin `host-local` of network `default`, plugin `portmap` of network `default` \
             are not installed: looked in `/nowhere`, `/nor/here`; Debian and Ubuntu have `ptp`, `host-local`, `portmap` in the \
             package `containernetworking-plugins`",
        ),
        (
            &["--net=nosuch"],
            "no configuration of network `nosuch` in `built-in`, `/usr/lib/podkit/net.d`, `/etc/podkit/net.d`",
        ),
        (&["--net=a,,b"], "the network at byte 2 of the networks: a network name is empty"),
        (&["--net=none", "--port=web:80"], "`--port=web:80` does not go with `--net=none`"),
        (&["--net=host", "--port=web:80"], "`--port=web:80` does not go with `--net=host`"),
        (&["--port=http:80", nowhere], "`--port=http:80`: no container names a port so; names of ports: web"),
        (
            &["--port=web:80", "--port=web:[::]:80", nowhere],
            "host port 80/tcp to port 80 and host port [::]:80/tcp to port 80 want the same port of the host",
        ),
        (
            &["--net=none", "--dns=host", "--dns=192.0.2.1"],
            "`--dns=host` takes over a whole file: no other `--dns` flag goes with it",
        ),
    ] {
        podrun.run_pod(options, &plain).fails(254, &format!("podrun: {text}\n"));
    }
    let mapped = pod("mapped", "[{name: web, containerPort: 80, hostPort: 8080}]", "true");
    podrun.run_pod(&["--net=none"], &mapped).fails(
        254,
        "podrun: host port 8080/tcp to port 80 leads nowhere: the pod has a loopback interface only\n",
    );
    let bad = plain.replace("annotations: {", "annotations: {podkit.dev/net: 'a:IP', ");
    let ran = podrun.run_pod(&[], &bad).exits(254);
    assert!(
        ran.stderr.contains(
            "metadata.annotations[podkit.dev/net]: network `a` at byte 0 of the networks: `IP` at byte 0 of"
        ),
        "{}",
        ran.stderr
    );
    for (flag, text) in [
        ("--port=80", "the name of an app's port, `:` and a port of the host are expected"),
        ("--hosts-entry=x=y", "`x` is no address"),
        ("--hostname=a..b", "each part of a host name begins and ends with a letter or a digit"),
        ("--dns=example", "an address is expected, `host` or `none`"),
    ] {
        let ran = podrun.run_pod(&[flag], &plain).exits(254);
        assert!(ran.stderr.contains(text), "{}", ran.stderr);
    }
    assert!(!podrun.data().exists(), "nothing has been begun");
}

fn a_failed_network_is_undone() {
    let podrun = Podrun::on(Host::new());
    podrun.host().describe(
        "10-bad.conflist",
        r#"{"cniVersion":"1.0.0","name":"bad","plugins":[
            {"type":"ptp","ipMasq":true,"ipam":{"type":"host-local","subnet":"172.16.29.0/24"}},
            {"type":"tuning","sysctl":{"net.ipv4.conf.eth0.no_such_thing":"1"}}]}"#,
    );
    let before = podrun.host().state();
    let mut run = Running::start(&podrun, &["--net=bad"], &pod("bad", "[]", "true"));
    let event = run.event("tuning");
    assert!(
        event.contains("plugin `tuning` failed on ADD with exit code 1") && event.contains("no_such_thing"),
        "{event}"
    );
    assert_eq!(podrun.host().state(), before);
    run.stop();
    assert_eq!(podrun.host().state(), before);
    collect(&podrun);
}

fn a_dead_podruns_network_is_collected() {
    let podrun = Podrun::on(Host::new());
    // What portmap makes for all of its ports is there from the first of them on.
    let ports = "[{name: web, containerPort: 80, hostPort: 8080}]";
    podrun.run_pod(&[], &pod("first", ports, "true")).success();
    collect(&podrun);
    let before = podrun.host().state();
    let mut run = Running::start(&podrun, &[], &pod("dead", ports, "echo ready; exec busybox sleep 600"));
    assert_eq!(run.line(), "main | ready\n");
    let during = podrun.host().state();
    assert!(during.iter().any(|line| line.contains("8080")), "{during:?}");
    assert!(during.iter().any(|line| line.starts_with("lease: 172.16.28.")), "{during:?}");
    run.signal(Signal::KILL);
    run.child.wait().expect("podrun ends");
    // Neither the description nor anything else of the network is needed for its end, but the plugins.
    fs::remove_dir_all(podrun.host().networks()).expect("the descriptions go");
    collect(&podrun);
    assert_eq!(podrun.host().state(), before);
    let records = fs::read_dir(podrun.data().join("cni")).expect("the records").flatten();
    let left: Vec<_> = records.map(|entry| entry.file_name()).filter(|name| name != "lock").collect();
    assert_eq!(left, ["versions"], "what plugins have answered");
}

fn several_networks() {
    let podrun = Podrun::on(Host::new());
    podrun.host().describe(
        "10-mine.conflist",
        r#"{"cniVersion":"1.0.0","name":"mine","plugins":[{"type":"ptp","ipam":{"type":"host-local","ranges":[
            [{"subnet":"10.99.0.0/24"}],[{"subnet":"fd99::/64"}]]}}]}"#,
    );
    let before = podrun.host().state();
    let show = "busybox ip -o addr | busybox awk '$2 ~ /eth/ && $4 !~ /^fe80/ {print $2, $4}'";
    let ran = podrun
        .run_pod(&["--net=default,mine:IP=10.99.0.77", "--output=json"], &pod("two", "[]", show))
        .success();
    let report: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(
        report["status"]["podIps"],
        serde_json::json!(["10.99.0.77", "fd99::2", "172.16.28.2"]),
        "{}",
        report["status"]
    );
    for line in ["main | eth0 10.99.0.77/24\n", "main | eth0 fd99::2/64\n", "main | eth1 172.16.28.2/24\n"] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    assert_eq!(podrun.host().state(), before);
    collect(&podrun);
}

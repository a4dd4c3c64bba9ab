//! What a network says about names.

use libtest_mimic::Trial;

use super::{DEFAULT, collect, pod};
use crate::host::Host;
use crate::program::Podrun;
use crate::test;

pub(super) fn tests() -> Vec<Trial> {
    vec![
        test("network::the_networks_resolver_reaches_the_pod", DEFAULT, the_networks_resolver),
        test("network::a_prepared_pod_joins_other_networks", DEFAULT, a_prepared_pod),
    ]
}

const NETWORK: &str = r#"{"cniVersion":"1.0.0","name":"NAME","plugins":[{"type":"ptp","dns":DNS,
    "ipam":{"type":"host-local","subnet":"SUBNET"}}]}"#;

fn the_networks_resolver() {
    let podrun = Podrun::on(Host::new());
    for (name, subnet, dns) in [
        ("silent", "172.16.40.0/24", "{}"),
        (
            "named",
            "172.16.41.0/24",
            r#"{"nameservers":["192.0.2.53","fe80::1%eth0"],"domain":"d.example","search":["a.example","b.example"],"options":["ndots:2"]}"#,
        ),
        ("other", "172.16.42.0/24", r#"{"nameservers":["192.0.2.54"],"domain":"o.example"}"#),
        ("words", "172.16.43.0/24", r#"{"search":["w.example"]}"#),
    ] {
        let config = NETWORK.replace("NAME", name).replace("SUBNET", subnet).replace("DNS", dns);
        podrun.host().describe(&format!("10-{name}.conflist"), &config);
    }
    let host = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let named = "search a.example b.example\nnameserver 192.0.2.53\noptions ndots:2\n".to_owned();
    let other = "search o.example\nnameserver 192.0.2.54\n".to_owned();
    let cases: [(&[&str], &str, String); 9] = [
        (&["--net=silent"], "", host.clone()),
        (&["--net=named"], "", named.clone()),
        (&["--net=other"], "", other.clone()),
        (&["--net=words"], "", format!("{}\nsearch w.example\n", host.trim_end())),
        // The first network that says anything: the files are sorted by name.
        (&["--net=other,silent,named"], "", named.clone()),
        // The user comes first, then the manifest.
        (&["--net=named", "--dns=192.0.2.1", "--dns-search=c.example"], "", String::new()),
        (&["--net=named", "--dns=host"], "", host.clone()),
        (&["--net=named"], "dnsPolicy: Default", host.clone()),
        (
            &["--net=named"],
            "dnsPolicy: None\n  dnsConfig: {nameservers: [192.0.2.9]}",
            "nameserver 192.0.2.9\n".to_owned(),
        ),
    ];
    for (options, policy, wanted) in cases {
        let manifest = pod("names", "[]", "busybox cat /etc/resolv.conf");
        let manifest = manifest.replace("spec:\n", &format!("spec:\n  {policy}\n"));
        let seen = podrun.run_pod(options, &manifest).success().stdout.replace("main | ", "");
        if wanted.is_empty() {
            assert!(
                seen.starts_with("search c.example\nnameserver 192.0.2.1\n") && !seen.contains("192.0.2.53"),
                "{seen}"
            );
        } else {
            assert_eq!(seen.trim_end(), wanted.trim_end(), "{options:?} {policy}");
        }
    }
    collect(&podrun);
}

/// What `run-prepared` says of the network comes before what `prepare` said.
fn a_prepared_pod() {
    let podrun = Podrun::on(Host::new());
    let show = "busybox ip -o -4 addr show | busybox awk '{print $2, $4}'; busybox hostname; busybox tail -n 1 /etc/hosts";
    std::fs::write(podrun.scratch().join("pod.yaml"), pod("names", "[{name: web, containerPort: 80}]", show))
        .expect("a manifest");
    let prepare = |options: &[&str]| {
        let command = ["prepare", "pod.yaml"];
        podrun.run(command.iter().chain(options)).success().stdout.trim_end().to_owned()
    };
    let run =
        |options: &[&str], uuid: &str| podrun.run(["run-prepared"].iter().chain(options).chain(&[uuid]));
    let lines = |ran: crate::program::Ran| ran.success().stdout.replace("main | ", "");

    let uuid = prepare(&["--hostname=first"]);
    // What cannot be is said, and the pod is prepared as before.
    run(&["--net=nosuch"], &uuid).fails(
        254,
        &format!(
            "podrun: no configuration of network `nosuch` in `built-in`, `/usr/lib/podkit/net.d`, `/etc/podkit/net.d`, `{}`\n",
            podrun.host().networks().display()
        ),
    );
    run(&["--net=none", "--port=web:80"], &uuid)
        .fails(254, "podrun: `--port=web:80` does not go with `--net=none`\n");
    let seen = lines(run(&[], &uuid));
    assert!(seen.starts_with("lo 127.0.0.1/8\neth0 172.16.28.2/24\nfirst\n"), "{seen}");

    let uuid = prepare(&["--hostname=first"]);
    let flags = ["--net=none", "--hostname=second", "--hosts-entry=192.0.2.7=db.example"];
    assert_eq!(lines(run(&flags, &uuid)), "lo 127.0.0.1/8\nsecond\n192.0.2.7\tdb.example\n");

    let uuid = prepare(&["--net=none"]);
    let ran = run(&["-d", "--net=default"], &uuid).success();
    assert_eq!(ran.stdout.trim_end(), uuid);
    podrun.run(["wait", &uuid]).success();
    let seen = lines(podrun.run(["logs", &uuid]));
    assert!(seen.contains("eth0 172.16.28.3/24\n"), "{seen}");
    collect(&podrun);
}

//! What a network says about names.

use libtest_mimic::Trial;

use super::{DEFAULT, collect, pod};
use crate::host::Host;
use crate::program::Podrun;
use crate::test;

pub(super) fn tests() -> Vec<Trial> {
    vec![test("network::the_networks_resolver_reaches_the_pod", DEFAULT, the_networks_resolver)]
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

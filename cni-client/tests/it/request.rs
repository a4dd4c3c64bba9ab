//! Parameters of attachments.

use std::net::IpAddr;
use std::path::Path;

use cni_client::request::{
    Bandwidth, CapabilityArgs, CniArgs, DnsSettings, IpRange, Netns, PortMapping, Protocol, SearchPath,
};
use proptest::prelude::*;

#[test]
fn args() {
    let args: CniArgs = "IP=fd00::7;K=a=b,c;IgnoreUnknown=;IP=x".parse().unwrap();
    let pairs: Vec<_> = args.iter().collect();
    assert_eq!(pairs, [("IP", "fd00::7"), ("K", "a=b,c"), ("IgnoreUnknown", ""), ("IP", "x")]);
    assert_eq!(args.get("IP"), Some("x"));
    assert!("".parse::<CniArgs>().unwrap().is_empty());
    for (bad, text) in [
        ("IP", "`IP` at byte 0 of the arguments is no pair: a key, `=` and a value are expected"),
        ("A=1;", "`` at byte 4 of the arguments is no pair: a key, `=` and a value are expected"),
        ("A=1;=2", "`=2` at byte 4 of the arguments has no key before `=`"),
        ("A=\0", "`A=\\0` at byte 0 of the arguments has a zero byte"),
    ] {
        assert_eq!(bad.parse::<CniArgs>().unwrap_err().to_string(), text);
    }
    let mut args = CniArgs::new();
    args.push("K", "a=b").unwrap();
    for (key, value) in [("K=", "v"), ("K", "a;B=c"), ("a;b", "v")] {
        assert_eq!(
            args.push(key, value).unwrap_err().to_string(),
            format!("`{key}={value}` cannot be an argument: `;` ends an argument and `=` ends its key")
        );
    }
    assert_eq!(args.to_string(), "K=a=b");
}

#[test]
fn namespaces() {
    assert_eq!("/run/netns/a".parse::<Netns>().unwrap().as_path(), Path::new("/run/netns/a"));
    assert_eq!("".parse::<Netns>().unwrap_err().to_string(), "a network namespace is empty");
    let zero = "/a\0".parse::<Netns>().unwrap_err();
    assert_eq!(zero.to_string(), "unexpected zero byte at byte 2 of a network namespace");
}

#[test]
fn search_paths() {
    let path: SearchPath = "/opt/cni/bin:bin".parse().unwrap();
    assert_eq!(path.folders().collect::<Vec<_>>(), [Path::new("/opt/cni/bin"), Path::new("bin")]);
    assert_eq!(path.as_os_str(), "/opt/cni/bin:bin");
    for (bad, text) in [
        ("", "no folder to search plugins in"),
        (":/a", "entry 0 of the plugin search path is empty"),
        ("/a::/b", "entry 1 of the plugin search path is empty"),
        ("/a\0b", "`/a\0b` cannot be in a search path: it has a separator in it"),
    ] {
        assert_eq!(bad.parse::<SearchPath>().unwrap_err().to_string(), text);
    }
    assert_eq!(
        SearchPath::new(["/a", "/b:c"]).unwrap_err().to_string(),
        "`/b:c` cannot be in a search path: it has a separator in it"
    );
    assert_eq!(SearchPath::new([""; 0]).unwrap_err().to_string(), "no folder to search plugins in");
}

/// The shapes are those of upstream's `CONVENTIONS.md`.
#[test]
fn capabilities_have_the_agreed_shapes() {
    let mut args = CapabilityArgs::new();
    args.set_port_mappings(&[
        PortMapping::new(8080, 80, Protocol::Tcp),
        PortMapping::new(8000, 8001, Protocol::Udp).on("fd00::1".parse().unwrap()),
    ]);
    args.set_ip_ranges(&[vec![IpRange {
        subnet: "10.1.2.0/24".parse().unwrap(),
        range_start: Some("10.1.2.3".parse().unwrap()),
        range_end: None,
        gateway: Some("10.1.2.254".parse().unwrap()),
    }]]);
    args.set_bandwidth(&Bandwidth {
        ingress_rate: 2048,
        ingress_burst: 1600,
        egress_rate: 4096,
        egress_burst: 1,
    });
    args.set_dns(&DnsSettings { servers: vec!["8.8.8.8".into()], ..DnsSettings::default() });
    args.set_ips(&["10.10.0.1/24".parse().unwrap()]);
    args.set_mac("c2:11:22:33:44:55");
    args.set_aliases(&["primary-db".into()]);
    args.set_device_id("0000:04:00.5");
    args.set_infiniband_guid("c2:11:22:33:44:55:66:77");
    args.set_cgroup_path("/kubelet.slice");
    for (capability, json) in [
        (
            "portMappings",
            r#"[{"hostPort":8080,"containerPort":80,"protocol":"tcp"},{"hostPort":8000,"containerPort":8001,"protocol":"udp","hostIP":"fd00::1"}]"#,
        ),
        ("ipRanges", r#"[[{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.3","gateway":"10.1.2.254"}]]"#),
        ("bandwidth", r#"{"ingressRate":2048,"ingressBurst":1600,"egressRate":4096,"egressBurst":1}"#),
        ("dns", r#"{"servers":["8.8.8.8"]}"#),
        ("ips", r#"["10.10.0.1/24"]"#),
        ("mac", r#""c2:11:22:33:44:55""#),
        ("aliases", r#"["primary-db"]"#),
        ("deviceID", r#""0000:04:00.5""#),
        ("infinibandGUID", r#""c2:11:22:33:44:55:66:77""#),
        ("cgroupPath", r#""/kubelet.slice""#),
    ] {
        assert_eq!(args.get(capability).unwrap().as_str(), json, "{capability}");
    }
    assert_eq!(args.as_object().len(), 10);
}

/// rkt's rule (shared with the kubelet): the same port twice, unless each mapping has an address of its own.
#[test]
fn ports_that_conflict() {
    let at = |address: &str| PortMapping::new(80, 1, Protocol::Tcp).on(address.parse::<IpAddr>().unwrap());
    let any = PortMapping::new(80, 2, Protocol::Tcp);
    for (a, b, conflict) in [
        (any.clone(), PortMapping::new(80, 3, Protocol::Tcp), true),
        (any.clone(), PortMapping::new(81, 2, Protocol::Tcp), false),
        (any.clone(), PortMapping::new(80, 2, Protocol::Udp), false),
        (any.clone(), at("10.0.0.1"), true),
        (at("0.0.0.0"), at("10.0.0.1"), true),
        (at("10.0.0.1"), at("10.0.0.2"), false),
        (at("10.0.0.1"), at("10.0.0.1"), true),
    ] {
        assert_eq!((a.conflicts_with(&b), b.conflicts_with(&a)), (conflict, conflict), "{a:?} {b:?}");
    }
}

proptest! {
    #[test]
    fn args_come_back(pairs in proptest::collection::vec(("[^=;\0]+", "[^;\0]*"), 0..6)) {
        let mut args = CniArgs::new();
        for (key, value) in &pairs {
            args.push(key, value).unwrap();
        }
        prop_assert_eq!(args.to_string().parse::<CniArgs>().unwrap(), args);
    }
}

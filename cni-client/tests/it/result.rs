//! Results of ADD in all versions, against what the Go library makes of them.

use cni_client::result::{AddResult, Dns, Interface, IpConfig, Route};
use cni_client::version::Version;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use serde_json::Value;

fn decode(text: &str) -> AddResult {
    AddResult::decode(text.as_bytes(), Version::V0_1_0).unwrap()
}

/// Go writes an empty `dns` where this crate writes none.
fn without_empty_dns(mut value: Value) -> Value {
    if value["dns"] == serde_json::json!({}) {
        value.as_object_mut().unwrap().remove("dns");
    }
    value
}

#[test]
fn conversions_are_those_of_the_go_library() {
    let rows =
        include_str!("../vectors/results.jsonl").lines().map(|line| serde_json::from_str(line).unwrap());
    let mut count = 0;
    for row in rows.map(|row: Value| row) {
        let version: Version = row["to"].as_str().unwrap().parse().unwrap();
        let converted = decode(&row["input"].to_string()).to_version(version);
        match row.get("output") {
            Some(output) => {
                let ours: Value = serde_json::from_str(converted.unwrap().to_json().as_str()).unwrap();
                assert_eq!(ours, without_empty_dns(output.clone()), "{row}");
            }
            None => assert_eq!(
                converted.unwrap_err().to_string(),
                format!("a result of version `{version}` needs an address, and there is none"),
                "{row}"
            ),
        }
        count += 1;
    }
    assert_eq!(count, 105);
}

#[test]
fn a_result_without_a_version_is_of_the_one_that_was_asked() {
    for text in ["{}", r#"{"cniVersion":""}"#, r#"{"cniVersion":null}"#] {
        let result = AddResult::decode(text.as_bytes(), Version::V0_4_0).unwrap();
        assert_eq!(result, AddResult::new(Version::V0_4_0));
        assert_eq!(result.to_json().as_str(), r#"{"cniVersion":"0.4.0"}"#);
    }
    let own = AddResult::decode(br#"{"cniVersion":"0.3.1"}"#, Version::V1_0_0).unwrap();
    assert_eq!(own.version(), Version::V0_3_1);
}

/// The specification's own text of 0.3.0 calls the list `ip`.
#[test]
fn the_slip_of_0_3_0_is_read() {
    let text = r#"{"cniVersion":"0.3.0","ip":[{"version":"4","address":"10.0.0.2/24"}]}"#;
    assert_eq!(decode(text).ips.len(), 1);
    let fixed = decode(&text.replace("0.3.0", "0.3.1"));
    assert_eq!((fixed.ips.len(), fixed.other.get("ip").is_some()), (0, true));
}

#[test]
fn unknown_members_survive_at_every_level() {
    let text = concat!(
        r#"{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","sandbox":"/n","x":9007199254740993}],"#,
        r#""ips":[{"interface":0,"address":"10.0.0.2/24","x":1e400}],"#,
        r#""routes":[{"dst":"0.0.0.0/0","x":{"y":[]}}],"dns":{"domain":"d","x":null},"x":"top"}"#
    );
    assert_eq!(decode(text).to_json().as_str(), text);
    let old = r#"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24","routes":[{"dst":"0.0.0.0/0","x":1}],"y":2},"z":3}"#;
    assert_eq!(decode(old).to_json().as_str(), old);
    // A 0.4.0 plugin may say what 1.1.0 defines; nothing is dropped unless the version changes.
    let early = r#"{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","mtu":1500}]}"#;
    assert_eq!(decode(early).to_json().as_str(), early);
}

#[test]
fn addresses_of_old_results_keep_their_routes() {
    // A route of the other family stays, though there is no address of it.
    let text = r#"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24","routes":[{"dst":"fd00::/8"}]}}"#;
    assert_eq!(decode(text).to_json().as_str(), text);
}

/// What the old shape does not know was never checked, and must not become part of the new one.
#[test]
fn members_of_the_other_shape_are_forgotten() {
    let old = decode(r#"{"ip4":{"ip":"10.0.0.2/24"},"routes":[{"dst":"100/8"}],"ips":7,"x":1}"#);
    assert_eq!(
        old.to_version(Version::V1_0_0).unwrap().to_json().as_str(),
        r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}],"x":1}"#
    );
    let new = decode(r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","routes":7}],"ip6":{}}"#);
    assert_eq!(
        new.to_version(Version::V0_2_0).unwrap().to_json().as_str(),
        r#"{"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.2/24"}}"#
    );
}

#[test]
fn indices_of_interfaces_may_be_anything() {
    let result = decode(
        r#"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0"}],"ips":[
            {"address":"10.0.0.2/24","interface":0},{"address":"10.0.0.3/24","interface":1},
            {"address":"10.0.0.4/24","interface":-1},{"address":"10.0.0.5/24"},{"address":"10.0.0.6/24","interface":null}]}"#,
    );
    let names: Vec<_> =
        result.ips.iter().map(|ip| result.interface_of(ip).map(|i| i.name.as_str())).collect();
    assert_eq!(names, [Some("eth0"), None, None, None, None]);
    assert_eq!(result.ips[2].interface, Some(-1));
}

#[test]
fn what_is_wrong_and_where() {
    for (text, message) in [
        ("", "1:1: EOF while parsing a value"),
        ("null", "1:1: expected an object, found null"),
        (r#"{"cniVersion":"1.0.0"#, "1:20: EOF while parsing a string"),
        (r#"{"cniVersion":"9.0.0"}"#, "1:15: cniVersion: unknown version `9.0.0` of a result"),
        (r#"{"cniVersion":1}"#, "1:15: cniVersion: expected a string, found a number"),
        (r#"{"cniVersion":"1.0.0","ips":{}}"#, "1:29: ips: expected an array, found an object"),
        (r#"{"cniVersion":"1.0.0","ips":[{}]}"#, "1:30: ips[0]: `address` is missing"),
        (
            r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2"}]}"#,
            "1:41: ips[0].address: `10.0.0.2` is no address with a prefix length, such as `10.1.0.5/16`",
        ),
        (
            r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","gateway":"gw"}]}"#,
            "1:65: ips[0].gateway: `gw` is no IP address",
        ),
        (
            r#"{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24","interface":0.5}]}"#,
            "1:67: ips[0].interface: expected an integer of 64 bits, found `0.5`",
        ),
        (
            r#"{"cniVersion":"1.1.0","routes":[{"dst":"0.0.0.0/0","mtu":-1}]}"#,
            "1:58: routes[0].mtu: expected an integer from 0 to 4294967295, found `-1`",
        ),
        (r#"{"ip4":{}}"#, "1:8: ip4: `ip` is missing"),
        (r#"{"dns":{"search":"a"}}"#, "1:18: dns.search: expected an array, found a string"),
        (r#"{"ip4":1,"ip4":2}"#, "1:16: ip4: this member is written twice"),
    ] {
        let error = AddResult::decode(text.as_bytes(), Version::V0_1_0).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
    let unknown = AddResult::new(Version::V1_0_0).to_version(Version::new(0, 9, 0)).unwrap_err();
    assert_eq!(unknown.to_string(), "results of version `0.9.0` are unknown");
}

/// Go rewrites such an address to IPv4; it is kept here, and counts as IPv4.
#[test]
fn mapped_addresses_are_kept() {
    let result = decode(r#"{"cniVersion":"1.1.0","ips":[{"address":"::ffff:10.0.0.9/120"}]}"#);
    assert_eq!(
        result.to_version(Version::V0_4_0).unwrap().to_json().as_str(),
        r#"{"cniVersion":"0.4.0","ips":[{"version":"4","address":"::ffff:10.0.0.9/120"}]}"#
    );
}

fn network() -> impl Strategy<Value = IpNet> {
    prop_oneof![
        (any::<u32>(), 0u8..=32).prop_map(|(a, len)| IpNet::V4(Ipv4Net::new(a.into(), len).unwrap())),
        (any::<u128>(), 0u8..=128).prop_map(|(a, len)| IpNet::V6(Ipv6Net::new(a.into(), len).unwrap())),
    ]
}

prop_compose! {
    fn interface()(
        name in ".{1,8}", mac in "([0-9a-f]{2}:){0,5}", mtu: Option<u32>, sandbox in "(/[a-z]{1,5}){0,3}", pci in ".{0,6}",
    ) -> Interface {
        let mut interface = Interface::new(name, sandbox);
        (interface.mac, interface.mtu, interface.pci_id) = (mac, mtu, pci);
        interface
    }
}

prop_compose! {
    fn ip()(address in network(), gateway in proptest::option::of(network()), interface: Option<i64>) -> IpConfig {
        let mut ip = IpConfig::new(address);
        (ip.gateway, ip.interface) = (gateway.map(|net| net.addr()), interface);
        ip
    }
}

prop_compose! {
    fn route()(
        dst in network(), gw in proptest::option::of(network()), mtu: Option<u32>, table: Option<u32>, scope: Option<u32>,
    ) -> Route {
        let mut route = Route::new(dst);
        (route.gw, route.mtu, route.table, route.scope) = (gw.map(|net| net.addr()), mtu, table, scope);
        route
    }
}

prop_compose! {
    pub(crate) fn result()(
        version in proptest::sample::select(&Version::KNOWN[2..]),
        interfaces in proptest::collection::vec(interface(), 0..3),
        ips in proptest::collection::vec(ip(), 0..4),
        routes in proptest::collection::vec(route(), 0..4),
        nameservers in proptest::collection::vec(".{1,9}", 0..2),
        domain in ".{0,5}",
    ) -> AddResult {
        let mut result = AddResult::new(version);
        (result.interfaces, result.ips, result.routes) = (interfaces, ips, routes);
        let mut dns = Dns::default();
        (dns.nameservers, dns.domain) = (nameservers, domain);
        result.dns = dns;
        result
    }
}

proptest! {
    #[test]
    fn results_come_back(result in result()) {
        let json = result.to_json();
        prop_assert_eq!(AddResult::decode(json.as_str().as_bytes(), Version::V0_1_0).unwrap(), result);
    }

    /// Upwards and back nothing is lost.
    #[test]
    fn up_and_down(result in result(), to in proptest::sample::select(&Version::KNOWN[2..])) {
        if to >= result.version() && (result.version() >= Version::V1_0_0 || to < Version::V1_0_0) {
            let back = result.to_version(to).unwrap().to_version(result.version()).unwrap();
            prop_assert_eq!(back, result);
        }
    }

    /// What fits into 0.2.0 comes back from any version.
    #[test]
    fn old_results_come_back(result in result(), to in proptest::sample::select(&Version::KNOWN)) {
        if let Ok(old) = result.to_version(Version::V0_2_0) {
            let read = AddResult::decode(old.to_json().as_str().as_bytes(), Version::V0_1_0).unwrap();
            let mut sorted = (read.routes.clone(), old.routes.clone());
            sorted.0.sort_by_key(|route| route.dst.to_string());
            sorted.1.sort_by_key(|route| route.dst.to_string());
            prop_assert_eq!(sorted.0, sorted.1);
            prop_assert_eq!(&read.ips, &old.ips);
            prop_assert_eq!(read.to_version(to).unwrap().to_version(Version::V0_2_0).unwrap(), read);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = AddResult::decode(&bytes, Version::V1_0_0);
    }
}

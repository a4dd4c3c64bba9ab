//! Single plugins: what ADD makes, CHECK sees and DEL takes away.

use std::collections::BTreeSet;

use cni_client::attachment::Attachment;
use cni_client::chain::{Add, Del, OnError, drive};
use cni_client::exec::Exec;
use cni_client::netns;
use cni_client::version::Version;

use crate::world::{World, full, path};
use crate::{Case, Needs};

const BRIDGE: &[&str] = &["bridge", "host-local"];

pub(crate) const CASES: &[Case] = &[
    ("attachments::bridge_with_both_families", Needs::Plugins(BRIDGE), bridge_with_both_families),
    ("attachments::check_sees_what_is_missing", Needs::Plugins(BRIDGE), check_sees_what_is_missing),
    ("attachments::del_may_be_repeated", Needs::Plugins(BRIDGE), del_may_be_repeated),
    (
        "attachments::an_exhausted_pool_leaves_nothing",
        Needs::Plugins(BRIDGE),
        an_exhausted_pool_leaves_nothing,
    ),
    (
        "attachments::the_namespace_is_gone_before_del",
        Needs::Plugins(BRIDGE),
        the_namespace_is_gone_before_del,
    ),
    ("attachments::gc_frees_stale_leases", Needs::Plugins(BRIDGE), gc_frees_stale_leases),
    ("attachments::concurrent_adds", Needs::Plugins(BRIDGE), concurrent_adds),
    ("attachments::arguments", Needs::Plugins(BRIDGE), arguments),
    ("attachments::results_of_all_versions", Needs::Plugins(BRIDGE), results_of_all_versions),
    ("attachments::one_list_for_all_generations", Needs::Plugins(BRIDGE), one_list_for_all_generations),
    ("attachments::static_addresses", Needs::Plugins(&["bridge", "static"]), static_addresses),
    ("attachments::ptp", Needs::Plugins(&["ptp", "host-local"]), ptp),
    ("attachments::macvlan", Needs::Plugins(&["macvlan", "host-local"]), macvlan),
    ("attachments::loopback", Needs::Plugins(&["loopback"]), loopback),
];

const ONE: &str = r#"{"cniVersion":"1.0.0","name":"one","plugins":[{"type":"bridge","bridge":"br1","isGateway":true,
    "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.88.0.0/16","routes":[{"dst":"0.0.0.0/0"}]}}]}"#;

fn bridge_with_both_families() {
    let mut world = World::new();
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"dual","plugins":[{"type":"bridge","bridge":"br0","isGateway":true,"ipam":{
            "type":"host-local","dataDir":"DATA","ranges":[[{"subnet":"10.87.0.0/16"}],[{"subnet":"fd00:87::/64"}]],
            "routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]}}]}"#,
    );
    let request = world.container("c1");
    let attachment = world.add(&config, &request).unwrap();
    let pod = cni_client::network::PodNetwork::of([&attachment]);
    let addresses: Vec<String> = pod.addresses().map(|address| address.to_string()).collect();
    assert_eq!(addresses, ["10.87.0.2", "fd00:87::2"]);
    let seen = world.inside("c1", "ip", "-o addr show dev eth0");
    assert!(seen.contains("10.87.0.2/16") && seen.contains("fd00:87::2/64"), "{seen}");
    assert!(world.inside("c1", "ip", "route").contains("default via 10.87.0.1"));
    assert!(world.inside("c1", "ip", "-6 route").contains("default via fd00:87::1"));
    assert!(world.reaches("c1", "0.0.0.0:8080", "10.87.0.2:8080"));
    assert!(world.reaches("c1", "[::]:8080", "[fd00:87::2]:8080"));
    assert!(world.del(&attachment).unwrap());
    assert_eq!((world.links(), world.leases("dual").len()), (vec!["br0".to_owned()], 0));
}

fn check_sees_what_is_missing() {
    let mut world = World::new();
    let request = world.container("c1");
    let attachment = world.add(&world.config(ONE), &request).unwrap();
    world.check(&attachment).unwrap();
    world.inside("c1", "ip", "addr flush dev eth0");
    let error = full(&world.check(&attachment).unwrap_err());
    assert!(
        error.starts_with(
            "cannot confirm `eth0` of container `c1` in network `one`: plugin `bridge` failed on CHECK"
        ),
        "{error}"
    );
    world.del(&attachment).unwrap();
}

fn del_may_be_repeated() {
    let mut world = World::new();
    let request = world.container("c1");
    let attachment = world.add(&world.config(ONE), &request).unwrap();
    for attachment in [attachment.clone(), attachment.clone(), attachment.without_netns()] {
        let del = Del::new(attachment, path(), OnError::Halt);
        world.host.run(|| drive(del, &mut Exec::new())).unwrap().unwrap();
        assert_eq!((world.links(), world.leases("one").len()), (vec!["br1".to_owned()], 0));
    }
    // Without a record: no result, no version of ADD.
    world
        .host
        .run(|| world.client().del_unrecorded(Attachment::new(world.config(ONE), request).unwrap()))
        .unwrap()
        .unwrap();
}

/// bridge leaves `eth0` and its other end behind when it gets no address: the rollback takes them away.
fn an_exhausted_pool_leaves_nothing() {
    let mut world = World::new();
    let small = world.config(
        r#"{"cniVersion":"1.0.0","name":"small","plugins":[{"type":"bridge","bridge":"br2","isGateway":true,
            "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.89.0.0/30"}}]}"#,
    );
    let (first, second) = (world.container("c1"), world.container("c2"));
    let attachment = world.add(&small, &first).unwrap();
    let before = world.links();
    for _ in 0..2 {
        let error = full(&world.add(&small, &second).unwrap_err());
        assert!(error.contains("plugin `bridge` failed on ADD with exit code 1: "), "{error}");
        assert!(error.contains("no IP addresses available") && !error.contains("undoing"), "{error}");
        assert_eq!(world.links(), before);
        assert!(!world.inside("c2", "ip", "-o link").contains("eth0"));
        assert_eq!(world.leases("small"), ["10.89.0.2"]);
    }
    world.del(&attachment).unwrap();
    let attachment = world.add(&small, &second).unwrap();
    world.del(&attachment).unwrap();
}

fn the_namespace_is_gone_before_del() {
    let mut world = World::new();
    let request = world.container("c1");
    let attachment = world.add(&world.config(ONE), &request).unwrap();
    assert_eq!(world.leases("one").len(), 1);
    netns::remove(&world.netns("c1")).unwrap();
    // What `umount` alone leaves is an empty file, which is no namespace either.
    std::fs::write(world.netns("c1"), "").unwrap();
    assert!(world.del(&attachment).unwrap());
    assert_eq!(world.leases("one").len(), 0);
}

/// No stock plugin implements GC: the leases go by the DELs that are owed.
fn gc_frees_stale_leases() {
    let mut world = World::new();
    let (keep, stale) = (world.container("keep"), world.container("stale"));
    let kept = world.add(&world.config(ONE), &keep).unwrap();
    world.add(&world.config(ONE), &stale).unwrap();
    netns::remove(&world.netns("stale")).unwrap();
    let valid = [(kept.container().clone(), kept.interface().clone())];
    let report = world.host.run(|| world.client().gc(world.config(ONE), valid)).unwrap().unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.deleted.iter().map(ToString::to_string).collect::<Vec<_>>(), ["one:stale:eth0"]);
    assert_eq!(world.leases("one"), ["10.88.0.2"]);
    world.check(&kept).unwrap();
    world.del(&kept).unwrap();
}

fn concurrent_adds() {
    let mut world = World::new();
    let requests: Vec<_> = (0..8).map(|at| world.container(&format!("c{at}"))).collect();
    let world = &world;
    let attachments: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = requests
            .iter()
            .map(|request| scope.spawn(move || world.add(&world.config(ONE), request).unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let addresses: BTreeSet<_> = attachments.iter().map(|a| a.result().unwrap().ips[0].address).collect();
    assert_eq!((addresses.len(), world.leases("one").len()), (8, 8));
    std::thread::scope(|scope| {
        for attachment in &attachments {
            scope.spawn(|| world.del(attachment).unwrap());
        }
    });
    assert_eq!((world.links(), world.leases("one").len()), (vec!["br1".to_owned()], 0));
}

fn arguments() {
    let mut world = World::new();
    let request = world.container("c1");
    let strange = request.clone().with_args("IP=10.88.0.77;COLOUR=red".parse().unwrap());
    let error = full(&world.add(&world.config(ONE), &strange).unwrap_err());
    assert!(error.contains("ARGS: unknown args") && !error.contains("undoing"), "{error}");
    let request = request.with_args("IgnoreUnknown=1;IP=10.88.0.77;COLOUR=red".parse().unwrap());
    let attachment = world.add(&world.config(ONE), &request).unwrap();
    assert_eq!(attachment.result().unwrap().ips[0].address.to_string(), "10.88.0.77/16");
    world.del(&attachment).unwrap();
}

fn results_of_all_versions() {
    let mut world = World::new();
    let request = world.container("c1");
    for version in [
        None,
        Some(Version::V0_1_0),
        Some(Version::V0_2_0),
        Some(Version::V0_3_0),
        Some(Version::V0_3_1),
        Some(Version::V0_4_0),
        Some(Version::V1_0_0),
    ] {
        let declared = version.map(|version| format!(r#""cniVersion":"{version}","#)).unwrap_or_default();
        let config = world.config(&ONE.replace(r#""cniVersion":"1.0.0","#, &declared));
        let attachment = world.add(&config, &request).unwrap();
        let result = attachment.result().unwrap();
        assert_eq!(
            (attachment.version(), result.version()),
            (version.unwrap_or(Version::V0_1_0), attachment.version())
        );
        assert_eq!((result.ips.len(), result.routes.len()), (1, 1), "{version:?}");
        assert_eq!(result.interfaces.is_empty(), !attachment.version().has_chains());
        assert_eq!(cni_client::network::PodNetwork::of([&attachment]).interfaces[0].name, "eth0");
        if attachment.version().has_check() {
            world.check(&attachment).unwrap();
        }
        world.del(&attachment).unwrap();
        assert_eq!(world.leases("one").len(), 0);
    }
}

/// Debian 12's plugins stop at 1.0.0, later ones speak 1.1.0. STATUS must not reach those that do not know it.
fn one_list_for_all_generations() {
    let mut world = World::new();
    let request = world.container("c1");
    let several = ONE.replace(
        r#""cniVersion":"1.0.0""#,
        r#""cniVersion":"0.4.0","cniVersions":["0.4.0","1.0.0","1.1.0"]"#,
    );
    let config = world.config(&several);
    world.host.run(|| world.client().status(config.clone())).unwrap().unwrap();
    let attachment = world.add(&config, &request).unwrap();
    assert!(attachment.version() >= Version::V1_0_0, "{}", attachment.version());
    world.check(&attachment).unwrap();
    let report = world.host.run(|| world.client().gc(config, [])).unwrap().unwrap();
    assert_eq!((report.deleted.len(), report.is_clean()), (1, true), "{report:?}");
}

fn static_addresses() {
    let mut world = World::new();
    let request = world.container("c1");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"fixed","plugins":[{"type":"bridge","bridge":"br3","ipam":{"type":"static",
            "addresses":[{"address":"10.90.0.5/24","gateway":"10.90.0.1"}]},"dns":{"nameservers":["10.90.0.1"]}}]}"#,
    );
    let attachment = world.add(&config, &request).unwrap();
    assert_eq!(cni_client::network::PodNetwork::of([&attachment]).dns.nameservers, ["10.90.0.1"]);
    world.check(&attachment).unwrap();
    world.del(&attachment).unwrap();
}

fn ptp() {
    let mut world = World::new();
    let request = world.container("c1");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"p2p","plugins":[{"type":"ptp","ipam":{"type":"host-local","dataDir":"DATA",
            "subnet":"10.91.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}}]}"#,
    );
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.reaches("c1", "0.0.0.0:81", "10.91.0.2:81"));
    world.check(&attachment).unwrap();
    let again = world.add(&config, &request).unwrap_err();
    assert_eq!(again.to_string(), "`eth0` of container `c1` is attached to network `p2p` already");
    // Whoever has no record of it is refused by the plugins.
    let chain = Add::new(config, request, path()).unwrap().without_rollback();
    let again = world.host.run(|| drive(chain, &mut Exec::new())).unwrap().unwrap_err();
    assert!(full(&again).contains("plugin `ptp` failed on ADD with exit code 1: "), "{}", full(&again));
    assert!(world.reaches("c1", "0.0.0.0:82", "10.91.0.2:82"), "what was there is there");
    world.del(&attachment).unwrap();
    assert!(world.links().is_empty() && world.leases("p2p").is_empty());
}

fn macvlan() {
    let mut world = World::new();
    let request = world.container("c1");
    world.on_host("ip", "link add up0 type veth peer name down0");
    world.on_host("ip", "link set up0 up");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"mac","plugins":[{"type":"macvlan","master":"up0",
            "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.92.0.0/24"}}]}"#,
    );
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.inside("c1", "ip", "-o -d link show eth0").contains("macvlan"));
    world.check(&attachment).unwrap();
    world.del(&attachment).unwrap();
    assert!(!world.inside("c1", "ip", "-o link").contains("eth0"));
}

fn loopback() {
    let mut world = World::new();
    let mut request = world.container("c1");
    request.interface = "lo".parse().unwrap();
    let config = world.config(r#"{"cniVersion":"1.0.0","name":"lo","type":"loopback"}"#);
    let attachment = world.add(&config, &request).unwrap();
    world.check(&attachment).unwrap();
    world.del(&attachment).unwrap();
}

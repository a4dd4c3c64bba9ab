//! Plugins with manners of their own.

use cni_client::chain::{Del, OnError, drive};
use cni_client::exec::Exec;

use crate::world::{World, full, path};
use crate::{Case, Needs};

pub(crate) const CASES: &[Case] = &[
    ("rarer::dhcp_without_its_daemon", Needs::Plugins(&["bridge", "dhcp"]), dhcp_without_its_daemon),
    ("rarer::host_device", Needs::Plugins(&["host-device"]), host_device),
    ("rarer::sbr", Needs::Plugins(&["ptp", "host-local", "sbr"]), sbr),
    ("rarer::masquerading_ends_with_del", Needs::Iptables(&["ptp", "host-local"]), masquerading),
];

/// A path that no daemon listens at: the machine's own may run.
fn dhcp_without_its_daemon() {
    let mut world = World::new();
    let request = world.container("c1");
    let socket = world.folder.path().join("dhcp.sock");
    let config = world.config(&format!(
        r#"{{"cniVersion":"1.0.0","name":"lease","plugins":[{{"type":"bridge","bridge":"br0",
            "ipam":{{"type":"dhcp","daemonSocketPath":"{}"}}}}]}}"#,
        socket.display()
    ));
    let error = full(&world.add(&config, &request).unwrap_err());
    assert!(error.contains("plugin `bridge` failed on ADD with exit code 1: "), "{error}");
    assert!(error.contains("dhcp.sock"), "{error}");
    // What bridge had made is taken back, although dhcp cannot be told to free what it never gave.
    assert_eq!(world.links(), ["br0"]);
    assert!(!world.inside("c1", "ip", "-o link").contains("eth0"));
}

/// A device of the host moves into the container and back; once it is back, there is nothing to move any more.
fn host_device() {
    let mut world = World::new();
    let request = world.container("c1");
    world.on_host("ip", "link add dev0 type veth peer name dev1");
    let config = world
        .config(r#"{"cniVersion":"1.0.0","name":"dev","plugins":[{"type":"host-device","device":"dev0"}]}"#);
    let attachment = world.add(&config, &request).unwrap();
    assert!(!world.links().contains(&"dev0".to_owned()));
    assert!(world.inside("c1", "ip", "-o link show eth0").contains("eth0"));
    world.check(&attachment).unwrap();
    world.del(&attachment).unwrap();
    let mut links = world.links();
    links.sort();
    assert_eq!(links, ["dev0", "dev1"]);
    // The record is gone: DEL of nothing is no failure here, whatever the plugin would say.
    assert!(!world.del(&attachment).unwrap());
}

/// Source based routing moves the routes that ptp has made, and keeps no CHECK of its own from passing.
fn sbr() {
    let mut world = World::new();
    let request = world.container("c1");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"sbr","plugins":[{"type":"ptp","ipam":{"type":"host-local","dataDir":"DATA",
            "subnet":"10.72.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}},{"type":"sbr"}]}"#,
    );
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.inside("c1", "ip", "rule").contains("10.72.0.2"));
    world.del(&attachment).unwrap();
    assert_eq!((world.links().len(), world.leases("sbr").len()), (0, 0));
    // Without a namespace sbr fails, so that the rest must be asked all the same.
    let attachment = world.add(&config, &request).unwrap();
    let lost = attachment.clone().without_netns();
    let halting = Del::new(lost.clone(), path(), OnError::Halt);
    let error = full(&world.host.run(|| drive(halting, &mut Exec::new())).unwrap().unwrap_err());
    assert!(error.contains("plugin `sbr` failed on DEL"), "{error}");
    assert_eq!(world.leases("sbr").len(), 1, "as the specification says: the rest was not asked");
    let going_on = Del::new(lost, path(), OnError::GoOn);
    world.host.run(|| drive(going_on, &mut Exec::new())).unwrap().unwrap_err();
    assert_eq!(world.leases("sbr").len(), 0);
    world.del(&attachment).unwrap();
    assert!(world.links().is_empty());
}

fn masquerading() {
    let mut world = World::new();
    let request = world.container("c1");
    let config = world.config(
        r#"{"cniVersion":"1.0.0","name":"masq","plugins":[{"type":"ptp","ipMasq":true,"ipam":{"type":"host-local",
            "dataDir":"DATA","subnet":"10.73.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}}]}"#,
    );
    let attachment = world.add(&config, &request).unwrap();
    assert!(world.on_host("iptables", "-t nat -S").contains("10.73.0.2"));
    world.del(&attachment).unwrap();
    let rules = world.on_host("iptables", "-t nat -S");
    assert!(!rules.contains("10.73.0.") && !rules.contains("CNI-"), "{rules}");
}

//! What the real plugins are told: a plugin of ours in front of each of them writes it down, and hands it on.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use cni_client::cache::Cache;
use cni_client::client::Client;
use cni_client::exec::Exec;
use cni_client::json::Object;
use cni_client::request::{CapabilityArgs, PortMapping, Protocol, SearchPath};
use tempfile::TempDir;

use crate::world::{World, plugin_folders};
use crate::{Case, Needs};

const PLUGINS: &[&str] = &["bridge", "host-local", "tuning", "portmap"];

pub(crate) const CASES: &[Case] = &[
    ("proxy::results_are_threaded_through_the_chain", Needs::Iptables(PLUGINS), results_are_threaded),
    ("proxy::status_is_asked_where_it_is_known", Needs::Plugins(&["bridge", "host-local"]), status_is_asked),
];

/// A folder of proxies.
struct Proxies {
    folder: TempDir,
}

/// One run as a plugin saw it.
#[derive(Debug)]
struct Seen {
    plugin: String,
    variables: String,
    input: Object,
}

impl Seen {
    fn has(&self, variable: &str) -> bool {
        self.variables.split(' ').any(|one| one == variable)
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.input.get(name).map(|json| json.as_str())
    }
}

impl Proxies {
    fn new(plugins: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        for plugin in plugins {
            let real =
                plugin_folders().into_iter().map(|folder| folder.join(plugin)).find(|file| file.is_file());
            let script = format!(
                "#!/bin/sh\ninput=$(cat)\n\
                 printf '%s\\n%s\\n%s\\n' {plugin} \"$(env | grep ^CNI_ | sort | tr '\\n' ' ')\" \"$(printf %s \"$input\" | tr -d '\\n')\" >>{}\n\
                 printf %s \"$input\" | exec {}\n",
                log.display(),
                real.unwrap().display()
            );
            let file = folder.path().join(plugin);
            fs::write(&file, script).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { folder }
    }

    /// They come first; what has no proxy is found behind them.
    fn path(&self) -> SearchPath {
        let folders = [self.folder.path().to_owned()].into_iter().chain(plugin_folders());
        SearchPath::new(folders.collect::<Vec<PathBuf>>()).unwrap()
    }

    fn client(&self, world: &World) -> Client<Exec> {
        let exec = Exec::new().with_time_limit(Duration::from_secs(60));
        Client::new(exec, self.path(), Cache::open(world.folder.path().join("cache")).unwrap())
    }

    /// What was seen since the last time.
    fn seen(&self) -> Vec<Seen> {
        let log = self.folder.path().join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        let lines: Vec<&str> = text.lines().collect();
        lines
            .chunks_exact(3)
            .map(|run| Seen {
                plugin: run[0].to_owned(),
                variables: run[1].to_owned(),
                input: run[2].parse().unwrap(),
            })
            .collect()
    }
}

const CHAIN: &str = r#"{"cniVersion":"1.0.0","name":"told","plugins":[
    {"type":"bridge","bridge":"br0","isGateway":true,"x-number":9007199254740993,
     "ipam":{"type":"host-local","dataDir":"DATA","subnet":"10.70.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}},
    {"type":"tuning","capabilities":{"mac":true}},
    {"type":"portmap","capabilities":{"portMappings":true,"mac":false}}]}"#;

fn results_are_threaded() {
    let mut world = World::new();
    let proxies = Proxies::new(PLUGINS);
    let mut capabilities = CapabilityArgs::new();
    capabilities.set_mac("c2:11:22:33:44:66");
    capabilities.set_port_mappings(&[PortMapping::new(7080, 80, Protocol::Tcp)]);
    let request = world.container("told").with_capabilities(capabilities);
    let request = request.with_args("IgnoreUnknown=1;K8S_POD_NAME=told".parse().unwrap());
    let config = world.config(CHAIN);
    let attachment = world.host.run(|| proxies.client(&world).add(config, request)).unwrap().unwrap();

    let seen = proxies.seen();
    let order: Vec<_> = seen.iter().map(|one| one.plugin.as_str()).collect();
    assert_eq!(order, ["bridge", "host-local", "tuning", "portmap"]);
    for one in &seen {
        for variable in [
            "CNI_COMMAND=ADD",
            "CNI_CONTAINERID=told",
            "CNI_IFNAME=eth0",
            "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=told",
        ] {
            assert!(one.has(variable), "{one:?}");
        }
        assert_eq!(one.member("name"), Some("\"told\""), "{one:?}");
        assert_eq!(one.member("cniVersion"), Some("\"1.0.0\""), "{one:?}");
        assert_eq!(one.member("capabilities"), None, "they are for the runtime: {one:?}");
    }
    let [bridge, _, tuning, portmap] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(bridge.member("x-number"), Some("9007199254740993"));
    assert_eq!((bridge.member("prevResult"), bridge.member("runtimeConfig")), (None, None));
    assert!(tuning.member("prevResult").unwrap().contains("10.70.0.2/24"), "{tuning:?}");
    assert_eq!(tuning.member("runtimeConfig"), Some(r#"{"mac":"c2:11:22:33:44:66"}"#));
    // What tuning has changed has come to the next one.
    assert!(portmap.member("prevResult").unwrap().contains("c2:11:22:33:44:66"), "{portmap:?}");
    assert_eq!(
        portmap.member("runtimeConfig"),
        Some(r#"{"portMappings":[{"hostPort":7080,"containerPort":80,"protocol":"tcp"}]}"#)
    );

    assert!(world.host.run(|| proxies.client(&world).del(&attachment.key())).unwrap().unwrap());
    let seen = proxies.seen();
    let order: Vec<_> = seen.iter().map(|one| one.plugin.as_str()).collect();
    assert_eq!(order, ["portmap", "tuning", "bridge", "host-local"]);
    for one in seen.iter().filter(|one| one.plugin != "host-local") {
        assert!(
            one.has("CNI_COMMAND=DEL") && one.member("prevResult").unwrap().contains("c2:11:22:33:44:66"),
            "{one:?}"
        );
    }
    assert!(seen[0].member("runtimeConfig").unwrap().contains("7080"), "libcni forgets it: {:?}", seen[0]);
    let rules = world.on_host("iptables", "-t nat -S");
    assert!(!rules.contains("7080"), "{rules}");
}

/// Debian 12's plugins do not know STATUS and answer it with an error; those from 1.1.0 on say what they lack.
fn status_is_asked() {
    let world = World::new();
    let proxies = Proxies::new(&["bridge"]);
    let several = |ipam: &str| {
        world.config(&format!(
            r#"{{"cniVersion":"1.0.0","cniVersions":["1.0.0","1.1.0"],"name":"ready","plugins":[{{"type":"bridge","bridge":"br0",
                "ipam":{{"type":"{ipam}","dataDir":"DATA","subnet":"10.71.0.0/30"}}}}]}}"#
        ))
    };
    let status = |ipam: &str| world.host.run(|| proxies.client(&world).status(several(ipam))).unwrap();
    status("host-local").unwrap();
    let seen = proxies.seen();
    let knows = seen.iter().any(|one| one.has("CNI_COMMAND=STATUS"));
    let verbs: Vec<_> = seen.iter().map(|one| one.variables.split(' ').next().unwrap()).collect();
    assert_eq!(verbs[0], "CNI_COMMAND=VERSION", "{verbs:?}");
    assert_eq!(knows, status("no-such-ipam").is_err(), "who is asked says that the program is missing");
}

//! A private "host", and containers on it.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use cni_client::attachment::Attachment;
use cni_client::cache::Cache;
use cni_client::client::{Client, ClientError};
use cni_client::config::NetworkConfig;
use cni_client::exec::Exec;
use cni_client::netns::{self, Namespace};
use cni_client::request::{Request, SearchPath};
use tempfile::TempDir;

pub(crate) fn plugin_folders() -> Vec<PathBuf> {
    match std::env::var_os("PODKIT_CNI_PATH") {
        Some(path) => std::env::split_paths(&path).collect(),
        None => ["/usr/lib/cni", "/opt/cni/bin"].map(PathBuf::from).to_vec(),
    }
}

pub(crate) fn path() -> SearchPath {
    SearchPath::new(plugin_folders()).unwrap()
}

/// Everything that a test has on the machine; all of it goes with it.
pub(crate) struct World {
    pub(crate) host: Namespace,
    pub(crate) folder: TempDir,
    containers: Vec<String>,
}

impl World {
    pub(crate) fn new() -> Self {
        let host = Namespace::anonymous().unwrap();
        host.loopback_up().unwrap();
        Self { host, folder: TempDir::new().unwrap(), containers: Vec::new() }
    }

    /// A container with a namespace of its own.
    pub(crate) fn container(&mut self, name: &str) -> Request {
        let path = self.netns(name);
        netns::create(&path).unwrap();
        self.containers.push(name.to_owned());
        Request::new(name.parse().unwrap(), path.as_path().try_into().unwrap(), "eth0".parse().unwrap())
    }

    pub(crate) fn netns(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("netns-{name}"))
    }

    /// A configuration; `DATA` stands for the folder of leases.
    pub(crate) fn config(&self, text: &str) -> NetworkConfig {
        let data = self.folder.path().join("leases").display().to_string();
        NetworkConfig::parse(&text.replace("DATA", &data)).unwrap()
    }

    /// A client as a new process would have it: everything it knows is in the records.
    pub(crate) fn client(&self) -> Client<Exec> {
        let exec = Exec::new().with_time_limit(Duration::from_secs(60));
        Client::new(exec, path(), Cache::open(self.folder.path().join("cache")).unwrap())
    }

    pub(crate) fn add(&self, config: &NetworkConfig, request: &Request) -> Result<Attachment, ClientError> {
        self.host.run(|| self.client().add(config.clone(), request.clone())).unwrap()
    }

    pub(crate) fn del(&self, attachment: &Attachment) -> Result<bool, ClientError> {
        self.host.run(|| self.client().del(&attachment.key())).unwrap()
    }

    pub(crate) fn check(&self, attachment: &Attachment) -> Result<(), ClientError> {
        self.host.run(|| self.client().check(&attachment.key())).unwrap()
    }

    /// The output of a program on the host.
    pub(crate) fn on_host(&self, program: &str, arguments: &str) -> String {
        run_in(&self.host, program, arguments)
    }

    /// The output of a program in a container.
    pub(crate) fn inside(&self, container: &str, program: &str, arguments: &str) -> String {
        run_in(&Namespace::open(&self.netns(container)).unwrap(), program, arguments)
    }

    /// Whether a container's port answers from the host, at an address.
    pub(crate) fn reaches(&self, container: &str, listen: &str, connect: &str) -> bool {
        self.answers(&self.host, container, listen, connect)
    }

    /// Whether a container's port answers from another container, or the same.
    pub(crate) fn reaches_from(&self, from: &str, container: &str, listen: &str, connect: &str) -> bool {
        self.answers(&Namespace::open(&self.netns(from)).unwrap(), container, listen, connect)
    }

    fn answers(&self, from: &Namespace, container: &str, listen: &str, connect: &str) -> bool {
        let namespace = Namespace::open(&self.netns(container)).unwrap();
        let listener = namespace.run(|| TcpListener::bind(listen)).unwrap().unwrap();
        let address: SocketAddr = connect.parse().unwrap();
        // An IPv6 address can be used only after the kernel has looked for another owner of it.
        let attempt = || TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok();
        let answered = from
            .run(|| (0..12).any(|_| attempt() || (std::thread::sleep(Duration::from_millis(250)), false).1))
            .unwrap();
        drop(listener);
        answered
    }

    /// The addresses that host-local has given out in a network.
    pub(crate) fn leases(&self, network: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("leases").join(network)) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut leases: Vec<String> = names
            .filter(|name| name.starts_with(|c: char| c.is_ascii_hexdigit()) && name != "lock")
            .collect();
        leases.sort();
        leases
    }

    /// What is on the host besides loopback.
    pub(crate) fn links(&self) -> Vec<String> {
        let text = self.on_host("ip", "-o link show");
        let names = text.lines().filter_map(|line| line.split(": ").nth(1));
        let names = names.map(|name| name.split('@').next().unwrap().to_owned());
        // The kernel makes fallback tunnels in every namespace.
        names
            .filter(|name| {
                name != "lo"
                    && !name.ends_with("tnl0")
                    && !name.ends_with("tap0")
                    && !name.contains("gre")
                    && !name.contains("vti")
                    && !name.starts_with("sit")
                    && !name.starts_with("erspan")
            })
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for name in &self.containers {
            let _ = netns::remove(&self.netns(name));
            // tuning's own record, if the test failed before its DEL; it does not belong to a namespace.
            let _ = std::fs::remove_file(format!("/run/cni/tuning/{name}_eth0.json"));
        }
    }
}

fn run_in(namespace: &Namespace, program: &str, arguments: &str) -> String {
    let output =
        namespace.run(|| Command::new(program).args(arguments.split_whitespace()).output()).unwrap().unwrap();
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A message with its causes.
pub(crate) fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

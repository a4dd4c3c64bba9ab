//! A private network that podrun takes for this machine's: what pods do to links, addresses and rules, they do in there.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cni_client::netns::{self, Namespace};
use cni_client::network::Layer;
use tempfile::TempDir;

/// Where Debian and others keep network plugins.
const PLUGINS: [&str; 2] = ["/usr/lib/cni", "/opt/cni/bin"];

/// The first of these plugins that is not installed.
pub(crate) fn missing(plugins: &[&'static str]) -> Option<&'static str> {
    let is_there = |plugin: &str| PLUGINS.iter().any(|folder| Path::new(folder).join(plugin).is_file());
    plugins.iter().find(|plugin| !is_there(plugin)).copied()
}

/// The private network; it goes with this, whatever the test comes to.
#[derive(Debug)]
pub(crate) struct Host {
    dir: TempDir,
    namespace: Namespace,
}

impl Host {
    /// With a loopback interface. Leases of the network `default` are kept apart from this machine's.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let namespace = netns::create(&dir.path().join("host")).expect("a network namespace");
        let host = Self { dir, namespace };
        fs::create_dir(host.networks()).expect("a folder for networks");
        for (file, config) in Layer::builtin().iter() {
            host.describe(file, config.to_json().as_str());
        }
        host
    }

    /// Describes a network in place of one that podrun brings along, or beside them; its leases are kept here.
    pub(crate) fn describe(&self, file: &str, config: &str) {
        let data = format!(r#""host-local","dataDir":"{}""#, self.leases_dir().display());
        let config = config.replace(r#""host-local""#, &data);
        fs::write(self.networks().join(file), config).expect("a configuration");
    }

    /// The folder with descriptions of networks.
    pub(crate) fn networks(&self) -> PathBuf {
        self.dir.path().join("net.d")
    }

    fn leases_dir(&self) -> PathBuf {
        self.dir.path().join("leases")
    }

    /// A command that runs in here; its process is the program's own.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        let mut net = std::ffi::OsString::from("--net=");
        net.push(self.dir.path().join("host"));
        command.arg(net).arg(program.as_ref());
        command.env("PODKIT_NET_DIR", self.networks()).env_remove("CNI_PATH");
        command
    }

    /// Everything that pods may leave: links, addresses given out, rules; without counters and comments.
    pub(crate) fn state(&self) -> BTreeSet<String> {
        let mut state = BTreeSet::new();
        for (what, arguments) in [
            ("ip", &["-o", "link"][..]),
            ("ip", &["-o", "address"]),
            ("ip", &["route"]),
            ("iptables-save", &[]),
            ("ip6tables-save", &[]),
        ] {
            let output = self.command(what).args(arguments).output().expect("a program starts");
            assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            // Of tables the rules and the chains that somebody made: a table without any is as one that is not there.
            let is_nothing = |line: &str| {
                what.ends_with("-save") && !line.starts_with("-A") && line.split(' ').nth(1) != Some("-")
            };
            let lines = text.lines().filter(|line| !is_nothing(line));
            let lines = lines.map(|line| line.split(" [").next().unwrap_or(line).trim_end());
            // Whether the kernel has given loopback its addresses yet, and in what words, is not the pods' doing.
            state.extend(lines.filter(|line| !line.contains(": lo")).map(|line| format!("{what}: {line}")));
        }
        for network in fs::read_dir(self.leases_dir()).into_iter().flatten().flatten() {
            let leases = fs::read_dir(network.path()).into_iter().flatten().flatten();
            let names = leases.filter_map(|lease| lease.file_name().into_string().ok());
            let names =
                names.filter(|name| name.starts_with(|c: char| c.is_ascii_digit()) || name.contains(':'));
            state.extend(names.map(|name| format!("lease: {name}")));
        }
        state
    }

    /// Does something inside.
    pub(crate) fn inside<T: Send>(&self, inside: impl FnOnce() -> T + Send) -> T {
        self.namespace.run(inside).expect("the private network can be entered")
    }

    /// What a port of the private machine answers, once it does; it has ten seconds for that.
    pub(crate) fn ask(&self, address: &str) -> String {
        let address: SocketAddr = address.parse().expect("an address");
        let answer = self.namespace.run(|| {
            for _ in 0..100 {
                let mut answer = String::new();
                let asked = TcpStream::connect_timeout(&address, Duration::from_millis(500)).and_then(
                    |mut stream| {
                        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
                        std::io::Read::read_to_string(&mut stream, &mut answer)
                    },
                );
                if asked.is_ok() && !answer.is_empty() {
                    return answer;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            String::new()
        });
        answer.expect("the private network can be entered")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let removed = netns::remove(&self.dir.path().join("host"));
        if !std::thread::panicking() {
            removed.expect("the private network goes");
        }
    }
}

//! The files in `/etc` that a pod's apps share: names and addresses.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use pod_core::pod::{Dns, PodSpec, SandboxFacts, Shared};

use crate::compose::MEMORY;
use crate::dir::{Durability, make_dir, write_whole};
use crate::error::{Doing, Error};
use crate::ports::NetworkDns;

/// The lines that every `/etc/hosts` of a pod begins with (kubelet, `managedHostsFileContent`).
const LOCAL: &str = "127.0.0.1\tlocalhost\n\
    ::1\tlocalhost ip6-localhost ip6-loopback\n\
    fe00::0\tip6-localnet\n\
    fe00::0\tip6-mcastprefix\n\
    fe00::1\tip6-allnodes\n\
    fe00::2\tip6-allrouters\n";

/// What the host says, for a pod that takes it over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HostFiles {
    /// `/etc/hosts`.
    pub(crate) hosts: String,
    /// `/etc/resolv.conf`.
    pub(crate) resolv: String,
    /// Its name.
    pub(crate) hostname: String,
}

impl HostFiles {
    /// Reads them; what is not there is empty.
    pub(crate) fn read() -> Self {
        let read = |path: &str| {
            std::fs::read_to_string(path).unwrap_or_else(|error| {
                tracing::debug!(path, %error, "the host has no such file that can be read");
                String::new()
            })
        };
        let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { hosts: read("/etc/hosts"), resolv: read("/etc/resolv.conf"), hostname }
    }
}

/// A file that is mounted in each app: its name below `/etc`, and what is in it.
pub(crate) type EtcFile = (&'static str, String);

/// The files of a pod.
pub(crate) fn files(
    spec: &PodSpec,
    facts: &SandboxFacts,
    network: &NetworkDns,
    host: &HostFiles,
) -> Vec<EtcFile> {
    let mut files = vec![("hosts", hosts(spec, facts, host)), ("hostname", hostname(spec, host))];
    files.extend(resolv_conf(&spec.dns, network, host).map(|text| ("resolv.conf", text)));
    files
}

/// The names of the files that a pod has.
pub(crate) fn names(spec: &PodSpec) -> impl Iterator<Item = &'static str> {
    let resolv = (spec.dns != Dns::Image).then_some("resolv.conf");
    ["hosts", "hostname"].into_iter().chain(resolv)
}

/// Where a file of a pod is on the host.
pub(crate) fn source(pod: &Path, name: &str) -> PathBuf {
    pod.join(MEMORY).join("etc").join(name)
}

/// Writes the files of a pod.
pub(crate) fn make_all(
    pod: &Path,
    spec: &PodSpec,
    facts: &SandboxFacts,
    network: &NetworkDns,
) -> Result<(), Error> {
    make_dir(&pod.join(MEMORY).join("etc"), 0o755)?;
    for (name, text) in files(spec, facts, network, &HostFiles::read()) {
        let path = source(pod, name);
        write_whole(&path, text.as_bytes(), 0o644, Durability::Volatile)?;
        // Whatever the umask: every user of the app reads them.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&path, mode).doing("change the mode of", &path)?;
    }
    Ok(())
}

fn hosts(spec: &PodSpec, facts: &SandboxFacts, host: &HostFiles) -> String {
    let mut text = "# Written by podkit for this pod.\n".to_owned();
    if spec.isolation.network == Shared::Host {
        text.push_str(&host.hosts);
        end_line(&mut text);
    } else {
        text.push_str(LOCAL);
        if let Some(name) = &spec.hostname {
            for ip in &facts.pod_ips {
                push(&mut text, *ip, [name.as_str()]);
            }
        }
    }
    if !spec.host_aliases.is_empty() {
        text.push_str("\n# Entries added by HostAliases.\n");
        for alias in &spec.host_aliases {
            push(&mut text, alias.ip, alias.hostnames.iter().map(String::as_str));
        }
    }
    text
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

fn push<'a>(text: &mut String, ip: IpAddr, names: impl IntoIterator<Item = &'a str>) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{ip}");
    for name in names {
        let _ = write!(text, "\t{name}");
    }
    text.push('\n');
}

fn hostname(spec: &PodSpec, host: &HostFiles) -> String {
    format!("{}\n", spec.hostname.as_deref().unwrap_or(&host.hostname))
}

/// resolv.conf(5); `None` when the image's own is left alone.
fn resolv_conf(dns: &Dns, network: &NetworkDns, host: &HostFiles) -> Option<String> {
    let mut text = String::new();
    let (nameservers, searches, options) = match dns {
        Dns::Image => return None,
        Dns::Host => return Some(host.resolv.clone()),
        Dns::Fixed { nameservers, searches, options } => (nameservers, searches, options),
        Dns::Network => {
            let NetworkDns { nameservers, searches, options } = network;
            if nameservers.is_empty() {
                // Of two `search` lines the last counts, and options add up (resolv.conf(5)).
                text.push_str(&host.resolv);
                end_line(&mut text);
            }
            (nameservers, searches, options)
        }
    };
    if !searches.is_empty() {
        let _ = writeln!(text, "search {}", searches.join(" "));
    }
    for nameserver in nameservers {
        let _ = writeln!(text, "nameserver {nameserver}");
    }
    if !options.is_empty() {
        let _ = writeln!(text, "options {}", options.join(" "));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use pod_core::pod::HostAlias;

    use super::*;
    use crate::sample;

    fn host() -> HostFiles {
        HostFiles {
            hosts: "127.0.1.1 node".to_owned(),
            resolv: "nameserver 9.9.9.9\n".to_owned(),
            hostname: "node".to_owned(),
        }
    }

    #[test]
    fn hosts_of_a_pod_with_addresses_and_aliases() {
        let mut spec = sample::pod(1, vec![]);
        spec.host_aliases = vec![HostAlias {
            ip: "10.0.0.9".parse().unwrap(),
            hostnames: vec!["db".to_owned(), "db.example.com".to_owned()],
        }];
        let facts = SandboxFacts {
            pod_ips: vec!["10.1.2.3".parse().unwrap(), "fd00::3".parse().unwrap()],
            host_ips: vec![],
        };
        assert_eq!(
            hosts(&spec, &facts, &host()),
            format!(
                "# Written by podkit for this pod.\n{LOCAL}10.1.2.3\tsample\nfd00::3\tsample\n\n\
                 # Entries added by HostAliases.\n10.0.0.9\tdb\tdb.example.com\n"
            )
        );
        spec.isolation.network = Shared::Host;
        spec.host_aliases.clear();
        assert_eq!(
            hosts(&spec, &facts, &host()),
            "# Written by podkit for this pod.\n127.0.1.1 node\n",
            "the host's own, ended by a newline"
        );
    }

    #[test]
    fn names_and_resolvers() {
        let silent = NetworkDns::default();
        let mut spec = sample::pod(1, vec![]);
        assert_eq!(
            files(&spec, &SandboxFacts::default(), &silent, &host())[1..],
            [("hostname", "sample\n".to_owned())]
        );
        assert_eq!(names(&spec).collect::<Vec<_>>(), ["hosts", "hostname"]);
        spec.hostname = None;
        spec.dns = Dns::Host;
        assert_eq!(
            files(&spec, &SandboxFacts::default(), &silent, &host())[1..],
            [("hostname", "node\n".to_owned()), ("resolv.conf", "nameserver 9.9.9.9\n".to_owned())]
        );
        assert_eq!(names(&spec).collect::<Vec<_>>(), ["hosts", "hostname", "resolv.conf"]);
        let dns = Dns::Fixed {
            nameservers: vec!["10.0.0.10".parse().unwrap()],
            searches: vec!["default.svc.cluster.local".to_owned(), "svc.cluster.local".to_owned()],
            options: vec!["ndots:5".to_owned()],
        };
        assert_eq!(
            resolv_conf(&dns, &silent, &host()).unwrap(),
            "search default.svc.cluster.local svc.cluster.local\nnameserver 10.0.0.10\noptions ndots:5\n"
        );
    }
    #[test]
    fn the_networks_resolver_counts_before_the_hosts() {
        let lines = |nameservers: &[&str], searches: &[&str], options: &[&str]| {
            let network = NetworkDns {
                nameservers: nameservers.iter().map(|server| server.parse().unwrap()).collect(),
                searches: searches.iter().map(ToString::to_string).collect(),
                options: options.iter().map(ToString::to_string).collect(),
            };
            resolv_conf(&Dns::Network, &network, &host()).unwrap()
        };
        assert_eq!(lines(&[], &[], &[]), "nameserver 9.9.9.9\n", "nothing is said");
        assert_eq!(
            lines(&["10.1.0.1", "fd00::1"], &["db.example"], &["ndots:2"]),
            "search db.example\nnameserver 10.1.0.1\nnameserver fd00::1\noptions ndots:2\n"
        );
        assert_eq!(
            lines(&[], &["db.example"], &["ndots:2"]),
            "nameserver 9.9.9.9\nsearch db.example\noptions ndots:2\n",
            "the host's servers under the network's names"
        );
        let network = NetworkDns { nameservers: vec!["10.1.0.1".parse().unwrap()], ..NetworkDns::default() };
        assert_eq!(resolv_conf(&Dns::Host, &network, &host()).unwrap(), host().resolv);
        assert_eq!(resolv_conf(&Dns::Image, &network, &host()), None);
    }
}

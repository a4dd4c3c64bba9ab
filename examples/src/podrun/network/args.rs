//! The flags of networking.

use anyhow::bail;
use clap::Args;
use cni_client::network::{ANNOTATION, Publish, Selection};
use pod_core::pod::{PodSpec, Shared};

use super::hosts::HostsEntry;
use super::resolver::{DnsChoice, Settings};
use super::{hosts, ports, resolver};

/// How a pod is on the network. Flags win over what the manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    /// The networks that the pod joins: `none` (loopback only), `host`, `all`, or names, with commas between and arguments of a
    /// network after its name (`NAME:K=V;K2=V2`). `default` leads everywhere, `default-restricted` to this machine only; others
    /// are described in /etc/podkit/net.d. Without it, the annotation `podkit.dev/net` counts, then `hostNetwork`, then
    /// `default`.
    #[arg(
        long,
        value_name = "NETWORKS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "default"
    )]
    net: Vec<String>,
    /// Lead a port of this machine to a port that a container names; IPv6 addresses stand in brackets.
    #[arg(long = "port", value_name = "NAME:[HOSTIP:]HOSTPORT")]
    ports: Vec<Publish>,
    /// A name server for /etc/resolv.conf; `host` takes over this machine's file, `none` leaves the image's alone. Without it and
    /// those below, the first network that says where names are resolved counts, else this machine's file.
    #[arg(long, value_name = "IP|host|none")]
    dns: Vec<DnsChoice>,
    /// A domain to search names in.
    #[arg(long, value_name = "DOMAIN", value_parser = word)]
    dns_search: Vec<String>,
    /// An option of the resolver, such as `ndots:2` (resolv.conf(5)).
    #[arg(long, value_name = "OPTION", value_parser = word)]
    dns_opt: Vec<String>,
    /// The pod's own domain; it is searched unless `--dns-search` says otherwise.
    #[arg(long, value_name = "DOMAIN", value_parser = word)]
    dns_domain: Option<String>,
    /// A line for /etc/hosts; `host` takes over this machine's entries.
    #[arg(long = "hosts-entry", value_name = "IP=NAME|host")]
    hosts_entries: Vec<HostsEntry>,
    /// The host name inside the pod.
    #[arg(long, value_name = "NAME", value_parser = hosts::hostname)]
    hostname: Option<String>,
}

impl NetworkArgs {
    /// Makes the pod what the flags say. Its annotation selects its networks from then on.
    pub(crate) fn apply(&self, pod: &mut PodSpec) -> anyhow::Result<()> {
        let said = match self.net.as_slice() {
            [] => None,
            flags => Some(Selection::of_flags(flags.iter().map(String::as_str))?),
        };
        let on_host = pod.isolation.network == Shared::Host;
        let annotation = pod.annotations.get(ANNOTATION).map(String::as_str);
        let selection = Selection::of_pod(said.as_ref(), annotation, on_host)?;
        pod.annotations.insert(ANNOTATION.to_owned(), selection.to_string());
        pod.isolation.network = match selection {
            Selection::Host => Shared::Host,
            Selection::None | Selection::Networks(_) => Shared::Pod,
        };
        if matches!(selection, Selection::Host | Selection::None)
            && let Some(port) = self.ports.first()
        {
            bail!("`--port={port}` does not go with `--net={selection}`");
        }
        ports::publish(pod, &self.ports)?;
        hosts::name(pod, self.hostname.as_deref(), on_host);
        hosts::add(pod, &self.hosts_entries)?;
        resolver::set(
            pod,
            &Settings {
                dns: &self.dns,
                searches: &self.dns_search,
                options: &self.dns_opt,
                domain: self.dns_domain.as_deref(),
            },
        )
    }
}

/// A word of /etc/resolv.conf: one that cannot end its line.
fn word(text: &str) -> Result<String, String> {
    match text.chars().find(|char| char.is_whitespace() || char.is_control()) {
        Some(char) => Err(format!("{char:?} has no place in a word of resolv.conf")),
        None if text.is_empty() => Err("it is empty".to_owned()),
        None => Ok(text.to_owned()),
    }
}

//! What a pod's `/etc/resolv.conf` says (kubelet, `dns.Configurer`).

use std::convert::Infallible;
use std::net::IpAddr;
use std::str::FromStr;

use pod_core::pod::Dns;

use super::{NodeSettings, address};
use crate::core::{DnsPolicy, PodDnsConfig, PodSpec};
use crate::expand::Problems;
use crate::path::Path;

/// The most name servers that a resolver asks.
const SERVERS: usize = 3;

/// What an `/etc/resolv.conf` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolver {
    /// The name servers, in the order they are asked.
    pub nameservers: Vec<IpAddr>,
    /// The search domains.
    pub searches: Vec<String>,
    /// The options, such as `ndots:5`.
    pub options: Vec<String>,
}

impl FromStr for Resolver {
    type Err = Infallible;

    /// Reads the text of a file as a resolver does (resolv.conf(5)): the last `search` or `domain` and the last `options` win, and what
    /// it does not understand is passed over, so that this never fails.
    ///
    /// ```
    /// use k8s_model::lower::Resolver;
    ///
    /// let resolver: Resolver = "search a.example b.example\nnameserver 192.0.2.1\noptions ndots:2\n".parse()?;
    /// assert_eq!(resolver.searches, ["a.example", "b.example"]);
    /// # Ok::<(), std::convert::Infallible>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut resolver = Self::default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    resolver
                        .nameservers
                        .extend(words.next().and_then(|address| address.parse::<IpAddr>().ok()));
                }
                Some("search") => resolver.searches = words.map(ToOwned::to_owned).collect(),
                Some("domain") => resolver.searches = words.take(1).map(ToOwned::to_owned).collect(),
                Some("options") => resolver.options = words.map(ToOwned::to_owned).collect(),
                _ => {}
            }
        }
        Ok(resolver)
    }
}

/// The name server of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterDns {
    /// Its addresses.
    pub nameservers: Vec<IpAddr>,
    /// The cluster's domain, such as `cluster.local`.
    pub domain: String,
}

pub(super) fn dns(
    spec: &PodSpec,
    namespace: &str,
    settings: &NodeSettings,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Dns {
    // A pod on the node's network has the node's resolver, unless it says otherwise.
    let by_cluster = match spec.dns_policy {
        DnsPolicy::ClusterFirst => !spec.host_network,
        DnsPolicy::ClusterFirstWithHostNet => true,
        _ => false,
    };
    // Where there is no cluster, names are resolved as the node does, as a kubelet without `clusterDNS` does.
    let cluster = settings.cluster_dns.as_ref().filter(|_| by_cluster);
    let base = match (&spec.dns_policy, cluster) {
        (DnsPolicy::None, _) => Resolver::default(),
        (_, Some(cluster)) => of_cluster(cluster, namespace, &settings.resolver),
        // A network may say where names are resolved; it is the cluster of a pod that asks for one.
        (_, None) if spec.dns_config.is_none() && by_cluster && !spec.host_network => return Dns::Network,
        (_, None) if spec.dns_config.is_none() => return Dns::Host,
        (_, None) => settings.resolver.clone(),
    };
    let merged = match &spec.dns_config {
        Some(config) => merge(base, config, path, problems),
        None => base,
    };
    let Resolver { mut nameservers, searches, options } = merged;
    nameservers.truncate(SERVERS);
    Dns::Fixed { nameservers, searches, options }
}

fn of_cluster(cluster: &ClusterDns, namespace: &str, node: &Resolver) -> Resolver {
    let zone = &cluster.domain;
    let mut searches = vec![format!("{namespace}.svc.{zone}"), format!("svc.{zone}"), zone.clone()];
    append(&mut searches, node.searches.iter().cloned());
    Resolver { nameservers: cluster.nameservers.clone(), searches, options: vec!["ndots:5".to_owned()] }
}

/// Appends what is not there yet.
fn append<T: PartialEq>(list: &mut Vec<T>, more: impl Iterator<Item = T>) {
    for element in more {
        if !list.contains(&element) {
            list.push(element);
        }
    }
}

fn merge(mut base: Resolver, config: &PodDnsConfig, path: &Path<'_>, problems: &mut Problems) -> Resolver {
    let list = path.child("nameservers");
    for (index, server) in config.nameservers.iter().enumerate() {
        let address = problems.take(&list.index(index), address(server));
        append(&mut base.nameservers, address.into_iter());
    }
    append(&mut base.searches, config.searches.iter().cloned());
    for option in &config.options {
        // The last of equal names wins.
        base.options.retain(|known| known.split(':').next() != Some(&option.name));
        base.options.push(match option.value.as_deref().filter(|value| !value.is_empty()) {
            Some(value) => format!("{}:{value}", option.name),
            None => option.name.clone(),
        });
    }
    base
}

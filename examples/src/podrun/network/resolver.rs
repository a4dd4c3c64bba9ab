//! The pod's `/etc/resolv.conf`.

use std::net::IpAddr;
use std::str::FromStr;

use anyhow::bail;
use pod_core::pod::{Dns, PodSpec};

use crate::podrun::node;

/// What `--dns` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DnsChoice {
    /// This machine's file.
    Host,
    /// The image's file.
    Image,
    /// A name server.
    Server(IpAddr),
}

impl FromStr for DnsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "host" => Ok(Self::Host),
            "none" => Ok(Self::Image),
            _ => text
                .parse()
                .map(Self::Server)
                .map_err(|_| "an address is expected, `host` or `none`".to_owned()),
        }
    }
}

/// What the flags say.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub(super) dns: &'a [DnsChoice],
    pub(super) searches: &'a [String],
    pub(super) options: &'a [String],
    pub(super) domain: Option<&'a str>,
}

/// Sets what the flags say; of the rest the pod keeps what it has.
pub(super) fn set(pod: &mut PodSpec, said: &Settings<'_>) -> anyhow::Result<()> {
    let is_plain = said.searches.is_empty() && said.options.is_empty() && said.domain.is_none();
    match said.dns {
        [] if is_plain => return Ok(()),
        [DnsChoice::Host] if is_plain => {
            pod.dns = Dns::Host;
            return Ok(());
        }
        [DnsChoice::Image] if is_plain => {
            pod.dns = Dns::Image;
            return Ok(());
        }
        _ => {}
    }
    let servers = said.dns.iter().map(|choice| match choice {
        DnsChoice::Server(ip) => Ok(*ip),
        DnsChoice::Host => bail!("`--dns=host` takes over a whole file: no other `--dns` flag goes with it"),
        DnsChoice::Image => {
            bail!("`--dns=none` leaves a whole file alone: no other `--dns` flag goes with it")
        }
    });
    let servers = servers.collect::<anyhow::Result<Vec<_>>>()?;
    let (mut nameservers, mut searches, mut options) = match std::mem::replace(&mut pod.dns, Dns::Image) {
        Dns::Fixed { nameservers, searches, options } => (nameservers, searches, options),
        // What flags say comes before the network, which is not known yet.
        Dns::Host | Dns::Network => {
            let host = node::settings()?.resolver;
            (host.nameservers, host.searches, host.options)
        }
        Dns::Image => (Vec::new(), Vec::new(), Vec::new()),
    };
    if !servers.is_empty() {
        nameservers = servers;
    }
    match (said.searches, said.domain) {
        ([], None) => {}
        // `domain` and `search` are one setting, of which the last counts (resolv.conf(5)).
        ([], Some(domain)) => searches = vec![domain.to_owned()],
        (said, _) => searches = said.to_vec(),
    }
    if !said.options.is_empty() {
        options = said.options.to_vec();
    }
    pod.dns = Dns::Fixed { nameservers, searches, options };
    Ok(())
}

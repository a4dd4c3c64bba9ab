//! The rules as a whole, for `iptables-restore --noflush`: all of them, the change of one service, and none.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;

use super::chain::{ChainPrefix, UnnamedPort};
use super::endpoints::{Backed, Node};
use super::part::Part;
use super::saved::Saved;
use crate::core::IpFamily;

/// How a node's rules are written. The default is kube-proxy's, for IPv4, where it is not known which traffic comes from pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The first part of the names of chains. With one of our own, a kube-proxy on the same machine is never touched.
    pub prefix: ChainPrefix,
    /// How a port without a name is written.
    pub unnamed: UnnamedPort,
    /// The family of addresses; the other one takes a proxy of its own, and `ip6tables-restore`.
    pub family: IpFamily,
    /// How traffic of pods is known.
    pub pods: PodTraffic,
    /// Which traffic to cluster addresses gets an address of the node.
    pub masquerade: Masquerade,
    /// The bit of the packet's mark that asks for one: from 0 to 31, kube-proxy's is 14.
    pub mark_bit: u8,
    /// The node.
    pub node: Node,
    /// At which of the node's addresses its ports are.
    pub node_ports: NodePortAddresses,
    /// Whether they are at 127.0.0.1 too; that needs the setting `route_localnet`, and IPv4.
    pub localhost_node_ports: bool,
    /// Whether each endpoint is named in a comment.
    pub endpoint_comments: EndpointComments,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            prefix: ChainPrefix::default(),
            unnamed: UnnamedPort::default(),
            family: IpFamily::IPv4,
            pods: PodTraffic::Unknown,
            masquerade: Masquerade::Outside,
            mark_bit: 14,
            node: Node::default(),
            node_ports: NodePortAddresses::All,
            localhost_node_ports: true,
            endpoint_comments: EndpointComments::Few,
        }
    }
}

/// How traffic of pods is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PodTraffic {
    /// It is not.
    Unknown,
    /// By its source.
    Network(IpNet),
    /// By the interface it comes in on; a `+` at the end stands for anything.
    Interface(String),
}

impl PodTraffic {
    pub(super) fn if_from(&self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Network(net) => Some(format!(" -s {net}")),
            Self::Interface(name) => Some(format!(" -i {name}")),
        }
    }

    pub(super) fn if_not(&self) -> Option<String> {
        self.if_from().map(|from| format!(" !{from}"))
    }
}

/// Which traffic to cluster addresses gets an address of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Masquerade {
    /// What does not come from pods, where that is known.
    Outside,
    /// All.
    All,
}

/// At which of a node's addresses its ports are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodePortAddresses {
    /// At all.
    All,
    /// At these.
    These(Vec<IpAddr>),
}

/// Whether each endpoint is named in a comment, which makes up 40 per cent of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndpointComments {
    /// As long as there are no more than 1000 endpoints; in a change always.
    Few,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Above this number of endpoints kube-proxy leaves comments out.
const MANY: usize = 1000;

const FILTER_CHAINS: [&str; 5] = ["SERVICES", "EXTERNAL-SERVICES", "FORWARD", "NODEPORTS", "PROXY-FIREWALL"];
const NAT_CHAINS: [&str; 4] = ["SERVICES", "NODEPORTS", "POSTROUTING", "MARK-MASQ"];

/// A rule of a chain that is not ours: table, chain, what it matches, the comment, and ours that it jumps to.
type Jump = (&'static str, &'static str, &'static str, &'static str, &'static str);

const NEW: &str = "-m conntrack --ctstate NEW ";
const JUMPS: [Jump; 14] = [
    ("filter", "INPUT", NEW, "kubernetes externally-visible service portals", "EXTERNAL-SERVICES"),
    ("filter", "FORWARD", NEW, "kubernetes externally-visible service portals", "EXTERNAL-SERVICES"),
    ("filter", "INPUT", "", "kubernetes health check service ports", "NODEPORTS"),
    ("filter", "FORWARD", NEW, "kubernetes service portals", "SERVICES"),
    ("filter", "OUTPUT", NEW, "kubernetes service portals", "SERVICES"),
    ("filter", "FORWARD", "", "kubernetes forwarding rules", "FORWARD"),
    ("filter", "INPUT", NEW, "kubernetes load balancer firewall", "PROXY-FIREWALL"),
    ("filter", "OUTPUT", NEW, "kubernetes load balancer firewall", "PROXY-FIREWALL"),
    ("filter", "FORWARD", NEW, "kubernetes load balancer firewall", "PROXY-FIREWALL"),
    ("nat", "OUTPUT", "", "kubernetes service portals", "SERVICES"),
    ("nat", "PREROUTING", "", "kubernetes service portals", "SERVICES"),
    ("nat", "POSTROUTING", "", "kubernetes postrouting rules", "POSTROUTING"),
    ("filter", "INPUT", "", "", LOCALNET),
    ("filter", "OUTPUT", "", "", LOCALNET),
];

/// Keeps others from this node's 127.0.0.0/8 where ports of the node are there too; the kubelet has the same rule.
const LOCALNET: &str = "FIREWALL";

impl Proxy {
    /// All rules for these services: flushes the chains that are shared, writes those of services anew, deletes the ones under the prefix
    /// that no service has any more, and links them into the built-in chains where `saved` does not show that they are.
    ///
    /// Services come out in the order that they are given in. Nothing under another prefix is touched.
    #[must_use]
    pub fn restore(&self, services: &[Backed<'_>], saved: &Saved) -> String {
        let parts: Vec<Part> = services.iter().map(|backed| Part::of(self, backed)).collect();
        let comments = match self.endpoint_comments {
            EndpointComments::Always => true,
            EndpointComments::Never => false,
            EndpointComments::Few => parts.iter().map(|part| part.endpoints).sum::<usize>() <= MANY,
        };
        let mut text = String::from("*filter\n");
        self.declare(&mut text, FILTER_CHAINS);
        self.localnet(&mut text);
        self.link(&mut text, "filter", saved);
        append(&mut text, parts.iter().flat_map(|part| &part.filter));
        self.forward(&mut text);
        text.push_str("COMMIT\n*nat\n");
        self.declare(&mut text, NAT_CHAINS);
        let kept: BTreeSet<&str> = parts.iter().flat_map(|part| &part.chains).map(String::as_str).collect();
        let stale: Vec<&str> =
            saved.of_services(&self.prefix).filter(|chain| !kept.contains(chain)).collect();
        for chain in kept.iter().chain(&stale) {
            let _ = writeln!(text, ":{chain} - [0:0]");
        }
        self.link(&mut text, "nat", saved);
        self.masquerade(&mut text);
        append(&mut text, parts.iter().flat_map(|part| &part.nat));
        parts.iter().flat_map(|part| &part.rules).for_each(|rule| rule.write(&mut text, comments));
        self.node_ports(&mut text);
        for chain in stale {
            let _ = writeln!(text, "-X {chain}");
        }
        text.push_str("COMMIT\n");
        text
    }

    /// The change of one service, for rules that [`Proxy::restore`] made with the same settings: its size depends on this service alone. `None`
    /// is a service that is not there, before or after.
    #[must_use]
    pub fn change(&self, before: Option<&Backed<'_>>, after: Option<&Backed<'_>>) -> String {
        let [before, after] =
            [before, after].map(|backed| backed.map(|backed| Part::of(self, backed)).unwrap_or_default());
        let comments = self.endpoint_comments != EndpointComments::Never;
        let mut text = String::from("*filter\n");
        exchange(&mut text, &before.filter, &after.filter);
        text.push_str("COMMIT\n*nat\n");
        let kept: BTreeSet<&String> = after.chains.iter().collect();
        let stale: Vec<&String> = before.chains.iter().filter(|chain| !kept.contains(chain)).collect();
        for chain in kept.iter().chain(&stale) {
            let _ = writeln!(text, ":{chain} - [0:0]");
        }
        exchange(&mut text, &before.nat, &after.nat);
        after.rules.iter().for_each(|rule| rule.write(&mut text, comments));
        for chain in stale {
            let _ = writeln!(text, "-X {chain}");
        }
        text.push_str("COMMIT\n");
        text
    }

    /// Takes away everything under the prefix that `iptables-save` shows; empty when there is nothing.
    #[must_use]
    pub fn remove(&self, saved: &Saved) -> String {
        let mut text = String::new();
        for (table, chains, jumps) in saved.under(&self.prefix) {
            let _ = writeln!(text, "*{table}");
            for chain in &chains {
                let _ = writeln!(text, ":{chain} - [0:0]");
            }
            for rule in jumps {
                let _ = writeln!(text, "-D {rule}");
            }
            for chain in chains {
                let _ = writeln!(text, "-X {chain}");
            }
            text.push_str("COMMIT\n");
        }
        text
    }

    fn declare<const N: usize>(&self, text: &mut String, chains: [&str; N]) {
        for chain in chains {
            let _ = writeln!(text, ":{}-{chain} - [0:0]", self.prefix);
        }
    }

    fn link(&self, text: &mut String, table: &str, saved: &Saved) {
        for (_, from, matches, comment, to) in JUMPS.iter().filter(|jump| jump.0 == table) {
            if *to == LOCALNET && !self.is_at_localhost() {
                continue;
            }
            let to = format!("{}-{to}", self.prefix);
            let comment = if comment.is_empty() {
                String::new()
            } else {
                format!("-m comment --comment \"{comment}\" ")
            };
            if !saved.jumps(table, from, &to) {
                let _ = writeln!(text, "-I {from} {matches}{comment}-j {to}");
            }
        }
    }

    fn is_at_localhost(&self) -> bool {
        self.localhost_node_ports && self.family != IpFamily::IPv6
    }

    fn localnet(&self, text: &mut String) {
        let prefix = &self.prefix;
        if self.is_at_localhost() {
            let _ = write!(
                text,
                ":{prefix}-{LOCALNET} - [0:0]\n\
                 -A {prefix}-{LOCALNET} -m comment --comment \"block incoming localnet connections\" -d 127.0.0.0/8 \
                 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n"
            );
        }
    }

    /// The mark's bit, as iptables writes it.
    fn mark(&self) -> String {
        format!("{:#x}", 1_u32 << (self.mark_bit & 31))
    }

    /// What is marked gets an address of the node; the mark is taken off, so that this is not done twice.
    fn masquerade(&self, text: &mut String) {
        let (prefix, mark) = (&self.prefix, self.mark());
        let _ = write!(
            text,
            "-A {prefix}-POSTROUTING -m mark ! --mark {mark}/{mark} -j RETURN\n\
             -A {prefix}-POSTROUTING -j MARK --xor-mark {mark}\n\
             -A {prefix}-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j MASQUERADE --random-fully\n\
             -A {prefix}-MARK-MASQ -j MARK --or-mark {mark}\n"
        );
    }

    /// Traffic of services is let through, also where the policy of FORWARD is to drop.
    fn forward(&self, text: &mut String) {
        let (prefix, mark) = (&self.prefix, self.mark());
        let _ = write!(
            text,
            "-A {prefix}-FORWARD -m conntrack --ctstate INVALID -j DROP\n\
             -A {prefix}-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark {mark}/{mark} -j ACCEPT\n\
             -A {prefix}-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" \
             -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        );
    }

    /// The last rules of the chain of services.
    fn node_ports(&self, text: &mut String) {
        let prefix = &self.prefix;
        let start = format!(
            "-A {prefix}-SERVICES -m comment --comment \
             \"kubernetes service nodeports; NOTE: this must be the last rule in this chain\""
        );
        let is_v6 = self.family == IpFamily::IPv6;
        match &self.node_ports {
            NodePortAddresses::All => {
                let but = match (is_v6, self.localhost_node_ports) {
                    (true, _) => " ! -d ::1/128",
                    (false, false) => " ! -d 127.0.0.0/8",
                    (false, true) => "",
                };
                let _ = writeln!(text, "{start} -m addrtype --dst-type LOCAL{but} -j {prefix}-NODEPORTS");
            }
            NodePortAddresses::These(addresses) => {
                let usable = |address: &&IpAddr| {
                    address.is_ipv6() == is_v6
                        && !(address.is_loopback() && (is_v6 || !self.localhost_node_ports))
                };
                for address in addresses.iter().filter(usable) {
                    let _ = writeln!(text, "{start} -d {address} -j {prefix}-NODEPORTS");
                }
            }
        }
    }
}

fn append<'a>(text: &mut String, rules: impl Iterator<Item = &'a String>) {
    for rule in rules {
        let _ = writeln!(text, "-A {rule}");
    }
}

/// Replaces rules in shared chains. New ones come first, because the last rule of the chain of services stays the last.
fn exchange(text: &mut String, before: &[String], after: &[String]) {
    for rule in before.iter().filter(|rule| !after.contains(rule)) {
        let _ = writeln!(text, "-D {rule}");
    }
    for rule in after.iter().filter(|rule| !before.contains(rule)) {
        let _ = writeln!(text, "-I {rule}");
    }
}

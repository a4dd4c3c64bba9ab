//! What one service contributes: rules in the chains that all services share, and chains of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;

use super::chain::{ChainNames, ServicePortName};
use super::endpoints::{
    Backed, Place, Places, cluster_addresses, is_external, is_external_local, is_internal_local,
    load_balancers, of_family, places, session_affinity,
};
use super::proxy::{Masquerade, Proxy};
use crate::core::{IpFamily, Service, ServicePort, ServiceType};

/// The rules of one service; in shared chains a rule is its text after `-A `.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Rules in shared chains of the table `filter`.
    pub(super) filter: Vec<String>,
    /// Rules in shared chains of the table `nat`. Their order among services does not matter.
    pub(super) nat: Vec<String>,
    /// Its own chains, in the table `nat`.
    pub(super) chains: Vec<String>,
    /// The rules in those.
    pub(super) rules: Vec<Rule>,
    pub(super) endpoints: usize,
}

impl Part {
    /// Headless services, aliases and those without an address of the family have none.
    pub(super) fn of(proxy: &Proxy, backed: &Backed<'_>) -> Self {
        let mut part = Self::default();
        let service = backed.service;
        if service.spec.type_ == ServiceType::ExternalName {
            return part;
        }
        let spec = &service.spec;
        let wants_v6 = proxy.family == IpFamily::IPv6;
        let Some(cluster_ip) = cluster_addresses(service).find(|address| address.is_ipv6() == wants_v6)
        else {
            return part;
        };
        for port in &spec.ports {
            PortRules::new(proxy, backed, port, cluster_ip).write(&mut part);
        }
        part
    }

    fn rule(&mut self, chain: &str, rest: String) {
        self.rules.push(Rule { chain: chain.to_owned(), comment: None, rest });
    }

    fn rule_of_endpoint(&mut self, chain: &str, comment: String, rest: String) {
        self.rules.push(Rule { chain: chain.to_owned(), comment: Some(comment), rest });
    }
}

/// A rule of a chain of its own.
#[derive(Debug)]
pub(super) struct Rule {
    chain: String,
    /// What names an endpoint, for people only: it may be left out.
    comment: Option<String>,
    rest: String,
}

impl Rule {
    /// Its line for iptables-restore.
    pub(super) fn write(&self, text: &mut String, comments: bool) {
        let Self { chain, comment, rest } = self;
        let _ = match comment.as_ref().filter(|_| comments) {
            Some(comment) => writeln!(text, "-A {chain} -m comment --comment {comment} {rest}"),
            None => writeln!(text, "-A {chain} {rest}"),
        };
    }
}

struct PortRules<'a> {
    proxy: &'a Proxy,
    service: &'a Service,
    port: &'a ServicePort,
    names: ChainNames,
    cluster_ip: IpAddr,
    places: Places,
    /// The chains of the endpoints; a hash each.
    targets: BTreeMap<String, String>,
    balancers: Vec<IpAddr>,
    sources: Vec<IpNet>,
    internal: bool,
    external: bool,
}

impl<'a> PortRules<'a> {
    fn new(proxy: &'a Proxy, backed: &Backed<'a>, port: &'a ServicePort, cluster_ip: IpAddr) -> Self {
        let service = backed.service;
        let name = ServicePortName {
            namespace: service.metadata.namespace.clone(),
            name: service.metadata.name.clone(),
            port: port.name.clone(),
        };
        let protocol = if port.protocol.is_unset() { "TCP" } else { port.protocol.as_str() };
        let places = places(backed, port, &proxy.family, &proxy.node);
        let sources =
            service.spec.load_balancer_source_ranges.iter().filter_map(|range| range.trim().parse().ok());
        let names = ChainNames::new(&proxy.prefix, proxy.unnamed, &name, protocol);
        let target = |place: &Place| (place.endpoint.clone(), names.endpoint(&place.endpoint));
        let targets = places.reachable().into_iter().map(target).collect();
        Self {
            proxy,
            service,
            port,
            targets,
            names,
            cluster_ip,
            balancers: load_balancers(service, &proxy.family),
            sources: sources.filter(|net: &IpNet| net.addr().is_ipv6() == cluster_ip.is_ipv6()).collect(),
            internal: places.any && !(is_internal_local(service) && places.local.is_empty()),
            external: places.any && !(is_external_local(service) && places.local.is_empty()),
            places,
        }
    }

    fn write(&self, part: &mut Part) {
        self.cluster_ip(part);
        self.external_ips(part);
        self.balancers(part);
        self.node_port(part);
        self.internal_traffic(part);
        if self.places.any && is_external(self.service, self.port, &self.proxy.family) {
            self.external_traffic(part);
        }
        if self.has_firewall() {
            self.firewall(part);
        }
        if !self.places.cluster.is_empty() {
            self.balance(part, &self.names.cluster, &self.places.cluster);
        }
        if !self.places.local.is_empty() {
            self.balance(part, &self.names.local, &self.places.local);
        }
        let reachable = self.places.reachable();
        part.endpoints += reachable.len();
        for place in reachable {
            self.endpoint(part, place);
        }
    }

    fn chain(&self, name: &str) -> String {
        format!("{}-{name}", self.proxy.prefix)
    }

    fn mark(&self) -> String {
        self.chain("MARK-MASQ")
    }

    fn has_firewall(&self) -> bool {
        self.places.any && !self.balancers.is_empty() && !self.sources.is_empty()
    }

    /// `-m tcp -p tcp -d ADDRESS --dport PORT`
    fn at(&self, address: impl std::fmt::Display, port: i32) -> String {
        let protocol = self.names.protocol();
        format!("-m {protocol} -p {protocol} -d {address} --dport {port}")
    }

    fn internal_chain(&self) -> &str {
        if is_internal_local(self.service) { &self.names.local } else { &self.names.cluster }
    }

    /// What happens to traffic that no endpoint takes, and the comment that says why.
    fn refusal(&self) -> (&'static str, String) {
        let port = &self.names.port;
        if self.places.any {
            ("DROP", format!("-m comment --comment \"{port} has no local endpoints\""))
        } else {
            ("REJECT", format!("-m comment --comment \"{port} has no endpoints\""))
        }
    }

    fn cluster_ip(&self, part: &mut Part) {
        let services = self.chain("SERVICES");
        let at = self.at(self.cluster_ip, self.port.port);
        if self.internal {
            let (port, target) = (&self.names.port, self.internal_chain());
            part.nat.push(format!("{services} -m comment --comment \"{port} cluster IP\" {at} -j {target}"));
        } else {
            let (target, comment) = self.refusal();
            part.filter.push(format!("{services} {comment} {at} -j {target}"));
        }
    }

    fn external_ips(&self, part: &mut Part) {
        for address in of_family(&self.service.spec.external_ips, &self.proxy.family) {
            self.outer_address(part, address, "external IP", &self.names.external);
        }
    }

    fn balancers(&self, part: &mut Part) {
        let target = if self.has_firewall() { &self.names.firewall } else { &self.names.external };
        for address in &self.balancers {
            self.outer_address(part, *address, "loadbalancer IP", target);
            if self.has_firewall() {
                let (port, firewall) = (&self.names.port, &self.names.firewall);
                part.filter.push(format!(
                    "{} -m comment --comment \"{port} traffic not accepted by {firewall}\" {} -j DROP",
                    self.chain("PROXY-FIREWALL"),
                    self.at(address, self.port.port),
                ));
            }
        }
    }

    fn outer_address(&self, part: &mut Part, address: IpAddr, what: &str, target: &str) {
        let at = self.at(address, self.port.port);
        if self.places.any {
            let (services, port) = (self.chain("SERVICES"), &self.names.port);
            part.nat.push(format!("{services} -m comment --comment \"{port} {what}\" {at} -j {target}"));
        }
        if !self.external {
            let (target, comment) = self.refusal();
            part.filter.push(format!("{} {comment} {at} -j {target}", self.chain("EXTERNAL-SERVICES")));
        }
    }

    fn node_port(&self, part: &mut Part) {
        let (number, protocol) = (self.port.node_port, self.names.protocol());
        let port = &self.names.port;
        if number != 0 && self.places.any {
            let (chain, target) = (self.chain("NODEPORTS"), &self.names.external);
            part.nat.push(format!(
                "{chain} -m comment --comment {port} -m {protocol} -p {protocol} --dport {number} -j {target}"
            ));
        }
        if number != 0 && !self.external {
            let ((target, comment), chain) = (self.refusal(), self.chain("EXTERNAL-SERVICES"));
            part.filter.push(format!(
                "{chain} {comment} -m addrtype --dst-type LOCAL -m {protocol} -p {protocol} --dport {number} -j {target}"
            ));
        }
        let health = self.service.spec.health_check_node_port;
        if health != 0 {
            let chain = self.chain("NODEPORTS");
            part.filter.push(format!(
                "{chain} -m comment --comment \"{port} health check node port\" -m tcp -p tcp --dport {health} -j ACCEPT"
            ));
        }
    }

    /// Clients that are not pods get an address of the node, so that answers come back this way.
    fn internal_traffic(&self, part: &mut Part) {
        let from = match self.proxy.masquerade {
            Masquerade::All => Some(String::new()),
            Masquerade::Outside => self.proxy.pods.if_not(),
        };
        if let Some(from) = from.filter(|_| self.internal) {
            let (chain, port, mark) = (self.internal_chain(), &self.names.port, self.mark());
            let at = self.at(self.cluster_ip, self.port.port);
            part.rule(chain, format!("-m comment --comment \"{port} cluster IP\" {at}{from} -j {mark}"));
        }
    }

    fn external_traffic(&self, part: &mut Part) {
        let ChainNames { port, cluster, local, external, .. } = &self.names;
        let mark = self.mark();
        part.chains.push(external.clone());
        if is_external_local(self.service) {
            if let Some(from) = self.proxy.pods.if_from() {
                let rest = format!(
                    "-m comment --comment \"pod traffic for {port} external destinations\"{from} -j {cluster}"
                );
                part.rule(external, rest);
            }
            for (what, target) in [("masquerade", &mark), ("route", cluster)] {
                part.rule(
                    external,
                    format!(
                        "-m comment --comment \"{what} LOCAL traffic for {port} external destinations\" \
                     -m addrtype --src-type LOCAL -j {target}"
                    ),
                );
            }
        } else {
            part.rule(
                external,
                format!(
                    "-m comment --comment \"masquerade traffic for {port} external destinations\" -j {mark}"
                ),
            );
        }
        if self.external {
            let target = if is_external_local(self.service) { local } else { cluster };
            part.rule(external, format!("-j {target}"));
        }
    }

    /// Traffic that comes to the end of this chain meets the rule in the shared firewall chain.
    fn firewall(&self, part: &mut Part) {
        let ChainNames { port, firewall, external, .. } = &self.names;
        part.chains.push(firewall.clone());
        let comment = format!("-m comment --comment \"{port} loadbalancer IP\"");
        for source in &self.sources {
            part.rule(firewall, format!("{comment} -s {} -j {external}", source.trunc()));
        }
        let from_here = |net: &IpNet| self.proxy.node.address.is_some_and(|address| net.contains(&address));
        if self.sources.iter().any(from_here) {
            for address in &self.balancers {
                part.rule(firewall, format!("{comment} -s {address} -j {external}"));
            }
        }
        let dropped = self.chain("PROXY-FIREWALL");
        part.rule(
            firewall,
            format!("-m comment --comment \"other traffic to {port} will be dropped by {dropped}\""),
        );
    }

    /// Each endpoint with the same probability: the i-th of n with 1/(n-i) of what came by the ones before.
    fn balance(&self, part: &mut Part, chain: &str, places: &[Place]) {
        part.chains.push(chain.to_owned());
        let comment = |place: &Place| format!("\"{} -> {}\"", self.names.port, place.endpoint);
        if let Some(seconds) = session_affinity(self.service) {
            for place in places {
                let target = self.target(place);
                let rest =
                    format!("-m recent --name {target} --rcheck --seconds {seconds} --reap -j {target}");
                part.rule_of_endpoint(chain, comment(place), rest);
            }
        }
        for (place, left) in places.iter().zip((1..=places.len()).rev()) {
            let mut rest = String::new();
            if left > 1 {
                #[expect(clippy::cast_precision_loss, reason = "a count of endpoints is far below 2^52")]
                let probability = 1.0 / left as f64;
                let _ = write!(rest, "-m statistic --mode random --probability {probability:.10} ");
            }
            let _ = write!(rest, "-j {}", self.target(place));
            part.rule_of_endpoint(chain, comment(place), rest);
        }
    }

    /// The chain of one of the endpoints.
    fn target(&self, place: &Place) -> &str {
        self.targets.get(&place.endpoint).map_or("", String::as_str)
    }

    fn endpoint(&self, part: &mut Part, place: &Place) {
        let (chain, port, protocol) = (self.target(place), &self.names.port, self.names.protocol());
        // A pod that reaches itself through the service must not see its own address as the client's.
        part.rule_of_endpoint(chain, port.clone(), format!("-s {} -j {}", place.address, self.mark()));
        let recent = if session_affinity(self.service).is_some() {
            format!("-m recent --name {chain} --set ")
        } else {
            String::new()
        };
        let to = &place.endpoint;
        let rest = format!("{recent}-m {protocol} -p {protocol} -j DNAT --to-destination {to}");
        part.rule_of_endpoint(chain, port.clone(), rest);
        part.chains.push(chain.to_owned());
    }
}

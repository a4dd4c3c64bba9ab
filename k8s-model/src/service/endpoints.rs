//! Which endpoints a port of a service has, and which of them get its traffic on a node.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::core::{
    IpFamily, Service, ServiceAffinity, ServiceExternalTrafficPolicy, ServiceInternalTrafficPolicy,
    ServicePort,
};
use crate::discovery::{AddressType, Endpoint, EndpointSlice};

/// A service with the slices that name it (label `kubernetes.io/service-name`).
#[derive(Debug, Clone)]
pub struct Backed<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its endpoints; slices of another family of addresses are passed over.
    pub slices: Vec<&'a EndpointSlice>,
}

/// The node that traffic is looked at from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name: what is local to it.
    pub name: String,
    /// Its label `topology.kubernetes.io/zone`; hints for zones count only with it.
    pub zone: Option<String>,
    /// Its address; a load balancer's source ranges that contain it let the node itself in.
    pub address: Option<IpAddr>,
}

/// An endpoint of a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Address and port: `10.1.0.2:8080`, `[fd00::2]:8080`.
    pub endpoint: String,
    /// The address alone.
    pub address: IpAddr,
    /// Whether it is on the node.
    pub local: bool,
    state: State,
    hinted: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Ready,
    /// On its way out, and still serving.
    Leaving,
    Gone,
}

/// The endpoints of a port by policy (`CategorizeEndpoints`). While none is ready, those that are on their way out still serve.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// For the policy `Cluster`.
    pub cluster: Vec<Place>,
    /// For the policy `Local`.
    pub local: Vec<Place>,
    /// Whether there is any in the whole cluster.
    pub any: bool,
}

impl Places {
    /// All of them, each once.
    pub(super) fn reachable(&self) -> BTreeSet<&Place> {
        self.cluster.iter().chain(&self.local).collect()
    }
}

/// Whether a port can be reached from outside: by a port of the nodes, a load balancer or an external address.
pub(super) fn is_external(service: &Service, port: &ServicePort, family: &IpFamily) -> bool {
    port.node_port != 0
        || !load_balancers(service, family).is_empty()
        || !of_family(&service.spec.external_ips, family).is_empty()
}

pub(super) fn is_internal_local(service: &Service) -> bool {
    service.spec.internal_traffic_policy == Some(ServiceInternalTrafficPolicy::Local)
}

pub(super) fn is_external_local(service: &Service) -> bool {
    service.spec.external_traffic_policy == ServiceExternalTrafficPolicy::Local
}

/// For how many seconds a client keeps to the endpoint that it first got; `None` where it does not.
#[must_use]
pub fn session_affinity(service: &Service) -> Option<i32> {
    let spec = &service.spec;
    if spec.session_affinity != ServiceAffinity::ClientIp {
        return None;
    }
    let config = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    Some(config.and_then(|config| config.timeout_seconds).unwrap_or(10_800))
}

/// The endpoints of a service's port, as a node sees them.
#[must_use]
pub fn places(backed: &Backed<'_>, port: &ServicePort, family: &IpFamily, node: &Node) -> Places {
    let Backed { service, .. } = backed;
    let all = all(backed, port, family, node);
    let external = is_external(service, port, family);
    let uses_cluster = !is_internal_local(service) || external;
    let uses_local = is_internal_local(service) || external && is_external_local(service);

    let pick = |state: State, only: &dyn Fn(&Place) -> bool| -> Vec<Place> {
        all.iter().filter(|place| place.state == state && only(place)).cloned().collect()
    };
    let ready_or_leaving =
        |ready: &dyn Fn(&Place) -> bool, leaving: &dyn Fn(&Place) -> bool| match pick(State::Ready, ready) {
            none if none.is_empty() => pick(State::Leaving, leaving),
            some => some,
        };
    // Hints count only when every ready endpoint has them, and one is meant for this node.
    let ready = || all.iter().filter(|place| place.state == State::Ready);
    let hints =
        ready().all(|place| place.hinted.is_some()) && ready().any(|place| place.hinted == Some(true));
    let mut places = Places::default();
    if uses_cluster {
        places.cluster = ready_or_leaving(&|place| !hints || place.hinted == Some(true), &|_| true);
    }
    if uses_local {
        places.local = ready_or_leaving(&|place| place.local, &|place| place.local);
    }
    places.any =
        !places.cluster.is_empty() || uses_local && all.iter().any(|place| place.state != State::Gone);
    places
}

fn all(backed: &Backed<'_>, port: &ServicePort, family: &IpFamily, node: &Node) -> BTreeSet<Place> {
    let kind = if *family == IpFamily::IPv6 { AddressType::IPv6 } else { AddressType::IPv4 };
    let mut all = BTreeSet::new();
    for slice in backed.slices.iter().filter(|slice| slice.address_type == kind) {
        let numbers =
            slice.ports.iter().filter(|other| other.name.as_deref().unwrap_or_default() == port.name);
        for number in numbers.filter_map(|other| other.port).filter(|number| (1..=65_535).contains(number)) {
            all.extend(slice.endpoints.iter().filter_map(|endpoint| place(endpoint, number, node)));
        }
    }
    all
}

fn place(endpoint: &Endpoint, port: i32, node: &Node) -> Option<Place> {
    let address: IpAddr = endpoint.addresses.first()?.parse().ok()?;
    let conditions = &endpoint.conditions;
    let state = if conditions.ready.unwrap_or(true) {
        State::Ready
    } else if conditions.serving.unwrap_or(true) && conditions.terminating.unwrap_or(false) {
        State::Leaving
    } else {
        State::Gone
    };
    Some(Place {
        endpoint: match address {
            IpAddr::V4(address) => format!("{address}:{port}"),
            IpAddr::V6(address) => format!("[{address}]:{port}"),
        },
        address,
        local: !node.name.is_empty() && endpoint.node_name.as_deref() == Some(&node.name),
        state,
        hinted: hinted(endpoint, node),
    })
}

/// Whether an endpoint is meant for a node; `None` when it has no hint that counts there.
fn hinted(endpoint: &Endpoint, node: &Node) -> Option<bool> {
    let hints = endpoint.hints.as_ref()?;
    if !hints.for_nodes.is_empty() {
        return Some(hints.for_nodes.iter().any(|hint| hint.name == node.name));
    }
    let zone = node.zone.as_ref()?;
    (!hints.for_zones.is_empty()).then(|| hints.for_zones.iter().any(|hint| hint.name == *zone))
}

/// The addresses of a service, at most one of each family; `None` of a headless one is none.
pub(super) fn cluster_addresses(service: &Service) -> impl Iterator<Item = IpAddr> {
    let spec = &service.spec;
    let texts =
        if spec.cluster_ips.is_empty() { std::slice::from_ref(&spec.cluster_ip) } else { &spec.cluster_ips };
    texts.iter().filter_map(|text| text.parse().ok())
}

/// The addresses of one family; what is no address is left to validation.
pub(super) fn of_family(texts: &[String], family: &IpFamily) -> Vec<IpAddr> {
    let wants_v6 = *family == IpFamily::IPv6;
    texts
        .iter()
        .filter_map(|text| text.parse().ok())
        .filter(|address: &IpAddr| address.is_ipv6() == wants_v6)
        .collect()
}

/// The addresses of load balancers that the node itself takes traffic for: those not of the mode `Proxy`.
pub(super) fn load_balancers(service: &Service, family: &IpFamily) -> Vec<IpAddr> {
    use crate::core::LoadBalancerIpMode;
    let ingress = service.status.load_balancer.ingress.iter();
    let own = ingress.filter(|ingress| ingress.ip_mode != Some(LoadBalancerIpMode::Proxy));
    let texts: Vec<String> = own.map(|ingress| ingress.ip.clone()).collect();
    of_family(&texts, family)
}

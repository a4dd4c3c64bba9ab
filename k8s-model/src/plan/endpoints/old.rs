//! Endpoints: all addresses of a service in one object.

use std::collections::{BTreeMap, BTreeSet};

use super::super::action::Action;
use super::super::pods::is_ready;
use super::{HEADLESS, address, belongs, families, hostname, is_headless, is_kept, node, port, target};
use crate::core::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Pod, Service};
use crate::meta::ObjectMeta;

/// The label that names the controller of Endpoints.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
/// How many addresses they hold at most.
const MOST: usize = 1000;

/// What is to be done about the Endpoints of a service.
///
/// `pods` are those of its namespace that its selector means; `endpoints` is what is there under its name.
#[must_use]
pub fn plan(service: &Service, pods: &[&Pod], endpoints: Option<&Endpoints>) -> Vec<Action> {
    if !is_kept(service) {
        return Vec::new();
    }
    let mut labels = service.metadata.labels.clone();
    labels.remove(HEADLESS);
    if is_headless(service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels.insert(MANAGED_BY.to_owned(), "endpoint-controller".to_owned());
    let subsets = subsets(service, pods);
    match endpoints {
        None => {
            let metadata = ObjectMeta {
                name: service.metadata.name.clone(),
                namespace: service.metadata.namespace.clone(),
                labels,
                ..ObjectMeta::default()
            };
            vec![Action::Create(Endpoints { metadata, subsets }.into())]
        }
        Some(old) if old.subsets == subsets && old.metadata.labels == labels => Vec::new(),
        Some(old) => {
            let metadata = ObjectMeta { labels, ..old.metadata.clone() };
            vec![Action::Update(Endpoints { metadata, subsets }.into())]
        }
    }
}

/// A port that can be compared.
type Port = (String, i32, String, Option<String>);

/// The addresses by the set of ports that they have; ready ones first.
fn subsets(service: &Service, pods: &[&Pod]) -> Vec<EndpointSubset> {
    let family = families(service).into_iter().next().unwrap_or_default();
    let publishes = service.spec.publish_not_ready_addresses;
    let mut groups: BTreeMap<BTreeSet<Port>, EndpointSubset> = BTreeMap::new();
    let mut pods: Vec<&Pod> = pods.iter().copied().filter(|pod| belongs(pod, publishes)).collect();
    pods.sort_by_key(|pod| (address(pod, &family), &pod.metadata.uid));
    for pod in pods.into_iter().take(MOST) {
        let Some(ip) = address(pod, &family) else { continue };
        let ports: BTreeSet<Port> = (service.spec.ports.iter())
            .filter_map(|own| {
                let number = port(pod, own)?;
                Some((own.name.clone(), number, own.protocol.to_string(), own.app_protocol.clone()))
            })
            .collect();
        if ports.is_empty() && !(service.spec.ports.is_empty() && is_headless(service)) {
            continue;
        }
        let subset = groups.entry(ports).or_default();
        let address = EndpointAddress {
            ip,
            hostname: hostname(pod, service).unwrap_or_default().to_owned(),
            node_name: node(pod),
            target_ref: target(pod),
        };
        if publishes || is_ready(pod) {
            subset.addresses.push(address);
        } else {
            subset.not_ready_addresses.push(address);
        }
    }
    let with_ports = groups.into_iter().map(|(ports, subset)| {
        let ports = ports.into_iter().map(|(name, port, protocol, app_protocol)| EndpointPort {
            name,
            port,
            protocol: protocol.as_str().into(),
            app_protocol,
        });
        EndpointSubset { ports: ports.collect(), ..subset }
    });
    with_ports.collect()
}

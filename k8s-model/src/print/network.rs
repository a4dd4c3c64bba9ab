//! Services and what belongs to them.

use std::collections::BTreeSet;

use super::since;
use super::table::{Column, Options, Row, labels, or_none, selector, shortened};
use crate::core::{Endpoints, LoadBalancerStatus, Service, ServiceType};
use crate::networking::IngressLoadBalancerStatus;
use crate::object::Object;

/// How much of the addresses of a load balancer a narrow table shows.
const BALANCER_WIDTH: usize = 16;

pub(super) fn row(object: &Object, options: &Options) -> Option<Row> {
    let metadata = object.metadata()?;
    let mut cells = vec![(Column::always("Name"), metadata.name.clone())];
    let age = (Column::always("Age"), since(metadata.creation_timestamp, options.now));
    match object {
        Object::Service(object) => {
            let spec = &object.spec;
            let own = spec.cluster_ips.first().unwrap_or(&spec.cluster_ip);
            let ports: Vec<String> = spec
                .ports
                .iter()
                .map(|port| match (port.port, port.node_port, port.protocol.as_str()) {
                    (port, 0, protocol) => format!("{port}/{protocol}"),
                    (port, node, protocol) => format!("{port}:{node}/{protocol}"),
                })
                .collect();
            cells.push((Column::always("Type"), spec.type_.as_str().to_owned()));
            cells.push((Column::always("Cluster-IP"), or_none(own)));
            cells.push((Column::always("External-IP"), external(object, options.wide)));
            cells.push((Column::always("Port(s)"), or_none(&ports.join(","))));
            cells.push(age);
            cells.push((Column::wide("Selector"), labels(&spec.selector)));
        }
        Object::Ingress(object) => {
            let spec = &object.spec;
            let class = spec.ingress_class_name.as_deref().unwrap_or_default();
            let hosts: Vec<String> =
                spec.rules.iter().map(|rule| rule.host.clone()).filter(|host| !host.is_empty()).collect();
            // All rules count for how many there are more, also those without a host.
            let hosts = match hosts.get(..3) {
                _ if hosts.is_empty() => "*".to_owned(),
                Some(first) if spec.rules.len() > 3 => {
                    format!("{} + {} more...", first.join(","), spec.rules.len() - 3)
                }
                _ => hosts.join(","),
            };
            let ports = if spec.tls.is_empty() { "80" } else { "80, 443" };
            cells.push((Column::always("Class"), or_none(class)));
            cells.push((Column::always("Hosts"), hosts));
            let address = ingress_balancer(&object.status.load_balancer, options.wide);
            cells.push((Column::always("Address"), address));
            cells.push((Column::always("Ports"), ports.to_owned()));
            cells.push(age);
        }
        Object::IngressClass(object) => {
            let parameters = object.spec.parameters.as_ref().map_or_else(
                || or_none(""),
                |given| match &given.api_group {
                    Some(group) => format!("{}.{group}/{}", given.kind, given.name),
                    None => format!("{}/{}", given.kind, given.name),
                },
            );
            cells.push((Column::always("Controller"), object.spec.controller.clone()));
            cells.push((Column::always("Parameters"), parameters));
            cells.push(age);
        }
        Object::Endpoints(object) => {
            cells.push((Column::always("Endpoints"), endpoints(object)));
            cells.push(age);
        }
        Object::EndpointSlice(object) => {
            let ports: Vec<String> = object
                .ports
                .iter()
                .map(|port| match (port.port, &port.name) {
                    (Some(number), _) => number.to_string(),
                    (None, Some(name)) => name.clone(),
                    (None, None) => "*".to_owned(),
                })
                .collect();
            let addresses: Vec<String> =
                object.endpoints.iter().flat_map(|endpoint| endpoint.addresses.clone()).collect();
            let shown = |list: &[String]| {
                if list.is_empty() { "<unset>".to_owned() } else { shortened(list, 3, ",") }
            };
            cells.push((Column::always("AddressType"), object.address_type.as_str().to_owned()));
            cells.push((Column::always("Ports"), shown(&ports)));
            cells.push((Column::always("Endpoints"), shown(&addresses)));
            cells.push(age);
        }
        Object::NetworkPolicy(object) => {
            cells.push((Column::always("Pod-Selector"), selector(Some(&object.spec.pod_selector))));
            cells.push(age);
        }
        _ => return None,
    }
    Some(Row::new(cells))
}

fn balanced<'a>(addresses: impl Iterator<Item = (&'a str, &'a str)>, wide: bool) -> String {
    let all: BTreeSet<&str> = addresses
        .map(|(ip, host)| if ip.is_empty() { host } else { ip })
        .filter(|text| !text.is_empty())
        .collect();
    let text = all.into_iter().collect::<Vec<_>>().join(",");
    match text.get(..BALANCER_WIDTH - 3) {
        Some(start) if !wide && text.len() > BALANCER_WIDTH => format!("{start}..."),
        _ => text,
    }
}

/// The addresses of a service's load balancer.
pub(super) fn balancer(status: &LoadBalancerStatus, wide: bool) -> String {
    balanced(status.ingress.iter().map(|entry| (&*entry.ip, &*entry.hostname)), wide)
}

fn ingress_balancer(status: &IngressLoadBalancerStatus, wide: bool) -> String {
    balanced(status.ingress.iter().map(|entry| (&*entry.ip, &*entry.hostname)), wide)
}

fn external(object: &Service, wide: bool) -> String {
    let spec = &object.spec;
    let own = spec.external_ips.join(",");
    match spec.type_ {
        ServiceType::ClusterIp | ServiceType::NodePort => or_none(&own),
        ServiceType::LoadBalancer => {
            let given = balancer(&object.status.load_balancer, wide);
            match (given.is_empty(), own.is_empty()) {
                (true, true) => "<pending>".to_owned(),
                (false, false) => format!("{given},{own}"),
                (true, false) => own,
                (false, true) => given,
            }
        }
        ServiceType::ExternalName => spec.external_name.clone(),
        _ => "<unknown>".to_owned(),
    }
}

fn endpoints(object: &Endpoints) -> String {
    if object.subsets.is_empty() {
        return or_none("");
    }
    let mut all = Vec::new();
    for subset in &object.subsets {
        if subset.ports.is_empty() {
            all.extend(subset.addresses.iter().map(|address| address.ip.clone()));
        }
        for port in &subset.ports {
            all.extend(subset.addresses.iter().map(|address| {
                // An address of the newer family stands in brackets before a port.
                if address.ip.contains(':') {
                    format!("[{}]:{}", address.ip, port.port)
                } else {
                    format!("{}:{}", address.ip, port.port)
                }
            }));
        }
    }
    shortened(&all, 3, ",")
}

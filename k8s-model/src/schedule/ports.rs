//! Ports of the node that pods take (`framework.HostPortInfo`).

use std::collections::BTreeMap;

use crate::core::{PodSpec, Protocol};
use crate::resources::is_sidecar;

/// A port of a node: its number and protocol, and the address it is at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HostPort {
    number: i32,
    protocol: Protocol,
    address: String,
}

/// All addresses.
const ANY: &str = "0.0.0.0";

/// The ports that a pod wants: those of its main containers and sidecars.
pub(super) fn wanted(spec: &PodSpec) -> Vec<HostPort> {
    let sidecars = spec.init_containers.iter().filter(|container| is_sidecar(container));
    let ports = spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
    ports
        .filter(|port| port.host_port > 0)
        .map(|port| HostPort {
            number: port.host_port,
            protocol: if port.protocol.is_unset() { Protocol::Tcp } else { port.protocol.clone() },
            address: if port.host_ip.is_empty() { ANY.to_owned() } else { port.host_ip.clone() },
        })
        .collect()
}

/// The ports that are taken, each as often as pods have it.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(BTreeMap<HostPort, usize>);

impl Taken {
    pub(super) fn add(&mut self, ports: &[HostPort]) {
        for port in ports {
            *self.0.entry(port.clone()).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, ports: &[HostPort]) {
        for port in ports {
            if let Some(count) = self.0.get_mut(port) {
                *count -= 1;
                if *count == 0 {
                    self.0.remove(port);
                }
            }
        }
    }

    /// Whether one of the ports is taken: at the same address, or at all of them.
    pub(super) fn meets(&self, wanted: &[HostPort]) -> bool {
        wanted.iter().any(|port| {
            let first = HostPort { address: String::new(), ..port.clone() };
            let same = |other: &HostPort| other.number == port.number && other.protocol == port.protocol;
            let mut others = self.0.range(first..).map(|(other, _)| other).take_while(|other| same(other));
            others.any(|other| other.address == port.address || other.address == ANY || port.address == ANY)
        })
    }
}

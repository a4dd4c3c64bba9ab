//! Ports of this machine that lead to the pod.

use anyhow::{Context, bail};
use cni_client::network::Publish;
use cni_client::request::{PortMapping, Protocol};
use pod_core::pod::{self, PodSpec, Port};

/// Gives ports of the pod a port of this machine, by their names.
pub(super) fn publish(pod: &mut PodSpec, ports: &[Publish]) -> anyhow::Result<()> {
    for wanted in ports {
        let named = |port: &Port| port.name == wanted.name;
        let apps: Vec<_> = pod.apps.iter().filter(|app| app.ports.iter().any(named)).collect();
        if let [one, other, ..] = apps.as_slice() {
            bail!("`--port={wanted}`: containers `{}` and `{}` both name a port so", one.name, other.name);
        }
        let app = pod.apps.iter_mut().find(|app| app.ports.iter().any(named));
        let Some(app) = app else {
            let mut names: Vec<_> =
                pod.apps.iter().flat_map(|app| &app.ports).map(|port| &*port.name).collect();
            names.retain(|name| !name.is_empty());
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            bail!("`--port={wanted}`: no container names a port so; names of ports: {known}");
        };
        let (host_port, host_ip) = (Some(wanted.host_port), wanted.host_ip);
        match app.ports.iter_mut().find(|port| named(port) && port.host_port.is_none()) {
            Some(port) => (port.host_port, port.host_ip) = (host_port, host_ip),
            None => {
                let port = app.ports.iter().find(|port| named(port)).context("a port that was just there")?;
                app.ports.push(Port { host_port, host_ip, ..port.clone() });
            }
        }
    }
    Ok(())
}

/// The mappings that a pod asks for.
pub(super) fn mappings(pod: &PodSpec) -> Vec<PortMapping> {
    let mapping = |port: &Port| {
        let protocol = match port.protocol {
            pod::Protocol::Tcp => Protocol::Tcp,
            pod::Protocol::Udp => Protocol::Udp,
            pod::Protocol::Sctp => Protocol::Sctp,
        };
        let mapping = PortMapping::new(port.host_port?, port.container_port, protocol);
        Some(port.host_ip.map_or_else(|| mapping.clone(), |ip| mapping.clone().on(ip)))
    };
    pod.apps.iter().flat_map(|app| &app.ports).filter_map(mapping).collect()
}

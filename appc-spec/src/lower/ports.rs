//! Ports of apps, and which of them the host exposes.

use pod_core::pod::{App as PodApp, Port, Protocol};

use super::pod::{Problems, Source};
use crate::{ExposedPort, PodManifest, Port as AppPort};

/// The most ports of an app and of a pod's exposed ones together: as many as a protocol has.
const MAX: usize = 65_535;

/// The ports on which an app listens, each of a range for itself.
pub(super) fn of_app(source: &Source<'_>, problems: &mut Problems) -> Vec<Port> {
    let mut ports = Vec::new();
    for (index, port) in source.app.ports.iter().enumerate() {
        let field = format!("{}.ports[{index}]", source.app_field);
        let Some(range) = range(port, &field, problems) else { continue };
        if ports.len().saturating_add(range.len()) > MAX {
            problems.add(field, format!("there are more than {MAX} ports"));
            break;
        }
        ports.extend(range);
    }
    ports
}

/// Gives ports of apps their ports on the host.
pub(super) fn expose(
    manifest: &PodManifest,
    sources: &[Source<'_>],
    apps: &mut [PodApp],
    problems: &mut Problems,
) {
    let mut exposed = 0_usize;
    for (index, wanted) in manifest.ports.iter().enumerate() {
        let field = format!("ports[{index}]");
        let Some((owner, port)) = target(wanted, &field, sources, problems) else { continue };
        let Some(range) = range(port, &field, problems) else { continue };
        exposed = exposed.saturating_add(range.len());
        if exposed > MAX {
            problems.add(field, format!("more than {MAX} ports are exposed"));
            return;
        }
        let Some(first) = u16::try_from(wanted.host_port).ok().filter(|first| *first > 0) else {
            let message = format!("a port is 1 to 65535, not {}", wanted.host_port);
            problems.add(format!("{field}.hostPort"), message);
            continue;
        };
        let Some(app) = owner.and_then(|name| apps.iter_mut().find(|app| app.name.as_str() == name)) else {
            continue;
        };
        for (offset, mut port) in range.into_iter().enumerate() {
            let Some(host) = u16::try_from(offset).ok().and_then(|offset| first.checked_add(offset)) else {
                let message = format!("the ports from {first} on end beyond 65535");
                problems.add(format!("{field}.hostPort"), message);
                break;
            };
            port.host_port = Some(host);
            port.host_ip = wanted.host_ip;
            let same = |known: &Port| {
                known.host_port.is_none() && Port { host_port: None, host_ip: None, ..port.clone() } == *known
            };
            match app.ports.iter_mut().find(|known| same(known)) {
                Some(known) => *known = port,
                None => app.ports.push(port),
            }
        }
    }
}

/// The app that an exposed port belongs to, and the port in the pod. One that no app has belongs to the first: the pod has one
/// network.
fn target<'m>(
    wanted: &'m ExposedPort,
    field: &str,
    sources: &[Source<'m>],
    problems: &mut Problems,
) -> Option<(Option<&'m str>, &'m AppPort)> {
    let mut having = sources.iter().flat_map(|source| {
        let named = source.app.ports.iter().filter(|port| port.name == wanted.name);
        named.map(|port| (source.runtime.name.as_str(), port))
    });
    let first = having.next();
    if let Some(port) = &wanted.pod_port {
        let owner = first.map(|(owner, _)| owner);
        return Some((owner.or_else(|| sources.first().map(|source| source.runtime.name.as_str())), port));
    }
    let Some((owner, port)) = first else {
        problems.add(format!("{field}.name"), format!("no app has a port `{}`", wanted.name));
        return None;
    };
    if let Some((other, _)) = having.next() {
        let message = format!("the apps `{owner}` and `{other}` both have a port `{}`", wanted.name);
        problems.add(format!("{field}.name"), message);
        return None;
    }
    Some((Some(owner), port))
}

fn range(port: &AppPort, field: &str, problems: &mut Problems) -> Option<Vec<Port>> {
    if port.socket_activated {
        problems.add(format!("{field}.socketActivated"), "sockets are not passed to apps");
    }
    let protocol = match port.protocol.as_str() {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        other => {
            let message = format!("`{}` is not supported: only tcp, udp and sctp are", other.escape_debug());
            problems.add(format!("{field}.protocol"), message);
            return None;
        }
    };
    let last = u64::from(port.port).checked_add(port.count.saturating_sub(1));
    let Some(last) = last.and_then(|last| u16::try_from(last).ok()) else {
        let message = format!("{} ports from {} on end beyond 65535", port.count, port.port);
        problems.add(format!("{field}.count"), message);
        return None;
    };
    let one = |number| Port {
        name: port.name.to_string(),
        protocol,
        container_port: number,
        host_port: None,
        host_ip: None,
    };
    Some((port.port..=last).map(one).collect())
}

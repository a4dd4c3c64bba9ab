//! Hooks and probes.

use std::time::Duration;

use pod_core::pod::{Handler, HttpHeader, HttpScheme, Probe as Lowered};

use super::seconds;
use crate::core::{Container, HttpGetAction, LifecycleHandler, Probe, UriScheme};
use crate::expand::Problems;
use crate::int_or_string::IntOrString;
use crate::path::Path;

pub(super) fn probe(
    probe: Option<&Probe>,
    container: &Container,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<Lowered> {
    let probe = probe?;
    let handler = if let Some(action) = &probe.exec {
        Some(Handler::Exec { command: action.command.clone() })
    } else if let Some(action) = &probe.http_get {
        http(action, container, &path.child("httpGet"), problems)
    } else if let Some(action) = &probe.tcp_socket {
        let port = port(&action.port, container, &path.child("tcpSocket.port"), problems);
        port.map(|port| Handler::TcpSocket { host: host(&action.host), port })
    } else if let Some(action) = &probe.grpc {
        let port = port(&IntOrString::Int(action.port), container, &path.child("grpc.port"), problems);
        port.map(|port| Handler::Grpc { port, service: action.service.clone().unwrap_or_default() })
    } else {
        problems.add(path, "it has no handler");
        None
    };
    let count = |number: i32| u32::try_from(number.max(1)).unwrap_or(1);
    let time =
        |number: i32, least: u64| seconds(number.into()).unwrap_or_default().max(Duration::from_secs(least));
    Some(Lowered {
        handler: handler?,
        initial_delay: time(probe.initial_delay_seconds, 0),
        period: time(probe.period_seconds, 1),
        timeout: time(probe.timeout_seconds, 1),
        success_threshold: count(probe.success_threshold),
        failure_threshold: count(probe.failure_threshold),
        termination_grace: probe.termination_grace_period_seconds.and_then(seconds),
    })
}

pub(super) fn hook(
    hook: Option<&LifecycleHandler>,
    container: &Container,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<Handler> {
    let hook = hook?;
    if let Some(action) = &hook.exec {
        Some(Handler::Exec { command: action.command.clone() })
    } else if let Some(action) = &hook.http_get {
        http(action, container, &path.child("httpGet"), problems)
    } else if let Some(action) = &hook.sleep {
        Some(Handler::Sleep { duration: seconds(action.seconds).unwrap_or_default() })
    } else if hook.tcp_socket.is_some() {
        problems.add(&path.child("tcpSocket"), "a hook cannot open a connection: no kubelet does");
        None
    } else {
        problems.add(path, "it has no handler");
        None
    }
}

fn http(
    action: &HttpGetAction,
    container: &Container,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<Handler> {
    let port = port(&action.port, container, &path.child("port"), problems)?;
    let headers = action.http_headers.iter();
    let target = if action.path.starts_with('/') { action.path.clone() } else { format!("/{}", action.path) };
    Some(Handler::HttpGet {
        host: host(&action.host),
        port,
        path: target,
        scheme: if action.scheme == UriScheme::Https { HttpScheme::Https } else { HttpScheme::Http },
        headers: headers.map(|h| HttpHeader { name: h.name.clone(), value: h.value.clone() }).collect(),
    })
}

fn host(host: &str) -> Option<String> {
    (!host.is_empty()).then(|| host.to_owned())
}

/// A port by number, or by the name that the container gives it (kubelet, `probe.ResolveContainerPort`).
fn port(port: &IntOrString, container: &Container, path: &Path<'_>, problems: &mut Problems) -> Option<u16> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let Some(named) = container.ports.iter().find(|port| port.name == *name) else {
                problems.add(path, format!("the container has no port `{name}`"));
                return None;
            };
            named.container_port
        }
    };
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    if port.is_none() {
        problems.add(path, format!("{number} is no port"));
    }
    port
}

//! Hooks and probes.

use super::errors::Errors;
use super::names;
use crate::core::{
    ExecAction, GrpcAction, HttpGetAction, Lifecycle, LifecycleHandler, Probe, SleepAction, TcpSocketAction,
    UriScheme,
};
use crate::int_or_string::IntOrString;
use crate::path::Path;

/// The members of which a hook or a probe has exactly one.
#[derive(Default)]
struct Handler<'h> {
    exec: Option<&'h ExecAction>,
    http_get: Option<&'h HttpGetAction>,
    tcp_socket: Option<&'h TcpSocketAction>,
    grpc: Option<&'h GrpcAction>,
    sleep: Option<&'h SleepAction>,
}

impl<'h> From<&'h Probe> for Handler<'h> {
    fn from(probe: &'h Probe) -> Self {
        Self {
            exec: probe.exec.as_deref(),
            http_get: probe.http_get.as_deref(),
            tcp_socket: probe.tcp_socket.as_deref(),
            grpc: probe.grpc.as_deref(),
            sleep: None,
        }
    }
}

impl<'h> From<&'h LifecycleHandler> for Handler<'h> {
    fn from(hook: &'h LifecycleHandler) -> Self {
        Self {
            exec: hook.exec.as_deref(),
            http_get: hook.http_get.as_deref(),
            tcp_socket: hook.tcp_socket.as_deref(),
            grpc: None,
            sleep: hook.sleep.as_deref(),
        }
    }
}

/// What a probe is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeKind {
    Liveness,
    Readiness,
    Startup,
}

pub(super) fn probe(
    probe: Option<&Probe>,
    kind: ProbeKind,
    grace: Option<i64>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let Some(probe) = probe else { return };
    handler(&probe.into(), grace, path, errors);
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    for (name, number) in numbers {
        errors.non_negative(&path.child(name), number.into());
    }
    if let Some(seconds) = probe.termination_grace_period_seconds {
        let path = path.child("terminationGracePeriodSeconds");
        if seconds <= 0 {
            errors.invalid(&path, seconds, "must be greater than 0");
        }
        if kind == ProbeKind::Readiness {
            errors.invalid(&path, seconds, "must not be set for readinessProbes");
        }
    }
    if kind != ProbeKind::Readiness && probe.success_threshold != 1 {
        errors.invalid(&path.child("successThreshold"), probe.success_threshold, "must be 1");
    }
}

pub(super) fn lifecycle(lifecycle: &Lifecycle, grace: Option<i64>, path: &Path<'_>, errors: &mut Errors) {
    if let Some(hook) = &lifecycle.post_start {
        handler(&(&**hook).into(), grace, &path.child("postStart"), errors);
    }
    if let Some(hook) = &lifecycle.pre_stop {
        handler(&(&**hook).into(), grace, &path.child("preStop"), errors);
    }
}

fn handler(handler: &Handler<'_>, grace: Option<i64>, path: &Path<'_>, errors: &mut Errors) {
    let mut count = 0;
    let mut first = |name: &'static str, errors: &mut Errors| {
        count += 1;
        if count > 1 {
            errors.forbidden(&path.child(name), "may not specify more than 1 handler type");
        }
        count == 1
    };
    if let Some(action) = handler.exec
        && first("exec", errors)
        && action.command.is_empty()
    {
        errors.required(&path.child("exec.command"), "");
    }
    if let Some(action) = handler.http_get
        && first("httpGet", errors)
    {
        http(action, &path.child("httpGet"), errors);
    }
    if let Some(action) = handler.tcp_socket
        && first("tcpSocket", errors)
    {
        port(&action.port, &path.child("tcpSocket.port"), errors);
    }
    if let Some(action) = handler.grpc
        && first("grpc", errors)
    {
        port(&IntOrString::Int(action.port), &path.child("grpc.port"), errors);
    }
    if let Some(action) = handler.sleep
        && first("sleep", errors)
        && let Some(grace) = grace
        && !(0..=grace).contains(&action.seconds)
    {
        let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errors.invalid(&path.child("sleep"), action.seconds, detail);
    }
    if count == 0 {
        errors.required(path, "must specify a handler type");
    }
}

fn http(action: &HttpGetAction, path: &Path<'_>, errors: &mut Errors) {
    if action.path.is_empty() {
        errors.required(&path.child("path"), "");
    }
    port(&action.port, &path.child("port"), errors);
    if !matches!(action.scheme, UriScheme::Http | UriScheme::Https) {
        errors.not_supported(&path.child("scheme"), action.scheme.as_str(), UriScheme::KNOWN);
    }
    for header in &action.http_headers {
        errors.invalid_all(&path.child("httpHeaders"), &header.name, names::http_header(&header.name));
    }
}

fn port(port: &IntOrString, path: &Path<'_>, errors: &mut Errors) {
    match port {
        IntOrString::Int(number) => errors.invalid_all(path, *number, names::port_number((*number).into())),
        IntOrString::String(name) => errors.invalid_all(path, name, names::port_name(name)),
    }
}

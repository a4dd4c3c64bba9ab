//! Hooks and probes: what is done in or to an app, and how its outcomes count.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something done in an app or to it, by a hook or a probe (Kubernetes `LifecycleHandler`, `ProbeHandler`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Handler {
    /// Run a command in the app; exit status 0 is success. No shell is involved.
    Exec {
        /// The program and its arguments.
        command: Vec<String>,
    },
    /// An HTTP GET; a status from 200 to 399 is success.
    HttpGet {
        /// The host to connect to; `None` is the pod itself.
        host: Option<String>,
        /// The port to connect to, 1 to 65535.
        port: u16,
        /// Path and query, beginning with `/`.
        path: String,
        /// Plain or over TLS (whose certificate is not checked, as the kubelet does).
        scheme: HttpScheme,
        /// Further request headers, in order; repeated names are sent repeatedly.
        headers: Vec<HttpHeader>,
    },
    /// A TCP connection that opens is success.
    TcpSocket {
        /// The host to connect to; `None` is the pod itself.
        host: Option<String>,
        /// The port to connect to, 1 to 65535.
        port: u16,
    },
    /// The gRPC health check (grpc.health.v1) answers SERVING.
    Grpc {
        /// The port to connect to, 1 to 65535.
        port: u16,
        /// The service to ask for; empty is the server as a whole.
        service: String,
    },
    /// Wait (hooks only).
    Sleep {
        /// How long.
        duration: Duration,
    },
}

/// The scheme of an HTTP probe or hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HttpScheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// A request header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpHeader {
    /// The name, as it is sent.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A question asked again and again (Kubernetes `Probe`; defaults are applied before lowering).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// What is asked.
    pub handler: Handler,
    /// How long after the app's start the first probe is due.
    pub initial_delay: Duration,
    /// The time between probes; at least one second.
    pub period: Duration,
    /// How long one probe may take; at least one second.
    pub timeout: Duration,
    /// How many successes in a row turn it to success; at least 1.
    pub success_threshold: u32,
    /// How many failures in a row turn it to failure; at least 1.
    pub failure_threshold: u32,
    /// The grace period of a stop that this probe's failure causes, instead of the pod's.
    pub termination_grace: Option<Duration>,
}

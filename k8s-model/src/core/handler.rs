//! Hooks and probes.

use crate::int_or_string::IntOrString;
use crate::schema::{object, open_enum};

object! {
    /// A question asked again and again; exactly one of the first four members says how.
    pub struct Probe {
        /// By a command in the container.
        pub exec: Option<Box<ExecAction>> = "exec",
        /// By an HTTP request.
        pub http_get: Option<Box<HttpGetAction>> = "httpGet",
        /// By opening a connection.
        pub tcp_socket: Option<Box<TcpSocketAction>> = "tcpSocket",
        /// By the health service of gRPC.
        pub grpc: Option<Box<GrpcAction>> = "grpc",
        /// How many seconds after the start the first one is due.
        pub initial_delay_seconds: i32 = "initialDelaySeconds",
        /// How many seconds one may take; from 1, by default 1.
        pub timeout_seconds: i32 = "timeoutSeconds",
        /// How many seconds lie between two; from 1, by default 10.
        pub period_seconds: i32 = "periodSeconds",
        /// How many successes in a row count as success; from 1, and exactly 1 for liveness and startup.
        pub success_threshold: i32 = "successThreshold",
        /// How many failures in a row count as failure; from 1, by default 3.
        pub failure_threshold: i32 = "failureThreshold",
        /// How many seconds the container has to stop when this probe fails, instead of the pod's; from 1,
        /// not for readiness.
        pub termination_grace_period_seconds: Option<i64> = "terminationGracePeriodSeconds",
    }

    /// What is done at the edges of a container's life.
    pub struct Lifecycle {
        /// Right after it was started, beside its first process; failure kills it.
        pub post_start: Option<Box<LifecycleHandler>> = "postStart",
        /// Before it is asked to stop, within the grace period.
        pub pre_stop: Option<Box<LifecycleHandler>> = "preStop",
        /// The signal that asks it to stop, such as `SIGUSR1`; needs `spec.os.name`.
        pub stop_signal: Option<String> = "stopSignal",
    }

    /// What a hook does; exactly one member.
    pub struct LifecycleHandler {
        /// Runs a command in the container.
        pub exec: Option<Box<ExecAction>> = "exec",
        /// Sends an HTTP request.
        pub http_get: Option<Box<HttpGetAction>> = "httpGet",
        /// Not supported; kept for compatibility.
        pub tcp_socket: Option<Box<TcpSocketAction>> = "tcpSocket",
        /// Waits.
        pub sleep: Option<Box<SleepAction>> = "sleep",
    }

    /// A command; success is exit status 0.
    pub struct ExecAction {
        /// The program and its arguments; no shell is involved.
        pub command: Vec<String> = "command",
    }

    /// An HTTP GET; success is a status from 200 to 399.
    pub struct HttpGetAction as "HTTPGetAction" {
        /// The path, with its query; `/` by default.
        pub path: String = "path",
        /// The port: a number, or the name of one of the container's.
        pub port: IntOrString = "port" always,
        /// The host to ask; the pod itself when empty.
        pub host: String = "host",
        /// HTTP or HTTPS; certificates are not checked.
        pub scheme: UriScheme = "scheme",
        /// Further headers of the request; a name may stand twice.
        pub http_headers: Vec<HttpHeader> = "httpHeaders",
    }

    /// A header of a request.
    pub struct HttpHeader as "HTTPHeader" {
        /// The name.
        pub name: String = "name" always,
        /// The value.
        pub value: String = "value" always,
    }

    /// A connection; success is that it opens.
    pub struct TcpSocketAction as "TCPSocketAction" {
        /// The port: a number, or the name of one of the container's.
        pub port: IntOrString = "port" always,
        /// The host to connect to; the pod itself when empty.
        pub host: String = "host",
    }

    /// A call of `grpc.health.v1.Health/Check`; success is `SERVING`.
    pub struct GrpcAction as "GRPCAction" {
        /// The port, from 1 to 65535.
        pub port: i32 = "port" always,
        /// The service that is asked for; empty is the server as a whole.
        pub service: Option<String> = "service" always,
    }

    /// A pause.
    pub struct SleepAction {
        /// How many seconds.
        pub seconds: i64 = "seconds" always,
    }
}

open_enum! {
    /// The scheme of a request.
    pub enum UriScheme {
        /// Plain HTTP.
        Http = "HTTP",
        /// HTTP over TLS.
        Https = "HTTPS",
    }
}

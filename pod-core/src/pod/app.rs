//! One app of a pod: its image, process, mounts, limits, hooks and probes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{AppName, Handler, Probe, RestartPolicy, RestartRule, Security, Template, VolumeName};
use crate::image::PullPolicy;

/// One app of a pod (a Kubernetes container, an App Container app).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// Its name, unique in the pod.
    pub name: AppName,
    /// When in the pod's life it runs.
    pub kind: AppKind,
    /// The image as the user named it.
    pub image: String,
    /// When that image is pulled.
    pub pull_policy: PullPolicy,
    /// Replaces the image's entry point, and with it the image's arguments.
    pub command: Option<Vec<Template>>,
    /// Replaces the image's arguments.
    pub args: Option<Vec<Template>>,
    /// Replaces the image's working directory; an absolute path.
    pub working_dir: Option<String>,
    /// Added to the image's environment; the last of equal names wins.
    pub env: Vec<EnvVar>,
    /// Ports that the app listens on.
    pub ports: Vec<Port>,
    /// Where volumes appear in the app.
    pub mounts: Vec<Mount>,
    /// What it may use.
    pub resources: Resources,
    /// Who it runs as, and what it may do.
    pub security: Security,
    /// What runs at the edges of its life.
    pub hooks: Hooks,
    /// How its health is asked for.
    pub probes: Probes,
    /// What happens when it ended; `None` is the pod's policy. (A sidecar always restarts.)
    pub restart_policy: Option<RestartPolicy>,
    /// What happens when it ended with certain exit codes: the first rule that fits decides, and where none does the policy.
    /// They count for nothing where the apps share one fate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart_rules: Vec<RestartRule>,
    /// Where it leaves its last words.
    pub termination_message: TerminationMessage,
    /// The signal that asks it to stop, by number; `None` is the image's, else SIGTERM.
    pub stop_signal: Option<i32>,
    /// What its standard input is.
    pub stdin: Stdin,
    /// Whether its standard streams are a terminal.
    pub tty: bool,
}

/// When in the pod's life an app runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AppKind {
    /// Runs to its end before the next one starts.
    Init,
    /// Starts among the init apps and runs beside the main ones (an init container with `restartPolicy: Always`).
    Sidecar,
    /// What the pod is for.
    Main,
}

/// An environment variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvVar {
    /// The name: not empty, without `=` and NUL.
    pub name: String,
    /// The value, references to other variables already expanded.
    pub value: Template,
}

/// A port that an app listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Port {
    /// A name that hooks, probes and `--port` may use; empty when it has none.
    pub name: String,
    /// The protocol.
    pub protocol: Protocol,
    /// The port inside the pod, 1 to 65535.
    pub container_port: u16,
    /// The port of the host that leads there.
    pub host_port: Option<u16>,
    /// The host's address that the host port is bound to; `None` is all of them.
    pub host_ip: Option<IpAddr>,
}

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// Transmission Control Protocol.
    Tcp,
    /// User Datagram Protocol.
    Udp,
    /// Stream Control Transmission Protocol.
    Sctp,
}

/// Where a volume appears in an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mount {
    /// The pod's volume.
    pub volume: VolumeName,
    /// Where it appears: an absolute path in the app's root file system, resolved without leaving it.
    pub path: String,
    /// Whether the app may not write to it.
    pub read_only: bool,
    /// The part of the volume that is mounted: a relative path without `..`, resolved inside the volume. `None` is all.
    pub sub_path: Option<Template>,
    /// Whether later mounts pass between host and app.
    pub propagation: Propagation,
}

/// Whether mounts made later pass between the host and an app (mount_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Propagation {
    /// Neither way.
    Private,
    /// The host's mounts appear in the app.
    HostToContainer,
    /// Both ways; for privileged apps only.
    Bidirectional,
}

/// What an app may use. Absent is unlimited, or the kernel's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// What it asks for, in thousandths of a processor: its share when processors are short.
    pub cpu_request_milli: Option<u64>,
    /// The most it gets, in thousandths of a processor.
    pub cpu_limit_milli: Option<u64>,
    /// What it asks for, in bytes.
    pub memory_request: Option<u64>,
    /// The most it may hold, in bytes; beyond it the kernel kills.
    pub memory_limit: Option<u64>,
    /// The most processes and threads it may have.
    pub pids_limit: Option<u64>,
    /// The out-of-memory score adjustment that follows from these, -1000 to 1000.
    pub oom_score_adj: Option<i32>,
}

/// What runs at the edges of an app's life.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hooks {
    /// Runs in a new process tree before the app starts; failure is the app's failure (App Container `pre-start`).
    pub pre_start: Option<Handler>,
    /// Runs right after the app started, beside it; failure kills the app (Kubernetes `postStart`).
    pub post_start: Option<Handler>,
    /// Runs before the app is asked to stop, within the grace period (Kubernetes `preStop`).
    pub pre_stop: Option<Handler>,
    /// Runs after the app ended (App Container `post-stop`).
    pub post_stop: Option<Handler>,
}

/// How an app's health is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probes {
    /// Until it succeeds the others do not run; failure kills the app.
    pub startup: Option<Probe>,
    /// Failure kills the app.
    pub liveness: Option<Probe>,
    /// Decides whether the app is ready.
    pub readiness: Option<Probe>,
}

/// Where an app leaves its last words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminationMessage {
    /// The file inside the app that the message is read from; an absolute path. `None`: there is no such file.
    pub path: Option<String>,
    /// What is used when the file is empty.
    pub policy: TerminationMessagePolicy,
}

/// What an app's last words are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TerminationMessagePolicy {
    /// What is in the file, at most 4096 bytes.
    File,
    /// The same, or, when the app failed and the file is empty, the end of its log (2048 bytes or 80 lines).
    FallbackToLogsOnError,
}

/// What an app's standard input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stdin {
    /// `/dev/null`.
    Null,
    /// Open for whoever attaches, again and again.
    Open,
    /// Open for the first who attaches, then at its end.
    Once,
}

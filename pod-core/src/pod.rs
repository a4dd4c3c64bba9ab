//! The neutral pod model: what every flavour of manifest lowers into, and what an engine runs.
//!
//! Plain data with public fields. A crate that owns a format (an appc `PodManifest`, a Kubernetes `Pod`) builds
//! a [`PodSpec`], after defaulting and validation; what it cannot carry over is an error there, so an engine
//! may rely on every field being meant. The JSON form is what a pod directory keeps on disk.
//!
//! What is known only once the pod's network exists (its addresses) stands in a [`Template`]; everything else
//! is resolved when the model is built.

mod app;
mod handler;
mod name;
mod process;
mod restart;
mod security;
pub mod signal;
mod template;
mod volume;

pub use app::{
    App, AppKind, EnvVar, Hooks, Mount, Port, Probes, Propagation, Protocol, Resources, Stdin,
    TerminationMessage, TerminationMessagePolicy,
};
pub use handler::{Handler, HttpHeader, HttpScheme, Probe};
pub use name::{AppName, ParseNameError, VolumeName};
pub use process::{ImageConfig, Process, ProcessError, User};
pub use restart::{ExitCodes, RestartAction, RestartPolicy, RestartRule};
pub use security::{Capability, ParseCapabilityError, SeccompProfile, Security};
pub use template::{SandboxFact, SandboxFacts, Template};
pub use uuid::Uuid;
pub use volume::{FileContent, FileEntry, HostPathKind, Volume, VolumeSource};

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A pod: apps that share a network, hostname and volumes, and live and end together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodSpec {
    /// The pod's name: Kubernetes `metadata.name`; for other flavours what the user calls it.
    pub name: String,
    /// The namespace of that name (`default` where the flavour has none).
    pub namespace: String,
    /// The identifier under which the engine keeps the pod; `metadata.uid` for Kubernetes.
    pub uid: Uuid,
    /// Labels, kept for the record and for listing.
    pub labels: BTreeMap<String, String>,
    /// Annotations, kept for the record. An engine decides nothing by them.
    pub annotations: BTreeMap<String, String>,
    /// The host name inside the pod; `None` keeps the host's own (host network).
    pub hostname: Option<String>,
    /// All apps in the order of their manifest: init apps and sidecars first, in start order.
    pub apps: Vec<App>,
    /// What the apps may mount.
    pub volumes: Vec<Volume>,
    /// What happens to an app that ended (each app may say otherwise for itself).
    pub restart_policy: RestartPolicy,
    /// Whether one failed app ends the pod.
    pub fate: Fate,
    /// How long a stopping app has between the start of its preStop hook and SIGKILL.
    pub termination_grace: Duration,
    /// How long the pod may be active before it fails with `DeadlineExceeded`.
    pub active_deadline: Option<Duration>,
    /// Which namespaces the pod has for itself.
    pub isolation: Isolation,
    /// Further lines for each app's `/etc/hosts`.
    pub host_aliases: Vec<HostAlias>,
    /// What each app's `/etc/resolv.conf` says.
    pub dns: Dns,
    /// Namespaced kernel parameters, by dotted name.
    pub sysctls: BTreeMap<String, String>,
    /// The group that owns the pod's writable volumes, and that each app has as a supplementary one.
    pub fs_group: Option<u32>,
    /// Conditions besides its apps' readiness that must be true for the pod to be ready.
    pub readiness_gates: Vec<String>,
}

impl PodSpec {
    /// The app of that name.
    #[must_use]
    pub fn app(&self, name: &AppName) -> Option<&App> {
        self.apps.iter().find(|app| app.name == *name)
    }

    /// The volume of that name.
    #[must_use]
    pub fn volume(&self, name: &VolumeName) -> Option<&Volume> {
        self.volumes.iter().find(|volume| volume.name == *name)
    }
}

/// Whether the apps of a pod share one fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fate {
    /// The first app that fails ends the pod (App Container).
    Shared,
    /// Each app lives by its restart policy (Kubernetes).
    Independent,
}

/// Which namespaces the pod has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Isolation {
    /// Network interfaces, addresses and ports.
    pub network: Shared,
    /// System V and POSIX inter-process communication.
    pub ipc: Shared,
    /// Process identifiers.
    pub pid: PidIsolation,
}

/// A namespace that the apps of a pod always share with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shared {
    /// The pod has one of its own.
    Pod,
    /// The pod uses the host's.
    Host,
}

/// Who sees whose processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PidIsolation {
    /// Each app is PID 1 of a namespace of its own.
    App,
    /// The apps share one namespace, whose PID 1 reaps orphans (Kubernetes `shareProcessNamespace`).
    Pod,
    /// The apps are processes of the host (Kubernetes `hostPID`).
    Host,
}

/// A line of `/etc/hosts`: one address and its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAlias {
    /// The address.
    pub ip: IpAddr,
    /// The names that resolve to it.
    pub hostnames: Vec<String>,
}

/// What `/etc/resolv.conf` says (resolv.conf(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dns {
    /// What the node's own file says when the pod starts.
    Host,
    /// What the first of the pod's networks says that says anything; the node's own file when none does.
    Network,
    /// Exactly these.
    Fixed {
        /// Name servers, in the order they are asked; the resolver uses the first three.
        nameservers: Vec<IpAddr>,
        /// Search domains.
        searches: Vec<String>,
        /// Options, such as `ndots:5`.
        options: Vec<String>,
    },
    /// Whatever the image has; the engine leaves the file alone.
    Image,
}

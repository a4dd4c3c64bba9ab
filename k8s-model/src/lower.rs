//! A Kubernetes pod as the neutral pod model: [`pod_core::pod::PodSpec`].
//!
//! The pod has its defaults and is valid ([`default`](crate::default), [`validate`](crate::validate)). What the model or one node cannot
//! do is a problem that names the field; all of them are found at once, and nothing is dropped in silence. [`FIELDS`] says of each
//! field what becomes of it: carried over, without a meaning on one node, or refused.
//!
//! ```
//! use k8s_model::decode::{Mode, decode_str};
//! use k8s_model::default::default;
//! use k8s_model::expand::{Node, Objects};
//! use k8s_model::lower::{self, NodeSettings};
//! use k8s_model::object::Object;
//! use pod_core::pod::Uuid;
//!
//! let text = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: web, image: nginx, command: [web]}]}}";
//! let mut object = decode_str(text, "web.yaml", Mode::Strict).documents.remove(0).object;
//! default(&mut object);
//! let Object::Pod(pod) = &object else { unreachable!() };
//! let node = Node { name: "here".into(), cpu_milli: 2000, memory: 4 << 30, ephemeral_storage: 10 << 30 };
//! let settings = NodeSettings::new(node);
//! let spec = lower::pod(pod, Uuid::nil(), &settings, &Objects::default()).unwrap();
//! assert_eq!(spec.hostname.as_deref(), Some("web"));
//! assert_eq!(spec.apps[0].image, "nginx");
//! ```

mod amounts;
mod container;
mod dns;
mod fields;
mod handler;
mod refused;
mod security;
mod status;
mod volume;

pub use dns::{ClusterDns, Resolver};
pub use fields::{FIELDS, Treatment};
pub use refused::refused;
pub use status::{events, is_same, report, status, waiting_status};

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use pod_core::pod::{Fate, HostAlias, Isolation, PidIsolation, PodSpec, RestartPolicy, Shared, Uuid};

use crate::core::{Pod, RestartPolicy as Policy, Secret};
use crate::expand::{Context, FieldProblem, Lookup, Node, Problems};
use crate::path::Path;
use crate::validate::dotted;

/// The longest host name that is given to a pod (kubelet, `hostnameMaxLen`).
const HOSTNAME_MAX: usize = 63;

/// What a kubelet is configured with, as far as pods feel it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSettings {
    /// The node.
    pub node: Node,
    /// Whether a container that asks for no seccomp profile gets the runtime's default one (kubelet `seccompDefault`).
    pub seccomp_default: bool,
    /// The directory that seccomp profiles of type `Localhost` are in.
    pub seccomp_profiles: PathBuf,
    /// What the node's own `/etc/resolv.conf` says: the base of a pod's that adds something to it.
    pub resolver: Resolver,
    /// The name server of a cluster, if there is one.
    pub cluster_dns: Option<ClusterDns>,
}

impl NodeSettings {
    /// The settings of a kubelet that nobody configured, on that node: seccomp off unless a container asks for it, profiles in
    /// `/var/lib/kubelet/seccomp`, no cluster.
    #[must_use]
    pub fn new(node: Node) -> Self {
        Self {
            node,
            seccomp_default: false,
            seccomp_profiles: PathBuf::from("/var/lib/kubelet/seccomp"),
            resolver: Resolver::default(),
            cluster_dns: None,
        }
    }
}

/// Lowers a pod that has its defaults and is valid.
///
/// # Errors
///
/// All fields that cannot be carried over: `nfs`, `shareProcessNamespace` beside a host's, a probe on a port that no container
/// names, an environment whose config map is not there, an unknown capability, and each that [`FIELDS`] refuses.
pub fn pod(
    pod: &Pod,
    uid: Uuid,
    settings: &NodeSettings,
    objects: &dyn Lookup,
) -> Result<PodSpec, Vec<FieldProblem>> {
    let context = Context { pod, uid, node: &settings.node, objects };
    let mut problems = Problems::default();
    let path = Path::new("spec");
    let spec = &pod.spec;
    fields::refuse(spec, &path, &mut problems);
    refuse_values(pod, &path, &mut problems);
    let mut apps = Vec::new();
    for (name, containers) in [("initContainers", &spec.init_containers), ("containers", &spec.containers)] {
        let list = path.child(name);
        let main = name == "containers";
        for (index, container) in containers.iter().enumerate() {
            let path = list.index(index);
            apps.extend(container::app(container, main, &path, &context, settings, &mut problems));
        }
    }
    let volumes = volume::volumes(&path.child("volumes"), &context, &mut problems);
    let lowered = PodSpec {
        name: pod.metadata.name.clone(),
        namespace: context.namespace().to_owned(),
        uid,
        labels: pod.metadata.labels.clone(),
        annotations: pod.metadata.annotations.clone(),
        hostname: hostname(pod),
        apps,
        volumes,
        restart_policy: match spec.restart_policy {
            Policy::Never => RestartPolicy::Never,
            Policy::OnFailure => RestartPolicy::OnFailure,
            _ => RestartPolicy::Always,
        },
        fate: Fate::Independent,
        termination_grace: grace(spec.termination_grace_period_seconds.unwrap_or(30)),
        active_deadline: spec.active_deadline_seconds.and_then(seconds),
        isolation: isolation(pod),
        host_aliases: host_aliases(pod, &path.child("hostAliases"), &mut problems),
        dns: dns::dns(spec, context.namespace(), settings, &path.child("dnsConfig"), &mut problems),
        sysctls: sysctls(pod),
        fs_group: security::group(pod, &path.child("securityContext.fsGroup"), &mut problems),
        readiness_gates: spec.readiness_gates.iter().map(|gate| gate.condition_type.to_string()).collect(),
    };
    if problems.0.is_empty() { Ok(lowered) } else { Err(problems.0) }
}

/// The secrets with registry credentials that a pod names, as far as they are there; the others are passed over, as a kubelet
/// does. Not part of the model: who pulls images wants them.
pub fn pull_secrets<'l>(pod: &Pod, objects: &'l dyn Lookup) -> impl Iterator<Item = &'l Secret> {
    let namespace = if pod.metadata.namespace.is_empty() { "default" } else { &pod.metadata.namespace };
    pod.spec.image_pull_secrets.iter().filter_map(move |named| objects.secret(namespace, &named.name))
}

/// Refuses values of fields that are carried over otherwise.
fn refuse_values(pod: &Pod, path: &Path<'_>, problems: &mut Problems) {
    let spec = &pod.spec;
    if spec.host_users == Some(false) {
        problems.add(&path.child("hostUsers"), "a user namespace of the pod's own is not supported");
    }
    if spec.set_hostname_as_fqdn == Some(true) && !spec.subdomain.is_empty() {
        let reason = "the domain of a cluster is not known here";
        problems.add(&path.child("setHostnameAsFQDN"), reason);
    }
    if let Some(os) = &spec.os
        && os.name.as_str() != "linux"
    {
        problems.add(&path.child("os.name"), format!("pods for `{}` do not run here", os.name));
    }
    if let Some(context) = &spec.security_context {
        fields::refuse(&**context, &path.child("securityContext"), problems);
        security::app_armor(context.app_armor_profile.as_deref(), &path.child("securityContext"), problems);
        let policy = context.supplemental_groups_policy.as_ref().map(|policy| policy.as_str());
        if policy == Some("Strict") {
            let path = path.child("securityContext.supplementalGroupsPolicy");
            problems.add(&path, "groups of the image are always added");
        }
    }
    let annotations = Path::new("metadata.annotations");
    for (key, value) in &pod.metadata.annotations {
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && value != "unconfined" {
            problems.add(&annotations.key(key), security::APP_ARMOR);
        }
    }
}

/// The host name of a pod (kubelet, `GeneratePodHostNameAndDomain`).
fn hostname(pod: &Pod) -> Option<String> {
    let spec = &pod.spec;
    if spec.host_network {
        return None;
    }
    if let Some(name) = &spec.hostname_override {
        return Some(name.clone());
    }
    let name = if spec.hostname.is_empty() { &pod.metadata.name } else { &spec.hostname };
    let short = name.get(..HOSTNAME_MAX).unwrap_or(name);
    Some(if short.len() < name.len() { short.trim_end_matches(['-', '.']) } else { short }.to_owned())
}

/// A number of seconds that is not negative.
fn seconds(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

/// A grace period; a negative one is a second, as for a kubelet.
fn grace(seconds: i64) -> Duration {
    self::seconds(seconds).unwrap_or(Duration::from_secs(1))
}

fn isolation(pod: &Pod) -> Isolation {
    let spec = &pod.spec;
    let shared = |host: bool| if host { Shared::Host } else { Shared::Pod };
    Isolation {
        network: shared(spec.host_network),
        ipc: shared(spec.host_ipc),
        pid: match (spec.host_pid, spec.share_process_namespace) {
            (true, _) => PidIsolation::Host,
            (false, Some(true)) => PidIsolation::Pod,
            (false, _) => PidIsolation::App,
        },
    }
}

fn host_aliases(pod: &Pod, path: &Path<'_>, problems: &mut Problems) -> Vec<HostAlias> {
    let mut aliases = Vec::new();
    for (index, alias) in pod.spec.host_aliases.iter().enumerate() {
        let path = path.index(index);
        if let Some(ip) = problems.take(&path.child("ip"), address(&alias.ip)) {
            aliases.push(HostAlias { ip, hostnames: alias.hostnames.clone() });
        }
    }
    aliases
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("`{}` is no address", text.escape_debug()))
}

fn sysctls(pod: &Pod) -> BTreeMap<String, String> {
    let context = pod.spec.security_context.as_ref();
    let sysctls = context.into_iter().flat_map(|context| &context.sysctls);
    sysctls.map(|sysctl| (dotted(&sysctl.name), sysctl.value.clone())).collect()
}

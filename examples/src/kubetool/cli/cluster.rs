//! The arguments of the commands that say what a cluster makes of objects together.

use std::path::PathBuf;

use clap::Args;

use super::Written;

/// Say which node each pod goes to, and why none will do.
///
/// The files describe the cluster: Nodes (with `status.allocatable`), the Pods that are on them (`spec.nodeName`), Namespaces, and where pods
/// have claims PersistentVolumes, PersistentVolumeClaims and StorageClasses. Pods without a node are placed one after the other: those of the
/// highest priority first, then the oldest, then as they stand in the files. Other kinds are passed over.
///
/// One line for each pod: `namespace/name node`, or `namespace/name - why` in the scheduler's own words. Filters and scores are those of
/// kube-scheduler's default configuration; nothing is pushed off a node.
///
/// Exit status: 0; 1 when a manifest is wrong, or a pod goes nowhere.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool schedule nodes.yaml pods.yaml
  kubectl get nodes,pods -A -o yaml > cluster.yaml; kubetool schedule cluster.yaml new-pod.yaml")]
pub(crate) struct ScheduleArgs {
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Say which volume each claim gets, and why some wait.
///
/// Reads PersistentVolumes, PersistentVolumeClaims, StorageClasses and the Pods that use claims, and does what the controller of volumes does:
/// binds claims to volumes by name, class, size, modes and labels; releases volumes whose claims are gone; and tells why a claim stays
/// Pending. A claim without a uid gets one from its name.
///
/// Prints the volumes and claims as `kubectl get` does, then a line for each event and for what somebody else has to do. With `-o` the objects
/// that changed are written instead.
///
/// Exit status: 0; 1 when a manifest is wrong.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool bind volumes.yaml claims.yaml
  kubetool bind -o yaml volumes.yaml claims.yaml")]
pub(crate) struct BindArgs {
    /// Write the objects that changed, in this form.
    #[arg(long, short, value_enum)]
    pub(crate) output: Option<Written>,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// Say which service an HTTP request goes to by the Ingresses of the files.
///
/// The most specific host decides (`web.example.com` before `*.example.com` before rules for all hosts), then the longest path, then `Exact`
/// before `Prefix`; where nothing fits, the default backend. `ImplementationSpecific` counts as `Prefix`. When the Services are in the files
/// too, the port is looked up in them.
///
/// Prints one line: `default/web: path /api (Prefix) -> service default/back port 80`.
///
/// Exit status: 0; 1 when a manifest is wrong, no rule is about the request (a controller answers 404), or its service has no such port.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kubetool route http://web.example.com/api ingress.yaml services.yaml
  kubetool route --class nginx web.example.com/ all.yaml")]
pub(crate) struct RouteArgs {
    /// Only Ingresses of this class count; the files may hold IngressClasses, of which one is the default.
    #[arg(long, value_name = "NAME")]
    pub(crate) class: Option<String>,
    /// The request: a URL, or a host and a path.
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The manifests.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

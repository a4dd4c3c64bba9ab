//! What stage1 is asked to do, as data.
//!
//! The monitor decides everything on the host's side and writes it down as one of these plans; [`crate::stage1`],
//! which runs in a process of its own between the monitor and the app, reads the plan and carries it out. So the part
//! that works inside namespaces makes no decision, and a plan can be printed, compared and tested.

use std::path::PathBuf;

use pod_core::pod::{Capability, Handler, Process, Propagation, SeccompProfile};
use serde::{Deserialize, Serialize};

/// What a stage1 process does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Plan {
    /// Become an app.
    App(Box<AppPlan>),
    /// Become a process beside a running app.
    Exec(Box<ExecPlan>),
    /// Ask an app by network, from inside the pod: a status from 200 to 399 is success.
    Probe(ProbePlan),
    /// Tell an app something by network, from inside the pod: any answer is success, as for a hook of the kubelet.
    Hook(ProbePlan),
    /// Become PID 1 of a process namespace that the apps of a pod share.
    Reaper(ReaperPlan),
}

/// PID 1 of a shared process namespace: does nothing but to be there. Launch it with [`crate::stage1::Pids::New`], the apps with
/// [`crate::stage1::Pids::Of`] it; killing it ends them all. Wait for the apps before you wait for it: the kernel lets PID 1 end when
/// everything in its namespace has been reaped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReaperPlan {
    /// The cgroups to enter.
    pub cgroups: Vec<PathBuf>,
}

/// The namespaces that all apps of a pod share: [`crate::stage1::make_sandbox`] makes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxPlan {
    /// Where each new namespace is pinned: an existing empty file. `None`: the host's is used.
    pub pins: NamespacePaths,
    /// The host name to set; only with a UTS namespace of its own.
    pub hostname: Option<String>,
    /// Namespaced kernel parameters: the path below `/proc/sys` and the value.
    pub sysctls: Vec<(String, String)>,
}

/// Files that are, or will be, namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespacePaths {
    /// Network.
    pub net: Option<PathBuf>,
    /// Inter-process communication.
    pub ipc: Option<PathBuf>,
    /// Host name.
    pub uts: Option<PathBuf>,
}

/// Everything that one app is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppPlan {
    /// The pod's namespaces, to be joined.
    pub namespaces: NamespacePaths,
    /// Whether the app is PID 1 of a namespace of its own; else it is a process of the host's.
    pub own_pid_namespace: bool,
    /// The cgroups to enter: directories, one for each hierarchy.
    pub cgroups: Vec<PathBuf>,
    /// Its root file system.
    pub root: RootPlan,
    /// What is mounted in it, in order, after `/proc`, `/sys` and `/dev`.
    pub mounts: Vec<MountPlan>,
    /// Host devices that appear in it: paths of the host, all with `privileged`.
    pub all_devices: bool,
    /// What it runs, and as whom.
    pub process: Process,
    /// What it may do.
    pub confinement: Confinement,
    /// The out-of-memory score adjustment. A refusal is reported, not an error.
    pub oom_score_adj: Option<i32>,
    /// Whether its standard streams are a terminal: stdin, stdout and stderr are then the same PTY, which becomes its controlling one.
    pub terminal: bool,
}

/// A root file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RootPlan {
    /// What it is made of.
    pub source: RootSource,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Whether device nodes in it are dead.
    pub no_devices: bool,
}

/// What a root file system is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RootSource {
    /// An overlay, mounted in the app's own mount namespace only.
    Overlay {
        /// Rendered trees, the uppermost first.
        lower: Vec<PathBuf>,
        /// What the app writes.
        upper: PathBuf,
        /// The kernel's scratch directory, on the same file system as `upper`.
        work: PathBuf,
        /// An empty directory to mount at.
        target: PathBuf,
        /// Whether the overlay keeps its marks in attributes that need no privilege of the machine (`userxattr`).
        user_xattrs: bool,
    },
    /// A directory of the app's own.
    Directory(PathBuf),
}

/// Something mounted in an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountPlan {
    /// The host's file or directory.
    pub source: PathBuf,
    /// The part of it that is mounted, resolved inside `source` by the kernel; made as a directory when absent.
    pub sub_path: Option<String>,
    /// Where it appears: absolute, resolved inside the root file system by the kernel; made when absent.
    pub target: String,
    /// Whether it is read-only.
    pub read_only: bool,
    /// Whether device nodes in it are dead, when it is a directory: a device that is mounted itself was meant.
    pub no_devices: bool,
    /// Whether mounts below the source come along.
    pub recursive: bool,
    /// Whether later mounts pass.
    pub propagation: Propagation,
}

/// What a process may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confinement {
    /// The bounding set, and for user 0 the permitted and effective one.
    pub capabilities: Vec<Capability>,
    /// Whether no program may gain privileges.
    pub no_new_privileges: bool,
    /// The system call filter.
    pub seccomp: SeccompProfile,
    /// Whether `/proc` and `/sys` have their dangerous parts hidden or read-only.
    pub mask_paths: bool,
    /// Whether `/sys` and cgroups are writable, nothing is masked and no system call filtered.
    pub privileged: bool,
}

/// A process beside a running app: in its namespaces, cgroups, root and confinement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecPlan {
    /// The cgroups to enter.
    pub cgroups: Vec<PathBuf>,
    /// Whether the app has a PID namespace of its own.
    pub own_pid_namespace: bool,
    /// What to run.
    pub process: Process,
    /// What it may do.
    pub confinement: Confinement,
    /// As for the app.
    pub oom_score_adj: Option<i32>,
    /// Whether its standard streams are a terminal.
    pub terminal: bool,
}

/// A question asked by network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbePlan {
    /// The pod's network namespace; `None` is the host's.
    pub net: Option<PathBuf>,
    /// What is asked: HTTP GET, TCP or gRPC.
    pub handler: Handler,
    /// The host that a handler without one means: an address of the pod.
    pub default_host: String,
    /// How long it may take.
    pub timeout_ms: u64,
}

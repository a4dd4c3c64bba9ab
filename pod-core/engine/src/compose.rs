//! What stage1 is to do, from the pod, the image and the start: a pure function, so that it can be tested as data.

use std::path::{Component, Path, PathBuf};

use pod_core::pod::{
    App, Capability, Fate, Mount, PidIsolation, PodSpec, Process, Propagation, SandboxFacts, Shared,
    VolumeSource,
};

use crate::dir::ImageRecord;
use crate::plan::{
    AppPlan, Confinement, ExecPlan, MountPlan, NamespacePaths, ProbePlan, RootPlan, RootSource, SandboxPlan,
};
use crate::{etc, volume};

/// A directory of the pod that is in memory while its sandbox is there: pins of namespaces, and small files. What is in there costs the disk
/// nothing, and is gone with one unmount.
pub(crate) const MEMORY: &str = "ns";

/// The least that a probe by network may take: stage1 takes whole milliseconds.
const MIN_PROBE_MS: u64 = 1;

/// An app and everything that decides what it becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Composition<'a> {
    /// The pod's directory.
    pub(crate) pod: &'a Path,
    /// The pod.
    pub(crate) spec: &'a PodSpec,
    /// The app.
    pub(crate) app: &'a App,
    /// Its image.
    pub(crate) image: &'a ImageRecord,
    /// What is known of the pod's network.
    pub(crate) facts: &'a SandboxFacts,
    /// Which start of it this is.
    pub(crate) attempt: u32,
    /// Whether the machine keeps apps from devices that they were not given.
    pub(crate) devices_are_closed: bool,
}

/// What an app's root file system is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootKind {
    /// An overlay over the image's trees.
    Overlay {
        /// Whether it keeps its marks in attributes that need no privilege of the machine.
        user_xattrs: bool,
    },
    /// A copy of them.
    Copy,
}

/// The directory of one start of an app.
pub(crate) fn attempt_dir(pod: &Path, app: &App, attempt: u32) -> PathBuf {
    pod.join(format!("app-{attempt}-{}", app.name))
}

/// The pod's namespaces: where they are pinned, for those that it has for itself.
pub(crate) fn namespaces(pod: &Path, spec: &PodSpec) -> NamespacePaths {
    let pin = |own: bool, name: &str| own.then(|| pod.join(MEMORY).join(name));
    NamespacePaths {
        net: pin(spec.isolation.network == Shared::Pod, "net"),
        ipc: pin(spec.isolation.ipc == Shared::Pod, "ipc"),
        uts: pin(spec.hostname.is_some(), "uts"),
    }
}

/// What the sandbox is; `None` when the pod has nothing for itself.
pub(crate) fn sandbox(pod: &Path, spec: &PodSpec) -> Option<SandboxPlan> {
    let pins = namespaces(pod, spec);
    if pins == NamespacePaths::default() && spec.sysctls.is_empty() {
        return None;
    }
    let sysctls = spec.sysctls.iter().map(|(name, value)| (sysctl_path(name), value.clone())).collect();
    Some(SandboxPlan { pins, hostname: spec.hostname.clone(), sysctls })
}

/// The path below `/proc/sys` of a kernel parameter: dots separate, unless a slash does (sysctl.d(5)).
fn sysctl_path(name: &str) -> String {
    match name.find(['.', '/']).and_then(|at| name.get(at..=at)) {
        Some(".") => name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    }
}

impl Composition<'_> {
    /// Everything that the app is.
    ///
    /// # Errors
    ///
    /// A sentence, when what was asked for makes no process: no command, a sub-path that leaves its volume.
    pub(crate) fn app_plan(&self, root: RootKind, cgroups: Vec<PathBuf>) -> Result<AppPlan, String> {
        Ok(AppPlan {
            namespaces: namespaces(self.pod, self.spec),
            own_pid_namespace: self.own_pids(),
            cgroups,
            root: RootPlan {
                source: self.root(root),
                read_only: self.app.security.read_only_root,
                no_devices: self.kills_devices(),
            },
            mounts: self.mounts()?,
            all_devices: self.app.security.privileged,
            process: self.process()?,
            confinement: self.confinement(),
            oom_score_adj: self.app.resources.oom_score_adj,
            terminal: self.app.tty,
        })
    }

    /// A command of a pre-start or post-stop hook: the app in every way but what it runs.
    ///
    /// # Errors
    ///
    /// As for the app itself.
    pub(crate) fn hook_plan(
        &self,
        command: &[String],
        root: RootKind,
        cgroups: Vec<PathBuf>,
    ) -> Result<AppPlan, String> {
        let mut plan = self.app_plan(root, cgroups)?;
        command.clone_into(&mut plan.process.argv);
        plan.terminal = false;
        Ok(plan)
    }

    /// A command beside the running app.
    ///
    /// # Errors
    ///
    /// As for the app itself.
    pub(crate) fn exec_plan(&self, command: &[String], cgroups: Vec<PathBuf>) -> Result<ExecPlan, String> {
        let mut process = self.process()?;
        command.clone_into(&mut process.argv);
        Ok(ExecPlan {
            cgroups,
            own_pid_namespace: self.own_pids(),
            process,
            confinement: self.confinement(),
            oom_score_adj: self.app.resources.oom_score_adj,
            terminal: false,
        })
    }

    /// Whether the app does not get `CAP_MKNOD`, although it is in its set.
    pub(crate) fn withholds_mknod(&self) -> bool {
        let security = &self.app.security;
        !self.devices_are_closed && !security.privileged && security.capabilities.contains(&Capability::Mknod)
    }

    /// Whether device nodes that the app was not given are dead. Where a controller keeps it from them they need not be, and an app
    /// may go on making the harmless ones.
    const fn kills_devices(&self) -> bool {
        !self.devices_are_closed && !self.app.security.privileged
    }

    fn own_pids(&self) -> bool {
        self.spec.isolation.pid != PidIsolation::Host
    }

    fn root(&self, kind: RootKind) -> RootSource {
        let dir = attempt_dir(self.pod, self.app, self.attempt);
        match kind {
            RootKind::Copy => RootSource::Directory(dir.join("root")),
            RootKind::Overlay { user_xattrs } => RootSource::Overlay {
                user_xattrs,
                lower: self.image.layers.clone(),
                upper: dir.join("upper"),
                work: dir.join("work"),
                // What lies below is out of the app's sight from then on.
                target: dir,
            },
        }
    }

    fn process(&self) -> Result<Process, String> {
        let mut process =
            self.app.process(&self.image.config, self.facts).map_err(|error| error.to_string())?;
        let mut default = |name: &str, value: &str| {
            if !process.env.iter().any(|(known, _)| known == name) {
                process.env.push((name.to_owned(), value.to_owned()));
            }
        };
        if let Some(hostname) = &self.spec.hostname {
            default("HOSTNAME", hostname);
        }
        if self.app.tty {
            default("TERM", "xterm");
        }
        if let Some(group) = self.spec.fs_group {
            let groups = &mut process.user.supplementary_groups;
            if !groups.contains(&group) {
                groups.push(group);
                groups.sort_unstable();
            }
        }
        Ok(process)
    }

    fn confinement(&self) -> Confinement {
        let security = &self.app.security;
        Confinement {
            // A device node that can be made can be used where nothing else forbids it.
            capabilities: security
                .capabilities
                .iter()
                .copied()
                .filter(|capability| !(self.withholds_mknod() && *capability == Capability::Mknod))
                .collect(),
            no_new_privileges: security.no_new_privileges,
            seccomp: security.seccomp.clone(),
            mask_paths: security.mask_paths,
            privileged: security.privileged,
        }
    }

    /// What is mounted, shorter paths before those inside them. Where a user mounts something, ours stay away.
    fn mounts(&self) -> Result<Vec<MountPlan>, String> {
        let mut mounts = Vec::new();
        for mount in &self.app.mounts {
            mounts.push(self.volume_mount(mount)?);
        }
        let taken =
            |path: &str| self.app.mounts.iter().any(|mount| Path::new(&mount.path) == Path::new(path));
        for name in etc::names(self.spec) {
            let target = format!("/etc/{name}");
            if !taken(&target) {
                mounts.push(self.own_mount(etc::source(self.pod, name), target));
            }
        }
        if let Some(source) = shm_source(self.pod, self.spec).filter(|_| !taken("/dev/shm")) {
            mounts.push(self.own_mount(source, "/dev/shm".to_owned()));
        }
        if let Some(path) = self.app.termination_message.path.as_ref().filter(|path| !taken(path)) {
            mounts.push(self.own_mount(self.termination_file(), path.clone()));
        }
        mounts.sort_by_key(|mount| Path::new(&mount.target).components().count());
        Ok(mounts)
    }

    const fn own_mount(&self, source: PathBuf, target: String) -> MountPlan {
        MountPlan {
            source,
            sub_path: None,
            target,
            read_only: false,
            no_devices: self.kills_devices(),
            recursive: false,
            propagation: Propagation::Private,
        }
    }

    /// The file on the host that the app leaves its last words in.
    pub(crate) fn termination_file(&self) -> PathBuf {
        attempt_dir(self.pod, self.app, self.attempt).join("termination")
    }

    fn volume_mount(&self, mount: &Mount) -> Result<MountPlan, String> {
        let Some(volume) = self.spec.volume(&mount.volume) else {
            return Err(format!("mount at `{}`: the pod has no volume `{}`", mount.path, mount.volume));
        };
        let sub_path = match &mount.sub_path {
            None => None,
            Some(template) => {
                let path = template.render(self.facts);
                let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
                if !Path::new(&path).components().all(inside) {
                    return Err(format!("mount at `{}`: `{path}` leaves the volume", mount.path));
                }
                Some(path).filter(|path| !path.is_empty())
            }
        };
        Ok(MountPlan {
            source: volume::source(self.pod, volume),
            sub_path,
            target: mount.path.clone(),
            // Files of the pod's own are never written to by an app, as in Kubernetes since 1.9.
            read_only: mount.read_only || matches!(volume.source, VolumeSource::Files { .. }),
            no_devices: self.kills_devices(),
            recursive: matches!(volume.source, VolumeSource::HostPath { recursive: true, .. }),
            propagation: mount.propagation,
        })
    }
}

/// Where the shared memory of a pod is, when its apps share it with each other, with their own next starts, or with the host.
pub(crate) fn shm_source(pod: &Path, spec: &PodSpec) -> Option<PathBuf> {
    match spec.isolation.ipc {
        Shared::Host => Some(PathBuf::from("/dev/shm")),
        Shared::Pod => (spec.apps.len() > 1 || spec.fate == Fate::Independent).then(|| pod.join("shm")),
    }
}

/// A question by network, from inside the pod.
pub(crate) fn probe_plan(
    pod: &Path,
    spec: &PodSpec,
    facts: &SandboxFacts,
    handler: &pod_core::pod::Handler,
    timeout: std::time::Duration,
) -> ProbePlan {
    let default_host = facts.pod_ips.first().map_or_else(|| "127.0.0.1".to_owned(), ToString::to_string);
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(MIN_PROBE_MS);
    ProbePlan { net: namespaces(pod, spec).net, handler: handler.clone(), default_host, timeout_ms }
}

#[cfg(test)]
mod tests;

//! Pods to put into the simulator, in a few words.

use std::collections::BTreeMap;
use std::time::Duration;

use pod_core::image::PullPolicy;
use pod_core::pod::{
    App, AppKind, Dns, Fate, Handler, Hooks, Isolation, PidIsolation, PodSpec, Probe, Probes, Resources,
    RestartPolicy, SeccompProfile, Security, Shared, Stdin, TerminationMessage, TerminationMessagePolicy,
};

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A pod with those apps.
pub(crate) fn pod(policy: RestartPolicy, apps: Vec<App>) -> PodSpec {
    PodSpec {
        name: "p".to_owned(),
        namespace: "default".to_owned(),
        uid: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        hostname: None,
        apps,
        volumes: Vec::new(),
        restart_policy: policy,
        fate: Fate::Independent,
        termination_grace: secs(30),
        active_deadline: None,
        isolation: Isolation { network: Shared::Pod, ipc: Shared::Pod, pid: PidIsolation::App },
        host_aliases: Vec::new(),
        dns: Dns::Image,
        sysctls: BTreeMap::new(),
        fs_group: None,
        readiness_gates: Vec::new(),
    }
}

/// An app that does nothing special.
pub(crate) fn app(name: &str, kind: AppKind) -> App {
    App {
        name: name.parse().unwrap(),
        kind,
        image: "img:1".to_owned(),
        pull_policy: PullPolicy::IfNotPresent,
        command: None,
        args: None,
        working_dir: None,
        env: Vec::new(),
        ports: Vec::new(),
        mounts: Vec::new(),
        resources: Resources::default(),
        security: Security {
            user: None,
            group: None,
            supplementary_groups: Vec::new(),
            run_as_non_root: false,
            privileged: false,
            read_only_root: false,
            no_new_privileges: true,
            capabilities: std::collections::BTreeSet::new(),
            seccomp: SeccompProfile::RuntimeDefault,
            mask_paths: true,
        },
        hooks: Hooks::default(),
        probes: Probes::default(),
        restart_policy: None,
        restart_rules: Vec::new(),
        termination_message: TerminationMessage { path: None, policy: TerminationMessagePolicy::File },
        stop_signal: None,
        stdin: Stdin::Null,
        tty: false,
    }
}

pub(crate) fn main(name: &str) -> App {
    app(name, AppKind::Main)
}

pub(crate) fn init(name: &str) -> App {
    app(name, AppKind::Init)
}

pub(crate) fn sidecar(name: &str) -> App {
    app(name, AppKind::Sidecar)
}

pub(crate) fn exec(command: &str) -> Handler {
    Handler::Exec { command: command.split(' ').map(ToOwned::to_owned).collect() }
}

pub(crate) fn sleep(seconds: u64) -> Handler {
    Handler::Sleep { duration: secs(seconds) }
}

/// A probe every ten seconds, from the start, that takes one success or three failures (Kubernetes' defaults).
pub(crate) fn probe() -> Probe {
    Probe {
        handler: exec("ask"),
        initial_delay: Duration::ZERO,
        period: secs(10),
        timeout: secs(1),
        success_threshold: 1,
        failure_threshold: 3,
        termination_grace: None,
    }
}

//! Pods for the tests beside the code.

use std::collections::BTreeMap;
use std::time::Duration;

use pod_core::image::PullPolicy;
use pod_core::pod::{
    App, AppKind, Capability, Dns, Fate, Hooks, Isolation, PidIsolation, PodSpec, Probes, Resources,
    RestartPolicy, SeccompProfile, Security, Shared, Stdin, TerminationMessage, TerminationMessagePolicy,
    Uuid,
};

pub(crate) fn app(name: &str) -> App {
    App {
        name: name.parse().unwrap(),
        kind: AppKind::Main,
        image: "example.com/sample:1".to_owned(),
        pull_policy: PullPolicy::Never,
        command: Some(vec!["/bin/true".into()]),
        args: None,
        working_dir: None,
        env: vec![],
        ports: vec![],
        mounts: vec![],
        resources: Resources::default(),
        security: Security {
            user: None,
            group: None,
            supplementary_groups: vec![],
            run_as_non_root: false,
            privileged: false,
            read_only_root: false,
            no_new_privileges: false,
            capabilities: Capability::DEFAULT.iter().copied().collect(),
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

pub(crate) fn pod(uid: u128, apps: Vec<App>) -> PodSpec {
    PodSpec {
        name: "sample".to_owned(),
        namespace: "default".to_owned(),
        uid: Uuid::from_u128(uid),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        hostname: Some("sample".to_owned()),
        apps,
        volumes: vec![],
        restart_policy: RestartPolicy::Never,
        fate: Fate::Independent,
        termination_grace: Duration::from_secs(1),
        active_deadline: None,
        isolation: Isolation { network: Shared::Pod, ipc: Shared::Pod, pid: PidIsolation::App },
        host_aliases: vec![],
        dns: Dns::Image,
        sysctls: BTreeMap::new(),
        fs_group: None,
        readiness_gates: vec![],
    }
}

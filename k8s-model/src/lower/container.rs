//! One container.

use pod_core::image::PullPolicy as Policy;
use pod_core::pod::{
    App, AppKind, ExitCodes, Hooks, Mount, Port, Probes, Propagation, Protocol as Transport, RestartAction,
    RestartPolicy, RestartRule, Stdin, Template, TerminationMessage, TerminationMessagePolicy as Words,
    signal,
};

use super::{NodeSettings, address, amounts, fields, handler, security};
use crate::core::{
    Container, ContainerPort, ContainerRestartPolicy, ContainerRestartRule, ContainerRestartRuleAction,
    ContainerRestartRuleOnExitCodesOperator as Operator, MountPropagationMode, Protocol, PullPolicy,
    RecursiveReadOnlyMode, TerminationMessagePolicy, VolumeMount,
};
use crate::expand::{self, Context, Problems, Variables};
use crate::path::Path;
use crate::resources;

/// Lowers a container; `None` when its name is no name, which is a problem.
pub(super) fn app(
    container: &Container,
    main: bool,
    path: &Path<'_>,
    context: &Context<'_>,
    settings: &NodeSettings,
    problems: &mut Problems,
) -> Option<App> {
    fields::refuse(container, path, problems);
    let pod = context.pod;
    let variables = expand::variables(container, path, context, problems);
    let template = |text: &String| expand::expand(text, &|name| variables.get(name));
    let templates =
        |list: &Vec<String>| (!list.is_empty()).then(|| list.iter().map(template).collect::<Vec<Template>>());
    let mounts = mounts(&container.volume_mounts, &variables, &path.child("volumeMounts"), problems);
    let (command, args) = (templates(&container.command), templates(&container.args));
    let name = problems.take(&path.child("name"), container.name.parse());
    Some(App {
        kind: match (main, resources::is_sidecar(container)) {
            (true, _) => AppKind::Main,
            (false, true) => AppKind::Sidecar,
            (false, false) => AppKind::Init,
        },
        image: container.image.clone(),
        pull_policy: match container.image_pull_policy {
            PullPolicy::Never => Policy::Never,
            PullPolicy::IfNotPresent => Policy::IfNotPresent,
            _ => Policy::Always,
        },
        command,
        args,
        working_dir: working_dir(container, path, problems),
        env: variables.into_list(),
        ports: ports(&container.ports, &path.child("ports"), problems),
        mounts,
        resources: amounts::amounts(container, &pod.spec, context.node.memory, path, problems),
        security: security::security(container, pod, path, settings, problems),
        hooks: hooks(container, path, problems),
        probes: probes(container, path, problems),
        restart_policy: match container.restart_policy {
            Some(ContainerRestartPolicy::Always) => Some(RestartPolicy::Always),
            Some(ContainerRestartPolicy::OnFailure) => Some(RestartPolicy::OnFailure),
            Some(ContainerRestartPolicy::Never) => Some(RestartPolicy::Never),
            _ => None,
        },
        restart_rules: container.restart_policy_rules.iter().filter_map(restart_rule).collect(),
        termination_message: TerminationMessage {
            path: Some(container.termination_message_path.clone()).filter(|path| !path.is_empty()),
            policy: match container.termination_message_policy {
                TerminationMessagePolicy::FallbackToLogsOnError => Words::FallbackToLogsOnError,
                _ => Words::File,
            },
        },
        stop_signal: stop_signal(container, path, problems),
        stdin: match (container.stdin, container.stdin_once) {
            (false, _) => Stdin::Null,
            (true, false) => Stdin::Open,
            (true, true) => Stdin::Once,
        },
        tty: container.tty,
        name: name?,
    })
}

/// A rule without exit codes fits nothing (`podutil.findMatchingContainerRestartRule`).
fn restart_rule(rule: &ContainerRestartRule) -> Option<RestartRule> {
    let codes = rule.exit_codes.as_ref()?;
    let action = match rule.action {
        ContainerRestartRuleAction::Restart => RestartAction::Restart,
        ContainerRestartRuleAction::RestartAllContainers => RestartAction::RestartAll,
        _ => return None,
    };
    let exit_codes = match codes.operator {
        Operator::In => ExitCodes::In(codes.values.clone()),
        Operator::NotIn => ExitCodes::NotIn(codes.values.clone()),
        _ => return None,
    };
    Some(RestartRule { action, exit_codes })
}

fn working_dir(container: &Container, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    let dir = container.working_dir.as_str();
    if !dir.is_empty() && !dir.starts_with('/') {
        problems.add(&path.child("workingDir"), "it is no absolute path");
    }
    (!dir.is_empty()).then(|| dir.to_owned())
}

fn ports(ports: &[ContainerPort], path: &Path<'_>, problems: &mut Problems) -> Vec<Port> {
    let mut lowered = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let mut number = |name: &str, number: i32| {
            let port = u16::try_from(number).ok().filter(|port| *port > 0);
            problems.take(&path.child(name), port.ok_or_else(|| format!("{number} is no port")))
        };
        let container_port = number("containerPort", port.container_port);
        let host_port = if port.host_port == 0 { None } else { number("hostPort", port.host_port) };
        let host_ip = if port.host_ip.is_empty() {
            None
        } else {
            problems.take(&path.child("hostIP"), address(&port.host_ip))
        };
        let protocol = match port.protocol {
            Protocol::Udp => Transport::Udp,
            Protocol::Sctp => Transport::Sctp,
            _ => Transport::Tcp,
        };
        lowered.extend(container_port.map(|container_port| Port {
            name: port.name.clone(),
            protocol,
            container_port,
            host_port,
            host_ip,
        }));
    }
    lowered
}

fn mounts(
    mounts: &[VolumeMount],
    variables: &Variables,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Vec<Mount> {
    let mut lowered = Vec::new();
    for (index, mount) in mounts.iter().enumerate() {
        let path = path.index(index);
        fields::refuse(mount, &path, problems);
        if mount.recursive_read_only == Some(RecursiveReadOnlyMode::Enabled) {
            let reason = "mounts below a read-only mount cannot be made read-only here";
            problems.add(&path.child("recursiveReadOnly"), reason);
        }
        let Some(volume) = problems.take(&path.child("name"), mount.name.parse()) else { continue };
        lowered.push(Mount {
            volume,
            path: absolute(&mount.mount_path),
            read_only: mount.read_only,
            sub_path: sub_path(mount, variables, &path, problems),
            propagation: match mount.mount_propagation {
                Some(MountPropagationMode::HostToContainer) => Propagation::HostToContainer,
                Some(MountPropagationMode::Bidirectional) => Propagation::Bidirectional,
                _ => Propagation::Private,
            },
        });
    }
    lowered
}

/// A path in a container that is not absolute begins at its root, as for a kubelet.
fn absolute(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn sub_path(
    mount: &VolumeMount,
    variables: &Variables,
    path: &Path<'_>,
    problems: &mut Problems,
) -> Option<Template> {
    if !mount.sub_path.is_empty() {
        return Some(Template::from(mount.sub_path.as_str()));
    }
    if mount.sub_path_expr.is_empty() {
        return None;
    }
    let path = path.child("subPathExpr");
    let missing = std::cell::RefCell::new(Vec::new());
    let template = expand::expand(&mount.sub_path_expr, &|name| {
        let value = variables.get(name);
        if value.is_none() {
            missing.borrow_mut().push(name.to_owned());
        }
        value
    });
    for name in missing.into_inner() {
        problems.add(&path, format!("the environment has no variable `{}`", name.escape_debug()));
    }
    // What is known only later is checked by who fills it in.
    let leaves = |text: &str| text.starts_with('/') || text.split('/').any(|part| part == "..");
    if template.as_text().is_some_and(leaves) {
        problems.add(&path, "it leaves the volume once its variables are filled in");
    }
    Some(template)
}

fn hooks(container: &Container, path: &Path<'_>, problems: &mut Problems) -> Hooks {
    let Some(lifecycle) = &container.lifecycle else { return Hooks::default() };
    let path = path.child("lifecycle");
    Hooks {
        pre_start: None,
        post_start: handler::hook(
            lifecycle.post_start.as_deref(),
            container,
            &path.child("postStart"),
            problems,
        ),
        pre_stop: handler::hook(lifecycle.pre_stop.as_deref(), container, &path.child("preStop"), problems),
        post_stop: None,
    }
}

fn probes(container: &Container, path: &Path<'_>, problems: &mut Problems) -> Probes {
    let mut probe = |name: &str, probe: &Option<Box<crate::core::Probe>>| {
        handler::probe(probe.as_deref(), container, &path.child(name), problems)
    };
    Probes {
        startup: probe("startupProbe", &container.startup_probe),
        liveness: probe("livenessProbe", &container.liveness_probe),
        readiness: probe("readinessProbe", &container.readiness_probe),
    }
}

fn stop_signal(container: &Container, path: &Path<'_>, problems: &mut Problems) -> Option<i32> {
    let name = container.lifecycle.as_ref()?.stop_signal.as_ref()?;
    let number = signal::number(name).ok_or_else(|| format!("`{}` is no signal", name.escape_debug()));
    problems.take(&path.child("lifecycle.stopSignal"), number)
}

//! Containers of the three sorts.

use std::collections::BTreeSet;

use pod_core::pod::signal;

use super::errors::Errors;
use super::handler::{self, ProbeKind};
use super::volume::{self, Volumes};
use super::{amounts, env, names, security};
use crate::core::{
    Container, ContainerPort, ContainerResizePolicy, ContainerRestartPolicy, ContainerRestartRuleAction,
    ContainerRestartRuleOnExitCodesOperator, PodSpec, Protocol, PullPolicy, ResourceResizeRestartPolicy,
    RestartPolicy, TerminationMessagePolicy,
};
use crate::path::Path;
use crate::resources;

/// What containers are checked against.
pub(super) struct Context<'c> {
    pub(super) spec: &'c PodSpec,
    pub(super) volumes: Volumes<'c>,
    pub(super) claims: BTreeSet<&'c str>,
}

impl Context<'_> {
    fn host_users(&self) -> bool {
        self.spec.host_users != Some(false)
    }

    pub(super) fn containers(&self, path: &Path<'_>, errors: &mut Errors) {
        if self.spec.containers.is_empty() {
            return errors.required(path, "");
        }
        let mut names = BTreeSet::new();
        for (index, container) in self.spec.containers.iter().enumerate() {
            let path = path.index(index);
            self.common(container, &path, errors);
            if !names.insert(&container.name) {
                errors.duplicate(&path.child("name"), &container.name);
            }
            self.hooks_and_probes(container, &path, errors);
        }
        host_ports(&self.spec.containers, path, errors);
    }

    pub(super) fn init_containers(&self, path: &Path<'_>, errors: &mut Errors) {
        const WITHOUT: &str = "may not be set for init containers without restartPolicy=Always";
        let mut names: BTreeSet<&str> = self.spec.containers.iter().map(|c| c.name.as_str()).collect();
        for (index, container) in self.spec.init_containers.iter().enumerate() {
            let element = path.index(index);
            self.common(container, &element, errors);
            if names.contains(container.name.as_str()) {
                errors.duplicate(&element.child("name"), &container.name);
            } else if !container.name.is_empty() {
                names.insert(&container.name);
            }
            // They run one after the other, so each is looked at alone.
            host_ports(std::slice::from_ref(container), path, errors);
            if resources::is_sidecar(container) {
                self.hooks_and_probes(container, &element, errors);
                continue;
            }
            let members = [
                ("lifecycle", container.lifecycle.is_some()),
                ("livenessProbe", container.liveness_probe.is_some()),
                ("readinessProbe", container.readiness_probe.is_some()),
                ("startupProbe", container.startup_probe.is_some()),
            ];
            for (name, _) in members.iter().filter(|(_, set)| *set) {
                errors.forbidden(&element.child(name), WITHOUT);
            }
        }
    }

    fn hooks_and_probes(&self, container: &Container, path: &Path<'_>, errors: &mut Errors) {
        let grace = self.spec.termination_grace_period_seconds;
        if let Some(lifecycle) = &container.lifecycle {
            let path = path.child("lifecycle");
            handler::lifecycle(lifecycle, grace, &path, errors);
            if let Some(signal) = &lifecycle.stop_signal {
                self.stop_signal(signal, &path.child("stopSignal"), errors);
            }
        }
        let probes = [
            ("livenessProbe", &container.liveness_probe, ProbeKind::Liveness),
            ("readinessProbe", &container.readiness_probe, ProbeKind::Readiness),
            ("startupProbe", &container.startup_probe, ProbeKind::Startup),
        ];
        for (name, probe, kind) in probes {
            handler::probe(probe.as_deref(), kind, grace, &path.child(name), errors);
        }
    }

    fn stop_signal(&self, signal: &str, path: &Path<'_>, errors: &mut Errors) {
        if self.spec.os.is_none() {
            errors.forbidden(path, "may not be set for containers with unspecified OS");
        } else if signal::number(signal).is_none() {
            errors.not_supported(path, signal, &signal::names());
        }
    }

    /// What all sorts of containers have in common.
    pub(super) fn common(&self, container: &Container, path: &Path<'_>, errors: &mut Errors) {
        if container.name.is_empty() {
            errors.required(&path.child("name"), "");
        } else {
            errors.invalid_all(&path.child("name"), &container.name, names::dns_label(&container.name));
        }
        if container.image.is_empty() {
            errors.required(&path.child("image"), "");
        }
        required_enum(
            container.termination_message_policy.as_str(),
            &["File", "FallbackToLogsOnError"],
            TerminationMessagePolicy::KNOWN,
            &path.child("terminationMessagePolicy"),
            errors,
        );
        ports(&container.ports, &path.child("ports"), errors);
        env::env(&container.env, &path.child("env"), errors);
        env::env_from(&container.env_from, &path.child("envFrom"), errors);
        volume::mounts(container, &self.volumes, &path.child("volumeMounts"), errors);
        volume::devices(container, &self.volumes, &path.child("volumeDevices"), errors);
        required_enum(
            container.image_pull_policy.as_str(),
            PullPolicy::KNOWN,
            PullPolicy::KNOWN,
            &path.child("imagePullPolicy"),
            errors,
        );
        amounts::container(&container.resources, &self.claims, &path.child("resources"), errors);
        self.resize(&container.resize_policy, &path.child("resizePolicy"), errors);
        security::container(
            container.security_context.as_deref(),
            self.host_users(),
            &path.child("securityContext"),
            errors,
        );
        restart(container, path, errors);
        if container.image.trim() != container.image {
            errors.invalid(
                &path.child("image"),
                &container.image,
                "must not have leading or trailing whitespace",
            );
        }
    }

    fn resize(&self, policies: &[ContainerResizePolicy], path: &Path<'_>, errors: &mut Errors) {
        let mut seen = BTreeSet::new();
        for (index, policy) in policies.iter().enumerate() {
            if !seen.insert(&policy.resource_name) {
                errors.duplicate(&path.index(index), &policy.resource_name);
            }
            let known = ["cpu", "memory"];
            required_enum(&policy.resource_name, &known, &known, path, errors);
            let known = ResourceResizeRestartPolicy::KNOWN;
            required_enum(policy.restart_policy.as_str(), known, known, path, errors);
            if self.spec.restart_policy == RestartPolicy::Never
                && policy.restart_policy != ResourceResizeRestartPolicy::NotRequired
            {
                let detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
                errors.invalid(path, policy.restart_policy.as_str(), detail);
            }
        }
    }
}

/// A value that must be there, and one of those that are known; they are shown in upstream's order.
pub(super) fn required_enum(
    value: &str,
    shown: &[&str],
    known: &[&str],
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if value.is_empty() {
        errors.required(path, "");
    } else if !known.contains(&value) {
        errors.not_supported(path, value, shown);
    }
}

fn restart(container: &Container, path: &Path<'_>, errors: &mut Errors) {
    const MAX_RULES: usize = 20;
    const MAX_VALUES: usize = 255;
    let (policy, rules) = (path.child("restartPolicy"), path.child("restartPolicyRules"));
    match &container.restart_policy {
        Some(value) if !ContainerRestartPolicy::KNOWN.contains(&value.as_str()) => {
            errors.not_supported(&policy, value.as_str(), ContainerRestartPolicy::KNOWN);
        }
        None if !container.restart_policy_rules.is_empty() => {
            errors.required(&policy, "must specify restartPolicy when restart rules are used");
        }
        _ => {}
    }
    if container.restart_policy_rules.len() > MAX_RULES {
        errors.too_many(&rules, container.restart_policy_rules.len(), MAX_RULES);
    }
    for (index, rule) in container.restart_policy_rules.iter().enumerate() {
        let path = rules.index(index);
        let action = rule.action.as_str();
        if !ContainerRestartRuleAction::KNOWN.contains(&action) {
            errors.not_supported(&path.child("action"), action, ContainerRestartRuleAction::KNOWN);
        }
        let codes_path = path.child("exitCodes");
        let Some(codes) = &rule.exit_codes else {
            errors.required(&codes_path, "must be specified");
            continue;
        };
        let operator = codes.operator.as_str();
        if !ContainerRestartRuleOnExitCodesOperator::KNOWN.contains(&operator) {
            let path = codes_path.child("operator");
            errors.not_supported(&path, operator, ContainerRestartRuleOnExitCodesOperator::KNOWN);
        }
        if codes.values.len() > MAX_VALUES {
            errors.too_many(&codes_path.child("values"), codes.values.len(), MAX_VALUES);
        }
    }
}

fn ports(ports: &[ContainerPort], path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        if !port.name.is_empty() {
            let name = path.child("name");
            let messages = names::port_name(&port.name);
            if messages.is_empty() && !seen.insert(&port.name) {
                errors.duplicate(&name, &port.name);
            }
            errors.invalid_all(&name, &port.name, messages);
        }
        if port.container_port == 0 {
            errors.required(&path.child("containerPort"), "");
        } else {
            let number = port.container_port;
            errors.invalid_all(&path.child("containerPort"), number, names::port_number(number.into()));
        }
        if port.host_port != 0 {
            let number = port.host_port;
            errors.invalid_all(&path.child("hostPort"), number, names::port_number(number.into()));
        }
        required_enum(
            port.protocol.as_str(),
            Protocol::KNOWN,
            Protocol::KNOWN,
            &path.child("protocol"),
            errors,
        );
    }
}

/// A port of the node leads to one container only.
fn host_ports(containers: &[Container], path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let path = path.index(index);
        let list = path.child("ports");
        for (index, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let text = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            if seen.contains(&text) {
                errors.duplicate(&list.index(index).child("hostPort"), &text);
            }
            seen.insert(text);
        }
    }
}

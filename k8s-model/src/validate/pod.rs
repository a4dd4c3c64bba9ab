//! Pods.

use std::collections::{BTreeMap, BTreeSet};

use super::container::{Context, required_enum};
use super::errors::{Errors, Json};
use super::{amounts, meta, names, scheduling, security, volume};
use crate::core::{DnsPolicy, OsName, Pod, PodSpec, PodTemplateSpec, PreemptionPolicy, RestartPolicy};
use crate::path::Path;

/// The annotations by which AppArmor and seccomp profiles were given before there were fields.
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) fn pod(pod: &Pod, errors: &mut Errors) {
    let metadata = Path::new("metadata");
    meta::object_meta(&pod.metadata, &metadata, errors);
    whole(pod, errors);
    let (path, spec) = (Path::new("spec"), &pod.spec);
    if !spec.ephemeral_containers.is_empty() {
        errors.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
    }
    if !spec.node_name.is_empty() && !spec.scheduling_gates.is_empty() {
        errors
            .forbidden(&path.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

/// What is checked of a pod at its creation and at each update.
pub(super) fn whole(pod: &Pod, errors: &mut Errors) {
    let (metadata, path, spec) = (Path::new("metadata"), Path::new("spec"), &pod.spec);
    annotations(&pod.metadata.annotations, spec, &metadata.child("annotations"), errors);
    spec_itself(spec, &pod.metadata.name, &[], &path, errors);
    if spec.service_account_name.is_empty() {
        let volumes = path.child("volumes");
        for (index, volume) in spec.volumes.iter().enumerate() {
            let element = volumes.index(index);
            let sources = element.child("projected.sources");
            let projections = volume.projected.iter().flat_map(|projected| &projected.sources).enumerate();
            for (index, _) in projections.filter(|(_, source)| source.service_account_token.is_some()) {
                let detail = "must not be specified when serviceAccountName is not set";
                errors.forbidden(&sources.index(index).child("serviceAccountToken"), detail);
            }
        }
    }
}

/// A template of pods; `claims` names volumes that it gets besides its own.
pub(super) fn template(template: &PodTemplateSpec, claims: &[&str], path: &Path<'_>, errors: &mut Errors) {
    let (metadata, spec) = (&template.metadata, &template.spec);
    meta::labels(&metadata.labels, &path.child("labels"), errors);
    let own = path.child("annotations");
    meta::annotations(&metadata.annotations, &own, errors);
    annotations(&metadata.annotations, spec, &own, errors);
    spec_itself(spec, "", claims, &path.child("spec"), errors);
    if !spec.ephemeral_containers.is_empty() {
        let detail = "ephemeral containers not allowed in pod template";
        errors.forbidden(&path.child("spec.ephemeralContainers"), detail);
    }
}

fn annotations(annotations: &BTreeMap<String, String>, spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let has_container = |name: &str| {
        spec.init_containers.iter().chain(&spec.containers).any(|container| container.name == name)
    };
    for (key, value) in annotations {
        if key == MIRROR && spec.node_name.is_empty() {
            errors.invalid(&path.key(key), value, "must set spec.nodeName if mirror pod annotation is set");
        }
        if key == SECCOMP_POD || key.starts_with(SECCOMP_CONTAINER) {
            seccomp_name(value, &path.child(key), errors);
        }
        if let Some(container) = key.strip_prefix(APP_ARMOR) {
            if !has_container(container) {
                errors.invalid(&path.key(key), container, "container not found");
            }
            let known = matches!(value.as_str(), "" | "runtime/default" | "unconfined")
                || value.starts_with("localhost/");
            if !known {
                errors.invalid(&path.key(key), value, format!("invalid AppArmor profile name: {value:?}"));
            }
        }
    }
}

fn seccomp_name(value: &str, path: &Path<'_>, errors: &mut Errors) {
    if let Some(file) = value.strip_prefix("localhost/") {
        volume::descending_path(file, path, errors);
    } else if !matches!(value, "runtime/default" | "docker/default" | "unconfined") {
        errors.invalid(path, value, "must be a valid seccomp profile");
    }
}

fn spec_itself(spec: &PodSpec, pod_name: &str, claims: &[&str], path: &Path<'_>, errors: &mut Errors) {
    if spec.termination_grace_period_seconds.is_none() {
        errors.required(&path.child("terminationGracePeriodSeconds"), "");
    }
    let volumes = volume::volumes(spec, pod_name, claims, &path.child("volumes"), errors);
    resource_claims(spec, &path.child("resourceClaims"), errors);
    let claims = spec.resource_claims.iter().map(|claim| claim.name.as_str());
    let context = Context { spec, volumes, claims: claims.filter(|name| !name.is_empty()).collect() };
    context.containers(&path.child("containers"), errors);
    context.init_containers(&path.child("initContainers"), errors);
    amounts::pod(spec, &path.child("resources"), errors);
    host_network(spec, &path.child("containers"), errors);
    required_enum(
        spec.restart_policy.as_str(),
        &["Always", "OnFailure", "Never"],
        RestartPolicy::KNOWN,
        &path.child("restartPolicy"),
        errors,
    );
    required_enum(
        spec.dns_policy.as_str(),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        DnsPolicy::KNOWN,
        &path.child("dnsPolicy"),
        errors,
    );
    meta::labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    security::pod(spec, &path.child("securityContext"), errors);
    if let Some(affinity) = &spec.affinity {
        scheduling::affinity(affinity, &path.child("affinity"), errors);
    }
    dns_config(spec, &path.child("dnsConfig"), errors);
    gates(spec, path, errors);
    scheduling::spread(&spec.topology_spread_constraints, &path.child("topologySpreadConstraints"), errors);
    host_users(spec, path, errors);
    names_of_others(spec, path, errors);
    scheduling::tolerations(&spec.tolerations, &path.child("tolerations"), errors);
    host_aliases(spec, &path.child("hostAliases"), errors);
    amounts::overhead(&spec.overhead, &path.child("overhead"), errors);
    operating_system(spec, path, errors);
}

fn resource_claims(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, claim) in spec.resource_claims.iter().enumerate() {
        let path = path.index(index);
        let name = path.child("name");
        if claim.name.is_empty() {
            errors.required(&name, "");
        } else if seen.insert(&claim.name) {
            errors.invalid_all(&name, &claim.name, names::dns_label(&claim.name));
        } else {
            errors.duplicate(&name, &claim.name);
        }
        match (&claim.resource_claim_name, &claim.resource_claim_template_name) {
            (Some(_), Some(_)) => {
                let detail =
                    "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
                errors.invalid(&path, Json(claim), detail);
            }
            (None, None) => {
                let detail = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
                errors.invalid(&path, Json(claim), detail);
            }
            _ => {}
        }
        let named = [
            ("resourceClaimName", &claim.resource_claim_name),
            ("resourceClaimTemplateName", &claim.resource_claim_template_name),
        ];
        for (member, value) in named {
            if let Some(value) = value {
                errors.invalid_all(&path.child(member), value, names::dns_subdomain(value));
            }
        }
    }
}

fn host_network(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    if !spec.host_network {
        return;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let element = path.index(index);
        let list = element.child("ports");
        for (index, port) in container.ports.iter().enumerate() {
            if port.host_port != port.container_port {
                let path = list.index(index);
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.invalid(&path.child("hostPort"), port.host_port, detail);
            }
        }
    }
}

fn dns_config(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    const SERVERS: usize = 3;
    const SEARCHES: usize = 32;
    const SEARCH_CHARACTERS: usize = 2048;
    let none = spec.dns_policy == DnsPolicy::None;
    let Some(config) = &spec.dns_config else {
        if none {
            errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        return;
    };
    let (servers, searches) = (path.child("nameservers"), path.child("searches"));
    if none && config.nameservers.is_empty() {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return errors.required(&servers, detail);
    }
    if config.nameservers.len() > SERVERS {
        let detail = format!("must not have more than {SERVERS} nameservers");
        errors.invalid(&servers, config.nameservers.as_slice(), detail);
    }
    for (index, server) in config.nameservers.iter().enumerate() {
        ip(server, &servers.index(index), errors);
    }
    if config.searches.len() > SEARCHES {
        let detail = format!("must not have more than {SEARCHES} search paths");
        errors.invalid(&searches, config.searches.as_slice(), detail);
    }
    if config.searches.join(" ").len() > SEARCH_CHARACTERS {
        let detail = format!(
            "must not have more than {SEARCH_CHARACTERS} characters (including spaces) in the search list"
        );
        errors.invalid(&searches, config.searches.as_slice(), detail);
    }
    for (index, search) in config.searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        errors.invalid_all(&searches.index(index), search, names::dns_subdomain_with_underscore(search));
    }
    let options = path.child("options");
    for (index, _) in config.options.iter().enumerate().filter(|(_, option)| option.name.is_empty()) {
        errors.required(&options.index(index), "must not be empty");
    }
}

fn ip(text: &str, path: &Path<'_>, errors: &mut Errors) {
    if !names::is_ip(text) {
        errors.invalid(path, text, names::IP);
    }
}

fn gates(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let list = path.child("readinessGates");
    for (index, gate) in spec.readiness_gates.iter().enumerate() {
        let condition = gate.condition_type.as_str();
        let path = list.index(index);
        errors.invalid_all(&path.child("conditionType"), condition, names::qualified_name(condition));
    }
    let list = path.child("schedulingGates");
    let mut seen = BTreeSet::new();
    for (index, gate) in spec.scheduling_gates.iter().enumerate() {
        let path = list.index(index);
        errors.invalid_all(&path, &gate.name, names::qualified_name(&gate.name));
        if !seen.insert(&gate.name) {
            errors.duplicate(&path, &gate.name);
        }
    }
}

fn host_users(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    if spec.host_users != Some(false) {
        return;
    }
    // Upstream spells two of the fields as Go does.
    let shared = [("hostNetwork", spec.host_network), ("HostPID", spec.host_pid), ("HostIPC", spec.host_ipc)];
    for (name, _) in shared.iter().filter(|(_, shared)| *shared) {
        errors.forbidden(&path.child(name), "when `pod.Spec.HostUsers` is false");
    }
}

/// The fields that name the pod's host or other objects.
fn names_of_others(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let mut subdomains = vec![
        ("serviceAccountName", spec.service_account_name.as_str()),
        ("nodeName", spec.node_name.as_str()),
        ("priorityClassName", spec.priority_class_name.as_str()),
    ];
    subdomains.extend(spec.hostname_override.as_deref().map(|name| ("hostnameOverride", name)));
    for (name, value) in subdomains.into_iter().filter(|(_, value)| !value.is_empty()) {
        errors.invalid_all(&path.child(name), value, names::dns_subdomain(value));
    }
    if let Some(class) = &spec.runtime_class_name {
        errors.invalid_all(&path.child("runtimeClassName"), class, names::dns_subdomain(class));
    }
    if let Some(group) = spec.scheduling_group.as_ref().and_then(|group| group.pod_group_name.as_ref()) {
        errors.invalid_all(&path.child("schedulingGroup.podGroupName"), group, names::dns_subdomain(group));
    }
    for (name, value) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if !value.is_empty() {
            errors.invalid_all(&path.child(name), value, names::dns_label(value));
        }
    }
    hostname_override(spec, &path.child("hostnameOverride"), errors);
    if let Some(deadline) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&deadline)
    {
        let detail = names::range(1, i32::MAX.into());
        errors.invalid(&path.child("activeDeadlineSeconds"), deadline, detail);
    }
    if let Some(policy) = &spec.preemption_policy {
        required_enum(
            policy.as_str(),
            &["PreemptLowerPriority", "Never"],
            PreemptionPolicy::KNOWN,
            &path.child("preemptionPolicy"),
            errors,
        );
    }
}

fn hostname_override(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    /// What the kernel takes as a host name (gethostname(2)).
    const MAX: usize = 64;
    let Some(name) = &spec.hostname_override else { return };
    if name.is_empty() {
        errors.required(path, "must not be empty");
    } else if name.len() > MAX {
        errors.invalid(path, name, format!("must be no more than {MAX} bytes"));
    }
    if spec.set_hostname_as_fqdn == Some(true) {
        errors.forbidden(path, "may not be set when `setHostnameAsFQDN` is true");
    }
    if spec.host_network {
        errors.forbidden(path, "may not be set when `hostNetwork` is true");
    }
}

fn host_aliases(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    for (index, alias) in spec.host_aliases.iter().enumerate() {
        let path = path.index(index);
        ip(&alias.ip, &path.child("ip"), errors);
        let list = path.child("hostnames");
        for (index, name) in alias.hostnames.iter().enumerate() {
            errors.invalid_all(&list.index(index), name, names::dns_subdomain(name));
        }
    }
}

fn operating_system(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let Some(os) = &spec.os else { return };
    match &os.name {
        OsName::Unset => errors.required(&path.child("os.name"), "cannot be empty"),
        OsName::Other(name) => errors.not_supported(&path.child("os"), name, OsName::KNOWN),
        OsName::Linux => linux(spec, path, errors),
        OsName::Windows => {}
    }
}

fn linux(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    const DETAIL: &str = "windows options cannot be set for a linux pod";
    let options = "securityContext.windowsOptions";
    if spec.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
        errors.forbidden(&path.child(options), DETAIL);
    }
    for (name, containers) in [("initContainers", &spec.init_containers), ("containers", &spec.containers)] {
        let list = path.child(name);
        for (index, container) in containers.iter().enumerate() {
            let set =
                container.security_context.as_ref().is_some_and(|context| context.windows_options.is_some());
            if set {
                errors.forbidden(&list.index(index).child(options), DETAIL);
            }
        }
    }
}

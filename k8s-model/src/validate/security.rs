//! Security contexts of pods and containers.

use std::collections::BTreeSet;

use super::errors::{Errors, Json};
use super::names;
use crate::core::{
    AppArmorProfile, AppArmorProfileType, PodFsGroupChangePolicy, PodSeLinuxChangePolicy, PodSecurityContext,
    PodSpec, ProcMountType, SeccompProfile, SeccompProfileType, SecurityContext, SupplementalGroupsPolicy,
    WindowsSecurityContextOptions,
};
use crate::path::Path;

/// The longest name of a kernel parameter, and its form.
const SYSCTL_MAX: usize = 253;
const SYSCTL: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

pub(super) fn pod(spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let Some(context) = &spec.security_context else { return };
    let ids = [
        ("fsGroup", context.fs_group),
        ("runAsUser", context.run_as_user),
        ("runAsGroup", context.run_as_group),
    ];
    for (name, id) in ids {
        if let Some(id) = id {
            errors.invalid_all(&path.child(name), id, names::id(id));
        }
    }
    let groups = path.child("supplementalGroups");
    for (index, id) in context.supplemental_groups.iter().enumerate() {
        errors.invalid_all(&groups.index(index), *id, names::id(*id));
    }
    if spec.host_pid && spec.share_process_namespace == Some(true) {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.invalid(&path.child("shareProcessNamespace"), true, detail);
    }
    sysctls(context, spec, &path.child("sysctls"), errors);
    if let Some(policy) = &context.fs_group_change_policy
        && !PodFsGroupChangePolicy::KNOWN.contains(&policy.as_str())
    {
        errors.not_supported(
            &path.child("fsGroupChangePolicy"),
            policy.as_str(),
            PodFsGroupChangePolicy::KNOWN,
        );
    }
    seccomp(context.seccomp_profile.as_deref(), &path.child("seccompProfile"), errors);
    windows(context.windows_options.as_deref(), &path.child("windowsOptions"), errors);
    app_armor(context.app_armor_profile.as_deref(), &path.child("appArmorProfile"), errors);
    if let Some(policy) = &context.supplemental_groups_policy
        && !SupplementalGroupsPolicy::KNOWN.contains(&policy.as_str())
    {
        let path = path.child("supplementalGroupsPolicy");
        errors.not_supported(&path, policy.as_str(), SupplementalGroupsPolicy::KNOWN);
    }
    if let Some(policy) = &context.se_linux_change_policy
        && !PodSeLinuxChangePolicy::KNOWN.contains(&policy.as_str())
    {
        errors.not_supported(
            &path.child("seLinuxChangePolicy"),
            policy.as_str(),
            PodSeLinuxChangePolicy::KNOWN,
        );
    }
}

fn sysctls(context: &PodSecurityContext, spec: &PodSpec, path: &Path<'_>, errors: &mut Errors) {
    let mut seen = BTreeSet::new();
    for (index, sysctl) in context.sysctls.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("name");
        let name = sysctl.name.as_str();
        if name.is_empty() {
            errors.required(&path, "");
        } else if !is_sysctl(name) {
            errors.invalid(
                &path,
                name,
                format!("must have at most {SYSCTL_MAX} characters and match regex {SYSCTL}"),
            );
        } else if !seen.insert(name) {
            errors.duplicate(&path, name);
        }
        let dotted = dotted(name);
        if spec.host_network && dotted.starts_with("net.") {
            errors.invalid(&path, name, "may not be specified when 'hostNetwork' is true");
        } else if spec.host_ipc && is_ipc(&dotted) {
            errors.invalid(&path, name, "may not be specified when 'hostIPC' is true");
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= SYSCTL_MAX
        && name.split(['.', '/']).all(|segment| {
            let bytes = segment.as_bytes();
            bytes.first().copied().is_some_and(edge)
                && bytes.last().copied().is_some_and(edge)
                && bytes.iter().all(|byte| edge(*byte) || matches!(byte, b'-' | b'_'))
        })
}

/// The name of a kernel parameter with dots between its parts. Where its first separator is a slash, dots and slashes have
/// changed places (sysctl.d(5)).
pub(crate) fn dotted(name: &str) -> String {
    match name.find(['.', '/']) {
        Some(at) if name.as_bytes().get(at) == Some(&b'/') => name
            .chars()
            .map(|c| match c {
                '/' => '.',
                '.' => '/',
                other => other,
            })
            .collect(),
        _ => name.to_owned(),
    }
}

/// Whether a kernel parameter belongs to an IPC namespace.
pub(crate) fn is_ipc(dotted: &str) -> bool {
    dotted == "kernel.sem"
        || ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|prefix| dotted.starts_with(prefix))
}

pub(super) fn container(
    context: Option<&SecurityContext>,
    host_users: bool,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    let Some(context) = context else { return };
    for (name, id) in [("runAsUser", context.run_as_user), ("runAsGroup", context.run_as_group)] {
        if let Some(id) = id {
            errors.invalid_all(&path.child(name), id, names::id(id));
        }
    }
    if let Some(mount) = &context.proc_mount {
        let path = path.child("procMount");
        if !ProcMountType::KNOWN.contains(&mount.as_str()) {
            errors.not_supported(&path, mount.as_str(), ProcMountType::KNOWN);
        }
        if host_users && *mount == ProcMountType::Unmasked {
            errors.invalid(&path, mount.as_str(), "`hostUsers` must be false to use `Unmasked`");
        }
    }
    seccomp(context.seccomp_profile.as_deref(), &path.child("seccompProfile"), errors);
    if context.allow_privilege_escalation == Some(false) {
        if context.privileged == Some(true) {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.invalid(path, Json(context), detail);
        }
        let added = context.capabilities.iter().flat_map(|capabilities| &capabilities.add);
        for _ in added.filter(|capability| *capability == "CAP_SYS_ADMIN") {
            let detail =
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.invalid(path, Json(context), detail);
        }
    }
    windows(context.windows_options.as_deref(), &path.child("windowsOptions"), errors);
    app_armor(context.app_armor_profile.as_deref(), &path.child("appArmorProfile"), errors);
}

fn seccomp(profile: Option<&SeccompProfile>, path: &Path<'_>, errors: &mut Errors) {
    let Some(profile) = profile else { return };
    let file = path.child("localhostProfile");
    match &profile.type_ {
        SeccompProfileType::Localhost => match &profile.localhost_profile {
            None => errors.required(&file, "must be set when seccomp type is Localhost"),
            Some(name) => super::volume::descending_path(name, &file, errors),
        },
        SeccompProfileType::Unset => {
            errors.required(&path.child("type"), "type is required when seccompProfile is set");
        }
        SeccompProfileType::Other(text) => {
            errors.not_supported(&path.child("type"), text, &["Localhost", "RuntimeDefault", "Unconfined"]);
        }
        SeccompProfileType::RuntimeDefault | SeccompProfileType::Unconfined => {}
    }
    if profile.type_ != SeccompProfileType::Localhost && profile.localhost_profile.is_some() {
        errors.invalid(&file, Json(profile), "can only be set when seccomp type is Localhost");
    }
}

fn app_armor(profile: Option<&AppArmorProfile>, path: &Path<'_>, errors: &mut Errors) {
    /// A path's length, without its end.
    const MAX: usize = 4095;
    const MISSING: &str = "must be set when AppArmor type is Localhost";
    let Some(profile) = profile else { return };
    let name_path = path.child("localhostProfile");
    match &profile.type_ {
        AppArmorProfileType::Localhost => match profile.localhost_profile.as_deref() {
            None | Some("") => errors.required(&name_path, MISSING),
            Some(name) => {
                if name.trim() != name {
                    errors.invalid(&name_path, name, "must not be padded with whitespace");
                }
                if name.len() > MAX {
                    errors.too_long(&name_path, MAX);
                }
            }
        },
        AppArmorProfileType::RuntimeDefault | AppArmorProfileType::Unconfined => {
            if let Some(name) = &profile.localhost_profile {
                errors.invalid(&name_path, name, "can only be set when AppArmor type is Localhost");
            }
        }
        AppArmorProfileType::Unset => {
            errors.required(&path.child("type"), "type is required when appArmorProfile is set");
        }
        AppArmorProfileType::Other(text) => {
            errors.not_supported(&path.child("type"), text, &["Localhost", "RuntimeDefault", "Unconfined"]);
        }
    }
}

fn windows(options: Option<&WindowsSecurityContextOptions>, path: &Path<'_>, errors: &mut Errors) {
    const MAX_SPEC: usize = 64 << 10;
    let Some(options) = options else { return };
    if let Some(name) = &options.gmsa_credential_spec_name {
        errors.invalid_all(&path.child("gmsaCredentialSpecName"), name, names::dns_subdomain(name));
    }
    if let Some(spec) = &options.gmsa_credential_spec {
        let path = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            errors.invalid(&path, spec, "gmsaCredentialSpec cannot be an empty string");
        } else if spec.len() > MAX_SPEC {
            errors.invalid(&path, spec, "gmsaCredentialSpec size must be under 64 KiB");
        }
    }
    if let Some(name) = &options.run_as_user_name {
        let path = path.child("runAsUserName");
        for detail in windows_user(name) {
            errors.invalid(&path, name, detail);
        }
    }
}

/// What is wrong with a user of Windows: `USER` or `DOMAIN\USER`.
fn windows_user(name: &str) -> Vec<&'static str> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string"];
    }
    if name.chars().any(char::is_control) {
        return vec!["runAsUserName cannot contain control characters"];
    }
    let parts: Vec<&str> = name.split('\\').collect();
    let (domain, user) = match parts.as_slice() {
        [user] => (None, *user),
        [domain, user] => (Some(*domain), *user),
        _ => return vec!["runAsUserName cannot contain more than one backslash"],
    };
    let mut found = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= 256) {
        found.push("runAsUserName's Domain length must be under 256 characters");
    }
    if domain.is_some_and(|domain| !is_net_bios(domain) && !is_domain(domain)) {
        found.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
    if user.is_empty() {
        found.push("runAsUserName's User cannot be empty");
    } else if user.len() > 104 {
        found.push("runAsUserName's User length must not be longer than 104 characters");
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        found.push("runAsUserName's User cannot contain only periods or spaces");
    }
    if user.contains(|c| "\"/\\:;|=,+*?<>@[]".contains(c)) {
        found.push("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]");
    }
    found
}

fn is_net_bios(domain: &str) -> bool {
    (1..=15).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(|c| "\\/:*?\"<>|".contains(c))
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        label.len() <= 63
            && label.starts_with(edge)
            && label.ends_with(edge)
            && label.chars().all(|c| edge(c) || c == '-')
    })
}

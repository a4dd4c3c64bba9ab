//! Who a container runs as, and what it may do.

use std::collections::BTreeSet;

use pod_core::pod::{Capability, SeccompProfile as Lowered, Security};

use super::{NodeSettings, fields};
use crate::core::{
    AppArmorProfile, AppArmorProfileType, Capabilities, Container, Pod, PodSecurityContext, ProcMountType,
    SeccompProfile, SeccompProfileType, SecurityContext,
};
use crate::expand::Problems;
use crate::path::Path;

pub(super) const APP_ARMOR: &str = "AppArmor profiles are not supported";

/// An AppArmor profile other than none.
pub(super) fn app_armor(profile: Option<&AppArmorProfile>, path: &Path<'_>, problems: &mut Problems) {
    if profile.is_some_and(|profile| profile.type_ != AppArmorProfileType::Unconfined) {
        problems.add(&path.child("appArmorProfile"), APP_ARMOR);
    }
}

/// The group that owns the pod's volumes.
pub(super) fn group(pod: &Pod, path: &Path<'_>, problems: &mut Problems) -> Option<u32> {
    let group = pod.spec.security_context.as_ref()?.fs_group?;
    problems.take(path, id(group))
}

fn id(id: i64) -> Result<u32, String> {
    u32::try_from(id).map_err(|_| format!("{id} is no user or group"))
}

pub(super) fn security(
    container: &Container,
    pod: &Pod,
    path: &Path<'_>,
    settings: &NodeSettings,
    problems: &mut Problems,
) -> Security {
    let (no_pod, no_container) = (PodSecurityContext::default(), SecurityContext::default());
    let of_pod = pod.spec.security_context.as_deref().unwrap_or(&no_pod);
    let own = container.security_context.as_deref().unwrap_or(&no_container);
    let path = path.child("securityContext");
    fields::refuse(own, &path, problems);
    app_armor(own.app_armor_profile.as_deref(), &path, problems);
    let privileged = own.privileged == Some(true);
    let groups = Path::new("spec.securityContext.supplementalGroups");
    let supplementary_groups = of_pod.supplemental_groups.iter().enumerate();
    Security {
        user: own.run_as_user.or(of_pod.run_as_user).map(|user| user.to_string()),
        group: own.run_as_group.or(of_pod.run_as_group).map(|group| group.to_string()),
        supplementary_groups: supplementary_groups
            .filter_map(|(index, group)| problems.take(&groups.index(index), id(*group)))
            .collect(),
        run_as_non_root: own.run_as_non_root.or(of_pod.run_as_non_root).unwrap_or(false),
        privileged,
        read_only_root: own.read_only_root_filesystem.unwrap_or(false),
        no_new_privileges: own.allow_privilege_escalation == Some(false),
        capabilities: if privileged {
            Capability::ALL.iter().copied().collect()
        } else {
            capabilities(own.capabilities.as_deref(), &path.child("capabilities"), problems)
        },
        seccomp: if privileged {
            Lowered::Unconfined
        } else {
            seccomp(own.seccomp_profile.as_deref().or(of_pod.seccomp_profile.as_deref()), settings)
        },
        mask_paths: !privileged && own.proc_mount != Some(ProcMountType::Unmasked),
    }
}

/// Changes the default set as containerd does: first `ALL`, added then dropped, then one by one.
fn capabilities(
    changes: Option<&Capabilities>,
    path: &Path<'_>,
    problems: &mut Problems,
) -> BTreeSet<Capability> {
    let default = Capability::DEFAULT.iter().copied().collect();
    let Some(changes) = changes else { return default };
    let is_all = |name: &String| name.eq_ignore_ascii_case("ALL");
    let mut set: BTreeSet<Capability> = if changes.drop.iter().any(is_all) {
        BTreeSet::new()
    } else if changes.add.iter().any(is_all) {
        Capability::ALL.iter().copied().collect()
    } else {
        default
    };
    for (member, names) in [("add", &changes.add), ("drop", &changes.drop)] {
        let list = path.child(member);
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !is_all(name)) {
            let Some(capability) = problems.take(&list.index(index), name.parse::<Capability>()) else {
                continue;
            };
            if member == "add" {
                set.insert(capability);
            } else {
                set.remove(&capability);
            }
        }
    }
    set
}

fn seccomp(profile: Option<&SeccompProfile>, settings: &NodeSettings) -> Lowered {
    let Some(profile) = profile else {
        return if settings.seccomp_default { Lowered::RuntimeDefault } else { Lowered::Unconfined };
    };
    match &profile.type_ {
        SeccompProfileType::RuntimeDefault => Lowered::RuntimeDefault,
        SeccompProfileType::Localhost => {
            let file = profile.localhost_profile.as_deref().unwrap_or_default();
            Lowered::Localhost(settings.seccomp_profiles.join(file.trim_start_matches('/')))
        }
        _ => Lowered::Unconfined,
    }
}

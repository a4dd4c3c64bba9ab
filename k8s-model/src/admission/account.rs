//! The account that a pod runs as (`ServiceAccount`).

use super::{Refusal, Step, or_default};
use crate::core::{
    ConfigMapProjection, Container, DownwardApiProjection, DownwardApiVolumeFile, KeyToPath,
    ObjectFieldSelector, Pod, ProjectedVolumeSource, ServiceAccount, ServiceAccountTokenProjection, Volume,
    VolumeMount, VolumeProjection,
};

/// The account of a pod that names none, which each namespace has.
const DEFAULT: &str = "default";

/// The annotation of a pod that a kubelet read from a file.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Where a pod finds the token of its account (`DefaultAPITokenMountPath`).
const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// How long a token that was not asked for lasts: an hour, and a little that says so (`WarnOnlyBoundTokenExpirationPeriod`).
const TOKEN_SECONDS: i64 = 3607;

/// Gives a pod the account `default`, when it names none, and the pull secrets of its account, when it has none of its own.
///
/// # Errors
///
/// On an account that there is not, other than `default`, which is then one without anything; on a mirror pod that names an account.
pub fn service_account(pod: &mut Pod, accounts: &[ServiceAccount]) -> Result<(), Refusal> {
    let refused = |reason: String| Err(Refusal::new(Step::ServiceAccount, reason));
    if pod.metadata.annotations.contains_key(MIRROR) {
        return match pod.spec.service_account_name.as_str() {
            "" => Ok(()),
            _ => refused("a mirror pod may not reference service accounts".to_owned()),
        };
    }
    if pod.spec.service_account_name.is_empty() {
        DEFAULT.clone_into(&mut pod.spec.service_account_name);
        DEFAULT.clone_into(&mut pod.spec.service_account);
    }
    let namespace = or_default(&pod.metadata.namespace);
    let name = pod.spec.service_account_name.as_str();
    let known = accounts
        .iter()
        .find(|known| known.metadata.name == name && or_default(&known.metadata.namespace) == namespace);
    match known {
        Some(account) if pod.spec.image_pull_secrets.is_empty() => {
            pod.spec.image_pull_secrets.clone_from(&account.image_pull_secrets);
            Ok(())
        }
        Some(_) => Ok(()),
        None if name == DEFAULT => Ok(()),
        None => refused(format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        )),
    }
}

/// Mounts the token of a pod's account in each of its containers that has nothing at that place yet, unless the pod or its account
/// says not to. The volume is `kube-api-access-SUFFIX`; upstream takes five random characters. It is no part of
/// [`admit`](super::admit), since it needs a server to make the token.
pub fn service_account_token(pod: &mut Pod, account: Option<&ServiceAccount>, suffix: &str) {
    let wanted = pod
        .spec
        .automount_service_account_token
        .or_else(|| account.and_then(|account| account.automount_service_account_token));
    if wanted == Some(false) || pod.metadata.annotations.contains_key(MIRROR) {
        return;
    }
    let name = format!("kube-api-access-{suffix}");
    let free =
        |container: &&mut Container| container.volume_mounts.iter().all(|m| m.mount_path != TOKEN_PATH);
    let mut is_needed = false;
    for container in pod.spec.init_containers.iter_mut().chain(&mut pod.spec.containers).filter(free) {
        is_needed = true;
        container.volume_mounts.push(VolumeMount {
            name: name.clone(),
            read_only: true,
            mount_path: TOKEN_PATH.to_owned(),
            ..VolumeMount::default()
        });
    }
    if is_needed {
        pod.spec.volumes.push(token_volume(name));
    }
}

/// The token, the certificate of the cluster, and the pod's namespace.
fn token_volume(name: String) -> Volume {
    let token = ServiceAccountTokenProjection {
        expiration_seconds: Some(TOKEN_SECONDS),
        path: "token".to_owned(),
        ..ServiceAccountTokenProjection::default()
    };
    let item = |name: &str| KeyToPath { key: name.to_owned(), path: name.to_owned(), mode: None };
    let certificate = ConfigMapProjection {
        name: "kube-root-ca.crt".to_owned(),
        items: vec![item("ca.crt")],
        optional: None,
    };
    let namespace =
        ObjectFieldSelector { api_version: "v1".to_owned(), field_path: "metadata.namespace".to_owned() };
    let namespace = DownwardApiVolumeFile {
        path: "namespace".to_owned(),
        field_ref: Some(Box::new(namespace)),
        ..DownwardApiVolumeFile::default()
    };
    let sources = vec![
        VolumeProjection { service_account_token: Some(Box::new(token)), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(Box::new(certificate)), ..VolumeProjection::default() },
        VolumeProjection {
            downward_api: Some(Box::new(DownwardApiProjection { items: vec![namespace] })),
            ..VolumeProjection::default()
        },
    ];
    let projected = ProjectedVolumeSource { sources, default_mode: Some(0o644) };
    Volume { name, projected: Some(Box::new(projected)), ..Volume::default() }
}

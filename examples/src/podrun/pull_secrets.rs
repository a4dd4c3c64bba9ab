//! The credentials of a pod's pull secrets. A pod that outlives its command has them in a file of its directory, for the pulls of its
//! restarts; the file goes when the pod ends.

use std::fmt;

use anyhow::Context;
use k8s_model::core::{Pod, Secret};
use k8s_model::expand::Objects;
use k8s_model::lower;
use pod_core::image::{ConfigFormat, DockerConfig, Keyring};
use pod_engine::Prepared;

/// The secrets that can be used: the type and the text of each.
#[derive(Default)]
pub(super) struct PullSecrets(Vec<(String, String)>);

impl PullSecrets {
    /// Those of a pod. What cannot be used is told and passed over, as a kubelet does.
    pub(super) fn of(pod: &Pod, objects: &Objects) -> Self {
        let mut usable = Vec::new();
        for secret in lower::pull_secrets(pod, objects) {
            match text(secret) {
                Ok(text) => usable.push((secret.type_.to_string(), text)),
                Err(why) => tracing::warn!("pull secret `{}` is passed over: {why}", secret.metadata.name),
            }
        }
        Self(usable)
    }

    /// What they open.
    pub(super) fn keyring(&self) -> anyhow::Result<Keyring> {
        let mut keyring = Keyring::new();
        for (kind, text) in &self.0 {
            let format =
                ConfigFormat::of_secret(kind).with_context(|| format!("`{kind}` has no credentials"))?;
            keyring.add(DockerConfig::read(format, text.as_bytes())?);
        }
        Ok(keyring)
    }

    /// Leaves them to whoever runs the pod.
    pub(super) fn keep(&self, prepared: &Prepared) -> anyhow::Result<()> {
        if !self.0.is_empty() {
            prepared.keep_private(&serde_json::to_vec(&self.0)?)?;
        }
        Ok(())
    }

    /// Those that were left.
    pub(super) fn kept(prepared: &Prepared) -> anyhow::Result<Self> {
        let Some(bytes) = prepared.private()? else { return Ok(Self::default()) };
        Ok(Self(serde_json::from_slice(&bytes).context("the pull secrets that the pod has kept")?))
    }
}

impl fmt::Debug for PullSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PullSecrets({})", self.0.len())
    }
}

fn text(secret: &Secret) -> Result<String, String> {
    let format = ConfigFormat::of_secret(secret.type_.as_str())
        .ok_or_else(|| format!("its type `{}` has no credentials for registries", secret.type_))?;
    let key = format.secret_key();
    let bytes = secret.data.get(key).ok_or_else(|| format!("it has no `{key}`"))?;
    DockerConfig::read(format, &bytes.0).map_err(|error| error.to_string())?;
    String::from_utf8(bytes.0.clone()).map_err(|_| format!("its `{key}` is not UTF-8"))
}

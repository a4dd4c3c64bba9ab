//! Who may use an image that is on the node already (kubelet, `images/pullmanager`; `KubeletEnsureSecretPulledImages`).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{PullDecision, PullPolicy, Reference};

/// For which images that are on the node a pod must still have credentials (`imagePullCredentialsVerificationPolicy`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CredentialVerification {
    /// For none (`NeverVerify`): what is on the node is everybody's.
    Never,
    /// For those that were pulled, not for those that the node came with (`NeverVerifyPreloadedImages`): the kubelet's default.
    #[default]
    Pulled,
    /// For all but these (`NeverVerifyAllowlistedImages`): names without tag and digest, or prefixes that end in `/*`.
    NotListed(Vec<String>),
    /// For all (`AlwaysVerify`).
    Always,
}

impl CredentialVerification {
    fn wants(&self, image: &Reference<'_>, was_pulled: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Pulled => was_pulled,
            Self::NotListed(list) => {
                let name = image.name().to_string();
                !list.iter().any(|entry| {
                    match entry.strip_suffix('*').filter(|prefix| prefix.ends_with('/')) {
                        Some(prefix) => name.starts_with(prefix),
                        None => name == *entry,
                    }
                })
            }
            Self::Always => true,
        }
    }
}

/// Credentials of a pod as a record remembers them: where they are from, and a hash of them that gives nothing away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialProof {
    /// The namespace of the Secret.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its `metadata.uid`.
    pub uid: String,
    /// A hash of the user name and password that were used; empty where there is none, and then it proves nothing.
    pub hash: String,
}

impl CredentialProof {
    /// The same password, or the same Secret though its password was changed.
    fn stands_for(&self, other: &Self) -> bool {
        let same_password = !other.hash.is_empty() && self.hash == other.hash;
        let same_secret =
            self.uid == other.uid && self.namespace == other.namespace && self.name == other.name;
        same_password || same_secret
    }
}

/// Who has pulled an image, by the names under which it was pulled: without tag and digest, as a registry gives access to all of a
/// repository.
///
/// ```
/// use pod_core::image::{CredentialVerification, Presence, PullDecision, PullPolicy, PullRecord, Reference};
///
/// let image = Reference::parse("r.example/team/app:1")?;
/// let mut record = PullRecord::default();
/// record.pulled_by_everyone(&image);
/// let decide = |record| {
///     PullPolicy::IfNotPresent.decide_for(&image, Presence::Pulled(record), &[], &CredentialVerification::default())
/// };
/// assert_eq!(decide(&record), PullDecision::Use);
/// assert_eq!(decide(&PullRecord::default()), PullDecision::Pull);
/// # Ok::<(), pod_core::image::ParseReferenceError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PullRecord {
    by_name: BTreeMap<String, Access>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Access {
    /// It came without credentials, or with the node's own.
    Everyone,
    Holders(BTreeSet<CredentialProof>),
}

impl PullRecord {
    /// Remembers a pull without credentials, or with the node's own: all pods may use the image.
    pub fn pulled_by_everyone(&mut self, image: &Reference<'_>) {
        self.by_name.insert(image.name().to_string(), Access::Everyone);
    }

    /// Remembers a pull with the credentials of a pod. What everyone may use stays so.
    pub fn pulled_by(&mut self, image: &Reference<'_>, proof: CredentialProof) {
        let access = self.by_name.entry(image.name().to_string());
        if let Access::Holders(holders) = access.or_insert_with(|| Access::Holders(BTreeSet::new())) {
            // A Secret whose password was changed stands there once.
            holders.retain(|known| {
                (&known.namespace, &known.name, &known.uid) != (&proof.namespace, &proof.name, &proof.uid)
            });
            holders.insert(proof);
        }
    }

    fn admits(&self, image: &Reference<'_>, credentials: &[CredentialProof]) -> bool {
        match self.by_name.get(&image.name().to_string()) {
            None => false,
            Some(Access::Everyone) => true,
            Some(Access::Holders(holders)) => {
                credentials.iter().any(|own| holders.iter().any(|known| own.stands_for(known)))
            }
        }
    }
}

/// Whether an image is on the node, and how it came there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'a> {
    /// It is not there.
    Absent,
    /// It was there from the beginning, or somebody imported it: nobody knows who may use it.
    Preloaded,
    /// It was pulled.
    Pulled(&'a PullRecord),
}

impl PullPolicy {
    /// What to do about an image, when it matters who may use what is there (kubelet, `EnsureImageExists` and `MustAttemptImagePull`).
    /// `credentials` are the pod's own, not the node's.
    ///
    /// An image that is there but not for this pod is as good as absent: it is pulled, which asks the registry, or with
    /// [`PullPolicy::Never`] it is [`PullDecision::Missing`].
    #[must_use]
    pub fn decide_for(
        self,
        image: &Reference<'_>,
        presence: Presence<'_>,
        credentials: &[CredentialProof],
        verification: &CredentialVerification,
    ) -> PullDecision {
        let usable = match presence {
            Presence::Absent => false,
            Presence::Preloaded => !verification.wants(image, false),
            Presence::Pulled(record) => !verification.wants(image, true) || record.admits(image, credentials),
        };
        self.decide(usable)
    }

    /// The policy that a container gets where the admission plugin `AlwaysPullImages` is on: always [`PullPolicy::Always`], so that every pod
    /// must show its credentials to the registry.
    #[must_use]
    pub const fn under_always_pull_images(self) -> Self {
        Self::Always
    }
}

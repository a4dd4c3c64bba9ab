//! The kinds of Kubernetes 1.36: their versions, the names of their resources, and whether they live in a namespace.
//!
//! ```
//! use k8s_model::registry::{self, Scope};
//!
//! let found: Vec<_> = registry::find("deploy").map(|kind| (kind.api_version, kind.kind)).collect();
//! assert_eq!(found, [("apps/v1", "Deployment")]);
//! assert_eq!(registry::kind("v1", "Node").map(|kind| kind.scope), Some(Scope::Cluster));
//! ```

pub use crate::object::KINDS;
use crate::schema::StructInfo;

/// What is known of a kind.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct KindInfo {
    /// The version, with its group: `v1`, `apps/v1`.
    pub api_version: &'static str,
    /// The kind: `Pod`.
    pub kind: &'static str,
    /// The resource in paths of the API: `pods`; empty when there is none.
    pub plural: &'static str,
    /// Short names of the resource: `po`.
    pub short_names: &'static [&'static str],
    /// Where its objects live.
    pub scope: Scope,
    /// The fields; `None` when the kind is not modelled, and its objects are [untyped](crate::object::Untyped).
    pub fields: Option<&'static StructInfo>,
}

/// Where the objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster, beside the namespaces.
    Cluster,
    /// Nowhere: they are files or answers, and the API server keeps none.
    None,
}

impl KindInfo {
    /// The group; empty is the core group.
    #[must_use]
    pub fn group(&self) -> &'static str {
        group_of(self.api_version)
    }

    /// The version without its group.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }

    /// The name of one object's resource: `pod`.
    #[must_use]
    pub fn singular(&self) -> String {
        self.kind.to_ascii_lowercase()
    }
}

/// The group of an apiVersion; empty is the core group.
#[must_use]
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// All kinds: those that are [modelled](KINDS), and further ones of Kubernetes itself.
pub fn kinds() -> impl Iterator<Item = &'static KindInfo> {
    KINDS.iter().chain(UNTYPED)
}

/// The kind of that version and name.
#[must_use]
pub fn kind(api_version: &str, kind: &str) -> Option<&'static KindInfo> {
    kinds().find(|known| known.api_version == api_version && known.kind == kind)
}

/// The kinds that a word of a command line names, in any case: by kind, plural, singular or short name; with a group after a dot
/// only those of that group (`deployments.apps`).
pub fn find(word: &str) -> impl Iterator<Item = &'static KindInfo> {
    let word = word.to_ascii_lowercase();
    let (name, group) = match word.split_once('.') {
        Some((name, group)) => (name.to_owned(), Some(group.to_owned())),
        None => (word, None),
    };
    kinds().filter(move |known| {
        let named = known.kind.eq_ignore_ascii_case(&name)
            || (!known.plural.is_empty() && known.plural == name)
            || known.short_names.contains(&&*name);
        named && group.as_ref().is_none_or(|group| known.group() == group)
    })
}

/// The kinds that `kubectl get all` means, in the order that it shows them (the category `all`).
pub const ALL: &[(&str, &str)] = &[
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("v1", "Service"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
];

const fn untyped(
    api_version: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static [&'static str],
    scope: Scope,
) -> KindInfo {
    KindInfo { api_version, kind, plural, short_names, scope, fields: None }
}

/// Kinds of Kubernetes itself that are not modelled.
const UNTYPED: &[KindInfo] = &{
    use Scope::{Cluster, Namespaced};
    [
        untyped("v1", "ComponentStatus", "componentstatuses", &["cs"], Cluster),
        untyped(
            "admissionregistration.k8s.io/v1",
            "MutatingWebhookConfiguration",
            "mutatingwebhookconfigurations",
            &[],
            Cluster,
        ),
        untyped(
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicy",
            "validatingadmissionpolicies",
            &[],
            Cluster,
        ),
        untyped(
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicyBinding",
            "validatingadmissionpolicybindings",
            &[],
            Cluster,
        ),
        untyped(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            "validatingwebhookconfigurations",
            &[],
            Cluster,
        ),
        untyped(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            &["crd", "crds"],
            Cluster,
        ),
        untyped("apiregistration.k8s.io/v1", "APIService", "apiservices", &[], Cluster),
        untyped("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", &[], Cluster),
        untyped("authentication.k8s.io/v1", "TokenReview", "tokenreviews", &[], Cluster),
        untyped(
            "authorization.k8s.io/v1",
            "LocalSubjectAccessReview",
            "localsubjectaccessreviews",
            &[],
            Namespaced,
        ),
        untyped(
            "authorization.k8s.io/v1",
            "SelfSubjectAccessReview",
            "selfsubjectaccessreviews",
            &[],
            Cluster,
        ),
        untyped("authorization.k8s.io/v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", &[], Cluster),
        untyped("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", &[], Cluster),
        untyped(
            "certificates.k8s.io/v1",
            "CertificateSigningRequest",
            "certificatesigningrequests",
            &["csr"],
            Cluster,
        ),
        untyped("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "flowschemas", &[], Cluster),
        untyped(
            "flowcontrol.apiserver.k8s.io/v1",
            "PriorityLevelConfiguration",
            "prioritylevelconfigurations",
            &[],
            Cluster,
        ),
        untyped("networking.k8s.io/v1", "IPAddress", "ipaddresses", &["ip"], Cluster),
        untyped("networking.k8s.io/v1", "ServiceCIDR", "servicecidrs", &[], Cluster),
        untyped("resource.k8s.io/v1", "DeviceClass", "deviceclasses", &[], Cluster),
        untyped("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", &[], Namespaced),
        untyped("resource.k8s.io/v1", "ResourceClaimTemplate", "resourceclaimtemplates", &[], Namespaced),
        untyped("resource.k8s.io/v1", "ResourceSlice", "resourceslices", &[], Cluster),
        untyped("storage.k8s.io/v1", "CSINode", "csinodes", &[], Cluster),
        untyped("storage.k8s.io/v1", "CSIStorageCapacity", "csistoragecapacities", &[], Namespaced),
        untyped("storage.k8s.io/v1", "VolumeAttributesClass", "volumeattributesclasses", &["vac"], Cluster),
    ]
};

//! Volumes that are files with known contents.

use std::collections::BTreeMap;

use super::env::{ObjectFieldSelector, ResourceFieldSelector};
use crate::meta::LabelSelector;
use crate::schema::object;

object! {
    /// Files from a secret.
    pub struct SecretVolumeSource {
        /// The secret.
        pub secret_name: String = "secretName",
        /// Which keys become which files; empty is all, each under its own name.
        pub items: Vec<KeyToPath> = "items",
        /// The permission bits of files, from 0 to 0777; 0644 by default.
        pub default_mode: Option<i32> = "defaultMode",
        /// Whether the secret or its keys may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// Files from a config map.
    pub struct ConfigMapVolumeSource {
        /// The config map.
        pub name: String = "name",
        /// Which keys become which files; empty is all, each under its own name.
        pub items: Vec<KeyToPath> = "items",
        /// The permission bits of files, from 0 to 0777; 0644 by default.
        pub default_mode: Option<i32> = "defaultMode",
        /// Whether the config map or its keys may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A key that becomes a file.
    pub struct KeyToPath {
        /// The key.
        pub key: String = "key" always,
        /// The file: a relative path without `..`.
        pub path: String = "path" always,
        /// Its permission bits, from 0 to 0777; the volume's when absent.
        pub mode: Option<i32> = "mode",
    }

    /// Files with fields of the pod.
    pub struct DownwardApiVolumeSource as "DownwardAPIVolumeSource" {
        /// The files.
        pub items: Vec<DownwardApiVolumeFile> = "items",
        /// The permission bits of files, from 0 to 0777; 0644 by default.
        pub default_mode: Option<i32> = "defaultMode",
    }

    /// A file with a field of the pod, or with a resource of a container.
    pub struct DownwardApiVolumeFile as "DownwardAPIVolumeFile" {
        /// The file: a relative path without `..`.
        pub path: String = "path" always,
        /// The field: `metadata` fields only.
        pub field_ref: Option<Box<ObjectFieldSelector>> = "fieldRef",
        /// The resource, of a container that is named.
        pub resource_field_ref: Option<Box<ResourceFieldSelector>> = "resourceFieldRef",
        /// Its permission bits, from 0 to 0777; the volume's when absent.
        pub mode: Option<i32> = "mode",
    }

    /// Files from several sources together.
    pub struct ProjectedVolumeSource {
        /// The sources; where two give the same file, the later one wins.
        pub sources: Vec<VolumeProjection> = "sources" always,
        /// The permission bits of files, from 0 to 0777; 0644 by default.
        pub default_mode: Option<i32> = "defaultMode",
    }

    /// One source of a projected volume; exactly one member.
    pub struct VolumeProjection {
        /// A secret.
        pub secret: Option<Box<SecretProjection>> = "secret",
        /// Fields of the pod.
        pub downward_api: Option<Box<DownwardApiProjection>> = "downwardAPI",
        /// A config map.
        pub config_map: Option<Box<ConfigMapProjection>> = "configMap",
        /// A token of the pod's service account.
        pub service_account_token: Option<Box<ServiceAccountTokenProjection>> = "serviceAccountToken",
        /// Certificates that the cluster trusts.
        pub cluster_trust_bundle: Option<Box<ClusterTrustBundleProjection>> = "clusterTrustBundle",
        /// A key and certificate of the pod's own.
        pub pod_certificate: Option<Box<PodCertificateProjection>> = "podCertificate",
    }

    /// A secret as part of a projected volume.
    pub struct SecretProjection {
        /// The secret.
        pub name: String = "name",
        /// Which keys become which files; empty is all, each under its own name.
        pub items: Vec<KeyToPath> = "items",
        /// Whether the secret or its keys may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A config map as part of a projected volume.
    pub struct ConfigMapProjection {
        /// The config map.
        pub name: String = "name",
        /// Which keys become which files; empty is all, each under its own name.
        pub items: Vec<KeyToPath> = "items",
        /// Whether the config map or its keys may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// Fields of the pod as part of a projected volume.
    pub struct DownwardApiProjection as "DownwardAPIProjection" {
        /// The files.
        pub items: Vec<DownwardApiVolumeFile> = "items",
    }

    /// A token of the pod's service account.
    pub struct ServiceAccountTokenProjection {
        /// Whom the token is for; empty is the API server.
        pub audience: String = "audience",
        /// How many seconds it is good for; from 600, by default 3600.
        pub expiration_seconds: Option<i64> = "expirationSeconds",
        /// The file: a relative path without `..`.
        pub path: String = "path" always,
    }

    /// Certificates that the cluster trusts, by name or by signer.
    pub struct ClusterTrustBundleProjection {
        /// The name of a bundle.
        pub name: Option<String> = "name",
        /// The signer of bundles.
        pub signer_name: Option<String> = "signerName",
        /// Which bundles of the signer, by label; absent is none, empty all.
        pub label_selector: Option<Box<LabelSelector>> = "labelSelector",
        /// Whether they may be missing.
        pub optional: Option<bool> = "optional",
        /// The file: a relative path without `..`.
        pub path: String = "path" always,
    }

    /// A key and certificate of the pod's own, renewed in time.
    pub struct PodCertificateProjection {
        /// The signer.
        pub signer_name: String = "signerName",
        /// The type of the key, such as `ED25519`.
        pub key_type: String = "keyType",
        /// The most seconds that the certificate may be good for; from 3600.
        pub max_expiration_seconds: Option<i32> = "maxExpirationSeconds",
        /// The file with both key and certificates.
        pub credential_bundle_path: String = "credentialBundlePath",
        /// The file with the key.
        pub key_path: String = "keyPath",
        /// The file with the certificates.
        pub certificate_chain_path: String = "certificateChainPath",
        /// What the signer wants to know.
        pub user_annotations: BTreeMap<String, String> = "userAnnotations",
    }
}

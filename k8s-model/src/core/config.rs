//! Config maps and secrets.

use std::collections::BTreeMap;

use crate::meta::ObjectMeta;
use crate::schema::{Bytes, object, open_enum};

object! {
    /// Settings, by key.
    pub struct ConfigMap {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// Whether the data can no longer be changed.
        pub immutable: Option<bool> = "immutable",
        /// Text, by key.
        pub data: BTreeMap<String, String> = "data",
        /// Bytes, by key; no key is in both.
        pub binary_data: BTreeMap<String, Bytes> = "binaryData",
    }

    /// Secret settings, by key.
    pub struct Secret {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// Whether the data can no longer be changed.
        pub immutable: Option<bool> = "immutable",
        /// Bytes, by key.
        pub data: BTreeMap<String, Bytes> = "data",
        /// Text, by key, that is put into `data` when the secret is written; it wins.
        pub string_data: BTreeMap<String, String> = "stringData",
        /// What sort of secret it is, which says the keys it must have.
        pub type_: SecretType = "type",
    }
}

open_enum! {
    /// What sort of secret it is.
    pub enum SecretType {
        /// Any keys.
        Opaque = "Opaque",
        /// A token for a node that joins.
        BootstrapToken = "bootstrap.kubernetes.io/token",
        /// `username` and `password`.
        BasicAuth = "kubernetes.io/basic-auth",
        /// `.dockercfg`: an old file of registry credentials.
        DockerCfg = "kubernetes.io/dockercfg",
        /// `.dockerconfigjson`: a file of registry credentials.
        DockerConfigJson = "kubernetes.io/dockerconfigjson",
        /// The token of a service account.
        ServiceAccountToken = "kubernetes.io/service-account-token",
        /// `ssh-privatekey`.
        SshAuth = "kubernetes.io/ssh-auth",
        /// `tls.crt` and `tls.key`.
        Tls = "kubernetes.io/tls",
    }
}

//! Config maps and secrets that are made from files and texts.

use std::collections::BTreeMap;

use crate::schema::object;

object! {
    /// A config map that is made from files and texts.
    pub struct ConfigMapArgs {
        /// Its namespace.
        pub namespace: String = "namespace",
        /// Its name, before prefix, suffix and hash.
        pub name: String = "name",
        /// Whether its data can no longer be changed.
        pub immutable: Option<bool> = "immutable",
        /// Whether it is new (`create`), or takes the place of one (`replace`), or adds to it (`merge`).
        pub behavior: String = "behavior",
        /// Values: `key=value`.
        pub literals: Vec<String> = "literals",
        /// Files: `path`, or `key=path`.
        pub files: Vec<String> = "files",
        /// Files with a `key=value` on each line.
        pub envs: Vec<String> = "envs",
        /// An old form of `envs`.
        pub env: String = "env",
        /// Settings that win over those of the kustomization.
        pub options: Option<Box<GeneratorOptions>> = "options",
    }

    /// A secret that is made from files and texts.
    pub struct SecretArgs {
        /// Its namespace.
        pub namespace: String = "namespace",
        /// Its name, before prefix, suffix and hash.
        pub name: String = "name",
        /// Whether its data can no longer be changed.
        pub immutable: Option<bool> = "immutable",
        /// Whether it is new (`create`), or takes the place of one (`replace`), or adds to it (`merge`).
        pub behavior: String = "behavior",
        /// Values: `key=value`.
        pub literals: Vec<String> = "literals",
        /// Files: `path`, or `key=path`.
        pub files: Vec<String> = "files",
        /// Files with a `key=value` on each line.
        pub envs: Vec<String> = "envs",
        /// An old form of `envs`.
        pub env: String = "env",
        /// Settings that win over those of the kustomization.
        pub options: Option<Box<GeneratorOptions>> = "options",
        /// What sort of secret it is; `Opaque` by default.
        pub type_: String = "type",
        /// Whether its values are written as plain text.
        pub string_data: bool = "stringData",
    }

    /// Settings of what is generated.
    pub struct GeneratorOptions {
        /// Labels that it gets.
        pub labels: BTreeMap<String, String> = "labels",
        /// Annotations that it gets.
        pub annotations: BTreeMap<String, String> = "annotations",
        /// Whether its name has no hash of its content.
        pub disable_name_suffix_hash: bool = "disableNameSuffixHash",
        /// Whether its data can no longer be changed.
        pub immutable: bool = "immutable",
        /// How files are merged with those of the base.
        pub file_merge: Option<Box<FileMergeOptions>> = "fileMerge",
    }

    /// How files are merged with those of the base.
    pub struct FileMergeOptions {
        /// `files` or `content`.
        pub mode: String = "mode",
    }
}

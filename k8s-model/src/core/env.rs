//! The environment of a container.

use pod_core::quantity::Quantity;

use crate::schema::object;

object! {
    /// A variable.
    pub struct EnvVar {
        /// Its name.
        pub name: String = "name" always,
        /// Its value; `$(VAR)` is replaced by variables before it, `$$` is `$`.
        pub value: String = "value",
        /// Where its value comes from; not together with `value`.
        pub value_from: Option<Box<EnvVarSource>> = "valueFrom",
    }

    /// Where the value of a variable comes from; exactly one member.
    pub struct EnvVarSource {
        /// A field of the pod: `metadata.name`, `metadata.labels['a']`, `status.podIP` and a few more.
        pub field_ref: Option<Box<ObjectFieldSelector>> = "fieldRef",
        /// A resource of a container: `limits.cpu`, `requests.memory` and the like.
        pub resource_field_ref: Option<Box<ResourceFieldSelector>> = "resourceFieldRef",
        /// A value of a config map.
        pub config_map_key_ref: Option<Box<ConfigMapKeySelector>> = "configMapKeyRef",
        /// A value of a secret.
        pub secret_key_ref: Option<Box<SecretKeySelector>> = "secretKeyRef",
        /// A variable in a file of a volume.
        pub file_key_ref: Option<Box<FileKeySelector>> = "fileKeyRef",
    }

    /// A source of many variables.
    pub struct EnvFromSource {
        /// Put before each name.
        pub prefix: String = "prefix",
        /// A config map; each key is a variable.
        pub config_map_ref: Option<Box<ConfigMapEnvSource>> = "configMapRef",
        /// A secret; each key is a variable.
        pub secret_ref: Option<Box<SecretEnvSource>> = "secretRef",
    }

    /// A config map as a source of variables.
    pub struct ConfigMapEnvSource {
        /// Its name.
        pub name: String = "name",
        /// Whether it may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A secret as a source of variables.
    pub struct SecretEnvSource {
        /// Its name.
        pub name: String = "name",
        /// Whether it may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A field of the pod.
    pub struct ObjectFieldSelector {
        /// The version that the path is meant for; `v1` by default.
        pub api_version: String = "apiVersion",
        /// The path of the field.
        pub field_path: String = "fieldPath" always,
    }

    /// A resource of a container.
    pub struct ResourceFieldSelector {
        /// The container; in an environment, the container itself when empty.
        pub container_name: String = "containerName",
        /// The resource: `limits.` or `requests.` and its name.
        pub resource: String = "resource" always,
        /// The unit that the amount is given in, rounded up; 0 is 1.
        pub divisor: Option<Quantity> = "divisor",
    }

    /// A value of a config map.
    pub struct ConfigMapKeySelector {
        /// The name of the config map.
        pub name: String = "name",
        /// The key.
        pub key: String = "key" always,
        /// Whether the config map or the key may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A value of a secret.
    pub struct SecretKeySelector {
        /// The name of the secret.
        pub name: String = "name",
        /// The key.
        pub key: String = "key" always,
        /// Whether the secret or the key may be missing.
        pub optional: Option<bool> = "optional",
    }

    /// A variable in a file.
    pub struct FileKeySelector {
        /// The volume with the file.
        pub volume_name: String = "volumeName" always,
        /// The file in the volume: a relative path without `..`.
        pub path: String = "path" always,
        /// The variable in the file.
        pub key: String = "key" always,
        /// Whether the file or the variable may be missing.
        pub optional: Option<bool> = "optional",
    }
}

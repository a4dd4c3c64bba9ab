//! Claims that are made for a pod.

use super::resources::VolumeResourceRequirements;
use crate::meta::{LabelSelector, ObjectMeta};
use crate::schema::{object, open_enum};

object! {
    /// What a claim is made from.
    pub struct PersistentVolumeClaimTemplate {
        /// Labels and annotations of the claim.
        pub metadata: ObjectMeta = "metadata",
        /// What the claim wants.
        pub spec: PersistentVolumeClaimSpec = "spec" always,
    }

    /// What a claim wants.
    pub struct PersistentVolumeClaimSpec {
        /// How the volume must be mountable.
        pub access_modes: Vec<PersistentVolumeAccessMode> = "accessModes",
        /// Which volumes are considered, by label.
        pub selector: Option<Box<LabelSelector>> = "selector",
        /// How much storage it wants.
        pub resources: VolumeResourceRequirements = "resources",
        /// The volume that it is bound to.
        pub volume_name: String = "volumeName",
        /// The class of storage; empty is no class, absent the default one.
        pub storage_class_name: Option<String> = "storageClassName",
        /// Whether it is a file system or a block device.
        pub volume_mode: Option<PersistentVolumeMode> = "volumeMode",
        /// A snapshot or claim that its content comes from.
        pub data_source: Option<Box<TypedLocalObjectReference>> = "dataSource",
        /// An object that its content comes from.
        pub data_source_ref: Option<Box<TypedObjectReference>> = "dataSourceRef",
        /// The class of attributes that the volume has.
        pub volume_attributes_class_name: Option<String> = "volumeAttributesClassName",
    }

    /// An object of the same namespace, of any kind.
    pub struct TypedLocalObjectReference {
        /// The group of its kind; absent is the core group.
        pub api_group: Option<String> = "apiGroup" always,
        /// Its kind.
        pub kind: String = "kind" always,
        /// Its name.
        pub name: String = "name" always,
    }

    /// An object of any kind and namespace.
    pub struct TypedObjectReference {
        /// The group of its kind; absent is the core group.
        pub api_group: Option<String> = "apiGroup" always,
        /// Its kind.
        pub kind: String = "kind" always,
        /// Its name.
        pub name: String = "name" always,
        /// Its namespace; absent is the same.
        pub namespace: Option<String> = "namespace",
    }
}

open_enum! {
    /// How a volume can be mounted.
    pub enum PersistentVolumeAccessMode {
        /// By many nodes, only for reading.
        ReadOnlyMany = "ReadOnlyMany",
        /// By many nodes.
        ReadWriteMany = "ReadWriteMany",
        /// By one node.
        ReadWriteOnce = "ReadWriteOnce",
        /// By one pod.
        ReadWriteOncePod = "ReadWriteOncePod",
    }

    /// What a volume is to a container.
    pub enum PersistentVolumeMode {
        /// A block device.
        Block = "Block",
        /// A file system.
        Filesystem = "Filesystem",
    }
}

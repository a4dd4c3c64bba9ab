//! Sources of persistent volumes: they name secrets with their namespaces.

use std::collections::BTreeMap;

use super::{ObjectReference, SecretReference};
use crate::schema::object;

object! {
    /// A Gluster volume.
    pub struct GlusterfsPersistentVolumeSource {
        /// The endpoints that describe the servers.
        pub endpoints: String = "endpoints" always,
        /// The volume.
        pub path: String = "path" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The namespace of the endpoints; that of the claim by default.
        pub endpoints_namespace: Option<String> = "endpointsNamespace",
    }

    /// A Ceph block device.
    pub struct RbdPersistentVolumeSource as "RBDPersistentVolumeSource" {
        /// The monitors.
        pub monitors: Vec<String> = "monitors" always,
        /// The image.
        pub image: String = "image" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// The pool; `rbd` by default.
        pub pool: String = "pool",
        /// The user; `admin` by default.
        pub user: String = "user",
        /// The key ring; `/etc/ceph/keyring` by default.
        pub keyring: String = "keyring",
        /// The secret of the user, instead of the key ring.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A disk of an iSCSI target.
    pub struct IscsiPersistentVolumeSource as "ISCSIPersistentVolumeSource" {
        /// The portal: an address, with its port when it is not 3260.
        pub target_portal: String = "targetPortal" always,
        /// The name of the target.
        pub iqn: String = "iqn" always,
        /// The number of the disk.
        pub lun: i32 = "lun" always,
        /// The interface that it is reached by; `default` by default.
        pub iscsi_interface: String = "iscsiInterface",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// Further portals.
        pub portals: Vec<String> = "portals",
        /// Whether discovery is authenticated by CHAP.
        pub chap_auth_discovery: bool = "chapAuthDiscovery",
        /// Whether the session is authenticated by CHAP.
        pub chap_auth_session: bool = "chapAuthSession",
        /// The secret for CHAP.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef",
        /// The name of the initiator.
        pub initiator_name: Option<String> = "initiatorName",
    }

    /// A volume of OpenStack.
    pub struct CinderPersistentVolumeSource {
        /// Its identifier.
        pub volume_id: String = "volumeID" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The secret with the credentials.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef",
    }

    /// A Ceph file system.
    pub struct CephFsPersistentVolumeSource as "CephFSPersistentVolumeSource" {
        /// The monitors.
        pub monitors: Vec<String> = "monitors" always,
        /// The directory that is mounted; `/` by default.
        pub path: String = "path",
        /// The user; `admin` by default.
        pub user: String = "user",
        /// The key ring; `/etc/ceph/user.secret` by default.
        pub secret_file: String = "secretFile",
        /// The secret of the user, instead of the key ring.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A volume of a driver that is a program.
    pub struct FlexPersistentVolumeSource {
        /// The driver.
        pub driver: String = "driver" always,
        /// The type of its file system.
        pub fs_type: String = "fsType",
        /// The secret that the driver gets.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// Options of the driver.
        pub options: BTreeMap<String, String> = "options",
    }

    /// A share of Azure.
    pub struct AzureFilePersistentVolumeSource {
        /// The secret with the account and its key.
        pub secret_name: String = "secretName" always,
        /// The share.
        pub share_name: String = "shareName" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The namespace of the secret; that of the claim by default.
        pub secret_namespace: Option<String> = "secretNamespace" always,
    }

    /// A ScaleIO volume.
    pub struct ScaleIoPersistentVolumeSource as "ScaleIOPersistentVolumeSource" {
        /// The address of the gateway.
        pub gateway: String = "gateway" always,
        /// The storage system.
        pub system: String = "system" always,
        /// The secret with the credentials.
        pub secret_ref: Option<Box<SecretReference>> = "secretRef" always,
        /// Whether the gateway is spoken to by TLS.
        pub ssl_enabled: bool = "sslEnabled",
        /// The protection domain.
        pub protection_domain: String = "protectionDomain",
        /// The pool.
        pub storage_pool: String = "storagePool",
        /// `ThickProvisioned` or `ThinProvisioned`, the default.
        pub storage_mode: String = "storageMode",
        /// The volume.
        pub volume_name: String = "volumeName",
        /// The type of its file system, such as `xfs`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A StorageOS volume.
    pub struct StorageOsPersistentVolumeSource as "StorageOSPersistentVolumeSource" {
        /// Its name.
        pub volume_name: String = "volumeName",
        /// The namespace of the volume in StorageOS.
        pub volume_namespace: String = "volumeNamespace",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The secret with the credentials.
        pub secret_ref: Option<Box<ObjectReference>> = "secretRef",
    }

    /// A volume of a CSI driver.
    pub struct CsiPersistentVolumeSource as "CSIPersistentVolumeSource" {
        /// The driver.
        pub driver: String = "driver" always,
        /// Its name with the driver.
        pub volume_handle: String = "volumeHandle" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// What the driver wants to know of it.
        pub volume_attributes: BTreeMap<String, String> = "volumeAttributes",
        /// The secret for attaching and detaching it.
        pub controller_publish_secret_ref: Option<Box<SecretReference>> = "controllerPublishSecretRef",
        /// The secret for setting it up on a node.
        pub node_stage_secret_ref: Option<Box<SecretReference>> = "nodeStageSecretRef",
        /// The secret for mounting it in a pod.
        pub node_publish_secret_ref: Option<Box<SecretReference>> = "nodePublishSecretRef",
        /// The secret for making it larger.
        pub controller_expand_secret_ref: Option<Box<SecretReference>> = "controllerExpandSecretRef",
        /// The secret for making it larger on its node.
        pub node_expand_secret_ref: Option<Box<SecretReference>> = "nodeExpandSecretRef",
    }
}

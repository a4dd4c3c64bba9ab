//! Sources of volumes that belong to one vendor. Most are served by CSI drivers now.

use super::pod::LocalObjectReference;
use crate::schema::{object, open_enum};

object! {
    /// A disk of Google Compute Engine.
    pub struct GcePersistentDiskVolumeSource as "GCEPersistentDiskVolumeSource" {
        /// Its name.
        pub pd_name: String = "pdName" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// The partition; 0 is the whole disk.
        pub partition: i32 = "partition",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A disk of Amazon's Elastic Block Store.
    pub struct AwsElasticBlockStoreVolumeSource as "AWSElasticBlockStoreVolumeSource" {
        /// Its identifier.
        pub volume_id: String = "volumeID" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// The partition; 0 is the whole disk.
        pub partition: i32 = "partition",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A Gluster volume.
    pub struct GlusterfsVolumeSource {
        /// The endpoints that describe the servers.
        pub endpoints: String = "endpoints" always,
        /// The volume.
        pub path: String = "path" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A Ceph block device.
    pub struct RbdVolumeSource as "RBDVolumeSource" {
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
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A volume of OpenStack Cinder.
    pub struct CinderVolumeSource {
        /// Its identifier.
        pub volume_id: String = "volumeID" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The secret with what OpenStack wants.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
    }

    /// A Ceph file system.
    pub struct CephFsVolumeSource as "CephFSVolumeSource" {
        /// The monitors.
        pub monitors: Vec<String> = "monitors" always,
        /// The root within it; `/` by default.
        pub path: String = "path",
        /// The user; `admin` by default.
        pub user: String = "user",
        /// The file with the user's key.
        pub secret_file: String = "secretFile",
        /// The secret of the user, instead of the file.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A Flocker volume, by name or identifier.
    pub struct FlockerVolumeSource {
        /// The name.
        pub dataset_name: String = "datasetName",
        /// The identifier.
        pub dataset_uuid: String = "datasetUUID",
    }

    /// A share of Azure's file service.
    pub struct AzureFileVolumeSource {
        /// The secret with the account.
        pub secret_name: String = "secretName" always,
        /// The share.
        pub share_name: String = "shareName" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A disk of vSphere.
    pub struct VsphereVirtualDiskVolumeSource {
        /// The path of the disk.
        pub volume_path: String = "volumePath" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// The name of the storage policy.
        pub storage_policy_name: String = "storagePolicyName",
        /// The identifier of the storage policy.
        pub storage_policy_id: String = "storagePolicyID",
    }

    /// A Quobyte volume.
    pub struct QuobyteVolumeSource {
        /// The registries: `host:port`, comma between them.
        pub registry: String = "registry" always,
        /// The volume.
        pub volume: String = "volume" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The user it is mounted as.
        pub user: String = "user",
        /// The group it is mounted as.
        pub group: String = "group",
        /// The tenant.
        pub tenant: String = "tenant",
    }

    /// A disk of Azure.
    pub struct AzureDiskVolumeSource {
        /// Its name.
        pub disk_name: String = "diskName" always,
        /// Its URI.
        pub disk_uri: String = "diskURI" always,
        /// How the host caches it.
        pub caching_mode: Option<AzureDataDiskCachingMode> = "cachingMode",
        /// The type of its file system, such as `ext4`.
        pub fs_type: Option<String> = "fsType",
        /// Whether it cannot be written to.
        pub read_only: Option<bool> = "readOnly",
        /// What sort of disk it is.
        pub kind: Option<AzureDataDiskKind> = "kind",
    }

    /// A disk of Photon Controller.
    pub struct PhotonPersistentDiskVolumeSource {
        /// Its identifier.
        pub pd_id: String = "pdID" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
    }

    /// A Portworx volume.
    pub struct PortworxVolumeSource {
        /// Its identifier.
        pub volume_id: String = "volumeID" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A ScaleIO volume.
    pub struct ScaleIoVolumeSource as "ScaleIOVolumeSource" {
        /// The address of the gateway.
        pub gateway: String = "gateway" always,
        /// The system.
        pub system: String = "system" always,
        /// The secret with user and password.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef" always,
        /// Whether the gateway is asked over TLS.
        pub ssl_enabled: bool = "sslEnabled",
        /// The protection domain.
        pub protection_domain: String = "protectionDomain",
        /// The storage pool.
        pub storage_pool: String = "storagePool",
        /// Thick or thin: `ThickProvisioned` or `ThinProvisioned`.
        pub storage_mode: String = "storageMode",
        /// The volume.
        pub volume_name: String = "volumeName",
        /// The type of its file system; `xfs` by default.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// A StorageOS volume.
    pub struct StorageOsVolumeSource as "StorageOSVolumeSource" {
        /// The volume.
        pub volume_name: String = "volumeName",
        /// Its namespace; the pod's when empty.
        pub volume_namespace: String = "volumeNamespace",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The secret with what StorageOS wants.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
    }
}

open_enum! {
    /// How an Azure host caches a disk.
    pub enum AzureDataDiskCachingMode {
        /// Not at all.
        None = "None",
        /// Reads.
        ReadOnly = "ReadOnly",
        /// Reads and writes.
        ReadWrite = "ReadWrite",
    }

    /// What sort of Azure disk it is.
    pub enum AzureDataDiskKind {
        /// A blob, one account for each disk.
        Dedicated = "Dedicated",
        /// A managed disk.
        Managed = "Managed",
        /// A blob, one account for many disks.
        Shared = "Shared",
    }
}

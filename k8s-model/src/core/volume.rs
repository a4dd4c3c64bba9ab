//! Volumes, and the sources that are no vendor's own.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::claim::PersistentVolumeClaimTemplate;
use super::container::PullPolicy;
use super::pod::LocalObjectReference;
use super::projection::{
    ConfigMapVolumeSource, DownwardApiVolumeSource, ProjectedVolumeSource, SecretVolumeSource,
};
use super::volume_vendor::{
    AwsElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFileVolumeSource, CephFsVolumeSource,
    CinderVolumeSource, FlockerVolumeSource, GcePersistentDiskVolumeSource, GlusterfsVolumeSource,
    PhotonPersistentDiskVolumeSource, PortworxVolumeSource, QuobyteVolumeSource, RbdVolumeSource,
    ScaleIoVolumeSource, StorageOsVolumeSource, VsphereVirtualDiskVolumeSource,
};
use crate::schema::{Struct, object, open_enum};

object! {
    /// A volume of a pod; exactly one of the members after its name is its source, none is an empty
    /// directory.
    pub struct Volume {
        /// Its name, unique in the pod: a DNS label.
        pub name: String = "name" always,
        /// A file or directory of the node.
        pub host_path: Option<Box<HostPathVolumeSource>> = "hostPath",
        /// A directory that is empty at first and lives as long as the pod.
        pub empty_dir: Option<Box<EmptyDirVolumeSource>> = "emptyDir",
        /// A disk of Google Compute Engine.
        pub gce_persistent_disk: Option<Box<GcePersistentDiskVolumeSource>> = "gcePersistentDisk",
        /// A disk of Amazon's Elastic Block Store.
        pub aws_elastic_block_store: Option<Box<AwsElasticBlockStoreVolumeSource>> = "awsElasticBlockStore",
        /// A Git repository; no longer supported.
        pub git_repo: Option<Box<GitRepoVolumeSource>> = "gitRepo",
        /// Files from a secret.
        pub secret: Option<Box<SecretVolumeSource>> = "secret",
        /// A directory of an NFS server.
        pub nfs: Option<Box<NfsVolumeSource>> = "nfs",
        /// An iSCSI disk.
        pub iscsi: Option<Box<IscsiVolumeSource>> = "iscsi",
        /// A Gluster volume.
        pub glusterfs: Option<Box<GlusterfsVolumeSource>> = "glusterfs",
        /// A claim, which stands for a volume of the cluster.
        pub persistent_volume_claim: Option<Box<PersistentVolumeClaimVolumeSource>> = "persistentVolumeClaim",
        /// A Ceph block device.
        pub rbd: Option<Box<RbdVolumeSource>> = "rbd",
        /// A volume by a plugin that is a program on the node.
        pub flex_volume: Option<Box<FlexVolumeSource>> = "flexVolume",
        /// A volume of OpenStack Cinder.
        pub cinder: Option<Box<CinderVolumeSource>> = "cinder",
        /// A Ceph file system.
        pub cephfs: Option<Box<CephFsVolumeSource>> = "cephfs",
        /// A Flocker volume.
        pub flocker: Option<Box<FlockerVolumeSource>> = "flocker",
        /// Files with fields of the pod.
        pub downward_api: Option<Box<DownwardApiVolumeSource>> = "downwardAPI",
        /// A Fibre Channel disk.
        pub fc: Option<Box<FcVolumeSource>> = "fc",
        /// A share of Azure's file service.
        pub azure_file: Option<Box<AzureFileVolumeSource>> = "azureFile",
        /// Files from a config map.
        pub config_map: Option<Box<ConfigMapVolumeSource>> = "configMap",
        /// A disk of vSphere.
        pub vsphere_volume: Option<Box<VsphereVirtualDiskVolumeSource>> = "vsphereVolume",
        /// A Quobyte volume.
        pub quobyte: Option<Box<QuobyteVolumeSource>> = "quobyte",
        /// A disk of Azure.
        pub azure_disk: Option<Box<AzureDiskVolumeSource>> = "azureDisk",
        /// A disk of Photon Controller.
        pub photon_persistent_disk: Option<Box<PhotonPersistentDiskVolumeSource>> = "photonPersistentDisk",
        /// Files from several sources together.
        pub projected: Option<Box<ProjectedVolumeSource>> = "projected",
        /// A Portworx volume.
        pub portworx_volume: Option<Box<PortworxVolumeSource>> = "portworxVolume",
        /// A ScaleIO volume.
        pub scale_io: Option<Box<ScaleIoVolumeSource>> = "scaleIO",
        /// A StorageOS volume.
        pub storageos: Option<Box<StorageOsVolumeSource>> = "storageos",
        /// A volume by a CSI driver, made for this pod.
        pub csi: Option<Box<CsiVolumeSource>> = "csi",
        /// A claim that is made for this pod and goes with it.
        pub ephemeral: Option<Box<EphemeralVolumeSource>> = "ephemeral",
        /// The content of an image.
        pub image: Option<Box<ImageVolumeSource>> = "image",
    }

    /// A file or directory of the node.
    pub struct HostPathVolumeSource {
        /// Its path; without `..`.
        pub path: String = "path" always,
        /// What must be there.
        pub type_: Option<HostPathType> = "type",
    }

    /// A directory that is empty at first.
    pub struct EmptyDirVolumeSource {
        /// What holds it.
        pub medium: StorageMedium = "medium",
        /// The most it may hold.
        pub size_limit: Option<Quantity> = "sizeLimit",
    }

    /// A claim.
    pub struct PersistentVolumeClaimVolumeSource {
        /// Its name, in the same namespace.
        pub claim_name: String = "claimName" always,
        /// Whether it cannot be written to in any container.
        pub read_only: bool = "readOnly",
    }

    /// A directory of an NFS server.
    pub struct NfsVolumeSource as "NFSVolumeSource" {
        /// The server: a host name or an address.
        pub server: String = "server" always,
        /// The path that it exports.
        pub path: String = "path" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
    }

    /// An iSCSI disk.
    pub struct IscsiVolumeSource as "ISCSIVolumeSource" {
        /// The target: `address` or `address:port`.
        pub target_portal: String = "targetPortal" always,
        /// The qualified name of the target.
        pub iqn: String = "iqn" always,
        /// The logical unit.
        pub lun: i32 = "lun" always,
        /// The interface that iSCSI uses; `default` by default.
        pub iscsi_interface: String = "iscsiInterface",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// Further targets that lead to it.
        pub portals: Vec<String> = "portals",
        /// Whether discovery uses CHAP.
        pub chap_auth_discovery: bool = "chapAuthDiscovery",
        /// Whether the session uses CHAP.
        pub chap_auth_session: bool = "chapAuthSession",
        /// The secret for CHAP.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
        /// The name of the initiator.
        pub initiator_name: Option<String> = "initiatorName",
    }

    /// A Fibre Channel disk, by `targetWWNs` and `lun` or by `wwids`.
    pub struct FcVolumeSource as "FCVolumeSource" {
        /// The world wide names of the targets.
        pub target_wwns: Vec<String> = "targetWWNs",
        /// The logical unit.
        pub lun: Option<i32> = "lun",
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// The world wide identifiers of the disk.
        pub wwids: Vec<String> = "wwids",
    }

    /// A volume by a CSI driver, made for this pod.
    pub struct CsiVolumeSource as "CSIVolumeSource" {
        /// The driver.
        pub driver: String = "driver" always,
        /// Whether it cannot be written to.
        pub read_only: Option<bool> = "readOnly",
        /// The type of its file system; the driver's own when absent.
        pub fs_type: Option<String> = "fsType",
        /// What the driver wants to know.
        pub volume_attributes: BTreeMap<String, String> = "volumeAttributes",
        /// The secret that the driver gets.
        pub node_publish_secret_ref: Option<Box<LocalObjectReference>> = "nodePublishSecretRef",
    }

    /// A claim that is made for a pod and goes with it.
    pub struct EphemeralVolumeSource {
        /// What the claim is made from.
        pub volume_claim_template: Option<Box<PersistentVolumeClaimTemplate>> = "volumeClaimTemplate",
    }

    /// The content of an image, read-only.
    pub struct ImageVolumeSource {
        /// The image.
        pub reference: String = "reference",
        /// When it is pulled.
        pub pull_policy: PullPolicy = "pullPolicy",
    }

    /// A Git repository; no longer supported.
    pub struct GitRepoVolumeSource {
        /// The URL.
        pub repository: String = "repository" always,
        /// The commit.
        pub revision: String = "revision",
        /// The directory it is cloned into; without `..`.
        pub directory: String = "directory",
    }

    /// A volume by a plugin that is a program on the node.
    pub struct FlexVolumeSource {
        /// The driver.
        pub driver: String = "driver" always,
        /// The type of its file system, such as `ext4`.
        pub fs_type: String = "fsType",
        /// The secret that the driver gets.
        pub secret_ref: Option<Box<LocalObjectReference>> = "secretRef",
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// What the driver wants to know.
        pub options: BTreeMap<String, String> = "options",
    }
}

open_enum! {
    /// What must be at a path of the node; unset is not checked.
    pub enum HostPathType {
        /// A block device.
        BlockDevice = "BlockDevice",
        /// A character device.
        CharDevice = "CharDevice",
        /// A directory.
        Directory = "Directory",
        /// A directory, made with mode 0755 when nothing is there.
        DirectoryOrCreate = "DirectoryOrCreate",
        /// A file.
        File = "File",
        /// A file, made with mode 0644 when nothing is there.
        FileOrCreate = "FileOrCreate",
        /// A UNIX socket.
        Socket = "Socket",
    }

    /// What holds an empty directory; unset is the node's disk. `HugePages-` and a size is a value too.
    pub enum StorageMedium {
        /// Huge pages.
        HugePages = "HugePages",
        /// Memory (tmpfs).
        Memory = "Memory",
    }
}

impl Volume {
    /// The names of its sources in JSON: one, when the volume is valid; none is an empty directory.
    ///
    /// ```
    /// use k8s_model::core::{HostPathVolumeSource, Volume};
    ///
    /// let volume = Volume { host_path: Some(Box::new(HostPathVolumeSource::default())), ..Volume::default() };
    /// assert_eq!(volume.kinds().collect::<Vec<_>>(), ["hostPath"]);
    /// ```
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        Self::INFO.fields.iter().enumerate().skip(1).filter_map(|(index, info)| {
            self.field(index).is_some_and(|source| !source.is_empty()).then_some(info.name)
        })
    }
}

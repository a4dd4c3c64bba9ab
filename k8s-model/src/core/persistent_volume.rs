//! Volumes that live longer than pods.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::{
    AwsElasticBlockStoreVolumeSource, AzureDiskVolumeSource, AzureFilePersistentVolumeSource,
    CephFsPersistentVolumeSource, CinderPersistentVolumeSource, CsiPersistentVolumeSource, FcVolumeSource,
    FlexPersistentVolumeSource, FlockerVolumeSource, GcePersistentDiskVolumeSource,
    GlusterfsPersistentVolumeSource, HostPathVolumeSource, IscsiPersistentVolumeSource, NfsVolumeSource,
    NodeSelector, ObjectReference, PersistentVolumeAccessMode, PersistentVolumeMode,
    PhotonPersistentDiskVolumeSource, PortworxVolumeSource, QuobyteVolumeSource, RbdPersistentVolumeSource,
    ScaleIoPersistentVolumeSource, StorageOsPersistentVolumeSource, VsphereVirtualDiskVolumeSource,
};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// A volume that lives longer than pods.
    pub struct PersistentVolume {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: PersistentVolumeSpec = "spec",
        /// What was last seen.
        pub status: PersistentVolumeStatus = "status",
    }

    /// What a persistent volume is; of the sources, from `gcePersistentDisk` to `csi`, exactly one is there.
    pub struct PersistentVolumeSpec {
        /// How much it holds: `storage`.
        pub capacity: BTreeMap<String, Quantity> = "capacity",
        /// A disk of Google Compute Engine.
        pub gce_persistent_disk: Option<Box<GcePersistentDiskVolumeSource>> = "gcePersistentDisk",
        /// A disk of Amazon's Elastic Block Store.
        pub aws_elastic_block_store: Option<Box<AwsElasticBlockStoreVolumeSource>> = "awsElasticBlockStore",
        /// A directory or file of the node; for tests on one node.
        pub host_path: Option<Box<HostPathVolumeSource>> = "hostPath",
        /// A Gluster volume.
        pub glusterfs: Option<Box<GlusterfsPersistentVolumeSource>> = "glusterfs",
        /// A directory of an NFS server.
        pub nfs: Option<Box<NfsVolumeSource>> = "nfs",
        /// A Ceph block device.
        pub rbd: Option<Box<RbdPersistentVolumeSource>> = "rbd",
        /// A disk of an iSCSI target.
        pub iscsi: Option<Box<IscsiPersistentVolumeSource>> = "iscsi",
        /// A volume of OpenStack.
        pub cinder: Option<Box<CinderPersistentVolumeSource>> = "cinder",
        /// A Ceph file system.
        pub cephfs: Option<Box<CephFsPersistentVolumeSource>> = "cephfs",
        /// A Fibre Channel disk.
        pub fc: Option<Box<FcVolumeSource>> = "fc",
        /// A Flocker dataset.
        pub flocker: Option<Box<FlockerVolumeSource>> = "flocker",
        /// A volume of a driver that is a program.
        pub flex_volume: Option<Box<FlexPersistentVolumeSource>> = "flexVolume",
        /// A share of Azure.
        pub azure_file: Option<Box<AzureFilePersistentVolumeSource>> = "azureFile",
        /// A disk of vSphere.
        pub vsphere_volume: Option<Box<VsphereVirtualDiskVolumeSource>> = "vsphereVolume",
        /// A Quobyte volume.
        pub quobyte: Option<Box<QuobyteVolumeSource>> = "quobyte",
        /// A disk of Azure.
        pub azure_disk: Option<Box<AzureDiskVolumeSource>> = "azureDisk",
        /// A disk of Photon.
        pub photon_persistent_disk: Option<Box<PhotonPersistentDiskVolumeSource>> = "photonPersistentDisk",
        /// A Portworx volume.
        pub portworx_volume: Option<Box<PortworxVolumeSource>> = "portworxVolume",
        /// A ScaleIO volume.
        pub scale_io: Option<Box<ScaleIoPersistentVolumeSource>> = "scaleIO",
        /// A disk or directory of one node.
        pub local: Option<Box<LocalVolumeSource>> = "local",
        /// A StorageOS volume.
        pub storageos: Option<Box<StorageOsPersistentVolumeSource>> = "storageos",
        /// A volume of a CSI driver.
        pub csi: Option<Box<CsiPersistentVolumeSource>> = "csi",
        /// How it can be mounted.
        pub access_modes: Vec<PersistentVolumeAccessMode> = "accessModes",
        /// The claim that it is bound to, or kept for.
        pub claim_ref: Option<Box<ObjectReference>> = "claimRef",
        /// What becomes of it when its claim is gone.
        pub persistent_volume_reclaim_policy: PersistentVolumeReclaimPolicy = "persistentVolumeReclaimPolicy",
        /// The class of storage; empty is no class.
        pub storage_class_name: String = "storageClassName",
        /// Options of its mount, such as `ro`.
        pub mount_options: Vec<String> = "mountOptions",
        /// Whether it is a file system or a block device.
        pub volume_mode: Option<PersistentVolumeMode> = "volumeMode",
        /// The nodes that it can be reached from.
        pub node_affinity: Option<Box<VolumeNodeAffinity>> = "nodeAffinity",
        /// The class of attributes that it has.
        pub volume_attributes_class_name: Option<String> = "volumeAttributesClassName",
    }

    /// A disk or directory of one node.
    pub struct LocalVolumeSource {
        /// Where it is on the node.
        pub path: String = "path" always,
        /// The type of file system that a block device gets.
        pub fs_type: Option<String> = "fsType",
    }

    /// The nodes that a volume can be reached from.
    pub struct VolumeNodeAffinity {
        /// What such a node must have.
        pub required: Option<Box<NodeSelector>> = "required",
    }

    /// What was last seen of a persistent volume.
    pub struct PersistentVolumeStatus {
        /// Where it is in its life.
        pub phase: PersistentVolumePhase = "phase",
        /// Why, for people.
        pub message: String = "message",
        /// Why, in one word.
        pub reason: String = "reason",
        /// When the phase last changed.
        pub last_phase_transition_time: Option<Time> = "lastPhaseTransitionTime",
    }
}

open_enum! {
    /// What becomes of a volume when its claim is gone.
    pub enum PersistentVolumeReclaimPolicy {
        /// It is deleted, with what it holds.
        Delete = "Delete",
        /// It is emptied and free for the next claim; deprecated.
        Recycle = "Recycle",
        /// It stays as it is, for a person to look after.
        Retain = "Retain",
    }

    /// Where a persistent volume is in its life.
    pub enum PersistentVolumePhase {
        /// It is free.
        Available = "Available",
        /// A claim has it.
        Bound = "Bound",
        /// It could not be reclaimed.
        Failed = "Failed",
        /// It is not there yet.
        Pending = "Pending",
        /// Its claim is gone, and it is not reclaimed yet.
        Released = "Released",
    }
}

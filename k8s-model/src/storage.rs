//! The group `storage.k8s.io/v1`: classes of storage, attachments, CSI drivers.

use std::collections::BTreeMap;

use crate::core::{PersistentVolumeReclaimPolicy, PersistentVolumeSpec, TopologySelectorTerm};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// How volumes of a class are made.
    pub struct StorageClass {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// Who makes them; `kubernetes.io/no-provisioner` is nobody.
        pub provisioner: String = "provisioner" always,
        /// What it wants to know.
        pub parameters: BTreeMap<String, String> = "parameters",
        /// What becomes of them when their claims are gone; `Delete` by default.
        pub reclaim_policy: Option<PersistentVolumeReclaimPolicy> = "reclaimPolicy",
        /// Options of their mounts, such as `ro`.
        pub mount_options: Vec<String> = "mountOptions",
        /// Whether they can be made larger.
        pub allow_volume_expansion: Option<bool> = "allowVolumeExpansion",
        /// When a claim gets its volume.
        pub volume_binding_mode: Option<VolumeBindingMode> = "volumeBindingMode",
        /// The parts of the cluster where they may be made; none is all.
        pub allowed_topologies: Vec<TopologySelectorTerm> = "allowedTopologies",
    }

    /// Attaches a volume to a node.
    pub struct VolumeAttachment {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: VolumeAttachmentSpec = "spec" always,
        /// What was last seen.
        pub status: VolumeAttachmentStatus = "status",
    }

    /// What is to be attached where.
    pub struct VolumeAttachmentSpec {
        /// Who does it: the name of a CSI driver.
        pub attacher: String = "attacher" always,
        /// The volume.
        pub source: VolumeAttachmentSource = "source" always,
        /// The node.
        pub node_name: String = "nodeName" always,
    }

    /// A volume to be attached; exactly one member.
    pub struct VolumeAttachmentSource {
        /// The name of a persistent volume.
        pub persistent_volume_name: Option<String> = "persistentVolumeName",
        /// A volume that stands in a pod itself; for migrated ones.
        pub inline_volume_spec: Option<Box<PersistentVolumeSpec>> = "inlineVolumeSpec",
    }

    /// What was last seen of an attachment.
    pub struct VolumeAttachmentStatus {
        /// Whether it is attached.
        pub attached: bool = "attached" always,
        /// What the driver says of it.
        pub attachment_metadata: BTreeMap<String, String> = "attachmentMetadata",
        /// Why attaching failed.
        pub attach_error: Option<Box<VolumeError>> = "attachError",
        /// Why detaching failed.
        pub detach_error: Option<Box<VolumeError>> = "detachError",
    }

    /// Why something failed.
    pub struct VolumeError {
        /// When.
        pub time: Option<Time> = "time" always,
        /// What happened.
        pub message: String = "message",
        /// The code of gRPC.
        pub error_code: Option<i32> = "errorCode",
    }

    /// What a CSI driver can do and wants.
    pub struct CsiDriver as "CSIDriver" {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: CsiDriverSpec = "spec" always,
    }

    /// What a CSI driver can do and wants.
    pub struct CsiDriverSpec as "CSIDriverSpec" {
        /// Whether volumes must be attached before they are mounted; true by default.
        pub attach_required: Option<bool> = "attachRequired",
        /// Whether it is told about the pod when it mounts; false by default.
        pub pod_info_on_mount: Option<bool> = "podInfoOnMount",
        /// The lives that its volumes can have; `Persistent` by default.
        pub volume_lifecycle_modes: Vec<VolumeLifecycleMode> = "volumeLifecycleModes",
        /// Whether the scheduler heeds how much room it says there is; false by default.
        pub storage_capacity: Option<bool> = "storageCapacity",
        /// When the group of files is changed.
        pub fs_group_policy: Option<FsGroupPolicy> = "fsGroupPolicy",
        /// Tokens of the pod's account that it gets.
        pub token_requests: Vec<TokenRequest> = "tokenRequests",
        /// Whether it is told to mount again and again.
        pub requires_republish: Option<bool> = "requiresRepublish",
        /// Whether it can mount with a context of SELinux.
        pub se_linux_mount: Option<bool> = "seLinuxMount",
        /// Every how many seconds it is asked how many volumes a node bears; from 10.
        pub node_allocatable_update_period_seconds: Option<i64> = "nodeAllocatableUpdatePeriodSeconds",
        /// Whether tokens come to it as secrets instead of in the context.
        pub service_account_token_in_secrets: Option<bool> = "serviceAccountTokenInSecrets",
        /// Whether pods with its volumes stay away from nodes where it is not.
        pub prevent_pod_scheduling_if_missing: Option<bool> = "preventPodSchedulingIfMissing",
    }

    /// A token that a CSI driver gets.
    pub struct TokenRequest {
        /// Who the token is for; empty is the API server.
        pub audience: String = "audience" always,
        /// How many seconds it lasts; from 600, by default 3600.
        pub expiration_seconds: Option<i64> = "expirationSeconds",
    }
}

open_enum! {
    /// When a claim gets its volume.
    pub enum VolumeBindingMode {
        /// At once.
        Immediate = "Immediate",
        /// When a pod that uses it is placed.
        WaitForFirstConsumer = "WaitForFirstConsumer",
    }

    /// When the group of a volume's files is changed to the pod's.
    pub enum FsGroupPolicy {
        /// Always.
        File = "File",
        /// Never.
        None = "None",
        /// When its file system is known and one node mounts it.
        ReadWriteOnceWithFsType = "ReadWriteOnceWithFSType",
    }

    /// How long a volume lives.
    pub enum VolumeLifecycleMode {
        /// As long as its pod.
        Ephemeral = "Ephemeral",
        /// On its own.
        Persistent = "Persistent",
    }
}

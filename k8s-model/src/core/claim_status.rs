//! Claims of volumes that live longer than pods.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::{ConditionStatus, PersistentVolumeAccessMode, PersistentVolumeClaimSpec};
use crate::meta::ObjectMeta;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// A wish for a persistent volume.
    pub struct PersistentVolumeClaim {
        /// Its name, labels and the like.
        pub metadata: ObjectMeta = "metadata",
        /// What is wanted.
        pub spec: PersistentVolumeClaimSpec = "spec",
        /// What was last seen.
        pub status: PersistentVolumeClaimStatus = "status",
    }

    /// What was last seen of a claim.
    pub struct PersistentVolumeClaimStatus {
        /// Where it is in its life.
        pub phase: PersistentVolumeClaimPhase = "phase",
        /// How its volume can be mounted.
        pub access_modes: Vec<PersistentVolumeAccessMode> = "accessModes",
        /// How much its volume holds.
        pub capacity: BTreeMap<String, Quantity> = "capacity",
        /// What is so of it, by type.
        pub conditions: Vec<PersistentVolumeClaimCondition> = "conditions" [merge "type"],
        /// How much it was promised, by resource.
        pub allocated_resources: BTreeMap<String, Quantity> = "allocatedResources",
        /// How far a change of size has come, by resource.
        pub allocated_resource_statuses: BTreeMap<String, ClaimResourceStatus> = "allocatedResourceStatuses",
        /// The class of attributes that its volume has.
        pub current_volume_attributes_class_name: Option<String> = "currentVolumeAttributesClassName",
        /// How far a change of attributes has come.
        pub modify_volume_status: Option<Box<ModifyVolumeStatus>> = "modifyVolumeStatus",
    }

    /// A condition of a claim.
    pub struct PersistentVolumeClaimCondition {
        /// What it is about.
        pub type_: PersistentVolumeClaimConditionType = "type" always,
        /// Whether it is so.
        pub status: ConditionStatus = "status" always,
        /// When it was last looked at.
        pub last_probe_time: Option<Time> = "lastProbeTime" always,
        /// When the status last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }

    /// How far a change of a volume's attributes has come.
    pub struct ModifyVolumeStatus {
        /// The class that is wanted.
        pub target_volume_attributes_class_name: String = "targetVolumeAttributesClassName",
        /// How far it has come.
        pub status: PersistentVolumeClaimModifyVolumeStatus = "status" always,
    }
}

open_enum! {
    /// Where a claim is in its life.
    pub enum PersistentVolumeClaimPhase {
        /// It has a volume.
        Bound = "Bound",
        /// Its volume is gone, with what it held.
        Lost = "Lost",
        /// It has no volume yet.
        Pending = "Pending",
    }

    /// What a condition of a claim is about.
    pub enum PersistentVolumeClaimConditionType {
        /// The volume could not be made larger.
        ControllerResizeError = "ControllerResizeError",
        /// The file system is made larger when it is next mounted.
        FileSystemResizePending = "FileSystemResizePending",
        /// Its attributes could not be changed.
        ModifyVolumeError = "ModifyVolumeError",
        /// Its attributes are being changed.
        ModifyingVolume = "ModifyingVolume",
        /// The volume could not be made larger on its node.
        NodeResizeError = "NodeResizeError",
        /// The volume is being made larger.
        Resizing = "Resizing",
        /// No pod uses it.
        Unused = "Unused",
    }

    /// How far a change of size has come.
    pub enum ClaimResourceStatus {
        /// The volume is being made larger.
        ControllerResizeInProgress = "ControllerResizeInProgress",
        /// The volume cannot be made so large.
        ControllerResizeInfeasible = "ControllerResizeInfeasible",
        /// The volume is being made larger on its node.
        NodeResizeInProgress = "NodeResizeInProgress",
        /// The volume cannot be made so large on its node.
        NodeResizeInfeasible = "NodeResizeInfeasible",
        /// The node has not begun yet.
        NodeResizePending = "NodeResizePending",
    }

    /// How far a change of attributes has come.
    pub enum PersistentVolumeClaimModifyVolumeStatus {
        /// It is being done.
        InProgress = "InProgress",
        /// The driver refuses it.
        Infeasible = "Infeasible",
        /// It cannot begin, for something is missing.
        Pending = "Pending",
    }
}

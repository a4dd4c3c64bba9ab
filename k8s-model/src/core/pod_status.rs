//! What was last seen of a pod.

use std::collections::BTreeMap;

use pod_core::quantity::Quantity;

use super::container::RecursiveReadOnlyMode;
use super::resources::ResourceRequirements;
use crate::schema::{object, open_enum};
use crate::time::Time;

object! {
    /// What was last seen of a pod.
    pub struct PodStatus {
        /// The generation of the pod that this is about.
        pub observed_generation: i64 = "observedGeneration",
        /// Where the pod is in its life.
        pub phase: PodPhase = "phase",
        /// What is true of the pod.
        pub conditions: Vec<PodCondition> = "conditions" [merge "type"],
        /// Why it is in its phase, for people.
        pub message: String = "message",
        /// Why it is in its phase, in one word, such as `Evicted`.
        pub reason: String = "reason",
        /// The node that others are being pushed off for this pod.
        pub nominated_node_name: String = "nominatedNodeName",
        /// The address of the node.
        pub host_ip: String = "hostIP",
        /// All addresses of the node, the preferred one first.
        pub host_ips: Vec<HostIp> = "hostIPs" [merge "ip"],
        /// The address of the pod.
        pub pod_ip: String = "podIP",
        /// All addresses of the pod, at most one of each family.
        pub pod_ips: Vec<PodIp> = "podIPs" [merge "ip"],
        /// When the node took up the pod.
        pub start_time: Option<Time> = "startTime",
        /// How its init containers are.
        pub init_container_statuses: Vec<ContainerStatus> = "initContainerStatuses",
        /// How its main containers are.
        pub container_statuses: Vec<ContainerStatus> = "containerStatuses",
        /// The class of service that follows from its requests and limits.
        pub qos_class: PodQosClass = "qosClass",
        /// How its ephemeral containers are.
        pub ephemeral_container_statuses: Vec<ContainerStatus> = "ephemeralContainerStatuses",
        /// How far a change of its resources is; superseded by conditions.
        pub resize: PodResizeStatus = "resize",
        /// The claims that were made for it.
        pub resource_claim_statuses: Vec<PodResourceClaimStatus> = "resourceClaimStatuses" [merge retain_keys "name"],
        /// The claim that was made for its extended resources.
        pub extended_resource_claim_status: Option<Box<PodExtendedResourceClaimStatus>> = "extendedResourceClaimStatus",
        /// What the node set aside for the pod as a whole.
        pub allocated_resources: BTreeMap<String, Quantity> = "allocatedResources",
        /// What holds for the pod as a whole now.
        pub resources: Option<Box<ResourceRequirements>> = "resources",
        /// What the claims take of the node's own resources.
        pub node_allocatable_resource_claim_statuses: Vec<NodeAllocatableResourceClaimStatus> = "nodeAllocatableResourceClaimStatuses",
    }

    /// Something that is true of a pod, or not.
    pub struct PodCondition {
        /// What it is about.
        pub type_: PodConditionType = "type" always,
        /// The generation of the pod that it was seen at.
        pub observed_generation: i64 = "observedGeneration",
        /// Whether it is true.
        pub status: ConditionStatus = "status" always,
        /// When it was last looked at.
        pub last_probe_time: Option<Time> = "lastProbeTime" always,
        /// When it last changed.
        pub last_transition_time: Option<Time> = "lastTransitionTime" always,
        /// Why, in one word.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }

    /// An address of a node.
    pub struct HostIp as "HostIP" {
        /// The address.
        pub ip: String = "ip" always,
    }

    /// An address of a pod.
    pub struct PodIp as "PodIP" {
        /// The address.
        pub ip: String = "ip" always,
    }

    /// How a container is.
    pub struct ContainerStatus {
        /// The name of the container.
        pub name: String = "name" always,
        /// What it does now.
        pub state: ContainerState = "state",
        /// What it did before it was last started.
        pub last_state: ContainerState = "lastState",
        /// Whether its readiness probe succeeds.
        pub ready: bool = "ready" always,
        /// How often it was started again.
        pub restart_count: i32 = "restartCount" always,
        /// The image that runs, by name.
        pub image: String = "image" always,
        /// The image that runs, by identifier.
        pub image_id: String = "imageID" always,
        /// The identifier of the container, as `runtime://id`.
        pub container_id: String = "containerID",
        /// Whether its startup probe succeeded and its postStart hook is done.
        pub started: Option<bool> = "started",
        /// What the node set aside for it.
        pub allocated_resources: BTreeMap<String, Quantity> = "allocatedResources",
        /// What holds for it now.
        pub resources: Option<Box<ResourceRequirements>> = "resources",
        /// How its volumes are mounted.
        pub volume_mounts: Vec<VolumeMountStatus> = "volumeMounts" [merge "mountPath"],
        /// Who its first process runs as.
        pub user: Option<Box<ContainerUser>> = "user",
        /// How the devices are that it got.
        pub allocated_resources_status: Vec<ResourceStatus> = "allocatedResourcesStatus" [merge "name"],
        /// The signal that asks it to stop.
        pub stop_signal: Option<String> = "stopSignal",
    }

    /// What a container does; one member is there, or it waits.
    pub struct ContainerState {
        /// It waits.
        pub waiting: Option<Box<ContainerStateWaiting>> = "waiting",
        /// It runs.
        pub running: Option<Box<ContainerStateRunning>> = "running",
        /// It ended.
        pub terminated: Option<Box<ContainerStateTerminated>> = "terminated",
    }

    /// A container that waits.
    pub struct ContainerStateWaiting {
        /// Why, in one word, such as `ImagePullBackOff`.
        pub reason: String = "reason",
        /// Why, for people.
        pub message: String = "message",
    }

    /// A container that runs.
    pub struct ContainerStateRunning {
        /// When it was started.
        pub started_at: Option<Time> = "startedAt" always,
    }

    /// A container that ended.
    pub struct ContainerStateTerminated {
        /// The exit status of its first process.
        pub exit_code: i32 = "exitCode" always,
        /// The signal that killed its first process.
        pub signal: i32 = "signal",
        /// Why, in one word, such as `OOMKilled`.
        pub reason: String = "reason",
        /// Its last words.
        pub message: String = "message",
        /// When it was started.
        pub started_at: Option<Time> = "startedAt" always,
        /// When it ended.
        pub finished_at: Option<Time> = "finishedAt" always,
        /// The identifier of the container, as `runtime://id`.
        pub container_id: String = "containerID",
    }

    /// How a volume is mounted.
    pub struct VolumeMountStatus {
        /// The volume.
        pub name: String = "name" always,
        /// Where it is.
        pub mount_path: String = "mountPath" always,
        /// Whether it cannot be written to.
        pub read_only: bool = "readOnly",
        /// Whether mounts below it cannot be written to either.
        pub recursive_read_only: Option<RecursiveReadOnlyMode> = "recursiveReadOnly",
        /// What there is to say of the volume itself.
        pub volume_status: Option<Box<VolumeStatus>> = "volumeStatus",
    }

    /// What there is to say of a volume.
    pub struct VolumeStatus {
        /// Of a volume that is an image.
        pub image: Option<Box<ImageVolumeStatus>> = "image",
    }

    /// What there is to say of a volume that is an image.
    pub struct ImageVolumeStatus {
        /// The image by digest.
        pub image_ref: String = "imageRef",
    }

    /// Who the first process of a container runs as.
    pub struct ContainerUser {
        /// On Linux.
        pub linux: Option<Box<LinuxContainerUser>> = "linux",
    }

    /// Who a process runs as on Linux.
    pub struct LinuxContainerUser {
        /// The user.
        pub uid: i64 = "uid" always,
        /// The main group.
        pub gid: i64 = "gid" always,
        /// Further groups.
        pub supplemental_groups: Vec<i64> = "supplementalGroups",
    }

    /// How the devices of one resource are.
    pub struct ResourceStatus {
        /// The resource, or `claim:name/request`.
        pub name: String = "name" always,
        /// Its devices.
        pub resources: Vec<ResourceHealth> = "resources",
    }

    /// How a device is.
    pub struct ResourceHealth {
        /// The device.
        pub resource_id: String = "resourceID" always,
        /// Whether it works.
        pub health: ResourceHealthStatus = "health",
        /// What is wrong, for people.
        pub message: Option<String> = "message",
    }

    /// A claim that was made for a pod.
    pub struct PodResourceClaimStatus {
        /// The entry of the pod's `resourceClaims`.
        pub name: String = "name" always,
        /// The claim that was made; absent when none is needed.
        pub resource_claim_name: Option<String> = "resourceClaimName",
    }

    /// The claim that was made for a pod's extended resources.
    pub struct PodExtendedResourceClaimStatus {
        /// Which request of the claim is for which resource of which container.
        pub request_mappings: Vec<ContainerExtendedResourceRequest> = "requestMappings" always,
        /// The claim.
        pub resource_claim_name: String = "resourceClaimName" always,
    }

    /// A request that is for a resource of a container.
    pub struct ContainerExtendedResourceRequest {
        /// The container.
        pub container_name: String = "containerName" always,
        /// The resource.
        pub resource_name: String = "resourceName" always,
        /// The request of the claim.
        pub request_name: String = "requestName" always,
    }

    /// What a claim takes of a node's own resources.
    pub struct NodeAllocatableResourceClaimStatus {
        /// The claim.
        pub resource_claim_name: String = "resourceClaimName" always,
        /// The containers that use it.
        pub containers: Vec<String> = "containers",
        /// How much of what it takes.
        pub resources: BTreeMap<String, Quantity> = "resources" always,
    }
}

open_enum! {
    /// Where a pod is in its life.
    pub enum PodPhase {
        /// All containers ended, and one of them failed.
        Failed = "Failed",
        /// It was taken up, but not all containers were started yet.
        Pending = "Pending",
        /// At least one container runs, or is being started again.
        Running = "Running",
        /// All containers ended well and will not be started again.
        Succeeded = "Succeeded",
        /// Its node cannot be asked.
        Unknown = "Unknown",
    }

    /// The class of service of a pod, by which it is killed when memory is short.
    pub enum PodQosClass {
        /// No container says what it needs.
        BestEffort = "BestEffort",
        /// Neither of the others.
        Burstable = "Burstable",
        /// Each container has limits of processor and memory, and asks for exactly that.
        Guaranteed = "Guaranteed",
    }

    /// How far a change of resources is.
    pub enum PodResizeStatus {
        /// It fits the node, but not now.
        Deferred = "Deferred",
        /// It is being done.
        InProgress = "InProgress",
        /// It never fits the node.
        Infeasible = "Infeasible",
    }

    /// What a condition of a pod is about.
    pub enum PodConditionType {
        /// All containers are being started again, by a restart rule.
        AllContainersRestarting = "AllContainersRestarting",
        /// All containers are ready.
        ContainersReady = "ContainersReady",
        /// The pod is about to be ended from outside.
        DisruptionTarget = "DisruptionTarget",
        /// All init containers did their work.
        Initialized = "Initialized",
        /// The sandbox is there and has its network.
        PodReadyToStartContainers = "PodReadyToStartContainers",
        /// A change of resources is being done.
        PodResizeInProgress = "PodResizeInProgress",
        /// A change of resources waits.
        PodResizePending = "PodResizePending",
        /// A node was found.
        PodScheduled = "PodScheduled",
        /// The pod can serve.
        Ready = "Ready",
    }

    /// Whether a condition is true.
    pub enum ConditionStatus {
        /// It is not.
        False = "False",
        /// It is.
        True = "True",
        /// Nobody knows.
        Unknown = "Unknown",
    }

    /// Whether a device works.
    pub enum ResourceHealthStatus {
        /// It works.
        Healthy = "Healthy",
        /// It does not.
        Unhealthy = "Unhealthy",
        /// Nobody knows.
        Unknown = "Unknown",
    }
}

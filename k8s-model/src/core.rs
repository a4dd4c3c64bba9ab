//! The core group, `v1`: pods, config maps and secrets, with every field of Kubernetes 1.36.
//!
//! Names and order follow `k8s.io/api/core/v1`; acronyms are written as words (`PodDnsConfig`). Go's embedded structs are written
//! out: a [`Volume`] has its sources as members of its own.

mod claim;
mod config;
mod container;
mod env;
mod handler;
mod pod;
mod pod_status;
mod projection;
mod resources;
mod scheduling;
mod security;
mod volume;
mod volume_vendor;

pub use claim::{
    PersistentVolumeAccessMode, PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate,
    PersistentVolumeMode, TypedLocalObjectReference, TypedObjectReference,
};
pub use config::{ConfigMap, Secret, SecretType};
pub use container::{
    Container, ContainerPort, ContainerResizePolicy, ContainerRestartPolicy, ContainerRestartRule,
    ContainerRestartRuleAction, ContainerRestartRuleOnExitCodes, ContainerRestartRuleOnExitCodesOperator,
    EphemeralContainer, MountPropagationMode, Protocol, PullPolicy, RecursiveReadOnlyMode,
    ResourceResizeRestartPolicy, TerminationMessagePolicy, VolumeDevice, VolumeMount,
};
pub use env::{
    ConfigMapEnvSource, ConfigMapKeySelector, EnvFromSource, EnvVar, EnvVarSource, FileKeySelector,
    ObjectFieldSelector, ResourceFieldSelector, SecretEnvSource, SecretKeySelector,
};
pub use handler::{
    ExecAction, GrpcAction, HttpGetAction, HttpHeader, Lifecycle, LifecycleHandler, Probe, SleepAction,
    TcpSocketAction, UriScheme,
};
pub use pod::{
    DnsPolicy, HostAlias, LocalObjectReference, OsName, Pod, PodDnsConfig, PodDnsConfigOption, PodOs,
    PodReadinessGate, PodSchedulingGate, PodSchedulingGroup, PodSpec, PreemptionPolicy, RestartPolicy,
};
pub use pod_status::{
    ConditionStatus, ContainerExtendedResourceRequest, ContainerState, ContainerStateRunning,
    ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, ContainerUser, HostIp,
    ImageVolumeStatus, LinuxContainerUser, NodeAllocatableResourceClaimStatus, PodCondition,
    PodConditionType, PodExtendedResourceClaimStatus, PodIp, PodPhase, PodQosClass, PodResizeStatus,
    PodResourceClaimStatus, PodStatus, ResourceHealth, ResourceHealthStatus, ResourceStatus,
    VolumeMountStatus, VolumeStatus,
};
pub use projection::{
    ClusterTrustBundleProjection, ConfigMapProjection, ConfigMapVolumeSource, DownwardApiProjection,
    DownwardApiVolumeFile, DownwardApiVolumeSource, KeyToPath, PodCertificateProjection,
    ProjectedVolumeSource, SecretProjection, SecretVolumeSource, ServiceAccountTokenProjection,
    VolumeProjection,
};
pub use resources::{PodResourceClaim, ResourceClaim, ResourceRequirements, VolumeResourceRequirements};
pub use scheduling::{
    Affinity, NodeAffinity, NodeInclusionPolicy, NodeSelector, NodeSelectorOperator, NodeSelectorRequirement,
    NodeSelectorTerm, PodAffinity, PodAffinityTerm, PodAntiAffinity, PreferredSchedulingTerm, TaintEffect,
    Toleration, TolerationOperator, TopologySpreadConstraint, UnsatisfiableConstraintAction,
    WeightedPodAffinityTerm,
};
pub use security::{
    AppArmorProfile, AppArmorProfileType, Capabilities, PodFsGroupChangePolicy, PodSeLinuxChangePolicy,
    PodSecurityContext, ProcMountType, SeLinuxOptions, SeccompProfile, SeccompProfileType, SecurityContext,
    SupplementalGroupsPolicy, Sysctl, WindowsSecurityContextOptions,
};
pub use volume::{
    CsiVolumeSource, EmptyDirVolumeSource, EphemeralVolumeSource, FcVolumeSource, FlexVolumeSource,
    GitRepoVolumeSource, HostPathType, HostPathVolumeSource, ImageVolumeSource, IscsiVolumeSource,
    NfsVolumeSource, PersistentVolumeClaimVolumeSource, StorageMedium, Volume,
};
pub use volume_vendor::{
    AwsElasticBlockStoreVolumeSource, AzureDataDiskCachingMode, AzureDataDiskKind, AzureDiskVolumeSource,
    AzureFileVolumeSource, CephFsVolumeSource, CinderVolumeSource, FlockerVolumeSource,
    GcePersistentDiskVolumeSource, GlusterfsVolumeSource, PhotonPersistentDiskVolumeSource,
    PortworxVolumeSource, QuobyteVolumeSource, RbdVolumeSource, ScaleIoVolumeSource, StorageOsVolumeSource,
    VsphereVirtualDiskVolumeSource,
};

//! The core group, `v1`, with every field of Kubernetes 1.36.
//!
//! Names and order follow `k8s.io/api/core/v1`; acronyms are written as words (`PodDnsConfig`). Go's embedded structs are written
//! out: a [`Volume`] has its sources as members of its own.

mod binding;
mod claim;
mod claim_status;
mod config;
mod container;
mod endpoints;
mod env;
mod event;
mod handler;
mod limit_range;
mod namespace;
mod node;
mod node_status;
mod persistent_volume;
mod persistent_volume_vendor;
mod pod;
mod pod_status;
mod projection;
mod reference;
mod resource_quota;
mod resources;
mod scheduling;
mod security;
mod service;
mod service_account;
mod template;
mod topology;
mod volume;
mod volume_vendor;

pub use binding::Binding;
pub use claim::{
    PersistentVolumeAccessMode, PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate,
    PersistentVolumeMode, TypedLocalObjectReference, TypedObjectReference,
};
pub use claim_status::{
    ClaimResourceStatus, ModifyVolumeStatus, PersistentVolumeClaim, PersistentVolumeClaimCondition,
    PersistentVolumeClaimConditionType, PersistentVolumeClaimModifyVolumeStatus, PersistentVolumeClaimPhase,
    PersistentVolumeClaimStatus,
};
pub use config::{ConfigMap, Secret, SecretType};
pub use container::{
    Container, ContainerPort, ContainerResizePolicy, ContainerRestartPolicy, ContainerRestartRule,
    ContainerRestartRuleAction, ContainerRestartRuleOnExitCodes, ContainerRestartRuleOnExitCodesOperator,
    EphemeralContainer, MountPropagationMode, Protocol, PullPolicy, RecursiveReadOnlyMode,
    ResourceResizeRestartPolicy, TerminationMessagePolicy, VolumeDevice, VolumeMount,
};
pub use endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};
pub use env::{
    ConfigMapEnvSource, ConfigMapKeySelector, EnvFromSource, EnvVar, EnvVarSource, FileKeySelector,
    ObjectFieldSelector, ResourceFieldSelector, SecretEnvSource, SecretKeySelector,
};
pub use event::{Event, EventSeries, EventSource};
pub use handler::{
    ExecAction, GrpcAction, HttpGetAction, HttpHeader, Lifecycle, LifecycleHandler, Probe, SleepAction,
    TcpSocketAction, UriScheme,
};
pub use limit_range::{LimitRange, LimitRangeItem, LimitRangeSpec, LimitType};
pub use namespace::{
    FinalizerName, Namespace, NamespaceCondition, NamespaceConditionType, NamespacePhase, NamespaceSpec,
    NamespaceStatus,
};
pub use node::{ConfigMapNodeConfigSource, Node, NodeConfigSource, NodeSpec, Taint};
pub use node_status::{
    AttachedVolume, ContainerImage, DaemonEndpoint, NodeAddress, NodeAddressType, NodeCondition,
    NodeConditionType, NodeConfigStatus, NodeDaemonEndpoints, NodeFeatures, NodePhase, NodeRuntimeHandler,
    NodeRuntimeHandlerFeatures, NodeStatus, NodeSwapStatus, NodeSystemInfo,
};
pub use persistent_volume::{
    LocalVolumeSource, PersistentVolume, PersistentVolumePhase, PersistentVolumeReclaimPolicy,
    PersistentVolumeSpec, PersistentVolumeStatus, VolumeNodeAffinity,
};
pub use persistent_volume_vendor::{
    AzureFilePersistentVolumeSource, CephFsPersistentVolumeSource, CinderPersistentVolumeSource,
    CsiPersistentVolumeSource, FlexPersistentVolumeSource, GlusterfsPersistentVolumeSource,
    IscsiPersistentVolumeSource, RbdPersistentVolumeSource, ScaleIoPersistentVolumeSource,
    StorageOsPersistentVolumeSource,
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
pub use reference::{ObjectReference, SecretReference};
pub use resource_quota::{
    ResourceQuota, ResourceQuotaScope, ResourceQuotaSpec, ResourceQuotaStatus, ScopeSelector,
    ScopeSelectorOperator, ScopedResourceSelectorRequirement,
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
pub use service::{
    ClientIpConfig, IpFamily, IpFamilyPolicy, LoadBalancerIngress, LoadBalancerIpMode, LoadBalancerStatus,
    PortStatus, Service, ServiceAffinity, ServiceExternalTrafficPolicy, ServiceInternalTrafficPolicy,
    ServicePort, ServiceSpec, ServiceStatus, ServiceType, SessionAffinityConfig,
};
pub use service_account::ServiceAccount;
pub use template::{
    PodTemplate, PodTemplateSpec, ReplicationController, ReplicationControllerCondition,
    ReplicationControllerConditionType, ReplicationControllerSpec, ReplicationControllerStatus,
};
pub use topology::{TopologySelectorLabelRequirement, TopologySelectorTerm};
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

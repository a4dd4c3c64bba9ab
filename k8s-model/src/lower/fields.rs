//! What becomes of each field of a pod: one table, which refusing reads and a test compares with the fields that there are.

use Treatment::{Carried, NoEffect, Refused};

use crate::encode::Part;
use crate::encode::to_json;
use crate::expand::Problems;
use crate::path::Path;
use crate::schema::Struct;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Treatment {
    /// It is carried over. A value that cannot be is a problem.
    Carried,
    /// It has no effect on one node, and is accepted: the reason.
    NoEffect(&'static str),
    /// It cannot be carried over, and is a problem when it is set: the reason.
    Refused(&'static str),
}

const SCHEDULING: Treatment = NoEffect("there is one node, so nothing is scheduled");
const ACCOUNT: Treatment = NoEffect("there is no API server that a token would be for");
const VENDOR: Treatment = Refused("volumes over a network or of a cloud are not supported");
const CLAIM: Treatment = Refused("claims come from a cluster, which is not there");
const WINDOWS: Treatment = Refused("it is only for Windows");
const SELINUX: Treatment = Refused("SELinux contexts are not supported");
const RESIZE: Treatment = NoEffect("resources of a running pod are not changed");
const FILE: Treatment = Refused("variables from files are not supported");
const TOKEN: Treatment = Refused("it comes from a cluster, which is not there");

/// Of each struct that a pod consists of, by its name in Go, what becomes of its fields, by their names in JSON. A struct that
/// is not here is part of a field that has no effect or is refused.
pub const FIELDS: &[(&str, &[(&str, Treatment)])] = &[
    ("PodSpec", POD_SPEC),
    ("Container", CONTAINER),
    ("PodSecurityContext", POD_SECURITY_CONTEXT),
    ("SecurityContext", SECURITY_CONTEXT),
    ("Volume", VOLUME),
    ("VolumeProjection", VOLUME_PROJECTION),
    ("VolumeMount", VOLUME_MOUNT),
    ("ResourceRequirements", RESOURCE_REQUIREMENTS),
    ("EnvVarSource", ENV_VAR_SOURCE),
    ("LifecycleHandler", LIFECYCLE_HANDLER),
    ("ConfigMapEnvSource", &[("name", Carried), ("optional", Carried)]),
    ("ConfigMapKeySelector", &[("name", Carried), ("key", Carried), ("optional", Carried)]),
    ("ConfigMapProjection", &[("name", Carried), ("items", Carried), ("optional", Carried)]),
    (
        "ConfigMapVolumeSource",
        &[("name", Carried), ("items", Carried), ("defaultMode", Carried), ("optional", Carried)],
    ),
    (
        "AppArmorProfile",
        &[("type", Carried), ("localhostProfile", Refused("AppArmor profiles are not supported"))],
    ),
    ("Capabilities", &[("add", Carried), ("drop", Carried)]),
    (
        "ContainerPort",
        &[
            ("name", Carried),
            ("hostPort", Carried),
            ("containerPort", Carried),
            ("protocol", Carried),
            ("hostIP", Carried),
        ],
    ),
    ("ContainerRestartRule", &[("action", Carried), ("exitCodes", Carried)]),
    ("ContainerRestartRuleOnExitCodes", &[("operator", Carried), ("values", Carried)]),
    ("DownwardAPIProjection", &[("items", Carried)]),
    (
        "DownwardAPIVolumeFile",
        &[("path", Carried), ("fieldRef", Carried), ("resourceFieldRef", Carried), ("mode", Carried)],
    ),
    ("DownwardAPIVolumeSource", &[("items", Carried), ("defaultMode", Carried)]),
    ("EmptyDirVolumeSource", &[("medium", Carried), ("sizeLimit", Carried)]),
    ("EnvFromSource", &[("prefix", Carried), ("configMapRef", Carried), ("secretRef", Carried)]),
    ("EnvVar", &[("name", Carried), ("value", Carried), ("valueFrom", Carried)]),
    ("ExecAction", &[("command", Carried)]),
    ("GRPCAction", &[("port", Carried), ("service", Carried)]),
    (
        "HTTPGetAction",
        &[
            ("path", Carried),
            ("port", Carried),
            ("host", Carried),
            ("scheme", Carried),
            ("httpHeaders", Carried),
        ],
    ),
    ("HTTPHeader", &[("name", Carried), ("value", Carried)]),
    ("HostAlias", &[("ip", Carried), ("hostnames", Carried)]),
    ("HostPathVolumeSource", &[("path", Carried), ("type", Carried)]),
    ("KeyToPath", &[("key", Carried), ("path", Carried), ("mode", Carried)]),
    ("Lifecycle", &[("postStart", Carried), ("preStop", Carried), ("stopSignal", Carried)]),
    ("LocalObjectReference", &[("name", Carried)]),
    ("ObjectFieldSelector", &[("apiVersion", Carried), ("fieldPath", Carried)]),
    ("PodDNSConfig", &[("nameservers", Carried), ("searches", Carried), ("options", Carried)]),
    ("PodDNSConfigOption", &[("name", Carried), ("value", Carried)]),
    ("PodOS", &[("name", Carried)]),
    ("PodReadinessGate", &[("conditionType", Carried)]),
    (
        "Probe",
        &[
            ("exec", Carried),
            ("httpGet", Carried),
            ("tcpSocket", Carried),
            ("grpc", Carried),
            ("initialDelaySeconds", Carried),
            ("timeoutSeconds", Carried),
            ("periodSeconds", Carried),
            ("successThreshold", Carried),
            ("failureThreshold", Carried),
            ("terminationGracePeriodSeconds", Carried),
        ],
    ),
    ("ProjectedVolumeSource", &[("sources", Carried), ("defaultMode", Carried)]),
    ("ResourceFieldSelector", &[("containerName", Carried), ("resource", Carried), ("divisor", Carried)]),
    ("SeccompProfile", &[("type", Carried), ("localhostProfile", Carried)]),
    ("SecretEnvSource", &[("name", Carried), ("optional", Carried)]),
    ("SecretKeySelector", &[("name", Carried), ("key", Carried), ("optional", Carried)]),
    ("SecretProjection", &[("name", Carried), ("items", Carried), ("optional", Carried)]),
    (
        "SecretVolumeSource",
        &[("secretName", Carried), ("items", Carried), ("defaultMode", Carried), ("optional", Carried)],
    ),
    ("SleepAction", &[("seconds", Carried)]),
    ("Sysctl", &[("name", Carried), ("value", Carried)]),
    ("TCPSocketAction", &[("port", Carried), ("host", Carried)]),
];

const POD_SPEC: &[(&str, Treatment)] = &[
    ("volumes", Carried),
    ("initContainers", Carried),
    ("containers", Carried),
    ("ephemeralContainers", Refused("containers cannot be added for looking into a pod")),
    ("restartPolicy", Carried),
    ("terminationGracePeriodSeconds", Carried),
    ("activeDeadlineSeconds", Carried),
    ("dnsPolicy", Carried),
    ("nodeSelector", SCHEDULING),
    ("serviceAccountName", ACCOUNT),
    ("serviceAccount", ACCOUNT),
    ("automountServiceAccountToken", ACCOUNT),
    ("nodeName", NoEffect("it is told to containers that ask; there is one node")),
    ("hostNetwork", Carried),
    ("hostPID", Carried),
    ("hostIPC", Carried),
    ("shareProcessNamespace", Carried),
    ("securityContext", Carried),
    ("imagePullSecrets", NoEffect("who pulls the images reads them with `pull_secrets`")),
    ("hostname", Carried),
    ("subdomain", NoEffect("there is no cluster domain that it would be below")),
    ("affinity", SCHEDULING),
    ("schedulerName", SCHEDULING),
    ("tolerations", SCHEDULING),
    ("hostAliases", Carried),
    ("priorityClassName", SCHEDULING),
    (
        "priority",
        NoEffect("it decides the OOM score of a pod that is critical to its node, and nothing else"),
    ),
    ("dnsConfig", Carried),
    ("readinessGates", Carried),
    ("runtimeClassName", NoEffect("who runs the pod picks its runtime by it")),
    ("enableServiceLinks", Carried),
    ("preemptionPolicy", SCHEDULING),
    ("overhead", SCHEDULING),
    ("topologySpreadConstraints", SCHEDULING),
    ("setHostnameAsFQDN", Carried),
    ("os", Carried),
    ("hostUsers", Carried),
    ("schedulingGates", Refused("it holds the pod back until it is taken away")),
    ("resourceClaims", CLAIM),
    ("resources", Refused("amounts for the pod as a whole are not supported")),
    ("hostnameOverride", Carried),
    ("schedulingGroup", SCHEDULING),
];

const CONTAINER: &[(&str, Treatment)] = &[
    ("name", Carried),
    ("image", Carried),
    ("command", Carried),
    ("args", Carried),
    ("workingDir", Carried),
    ("ports", Carried),
    ("envFrom", Carried),
    ("env", Carried),
    ("resources", Carried),
    ("resizePolicy", RESIZE),
    ("restartPolicy", Carried),
    ("restartPolicyRules", Carried),
    ("volumeMounts", Carried),
    ("volumeDevices", CLAIM),
    ("livenessProbe", Carried),
    ("readinessProbe", Carried),
    ("startupProbe", Carried),
    ("lifecycle", Carried),
    ("terminationMessagePath", Carried),
    ("terminationMessagePolicy", Carried),
    ("imagePullPolicy", Carried),
    ("securityContext", Carried),
    ("stdin", Carried),
    ("stdinOnce", Carried),
    ("tty", Carried),
];

const POD_SECURITY_CONTEXT: &[(&str, Treatment)] = &[
    ("seLinuxOptions", SELINUX),
    ("windowsOptions", WINDOWS),
    ("runAsUser", Carried),
    ("runAsGroup", Carried),
    ("runAsNonRoot", Carried),
    ("supplementalGroups", Carried),
    ("supplementalGroupsPolicy", Carried),
    ("fsGroup", Carried),
    ("sysctls", Carried),
    ("fsGroupChangePolicy", NoEffect("ownership is set when the volume is made, which is when the pod is")),
    ("seccompProfile", Carried),
    ("appArmorProfile", Carried),
    ("seLinuxChangePolicy", NoEffect("there are no SELinux labels")),
];

const SECURITY_CONTEXT: &[(&str, Treatment)] = &[
    ("capabilities", Carried),
    ("privileged", Carried),
    ("seLinuxOptions", SELINUX),
    ("windowsOptions", WINDOWS),
    ("runAsUser", Carried),
    ("runAsGroup", Carried),
    ("runAsNonRoot", Carried),
    ("readOnlyRootFilesystem", Carried),
    ("allowPrivilegeEscalation", Carried),
    ("procMount", Carried),
    ("seccompProfile", Carried),
    ("appArmorProfile", Carried),
];

const VOLUME: &[(&str, Treatment)] = &[
    ("name", Carried),
    ("hostPath", Carried),
    ("emptyDir", Carried),
    ("gcePersistentDisk", VENDOR),
    ("awsElasticBlockStore", VENDOR),
    ("gitRepo", Refused("it is no longer supported by Kubernetes")),
    ("secret", Carried),
    ("nfs", VENDOR),
    ("iscsi", VENDOR),
    ("glusterfs", VENDOR),
    ("persistentVolumeClaim", CLAIM),
    ("rbd", VENDOR),
    ("flexVolume", VENDOR),
    ("cinder", VENDOR),
    ("cephfs", VENDOR),
    ("flocker", VENDOR),
    ("downwardAPI", Carried),
    ("fc", VENDOR),
    ("azureFile", VENDOR),
    ("configMap", Carried),
    ("vsphereVolume", VENDOR),
    ("quobyte", VENDOR),
    ("azureDisk", VENDOR),
    ("photonPersistentDisk", VENDOR),
    ("projected", Carried),
    ("portworxVolume", VENDOR),
    ("scaleIO", VENDOR),
    ("storageos", VENDOR),
    ("csi", Refused("CSI drivers are not supported")),
    ("ephemeral", CLAIM),
    ("image", Refused("volumes from images are not supported")),
];

const VOLUME_PROJECTION: &[(&str, Treatment)] = &[
    ("secret", Carried),
    ("downwardAPI", Carried),
    ("configMap", Carried),
    ("serviceAccountToken", TOKEN),
    ("clusterTrustBundle", TOKEN),
    ("podCertificate", TOKEN),
];

const VOLUME_MOUNT: &[(&str, Treatment)] = &[
    ("name", Carried),
    ("readOnly", Carried),
    ("recursiveReadOnly", Carried),
    ("mountPath", Carried),
    ("subPath", Carried),
    ("mountPropagation", Carried),
    ("subPathExpr", Carried),
];

const RESOURCE_REQUIREMENTS: &[(&str, Treatment)] =
    &[("limits", Carried), ("requests", Carried), ("claims", CLAIM)];

const ENV_VAR_SOURCE: &[(&str, Treatment)] = &[
    ("fieldRef", Carried),
    ("resourceFieldRef", Carried),
    ("configMapKeyRef", Carried),
    ("secretKeyRef", Carried),
    ("fileKeyRef", FILE),
];

const LIFECYCLE_HANDLER: &[(&str, Treatment)] = &[
    ("exec", Carried),
    ("httpGet", Carried),
    ("tcpSocket", Refused("a hook cannot open a connection: no kubelet does")),
    ("sleep", Carried),
];

/// Notes each field of a struct that is set and refused.
pub(super) fn refuse(source: &dyn Struct, path: &Path<'_>, problems: &mut Problems) {
    let info = source.info();
    let table = FIELDS.iter().find(|(name, _)| *name == info.name).map_or(&[][..], |(_, fields)| *fields);
    for (index, field) in info.fields.iter().enumerate() {
        let reason = table.iter().find_map(|(name, treatment)| match treatment {
            Refused(reason) if *name == field.name => Some(*reason),
            _ => None,
        });
        let value = source.field(index);
        if let (Some(reason), Some(value)) = (reason, value)
            && !value.is_empty()
            // A struct of which nothing is set asks for nothing.
            && !matches!(to_json(&Part(value)).as_str(), "{}" | "[]")
        {
            problems.add(&path.child(field.name), reason);
        }
    }
}

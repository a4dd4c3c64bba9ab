//! Containers, and what they have by themselves.

use super::env::{EnvFromSource, EnvVar};
use super::handler::{Lifecycle, Probe};
use super::resources::ResourceRequirements;
use super::security::SecurityContext;
use crate::schema::{object, open_enum};

/// Declares a struct with the fields that all containers of a pod have, and further ones.
macro_rules! container {
    ($(#[doc = $doc:literal])* $name:ident { $($further:tt)* }) => {
        object! {
            $(#[doc = $doc])*
            pub struct $name {
                /// Its name, unique in the pod: a DNS label.
                pub name: String = "name" always,
                /// The image it runs.
                pub image: String = "image",
                /// Replaces the image's entry point; no shell is involved. `$(VAR)` is replaced from the
                /// environment, `$$` is `$`.
                pub command: Vec<String> = "command",
                /// Replaces the image's arguments, in the same way.
                pub args: Vec<String> = "args",
                /// Where it starts; the image's own when empty.
                pub working_dir: String = "workingDir",
                /// Ports it listens on. They are told, not enforced: what listens can be reached anyway.
                pub ports: Vec<ContainerPort> = "ports" [merge "containerPort"],
                /// Sources of many variables at once; later ones win, and `env` wins over all.
                pub env_from: Vec<EnvFromSource> = "envFrom",
                /// Variables of its environment, in order.
                pub env: Vec<EnvVar> = "env" [merge "name"],
                /// What it needs and may use.
                pub resources: ResourceRequirements = "resources",
                /// What a change of its resources means while it runs.
                pub resize_policy: Vec<ContainerResizePolicy> = "resizePolicy",
                /// What happens when it ended, whatever the pod says; for init containers `Always` makes a
                /// sidecar.
                pub restart_policy: Option<ContainerRestartPolicy> = "restartPolicy",
                /// What is done when it ends in certain ways; the first rule that fits.
                pub restart_policy_rules: Vec<ContainerRestartRule> = "restartPolicyRules",
                /// Where volumes appear.
                pub volume_mounts: Vec<VolumeMount> = "volumeMounts" [merge "mountPath"],
                /// Where claims appear as block devices.
                pub volume_devices: Vec<VolumeDevice> = "volumeDevices" [merge "devicePath"],
                /// Asked while it runs; failure has it started again.
                pub liveness_probe: Option<Box<Probe>> = "livenessProbe",
                /// Asked while it runs; failure takes it out of services.
                pub readiness_probe: Option<Box<Probe>> = "readinessProbe",
                /// Asked first; until it succeeds the others wait, and failure has it started again.
                pub startup_probe: Option<Box<Probe>> = "startupProbe",
                /// What is done right after it was started and before it is stopped.
                pub lifecycle: Option<Box<Lifecycle>> = "lifecycle",
                /// The file that its last words are read from; `/dev/termination-log` by default.
                pub termination_message_path: String = "terminationMessagePath",
                /// What its last words are.
                pub termination_message_policy: TerminationMessagePolicy = "terminationMessagePolicy",
                /// When its image is pulled.
                pub image_pull_policy: PullPolicy = "imagePullPolicy",
                /// Who it runs as and what it may do; wins over the pod's.
                pub security_context: Option<Box<SecurityContext>> = "securityContext",
                /// Whether its standard input stays open.
                pub stdin: bool = "stdin",
                /// Whether its standard input closes after the first who attached left.
                pub stdin_once: bool = "stdinOnce",
                /// Whether its standard streams are a terminal; needs `stdin`.
                pub tty: bool = "tty",
                $($further)*
            }
        }
    };
}

container! {
    /// A container of a pod.
    Container {}
}

container! {
    /// A container that is added to a running pod, to look into it; it has no guarantees and is never started
    /// again.
    EphemeralContainer {
        /// The container whose processes it sees; empty is none.
        pub target_container_name: String = "targetContainerName",
    }
}

object! {
    /// A port that a container listens on.
    pub struct ContainerPort {
        /// A name that services, hooks and probes may use; unique in the pod. At most 15 characters, with a
        /// letter among them.
        pub name: String = "name",
        /// The port of the node that leads there; 0 is none.
        pub host_port: i32 = "hostPort",
        /// The port, from 1 to 65535.
        pub container_port: i32 = "containerPort" always,
        /// The protocol; TCP when unset.
        pub protocol: Protocol = "protocol",
        /// The address of the node that the node's port is bound to; empty is all.
        pub host_ip: String = "hostIP",
    }

    /// What a change of a resource means to a running container.
    pub struct ContainerResizePolicy {
        /// The resource: `cpu` or `memory`.
        pub resource_name: String = "resourceName" always,
        /// What happens.
        pub restart_policy: ResourceResizeRestartPolicy = "restartPolicy" always,
    }

    /// What is done when a container ends in a certain way.
    pub struct ContainerRestartRule {
        /// What is done.
        pub action: ContainerRestartRuleAction = "action",
        /// How it ended.
        pub exit_codes: Option<Box<ContainerRestartRuleOnExitCodes>> = "exitCodes",
    }

    /// Exit statuses that a rule is for.
    pub struct ContainerRestartRuleOnExitCodes {
        /// How they are compared.
        pub operator: ContainerRestartRuleOnExitCodesOperator = "operator",
        /// The exit statuses, at most 255 of them.
        pub values: Vec<i32> = "values",
    }

    /// Where a volume appears in a container.
    pub struct VolumeMount {
        /// The volume of the pod.
        pub name: String = "name" always,
        /// Whether the container cannot write to it.
        pub read_only: bool = "readOnly",
        /// Whether mounts below it cannot be written to either.
        pub recursive_read_only: Option<RecursiveReadOnlyMode> = "recursiveReadOnly",
        /// Where it appears; without `:`.
        pub mount_path: String = "mountPath" always,
        /// The part of the volume that appears; a relative path without `..`.
        pub sub_path: String = "subPath",
        /// Whether later mounts pass between node and container.
        pub mount_propagation: Option<MountPropagationMode> = "mountPropagation",
        /// The same as `subPath`, with `$(VAR)` replaced from the container's environment.
        pub sub_path_expr: String = "subPathExpr",
    }

    /// Where a claim appears as a block device.
    pub struct VolumeDevice {
        /// The volume of the pod, which is a claim.
        pub name: String = "name" always,
        /// The path of the device in the container.
        pub device_path: String = "devicePath" always,
    }
}

open_enum! {
    /// A transport protocol.
    pub enum Protocol {
        /// Stream Control Transmission Protocol.
        Sctp = "SCTP",
        /// Transmission Control Protocol.
        Tcp = "TCP",
        /// User Datagram Protocol.
        Udp = "UDP",
    }

    /// What a change of a resource does to a running container.
    pub enum ResourceResizeRestartPolicy {
        /// It goes on.
        NotRequired = "NotRequired",
        /// It is started again.
        RestartContainer = "RestartContainer",
    }

    /// What a restart rule does.
    pub enum ContainerRestartRuleAction {
        /// The container is started again.
        Restart = "Restart",
        /// All containers of the pod are started again.
        RestartAllContainers = "RestartAllContainers",
    }

    /// How an exit status is compared.
    pub enum ContainerRestartRuleOnExitCodesOperator {
        /// It is one of those given.
        In = "In",
        /// It is none of those given.
        NotIn = "NotIn",
    }

    /// What happens to this container when it ended, whatever the pod says.
    pub enum ContainerRestartPolicy {
        /// It is started again; an init container becomes a sidecar.
        Always = "Always",
        /// It stays ended.
        Never = "Never",
        /// It is started again when its exit code is not 0.
        OnFailure = "OnFailure",
    }

    /// Whether mounts below a read-only mount are read-only too.
    pub enum RecursiveReadOnlyMode {
        /// They are not.
        Disabled = "Disabled",
        /// They are, or the container is not started.
        Enabled = "Enabled",
        /// They are, where the node can do it.
        IfPossible = "IfPossible",
    }

    /// Whether mounts pass between node and container.
    pub enum MountPropagationMode {
        /// Both ways; for privileged containers.
        Bidirectional = "Bidirectional",
        /// From the node into the container.
        HostToContainer = "HostToContainer",
        /// Neither way.
        None = "None",
    }

    /// What a container's last words are.
    pub enum TerminationMessagePolicy {
        /// The file, or the end of the log when the container failed and the file is empty.
        FallbackToLogsOnError = "FallbackToLogsOnError",
        /// What is in the file.
        File = "File",
    }

    /// When an image is pulled.
    pub enum PullPolicy {
        /// Each time a container is started.
        Always = "Always",
        /// When it is not on the node.
        IfNotPresent = "IfNotPresent",
        /// Never.
        Never = "Never",
    }
}
